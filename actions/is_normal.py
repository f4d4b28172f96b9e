"""Answers whether what the patient sees is expected on their day."""

from actions.aftercare_action import AftercareAction


class ActionIsNormal(AftercareAction):
    question = "is_normal"

    def name(self) -> str:
        return "action_is_normal"
