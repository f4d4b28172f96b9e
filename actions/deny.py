"""Takes a no to our own question."""

from actions.aftercare_action import AftercareAction


class ActionDeny(AftercareAction):
    question = "deny"

    def name(self) -> str:
        return "action_deny"
