"""Runs the project's custom actions inside Rasa's own process.

Rasa reaches custom actions through an ``EndpointConfig``, a URL it posts to. ``LocalActions`` is such an endpoint without
a URL: the call goes straight to ``rasa_sdk``'s executor, the one behind ``rasa run actions``. So there is no second
server to start, secure and watch, and the actions are the same code in both arrangements.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

logger = logging.getLogger(__name__)

ACTION_SECONDS = 5.0
"""An action that waits longer is given up. Rasa's own limit is 300 s."""


class LocalActions(EndpointConfig):
    """An action endpoint whose requests are answered by the actions of a Python package."""

    def __init__(self, package: str) -> None:
        """Imports the package; a failing import ends the process with the reason, as ``rasa run actions`` does."""
        # The domain is not sent along with each call: no action of ours asks for it, and it is the largest part.
        super().__init__(enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(package)

    def missing(self, domain: Domain) -> list[str]:
        """Actions that the domain names and the package does not have."""
        return sorted(name for name in domain.user_actions if name not in self._executor.actions)

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any | None:
        """What ``rasa run actions`` would answer. Raises ``ClientResponseError`` 400 for a rejection, as it would.

        Rasa logs what an action raises, with its message, and a message may quote the patient. So errors leave here
        with their type and place only.
        """
        call: dict[str, Any] = kwargs["json"]
        name = call.get("next_action")
        try:
            return await asyncio.wait_for(self._executor.run(call), ACTION_SECONDS)
        except ActionExecutionRejection as rejection:
            answer = json.dumps({"action_name": rejection.action_name, "error": rejection.message})
            raise ClientResponseError(400, "rejected", answer) from None
        except Exception as error:
            logger.error("Action %s failed: %s\n%s", name, type(error).__name__, place_of(error))
            raise RasaException(f"Action {name} failed: {type(error).__name__}") from None


class LocalAction(RemoteAction):
    """A custom action whose result comes from this process.

    Rasa checks every result against its events schema, and that schema against the JSON Schema standard each time: half
    of a stock turn. Results of another server need that. ``rasa_sdk`` in this process has already put aside events it
    does not know, and ``deserialise_events`` reads what remains.
    """

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        return True


def place_of(error: BaseException) -> str:
    """Where an error was raised, line by line, without its message: a message may quote the patient."""
    return "".join(traceback.format_tb(error.__traceback__))
