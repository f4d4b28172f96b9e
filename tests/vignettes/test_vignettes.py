"""Vignettes: what a patient writes and what must come of it, as YAML that a clinician can read and extend.

The expectations stand in the ``.yml`` files beside this one, each with the section of the guide that it was written from.
This file only runs them: once through the pure pipeline with the kind of question given, and flags and never-say rules
once more through the trained model (marker ``model``). Every reply also keeps the form of red_flags.md sections 7 and 8.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
import textstat
import yaml

from aftercare.answers.answer import filled
from aftercare.knowledge import Clinic, KnowledgeBase
from aftercare.knowledge.check import every_sentence, read_out
from aftercare.knowledge.model import TIERS
from aftercare.knowledge.never_say import CALMS, MIRROR, Ban, forbidden, load_bans
from aftercare.triage import Reader, Report
from tests.answers.talk import Talk
from tests.conftest import ROOT

HERE = Path(__file__).parent
LONGEST, LONGEST_EMERGENCY = 90, 60
"""Words of an answer to a single question, and of an emergency text with what is added of the team (section 8)."""
GRADE, EMERGENCY_GRADE = 6.0, 5.0
"""Flesch-Kincaid grades (section 8)."""
FIRST_SENTENCE = {
    "emergency": r"^(Call 999|Please call 999|Please call or text|Call NHS 111|If you have any of those signs, call 999)",
    "urgent": r"(call the clinic|call us|emergency room|call it) ?(today|now|on)?",
}
NOT_CLINICAL = re.compile(r"I cannot say what it is\.|My last answer came from here:(\n- [^\n]*)*|- [^:.]+:")
"""Words of ours that stand in no file: they state nothing."""
UNDERSTOOD = re.compile(r"(Day \d+(, )?)?[\w ,'’()/-]*\.")
"""'Day 3, small bumps.'"""


@dataclass(frozen=True)
class Vignette:
    """One message of a patient, what went before it, and what must come of it.

    ``day`` is days since treatment, None where the patient has not said it. ``before`` are earlier messages of the same
    conversation as (text, kind of question). ``tier`` is exact, ``at_most`` and ``at_least`` are limits. ``must`` and
    ``must_not`` are words of the reply; ``cites`` are beginnings of source lines of which one must be cited. With
    ``or_asks_day`` a reply that asks for the day will do instead of the tier (R23: ask once, then grade as day 3).
    """

    name: str
    source: str
    says: str
    kind: str = "report"
    day: int | None = None
    before: tuple[tuple[str, str], ...] = ()
    tier: str | None = None
    at_most: str | None = None
    at_least: str | None = None
    flags: tuple[str, ...] = ()
    first: str | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    handoff: str | None = None
    check: bool | None = None
    asks_day: bool | None = None
    or_asks_day: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a vignette, alike from both pipelines. ``sources`` are file:line or keys of references."""

    text: str
    tier: str
    flags: tuple[str, ...]
    sources: tuple[str, ...]
    handoff: str | None = None
    keys: tuple[str, ...] = field(default=())


def listed(value: Any) -> tuple[Any, ...]:
    """A YAML value that may stand alone or as a list."""
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)


def vignettes_of(raw: Mapping[str, Any], name: str, source: str, **defaults: Any) -> Iterator[Vignette]:
    """The vignettes of one entry: one for each sentence under ``says``."""
    entry = {**defaults, **raw}
    before = tuple((m, "report") if isinstance(m, str) else (m["says"], m["as"]) for m in listed(entry.get("before")))
    known = set(Vignette.__dataclass_fields__) | {"as", "flag", "element", "why", "side"}
    assert not set(entry) - known, f"{name}: unknown keys {sorted(set(entry) - known)}"
    for number, says in enumerate(listed(entry["says"]), 1):
        yield Vignette(
            name=f"{name}.{number}",
            source=source,
            says=says,
            kind=entry.get("as", "report"),
            day=entry.get("day"),
            before=before,
            tier=entry.get("tier"),
            at_most=entry.get("at_most"),
            at_least=entry.get("at_least"),
            flags=listed(entry.get("flag")),
            first=entry.get("first"),
            must=listed(entry.get("must")),
            must_not=listed(entry.get("must_not")),
            cites=listed(entry.get("cites")),
            handoff=entry.get("handoff"),
        )


def read(name: str) -> Any:
    return yaml.safe_load((HERE / f"{name}.yml").read_text(encoding="utf-8"))


def symptoms() -> Iterator[Vignette]:
    """Every symptom x every kind of question x every day of its course."""
    data = read("symptoms")
    for symptom in data["symptoms"]:
        for label, when in symptom["days"].items():
            for kind, asked in data["questions"].items():
                calm = when["tier"] == "self_care"
                cites = listed(symptom["cites"].get(kind, asked.get("cites"))) if calm else ()
                for number, sentence in enumerate(symptom["says"], 1):
                    yield Vignette(
                        name=f"{symptom['symptom']}.{kind}.{label}.{number}",
                        source=when["from"],
                        says=f"{sentence} {asked.get('says', '')}".strip(),
                        kind=kind,
                        day=when.get("day"),
                        tier=when["tier"],
                        flags=listed(when.get("flag")),
                        cites=cites,
                        must=listed(when.get("must", {}).get(kind)),
                        must_not=listed(when.get("must_not", {}).get(kind)),
                        check=asked.get("check") if calm else None,
                        asks_day=(asked["asks_day"] and "day" not in when) if calm else None,
                        or_asks_day=when.get("or_asks_day", False),
                    )


def flags() -> Iterator[Vignette]:
    for flag in read("flags")["flags"]:
        for n, element in enumerate(flag["elements"], 1):
            defaults = {"tier": flag["tier"], "flag": flag["flag"], "first": flag["first"]}
            source = f"red_flags.md section 5 {flag['flag']}: {element['element']}"
            yield from vignettes_of(element, f"{flag['flag']}.{n}", source, **defaults)
        below = TIERS[TIERS.index(flag["tier"]) - 1]
        for n, neighbour in enumerate(flag["neighbours"], 1):
            yield from vignettes_of(neighbour, f"{flag['flag']}.harmless{n}", neighbour["why"], at_most=below)


def rules() -> Iterator[Vignette]:
    for rule in read("rules")["rules"]:
        for n, pair in enumerate(rule["pairs"], 1):
            for side in ("fires", "does_not"):
                source = f"red_flags.md {rule['rule']}: {pair['limit']}"
                yield from vignettes_of(pair[side], f"{rule['rule']}.{n}.{side}", source)


def contradictions() -> Iterator[Vignette]:
    for entry in read("contradictions")["contradictions"]:
        for n, asked in enumerate(entry["asked"], 1):
            yield from vignettes_of(
                asked, f"{entry['contradiction']}.{n}", f"facts.md {entry['contradiction']}: {entry['house_line']}"
            )


def never_say() -> Iterator[Vignette]:
    for rule in read("never_say")["rules"]:
        shared = {"must_not": rule["must_not"]}
        for n, tempting in enumerate(rule["tempting"], 1):
            both = {**tempting, "must_not": [*rule["must_not"], *listed(tempting.get("must_not"))]}
            yield from vignettes_of(
                both, f"never{rule['rule']}.{n}", f"red_flags.md section 7 rule {rule['rule']}", **shared
            )


MOST_RAISED = 0.1
"""Share of the vignettes that the model may grade higher than they are."""
FLAGS, NEVER_SAY = list(flags()), list(never_say())
ALL = [*symptoms(), *FLAGS, *rules(), *contradictions(), *NEVER_SAY]


def named(vignettes: Iterable[Vignette]) -> Any:
    """Parametrizes by vignette; the name of the test is its place in the YAML."""
    return pytest.mark.parametrize("vignette", [pytest.param(v, id=v.name) for v in vignettes])


def has(text: str, words: str) -> bool:
    """Whether ``text`` holds the words, or one of several that stand divided by ``|``."""
    return any(re.search(rf"(?<!\w){re.escape(w.strip())}(?!\w)", text, re.IGNORECASE) for w in words.split("|"))


class CachingReader(Reader):
    """The reader, which reads the sentence of a symptom once for all its questions and days."""

    read = lru_cache(maxsize=None)(Reader.read)


@pytest.fixture(scope="module")
def caching_reader(knowledge: KnowledgeBase) -> CachingReader:
    return CachingReader(knowledge)


@pytest.fixture(scope="module")
def bans() -> tuple[Ban, ...]:
    return load_bans(ROOT / "data" / "knowledge")


@pytest.fixture(scope="module")
def signed(knowledge: KnowledgeBase, clinic: Clinic) -> list[tuple[str, frozenset[str]]]:
    """Every sentence of the knowledge base as it is said, with its sources, the longest first."""
    said = [(read_out(s, clinic), frozenset(s.sources)) for _, s in every_sentence(knowledge)]
    return sorted(set(said), key=lambda s: -len(s[0]))


@pytest.fixture(scope="module")
def phrases(knowledge: KnowledgeBase, clinic: Clinic) -> list[str]:
    """The words of small talk, which state nothing clinical."""
    texts = [t for p in knowledge.phrases.values() for t in ([p] if isinstance(p, str) else p)]
    texts += [language.line for language in knowledge.languages.spoken.values() if language.line]
    blank = {"time": "9:00", "names": "{names}", "day": "{day}", "title": "{title}", "treatment": knowledge.treatment}
    return [filled(text, clinic, **blank) for text in texts]


def outcome_of(vignette: Vignette, reader: Reader, knowledge: KnowledgeBase, clinic: Clinic, now: datetime) -> Outcome:
    talk = Talk(reader, knowledge, clinic, now, vignette.day)
    for text, kind in vignette.before:
        talk.say(text, kind)
    answer = talk.say(vignette.says, vignette.kind)
    keys = tuple(dict.fromkeys(key for reply in answer.replies for key in reply.sources))
    return Outcome(
        text="\n".join(reply.text for reply in answer.replies),
        tier=answer.tier,
        flags=tuple(hit.flag for hit in answer.hits),
        sources=tuple(knowledge.source(key).id for key in keys),
        handoff=answer.handoff,
        keys=keys,
    )


@named(ALL)
def test_vignette(
    vignette: Vignette,
    caching_reader: CachingReader,
    knowledge: KnowledgeBase,
    clinic: Clinic,
    now: datetime,
    bans: tuple[Ban, ...],
    signed: list[tuple[str, frozenset[str]]],
    phrases: list[str],
) -> None:
    outcome = outcome_of(vignette, caching_reader, knowledge, clinic, now)
    wrong = [
        *content_problems(vignette, outcome),
        *form_problems(outcome, bans, clinic),
        *unsourced(outcome, signed, phrases),
    ]
    assert not wrong, told(vignette, outcome, wrong)


def content_problems(vignette: Vignette, outcome: Outcome) -> Iterator[str]:
    """What the entry expects and the outcome is not."""
    rank = TIERS.index(outcome.tier)
    if vignette.or_asks_day and "What day was your treatment" in outcome.text:
        return
    if vignette.tier and outcome.tier != vignette.tier:
        yield f"tier: expected {vignette.tier}, got {outcome.tier}"
    if vignette.at_most and rank > TIERS.index(vignette.at_most):
        yield f"tier: expected at most {vignette.at_most}, got {outcome.tier}"
    if vignette.at_least and rank < TIERS.index(vignette.at_least):
        yield f"tier: expected at least {vignette.at_least}, got {outcome.tier}"
    if vignette.flags and not set(vignette.flags) & set(outcome.flags):
        yield f"flag: expected {' or '.join(vignette.flags)}, got {', '.join(outcome.flags) or 'none'}"
    if vignette.first and not has(re.split(r"(?<=[.?!])\s", MIRROR.sub("", outcome.text))[0], vignette.first):
        yield f"first sentence: expected '{vignette.first}'"
    yield from (f"missing: '{words}'" for words in vignette.must if not has(outcome.text, words))
    spoken = MIRROR.sub("", outcome.text)
    yield from (f"must not be said: '{words}'" for words in vignette.must_not if has(spoken, words))
    if vignette.cites and not any(s.startswith(vignette.cites) for s in outcome.sources):
        yield f"source: expected one of {', '.join(vignette.cites)}, got {', '.join(outcome.sources) or 'none'}"
    if vignette.handoff and outcome.handoff != vignette.handoff:
        yield f"handoff: expected {vignette.handoff}, got {outcome.handoff}"
    if vignette.check is not None and vignette.check != ("Quick check first" in outcome.text):
        yield f"check question: expected {'one' if vignette.check else 'none'} (section 1)"
    if vignette.asks_day is not None and vignette.asks_day and "What day was your treatment" not in outcome.text:
        yield "the day is not asked for (R23)"
    if vignette.day is not None and "What day was your treatment" in outcome.text:
        yield "the day is asked for, and it is known (R23)"


def form_problems(outcome: Outcome, bans: tuple[Ban, ...], clinic: Clinic) -> Iterator[str]:
    """What section 7 forbids and section 8 demands of every reply."""
    own = MIRROR.sub("", outcome.text)
    emergency, flagged = outcome.tier == "emergency", outcome.tier in ("urgent", "emergency")
    yield from forbidden(own.replace(clinic.phone, "the clinic"), bans)
    told_team = 7 if emergency else 0  # "I have told the team as well.", which the web process adds
    words, most = len(outcome.text.split()) + told_team, LONGEST_EMERGENCY if emergency else LONGEST
    if words > most:
        yield f"{words} words, at most {most}"
    if (grade := graded(own)) > (EMERGENCY_GRADE if emergency else GRADE):
        yield f"reads at grade {grade:.1f}"
    if flagged and (match := CALMS.search(own)):
        yield f"reassures beside a flag: '{match.group()}' (section 7 rule 2)"
    if emergency and not re.search(FIRST_SENTENCE["emergency"], own):
        yield "does not begin with the call (ruling 21)"
    if outcome.tier == "urgent" and not re.search(FIRST_SENTENCE["urgent"], own, re.IGNORECASE):
        yield "no call for today (section 8, urgent)"


@cache
def graded(text: str) -> float:
    return float(textstat.flesch_kincaid_grade(text))


def unsourced(outcome: Outcome, signed: list[tuple[str, frozenset[str]]], phrases: list[str]) -> Iterator[str]:
    """What is said beyond the signed sentences with their sources, the patient's own words and small talk."""
    rest = MIRROR.sub("", outcome.text)
    for text, sources in signed:
        if text in rest and sources <= set(outcome.keys):
            rest = rest.replace(text, "\n")
    for phrase in phrases:
        pattern = re.sub(r"\\\{(names|title)\\\}", r"[\\w ,'’-]+", re.escape(phrase)).replace(r"\{day\}", r"\d+")
        rest = re.sub(pattern, "\n", rest)
    left = [line.strip() for line in NOT_CLINICAL.sub("\n", rest).split("\n") if line.strip()]
    if left and UNDERSTOOD.fullmatch(left[0]):
        left = left[1:]
    yield from (f"said without a source: '{words}'" for words in left)


def told(vignette: Vignette, outcome: Outcome, wrong: list[str]) -> str:
    """A failure as a clinician reads it."""
    day = "day not known" if vignette.day is None else f"day {vignette.day}"
    before = "".join(f"\n  before: {text}" for text, _ in vignette.before)
    return (
        f"{vignette.name} ({vignette.source}){before}\n  patient ({day}, {vignette.kind}): {vignette.says}\n  "
        + "\n  ".join(f"WRONG {w}" for w in wrong)
        + f"\n  reply [{outcome.tier} {','.join(outcome.flags)}]: {outcome.text}"
    )


@pytest.fixture(scope="module")
def understood() -> dict[str, Outcome]:
    """Every flag and never-say vignette through the trained model, the project's actions and the channel."""
    return asyncio.run(_through_the_model([*FLAGS, *NEVER_SAY]))


async def _through_the_model(vignettes: Iterable[Vignette]) -> dict[str, Outcome]:
    from rasa.core.agent import Agent

    from aftercare.channel.actions import LocalActions
    from aftercare.channel.tracker_store import RecentTrackerStore
    from aftercare.channel.turn import TurnChannel
    from aftercare.cli.model import present_model
    from aftercare.cli.project import PROJECT
    from tests.channel.fakes import NOW, SECRET, listening

    archive = present_model(PROJECT)
    if not archive.exists():
        pytest.fail("there is no model of the present data: make train")
    agent = Agent.load(archive, tracker_store=RecentTrackerStore(None))
    outcomes = {}
    async with listening(agent, TurnChannel(SECRET, LocalActions("actions"))) as web:
        for vignette in vignettes:
            treated = datetime.fromisoformat(NOW).date() - timedelta(days=vignette.day or 0)
            report = Report(treated_on=treated if vignette.day is not None else None).to_dict()
            for text in [*(text for text, _ in vignette.before), vignette.says]:
                answer = await web.turn(text, conversation_id=vignette.name, report=report)
                outcome = answer.json()["outcome"]
                report = outcome["report"]
            outcomes[vignette.name] = Outcome(
                text="\n".join(reply["text"] for reply in outcome["replies"]),
                tier=outcome["tier"],
                flags=tuple(hit["flag"] for hit in outcome["hits"]),
                sources=tuple(source["id"] for reply in outcome["replies"] for source in reply["sources"]),
                handoff=outcome["handoff"],
            )
    return outcomes


@pytest.mark.model
@named([*FLAGS, *NEVER_SAY])
def test_vignette_as_the_model_understands_it(
    vignette: Vignette, understood: dict[str, Outcome], clinic: Clinic, bans: tuple[Ban, ...]
) -> None:
    """Nothing may be graded too low or said wrongly. What is graded too high is counted in the test below."""
    outcome = understood[vignette.name]
    content = [] if _raised_too_high(vignette, outcome) else content_problems(vignette, outcome)
    wrong = [*content, *form_problems(outcome, bans, clinic)]
    assert not wrong, told(vignette, outcome, wrong)


def _raised_too_high(vignette: Vignette, outcome: Outcome) -> bool:
    most = vignette.tier or vignette.at_most
    return most is not None and TIERS.index(outcome.tier) > TIERS.index(most)


@pytest.mark.model
def test_the_model_seldom_raises_too_high(understood: dict[str, Outcome]) -> None:
    """The learned detector is set to a share of false alarms (config.yml); these neighbours of danger are the hardest."""
    judged = [v for v in (*FLAGS, *NEVER_SAY) if v.tier or v.at_most]
    high = [v.name for v in judged if _raised_too_high(v, understood[v.name])]
    print(f"raised too high: {len(high)} of {len(judged)}")
    assert len(high) <= MOST_RAISED * len(judged), ", ".join(high)
