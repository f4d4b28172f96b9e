"""Says what the assistant does not do, by kind."""

from actions.aftercare_action import AftercareAction


class ActionOutOfScope(AftercareAction):
    question = "out_of_scope"

    def name(self) -> str:
        return "action_out_of_scope"
