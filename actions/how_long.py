"""Answers how long a sign lasts."""

from actions.aftercare_action import AftercareAction


class ActionHowLong(AftercareAction):
    question = "how_long"

    def name(self) -> str:
        return "action_how_long"
