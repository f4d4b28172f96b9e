"""Asks to say it in other words, unless a sign is named."""

from actions.aftercare_action import AftercareAction


class ActionNotUnderstood(AftercareAction):
    question = "not_understood"

    def name(self) -> str:
        return "action_not_understood"
