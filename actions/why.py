"""Answers where a sign comes from."""

from actions.aftercare_action import AftercareAction


class ActionWhy(AftercareAction):
    question = "why"

    def name(self) -> str:
        return "action_why"
