"""Answers a bare cry for help."""

from actions.aftercare_action import AftercareAction


class ActionHelp(AftercareAction):
    question = "help"

    def name(self) -> str:
        return "action_help"
