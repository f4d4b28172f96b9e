"""Brings in a person."""

from actions.aftercare_action import AftercareAction


class ActionTalkToHuman(AftercareAction):
    question = "talk_to_human"

    def name(self) -> str:
        return "action_talk_to_human"
