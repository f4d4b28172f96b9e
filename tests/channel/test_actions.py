"""Custom actions run inside Rasa's process exactly as an action server would run them."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError

from aftercare.channel import actions
from aftercare.channel.actions import LocalActions

PACKAGE = "actions_of_this_test"

CODE = """
import asyncio
from rasa_sdk import Action
from rasa_sdk.events import SlotSet
from rasa_sdk.interfaces import ActionExecutionRejection

class Greets(Action):
    def name(self): return "action_greets"
    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Hello " + tracker.latest_message["text"])
        return [SlotSet("turn", {"message_id": "m1"})]

class Fails(Action):
    def name(self): return "action_fails"
    def run(self, dispatcher, tracker, domain):
        raise ValueError("cannot greet " + tracker.latest_message["text"])

class Rejects(Action):
    def name(self): return "action_rejects"
    def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection("action_rejects", "not now")

class Stalls(Action):
    def name(self): return "action_stalls"
    async def run(self, dispatcher, tracker, domain):
        await asyncio.sleep(60)
"""


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalActions]:
    folder = tmp_path_factory.mktemp("package")
    Path(folder, f"{PACKAGE}.py").write_text(CODE)
    sys.path.insert(0, str(folder))
    yield LocalActions(PACKAGE)
    sys.path.remove(str(folder))


def call(local: LocalActions, action: str) -> Any:
    tracker = {"sender_id": "c1", "slots": {}, "latest_message": {"text": "ZEBRAFINCH"}, "events": []}
    return asyncio.run(local.request(json={"next_action": action, "tracker": tracker}))


def test_result_is_what_an_action_server_answers(local: LocalActions) -> None:
    result = call(local, "action_greets")

    assert result["events"] == [{"event": "slot", "timestamp": None, "name": "turn", "value": {"message_id": "m1"}}]
    assert result["responses"][0]["text"] == "Hello ZEBRAFINCH"


def test_rejection_lets_rasa_choose_another_action(local: LocalActions) -> None:
    with pytest.raises(ClientResponseError) as rejection:
        call(local, "action_rejects")

    assert rejection.value.status == 400
    assert json.loads(rejection.value.text) == {"action_name": "action_rejects", "error": "not now"}


@pytest.mark.parametrize("action", ["action_fails", "action_nobody_wrote"])
def test_failing_action_tells_no_patient_text(
    action: str, local: LocalActions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(RasaException) as failure:
        call(local, action)

    assert action in str(failure.value)
    assert failure.value.__suppress_context__
    assert "ZEBRAFINCH" not in caplog.text + str(failure.value)


def test_action_that_stalls_is_given_up(local: LocalActions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "ACTION_SECONDS", 0.05)
    with pytest.raises(RasaException, match="TimeoutError"):
        call(local, "action_stalls")


def test_actions_that_no_class_has_are_found(local: LocalActions) -> None:
    domain = Domain.from_dict({"actions": ["action_greets", "action_forgotten"]})

    assert local.missing(domain) == ["action_forgotten"]
