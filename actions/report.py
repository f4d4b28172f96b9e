"""Answers a statement about the patient's own skin."""

from actions.aftercare_action import AftercareAction


class ActionReport(AftercareAction):
    question = "report"

    def name(self) -> str:
        return "action_report"
