"""The yardstick: what ``rasa init`` sets up, trained on our own examples, with a REST channel and an action server.

Nothing is tuned for or against it. The pipeline and the policies are those that Rasa itself chooses (``config.yml`` of
``rasa init``), the tracker store is SQL on SQLite as Rasa documents it, custom actions run in ``rasa run actions``. Its one
action does the same work as ours: the same triage and the same answers, from the same knowledge.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from aftercare.cli.rasa_program import ENVIRONMENT, rasa
from tests.product import PROJECT, free_port, until

QUIET = {name: value for name, value in ENVIRONMENT.items() if name != "SANIC_REQUEST_MAX_SIZE"}
"""As ours runs, but without the limit on requests: Rasa sends its action server the whole conversation."""

TRAIN_SECONDS = 3600
START_SECONDS = 180

ACTION = """
from typing import Any, Dict, List, Text

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from benchmarks.equal_work import answer


class ActionAnswer(Action):
    def name(self) -> Text:
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Dict[Text, Any]) -> List[Dict[Text, Any]]:
        intent = tracker.get_intent_of_latest_message() or "nlu_fallback"
        texts, report = answer(tracker.latest_message.get("text") or "", intent, tracker.get_slot("report"))
        for text in texts:
            dispatcher.utter_message(text=text)
        return [SlotSet("report", report)]
"""
"""The stock bot's one action, written as Rasa's documentation shows. What the conversation has established is a slot."""


class StockRasa:
    """A stock bot in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.action_port = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def build(self, epochs: int | None = None) -> None:
        """Write the project: Rasa's own ``config.yml``, our examples, one rule an intent, a few stories.

        ``epochs`` shortens the training of the same pipeline: the price of a turn is the same, its quality is not.
        """
        package = importlib.util.find_spec("rasa")
        assert package is not None and package.origin is not None
        rasa_folder = Path(package.origin).parent
        if epochs is None:
            # Its pipeline and policies are empty: rasa train then takes its defaults.
            shutil.copy(rasa_folder / "cli" / "initial_project" / "config.yml", self.folder / "config.yml")
        else:
            defaults = rasa_folder / "engine" / "recipes" / "config_files" / "default_config.yml"
            self._write("config.yml", _shortened(yaml.safe_load(defaults.read_text(encoding="utf-8")), epochs))
        shutil.copytree(PROJECT / "data" / "nlu", self.folder / "data" / "nlu")
        intents = sorted(_intents(self.folder / "data" / "nlu"))
        self._write("domain.yml", _domain(intents))
        self._write("data/rules.yml", _rules(intents))
        self._write("data/stories.yml", _stories(intents))
        self._write("credentials.yml", {"rest": None})
        self._write(
            "endpoints.yml",
            {
                "action_endpoint": {"url": f"http://127.0.0.1:{self.action_port}/webhook"},
                "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(self.folder / "tracker.db")},
            },
        )
        (self.folder / "actions").mkdir()
        (self.folder / "actions" / "__init__.py").touch()
        (self.folder / "actions" / "actions.py").write_text(ACTION, encoding="utf-8")

    def train(self) -> float:
        """Seconds that ``rasa train`` takes."""
        began = time.perf_counter()
        with (self.folder / "train.log").open("wb") as log:
            subprocess.run(
                rasa("train", "--force", "--fixed-model-name", "stock"),
                cwd=self.folder,
                env={**os.environ, **QUIET},
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=TRAIN_SECONDS,
                check=True,
            )
        return time.perf_counter() - began

    @contextmanager
    def running(self) -> Iterator[float]:
        """Run both servers; the value is how many seconds it took until a message was answered."""
        began = time.perf_counter()
        try:
            self._start("actions", "run", "actions", "--port", str(self.action_port))
            self._start("server", "run", "--port", str(self.port), "-i", "127.0.0.1")
            with httpx.Client(timeout=30) as client:
                until(lambda: self._answers(client), START_SECONDS, f"the stock bot (logs in {self.folder})")
            yield time.perf_counter() - began
        finally:
            for process in self._processes:
                process.terminate()
            for process in self._processes:
                process.wait(30)

    def turn(self, client: httpx.Client, sender: str, text: str) -> list[dict[str, Any]]:
        """One message and its replies."""
        answer = client.post(
            f"http://127.0.0.1:{self.port}/webhooks/rest/webhook", json={"sender": sender, "message": text}
        )
        answer.raise_for_status()
        replies: list[dict[str, Any]] = answer.json()
        return replies

    def memory(self) -> int:
        """Resident bytes of both servers."""
        return sum(psutil.Process(process.pid).memory_info().rss for process in self._processes)

    def _answers(self, client: httpx.Client) -> bool:
        dead = [process.args for process in self._processes if process.poll() is not None]
        assert not dead, f"ended while starting: {dead} (logs in {self.folder})"
        try:
            return bool(self.turn(client, "start", "hello"))
        except httpx.HTTPError:
            return False

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    rasa(*arguments),
                    cwd=self.folder,
                    env={**os.environ, **QUIET, "PYTHONPATH": str(PROJECT)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def _write(self, name: str, content: object) -> None:
        (self.folder / name).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _shortened(config: dict[str, Any], epochs: int) -> dict[str, Any]:
    """The defaults that ``rasa train`` takes for an empty configuration, with fewer epochs."""
    for part in [*config["pipeline"], *config["policies"]]:
        if "epochs" in part:
            part["epochs"] = epochs
    return config


def _intents(folder: Path) -> set[str]:
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.rglob("*.yml")]
    return {entry["intent"] for file in files for entry in file.get("nlu", ()) if "intent" in entry}


def _domain(intents: list[str]) -> dict[str, Any]:
    return {
        "version": "3.1",
        "intents": intents,
        "slots": {"report": {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}},
        "actions": ["action_answer"],
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }


def _rules(intents: list[str]) -> dict[str, Any]:
    rules = [
        {"rule": f"answer {intent}", "steps": [{"intent": intent}, {"action": "action_answer"}]}
        for intent in [*intents, "nlu_fallback"]
    ]
    return {"version": "3.1", "rules": rules}


def _stories(intents: list[str]) -> dict[str, Any]:
    """Three conversations, as many as ``rasa init`` writes: the default TED policy needs something to learn from."""
    pairs = zip(intents[:3], intents[3:6], strict=True)
    stories = [
        {
            "story": f"{first} then {second}",
            "steps": [
                {"intent": first}, {"action": "action_answer"}, {"intent": second}, {"action": "action_answer"},
            ],
        }
        for first, second in pairs
    ]  # fmt: skip
    return {"version": "3.1", "stories": stories}
