"""Rasa's message processor with actions that run in this process."""

from __future__ import annotations

from rasa.core.actions.action import Action, RemoteAction
from rasa.core.agent import Agent
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.trackers import DialogueStateTracker

from aftercare.channel.actions import LocalAction, LocalActions


class TurnProcessor(MessageProcessor):
    """What ``rasa run`` made, going on with our actions. Everything else about a turn is Rasa's."""

    def __init__(self, loaded: MessageProcessor, actions: LocalActions) -> None:
        """Takes over what ``loaded`` has read from the model. Its own way would be to read the archive again."""
        self.__dict__.update(loaded.__dict__)
        self.action_endpoint = actions

    def predict_next_with_tracker_if_should(self, tracker: DialogueStateTracker) -> tuple[Action, PolicyPrediction]:
        action, prediction = super().predict_next_with_tracker_if_should(tracker)
        if type(action) is RemoteAction:
            action = LocalAction(action.name(), self.action_endpoint)
        return action, prediction


def run_actions_here(agent: Agent, actions: LocalActions) -> None:
    """Have this agent run its custom actions in process. Does nothing the second time, until a model is loaded anew."""
    if agent.processor is not None and not isinstance(agent.processor, TurnProcessor):
        agent.processor = TurnProcessor(agent.processor, actions)
