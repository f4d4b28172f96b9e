"""``aftercare replay IN.jsonl OUT.jsonl``: run messages or dialogues through the whole product and write what came of each.

The gateway, the screen, the trained model, the actions and the cases are the ones that patients meet; only the database is
a temporary one. In, a line each: ``{"id", "text"}`` or ``{"id", "turns": [{"user"}]}``, optional ``treated_days_ago`` and
``now`` (ISO 8601). Out: see README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aftercare.cli.project import PROJECT, private_folder

NAMES_A_DAY = re.compile(r"d(?:ay)?(?:\b|[\s#-]*\d)|.*\bdays?\s+(?:post|in|out)$", re.IGNORECASE)
"""A day of healing that is asked of by its number, or counted from the treatment ("makeup three days in?"). Of 12 messages with
a number of authors who labelled the day 9 are of somebody who is there; of 5 that ask "after two days" or of "the second day" 2."""
SUPPOSED = frozenset({"hypothetical", "information"})
"""Assertions of what is only asked about."""
PAUSE = timedelta(minutes=1)
"""Between two messages of a dialogue, on the dialogue's clock."""
LONGEST = 2_000
"""Characters of a message, as on the chat page; the rest is cut with a note in the output."""


class BadInput(Exception):
    """A line of the input cannot be used; the text names file, line and what to do."""


@dataclass
class Dialogue:
    """One line of the input."""

    id: str
    texts: list[str]
    single: bool
    now: datetime
    treated_days_ago: int | None


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, help="JSON lines: {id, text} or {id, turns: [{user}]}")
    parser.add_argument("output", type=Path, help="where to write, one JSON line for each line read")


def run(options: argparse.Namespace) -> int:
    from aftercare.cli.supervisor import StartFailed
    from aftercare.cli.train import TrainingFailed
    from aftercare.knowledge import KnowledgeError

    try:
        _replay(options.input, options.output)
    except (BadInput, KnowledgeError, TrainingFailed, StartFailed) as error:
        print(f"aftercare replay: {error}", file=sys.stderr)
        return 1
    return 0


def _replay(source: Path, target: Path) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from aftercare.cli.assembly import conversation_ports, read_clinic
    from aftercare.conversation.database import Database
    from aftercare.conversation.gateway import Gateway
    from aftercare.conversation.rasa_assistant import HttpAssistant
    from aftercare.conversation.worker import Patience

    clinic, knowledge = read_clinic()
    dialogues = read_dialogues(source, ZoneInfo(clinic.time_zone))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        tempfile.TemporaryDirectory(prefix="aftercare-replay-") as name,
        _rasa(private_folder(Path(name))) as (url, secret),
    ):
        assistant = HttpAssistant(url, secret, timeout=60.0)
        ports = conversation_ports(clinic, knowledge, assistant)
        gateway = Gateway(Database(f"sqlite:///{name}/replay.db"), ports, patience=Patience(time_limit=120.0))
        gateway.start()
        began = time.monotonic()
        with target.open("w", encoding="utf-8") as out, Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("replay", total=len(dialogues))
            for dialogue in dialogues:  # one after another: Rasa takes one message at a time, others would only wait
                out.write(json.dumps(_played(gateway, dialogue), ensure_ascii=False) + "\n")
                progress.advance(task)
        gateway.close()
        seconds = time.monotonic() - began
        turns = sum(len(d.texts) for d in dialogues)
        print(f"{len(dialogues)} lines, {turns} turns, {seconds:.1f} s, {1000 * seconds / max(turns, 1):.1f} ms a turn")


def read_dialogues(source: Path, zone: ZoneInfo) -> list[Dialogue]:
    """Read the input. Raises BadInput naming the line."""
    try:
        lines = source.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}.") from None
    return [_dialogue(source, number, line, zone) for number, line in enumerate(lines, 1) if line.strip()]


def _dialogue(source: Path, number: int, line: str, zone: ZoneInfo) -> Dialogue:
    where = f"{source}, line {number}"
    try:
        raw = json.loads(line)
        texts = [raw["text"]] if "text" in raw else [turn["user"] for turn in raw["turns"]]
        now = datetime.fromisoformat(raw["now"].replace("Z", "+00:00")) if raw.get("now") else datetime.now(zone)
        days = raw.get("treated_days_ago")
        identity = str(raw.get("id", number))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{where}: {error!r}. Write {{'id', 'text'}} or {{'id', 'turns': [{{'user'}}]}}.") from None
    if not all(isinstance(text, str) for text in texts) or not (days is None or isinstance(days, int)):
        raise BadInput(f"{where}: texts must be strings and treated_days_ago a whole number.")
    return Dialogue(identity, texts, "text" in raw, now if now.tzinfo else now.replace(tzinfo=zone), days)


@contextmanager
def _rasa(var: Path) -> Iterator[tuple[str, str]]:
    """A Rasa process of its own on a free port, with the model for the present data. Yields its address and secret."""
    from aftercare.cli.secret_file import load_secrets
    from aftercare.cli.supervisor import StartFailed
    from aftercare.cli.train import ensure_model
    from aftercare.cli.up import LOOPBACK, rasa_service

    model, _ = ensure_model(PROJECT)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    secrets = load_secrets(var)
    service = rasa_service(var, port, model, secrets)
    service.start(time.monotonic())
    process = service.process
    assert process is not None  # noqa: S101
    try:
        while not service.answers():
            if process.poll() is not None or service.is_silent(time.monotonic()):
                raise StartFailed(f"Rasa did not start.\n{service.last_lines()}")
            time.sleep(0.2)
        yield f"http://{LOOPBACK}:{port}", secrets["turn_secret"]
    finally:
        process.terminate()
        process.wait(timeout=30)


def _played(gateway: Any, dialogue: Dialogue) -> dict[str, Any]:
    """One line of the output."""
    days_ago = dialogue.treated_days_ago
    treated_on = None if days_ago is None else dialogue.now.date() - timedelta(days=days_ago)
    opened = gateway.open_session(treated_on, dialogue.now)
    turns: list[dict[str, Any]] = []
    seen = gateway.state(opened.conversation_id).last_seq
    for number, text in enumerate(dialogue.texts):
        accepted = _posted(gateway, opened.token, f"{dialogue.id}-{number}", text, dialogue.now + number * PAUSE)
        gateway.work_until_idle()
        turn, seen = _turn_record(gateway, opened.conversation_id, text, accepted, seen)
        turns.append(turn)
    return {"id": dialogue.id, "turns": turns}


def _posted(gateway: Any, token: str, client_id: str, text: str, now: datetime) -> Any:
    """What became of posting a message; the error where it was refused."""
    from aftercare.conversation.message_text import BadText

    try:
        return gateway.post(token, client_id, text[:LONGEST], now)
    except BadText as error:
        return error


def _turn_record(gateway: Any, conversation_id: str, text: str, accepted: Any, seen: int) -> tuple[dict[str, Any], int]:
    if isinstance(accepted, Exception):
        refused = {"text": str(accepted), "kind": "refused"}
        return {
            "user": text,
            "replies": [refused],
            **_empty(),
            "handoff": gateway.state(conversation_id).mode == "waiting",
        }, seen
    messages = gateway.transcript(conversation_id, seen)
    state = gateway.state(conversation_id)
    found = gateway.outcome(conversation_id, accepted.seq)
    outcome: Mapping[str, Any] = (found.outcome if found else None) or {}
    replies = [m for m in messages if m.role != "patient"]
    entities = [_entity(e) for e in outcome.get("entities", ())]
    return {
        "user": text,
        "replies": [{"text": m.text, "kind": m.kind} for m in replies],
        "tier": outcome.get("tier", "none"),
        "flags": [hit["flag"] for hit in outcome.get("hits", ())],
        "rules": [hit["rule"] for hit in outcome.get("hits", ())],
        "matched": list(dict.fromkeys(word for hit in outcome.get("hits", ()) for word in hit["words"])),
        "questions": list(dict.fromkeys(canonical(q, entities) for q in outcome.get("questions", ()))),
        "intent": outcome.get("intent") or {},
        "entities": entities,
        "days_since": day_of(outcome.get("days_since"), entities),
        "sources": list(dict.fromkeys(s["id"] for m in replies for s in m.sources)),
        "handoff": state.mode in ("waiting", "staff"),
        "ms": outcome.get("worked_ms", 0.0),
    }, max((m.seq for m in messages), default=seen)


def _entity(entity: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entity as replay tells it: a change of the skin that no sign is named for ("it is getting worse") is no sign, and
    what is asserted of a sign is what it seems to be, be the tier by the rule's label."""
    from aftercare.triage.reading import CHANGE, SEEMS

    if entity.get("value") == CHANGE:
        return {**entity, "type": CHANGE}
    return {**entity, "assertion": entity[SEEMS]} if SEEMS in entity else entity


def _empty() -> dict[str, Any]:
    return {
        "tier": "none", "flags": [], "rules": [], "matched": [], "questions": [], "intent": {}, "entities": [],
        "days_since": None, "sources": [], "ms": 0.0,
    }  # fmt: skip


def day_of(day: int | None, entities: Sequence[Mapping[str, Any]]) -> int | None:
    """The day of treatment; where a message tells only when a sign began ("lumps, they came up five weeks after"), the least
    that it can be; where it tells none and asks of one day ("makeup day 4?"), that day."""
    if day is not None:
        return day
    told = [e for e in entities if e["type"] == "time" and e.get("days") is not None]
    begun = [e["days"] for e in told if e.get("kind") == "onset" and e["days"]]
    asked = {e["days"] for e in told if e.get("kind") == "asked" and NAMES_A_DAY.match(e["text"])}
    return max(begun, default=asked.pop() if len(asked) == 1 else None)


def canonical(question: str, entities: Sequence[Mapping[str, Any]] = ()) -> str:
    """Our intents by the names that replay promises: one name for all kinds of out of scope, and so on.

    ``what_to_expect`` has none of its own. Beside a sign that stands it asks whether that is normal ("five days, will they go
    on their own?"), of a sign that is only asked about how bad it may get ("how much bleeding is there?"), and else how long
    it all takes.
    """
    from aftercare.triage.reading import IS_THERE, SIGNS

    if question.startswith("out_of_scope"):
        return "out_of_scope"
    if question == "what_to_expect":
        said = {e.get("assertion") for e in entities if e["type"] in SIGNS}
        return "is_normal" if said & IS_THERE else "when_to_worry" if said & SUPPOSED else "how_long"
    return {
        "help": "talk_to_human",
        "inform_day": "report",
        "nlu_fallback": "out_of_scope",
    }.get(question, question)
