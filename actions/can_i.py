"""Answers whether one named product or activity is allowed yet."""

from actions.aftercare_action import AftercareAction


class ActionCanI(AftercareAction):
    question = "can_i"

    def name(self) -> str:
        return "action_can_i"
