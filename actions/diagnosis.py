"""Declines to name a diagnosis and tells what the guide says."""

from actions.aftercare_action import AftercareAction


class ActionDiagnosis(AftercareAction):
    question = "diagnosis"

    def name(self) -> str:
        return "action_diagnosis"
