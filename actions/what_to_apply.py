"""Answers what to put on the skin or do for it."""

from actions.aftercare_action import AftercareAction


class ActionWhatToApply(AftercareAction):
    question = "what_to_apply"

    def name(self) -> str:
        return "action_what_to_apply"
