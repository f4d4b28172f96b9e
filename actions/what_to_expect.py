"""Tells how healing goes day by day."""

from actions.aftercare_action import AftercareAction


class ActionWhatToExpect(AftercareAction):
    question = "what_to_expect"

    def name(self) -> str:
        return "action_what_to_expect"
