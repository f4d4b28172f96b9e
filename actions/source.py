"""Tells where the last answer came from."""

from actions.aftercare_action import AftercareAction


class ActionSource(AftercareAction):
    question = "source"

    def name(self) -> str:
        return "action_source"
