"""Takes a yes to our own question."""

from actions.aftercare_action import AftercareAction


class ActionAffirm(AftercareAction):
    question = "affirm"

    def name(self) -> str:
        return "action_affirm"
