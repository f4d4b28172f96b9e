"""Greets, thanks, says goodbye, tells that it is an assistant."""

from actions.aftercare_action import AftercareAction


class ActionSmallTalk(AftercareAction):
    question = "small_talk"

    def name(self) -> str:
        return "action_small_talk"
