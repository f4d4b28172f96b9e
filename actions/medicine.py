"""Passes on questions about medicine and doses."""

from actions.aftercare_action import AftercareAction


class ActionMedicine(AftercareAction):
    question = "medicine"

    def name(self) -> str:
        return "action_medicine"
