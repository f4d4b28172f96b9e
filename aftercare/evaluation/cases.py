"""Joins what a replay wrote with what should have come of it (gold), message by message and turn by turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIERS = ("none", "self_care", "soon", "urgent", "emergency")
"""Acuity tiers, lowest first."""

SIGN_TYPES = frozenset({"symptom", "finding"})


class BadRecord(Exception):
    """A line cannot be used; the text names file, line and what to do."""


@dataclass(frozen=True)
class Gold:
    """What should come of one message. A field that the file does not tell is None, and no measure counts it."""

    text: str
    tier: str
    flags: tuple[str, ...] | None
    question: str | None
    symptoms: frozenset[str] | None
    assertion: Mapping[str, str]
    days_since: int | None
    kind: str
    handoff: bool | None
    treated_days_ago: int | None


@dataclass(frozen=True)
class Entity:
    """Something that was found in a message. Only signs, products and the like have an assertion, times have none."""

    type: str
    value: str
    assertion: str | None
    text: str


@dataclass(frozen=True)
class Got:
    """What came of one message. ``ms`` is 0 where Rasa was not asked; ``kinds`` are those of the replies, ``said`` what they say."""

    tier: str
    flags: tuple[str, ...]
    matched: tuple[str, ...]
    questions: tuple[str, ...]
    intent: str | None
    confidence: float | None
    entities: tuple[Entity, ...]
    days_since: int | None
    handoff: bool
    kinds: tuple[str, ...]
    said: tuple[str, ...]
    ms: float

    @property
    def question(self) -> str | None:
        """The primary question."""
        return self.questions[0] if self.questions else None


@dataclass(frozen=True)
class Case:
    """One message, or one turn of a dialogue. ``earlier`` is what the patient had written before, oldest first."""

    id: str
    gold: Gold
    got: Got
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Joined:
    """The cases of both files, and the ids that could not be used: on one side only, or with another text there."""

    messages: tuple[Case, ...]
    dialogues: tuple[tuple[Case, ...], ...]
    only_gold: tuple[str, ...] = ()
    only_replay: tuple[str, ...] = ()
    other_text: tuple[str, ...] = ()

    @property
    def turns(self) -> tuple[Case, ...]:
        """Those of all dialogues."""
        return tuple(case for dialogue in self.dialogues for case in dialogue)

    @property
    def problems(self) -> list[str]:
        """Sentences for whoever reads the numbers; empty where every id found its partner."""
        told = (
            ("in the gold file only, so not measured", self.only_gold),
            ("in the replay only, so not measured", self.only_replay),
            ("with another text in the replay than in the gold file", self.other_text),
        )
        return [f"{len(ids)} {what}: {', '.join(ids)}" for what, ids in told if ids]


def join(replay: Path, gold: Sequence[Path], intent_name: Callable[[str], str] = str) -> Joined:
    """Read and join. ``intent_name`` turns an intent's name into the gold's question types. Raises BadRecord."""
    played = dict(_records([replay]))
    wanted = dict(_records(gold))
    messages: list[Case] = []
    dialogues: list[tuple[Case, ...]] = []
    only_gold: list[str] = []
    only_replay = [identity for identity in played if identity not in wanted]
    for identity, record in wanted.items():
        if identity not in played:
            only_gold.append(identity)
            continue
        golds = [_gold(turn) for turn in record.turns()]
        gots = [_got(turn, intent_name) for turn in played[identity].turns()]
        names = [
            f"{identity}, turn {n}" if record.is_dialogue else identity for n in range(1, 1 + _longer(golds, gots))
        ]
        only_gold += names[len(gots) :]
        only_replay += names[len(golds) :]
        pairs = enumerate(zip(names, golds, gots))  # noqa: B905  # the rest has just been named
        cases = [Case(name, g, t, tuple(x.text for x in golds[:n])) for n, (name, g, t) in pairs]
        if record.is_dialogue:
            dialogues.append(tuple(cases))
        else:
            messages += cases
    other_text = [identity for identity, record in wanted.items() if _differs(record, played.get(identity))]
    return Joined(tuple(messages), tuple(dialogues), tuple(only_gold), tuple(only_replay), tuple(other_text))


@dataclass(frozen=True)
class _Record:
    """An object of a file. ``where`` names file and line."""

    where: str
    raw: Mapping[str, Any]

    @property
    def is_dialogue(self) -> bool:
        return "turns" in self.raw

    def turns(self) -> list[_Record]:
        """A single message is its own and only turn."""
        if not self.is_dialogue:
            return [self]
        turns = [self.item(turn, f", turn {n}") for n, turn in enumerate(self.value("turns", list, []), 1)]
        if not turns:
            raise BadRecord(f"{self.where}: turns is empty. Write at least one turn or leave the line out.")
        return turns

    def value(self, name: str, kind: type | tuple[type, ...], default: Any) -> Any:
        found = self.raw.get(name)
        if found is None:
            return default
        if not isinstance(found, kind):
            names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise BadRecord(f"{self.where}: {name} is {found!r} but must be of type {names}.")
        return found

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(str(word) for word in self.value(name, list, []))

    def tier(self) -> str:
        tier = self.raw.get("tier")
        if tier not in TIERS:
            raise BadRecord(f"{self.where}: tier is {tier!r} but must be one of {', '.join(TIERS)}.")
        return str(tier)

    def item(self, raw: Any, place: str) -> _Record:
        if not isinstance(raw, Mapping):
            raise BadRecord(f"{self.where}{place}: this is {raw!r} but must be an object in braces.")
        return _Record(self.where + place, raw)


def _records(files: Sequence[Path]) -> Iterator[tuple[str, _Record]]:
    seen: dict[str, str] = {}
    for file in files:
        for where, raw in _objects(file):
            if not isinstance(raw, Mapping) or "id" not in raw:
                raise BadRecord(
                    f'{where}: this line has no id. Write an object such as {{"id": "m1", "tier": "soon"}}.'
                )
            identity = str(raw["id"])
            if identity in seen:
                raise BadRecord(f"{where}: the id {identity} was there before ({seen[identity]}). Give it another one.")
            seen[identity] = where
            yield identity, _Record(where, raw)


def _objects(file: Path) -> Iterator[tuple[str, Any]]:
    try:
        # Not splitlines: it also cuts at U+2028, which JSON allows inside a text.
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRecord(f"{file} cannot be read: {error}.") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{file}, line {number}"
            try:
                yield where, json.loads(line)
            except ValueError as error:
                raise BadRecord(f"{where}: this is not JSON: {error}. Mend it or take the line out.") from None


def _longer(one: Sequence[object], two: Sequence[object]) -> int:
    return max(len(one), len(two))


def _differs(wanted: _Record, played: _Record | None) -> bool:
    """Whether the replay was of other words: a gold file that was changed since, or two sets with the same ids."""
    if played is None:
        return False
    texts = zip(wanted.turns(), played.turns())  # noqa: B905
    return any("user" in two.raw and _text(one) != two.raw["user"] for one, two in texts)


def _text(record: _Record) -> str:
    return str(record.raw.get("user", record.raw.get("text", "")))


def _gold(record: _Record) -> Gold:
    assertion = record.value("assertion", dict, {})
    return Gold(
        text=_text(record),
        tier=record.tier(),
        flags=record.words("flags") if "flags" in record.raw else None,
        question=record.value("question", str, None),
        symptoms=frozenset(record.words("symptoms")) if "symptoms" in record.raw else None,
        assertion={str(finding): str(label) for finding, label in assertion.items()},
        days_since=record.value("days_since", int, None),
        kind=record.value("kind", str, ""),
        handoff=record.value("handoff", bool, None),
        treated_days_ago=record.value("treated_days_ago", int, None),
    )


def _got(record: _Record, intent_name: Callable[[str], str]) -> Got:
    intent = record.item(record.value("intent", dict, {}), ", intent")
    name = intent.value("name", str, None)
    entities = [record.item(entity, ", entities") for entity in record.value("entities", list, [])]
    replies = [record.item(reply, ", replies") for reply in record.value("replies", list, [])]
    return Got(
        tier=record.tier(),
        flags=record.words("flags"),
        matched=record.words("matched"),
        questions=record.words("questions"),
        intent=intent_name(name) if name is not None else None,
        confidence=intent.value("confidence", (int, float), None),
        entities=tuple(_entity(entity) for entity in entities),
        days_since=record.value("days_since", int, None),
        handoff=record.value("handoff", bool, False),
        kinds=tuple(reply.value("kind", str, "") for reply in replies),
        said=tuple(reply.value("text", str, "") for reply in replies),
        ms=float(record.value("ms", (int, float), 0.0)),
    )


def _entity(record: _Record) -> Entity:
    return Entity(
        type=record.value("type", str, ""),
        value=str(record.raw.get("value", "")),
        assertion=record.value("assertion", str, None),
        text=record.value("text", str, ""),
    )
