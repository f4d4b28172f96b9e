"""Names the signs that mean a call."""

from actions.aftercare_action import AftercareAction


class ActionWhenToWorry(AftercareAction):
    question = "when_to_worry"

    def name(self) -> str:
        return "action_when_to_worry"
