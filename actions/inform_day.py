"""Takes the day of the treatment."""

from actions.aftercare_action import AftercareAction


class ActionInformDay(AftercareAction):
    question = "inform_day"

    def name(self) -> str:
        return "action_inform_day"
