"""Answers what to leave out."""

from actions.aftercare_action import AftercareAction


class ActionWhatToAvoid(AftercareAction):
    question = "what_to_avoid"

    def name(self) -> str:
        return "action_what_to_avoid"
