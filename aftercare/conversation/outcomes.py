"""What a turn's end does to the conversation, in one transaction: replies, case, report, and what the patient is told.

The sentence that the team was told is chosen from what the case did (``cases.Change``), after it was written and
before anything is committed. So it is never said without the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from aftercare.conversation import cases, conversations, transcript, turns
from aftercare.conversation.assistant import TIERS, Outcome, Reply
from aftercare.conversation.cases import Change, Concern
from aftercare.conversation.ports import Ports
from aftercare.conversation.turns import LeasedTurn
from aftercare.conversation.wording import Wording

Replies = tuple[Reply, ...]


@dataclass(frozen=True)
class Say:
    """The replies, by what became of the case. ``told(None)``: no case was needed. ``untold``: it was not written."""

    told: Callable[[Change | None], Replies]
    untold: Replies


@dataclass(frozen=True)
class Ending:
    """How a turn ends. ``by``: screen, assistant, failure or staff. ``error``: a word.

    ``fenced``: not shown if the conversation changed hands since the turn began. ``ms``: milliseconds waited.
    """

    outcome: Outcome
    say: Say
    by: str
    status: str = "done"
    fenced: bool = True
    error: str | None = None
    ms: float = 0.0


def silent(status: str, by: str) -> Ending:
    """Nothing is said: a person has the conversation."""
    return Ending(Outcome(()), Say(lambda change: (), ()), by, status, fenced=False)


def for_staff(screened: Outcome, wording: Wording) -> Ending:
    """A message to staff raises a flag below emergency: the case rises, and nothing is said.

    Unless staff closed the case meanwhile: then another opens, and the patient hears so.
    """

    def told(change: Change | None) -> Replies:
        return answered(screened, wording).told(change) if change is Change.OPENED else ()

    return Ending(screened, Say(told, ()), "screen", "skipped", fenced=False)


def answered(outcome: Outcome, wording: Wording) -> Say:
    """The outcome's own replies, with a sentence about the team where the outcome needs a person."""

    def told(change: Change | None) -> Replies:
        return _with_sentence(outcome, _news(change, outcome, wording))

    return Say(told, _with_sentence(outcome, wording.could_not_tell()))


def failed(wording: Wording) -> Say:
    """The safe reply of an assistant that could not answer."""
    return Say(lambda change: _single(wording.failure(True), "failure"), _single(wording.failure(False), "failure"))


def person_requested(wording: Wording) -> Say:
    """The reply to a patient who asks for a person by the button."""

    def told(change: Change | None) -> Replies:
        known = change is Change.KNOWN
        return _single(wording.already_told() if known else wording.person_requested(True), "handoff")

    return Say(told, _single(wording.person_requested(False), "handoff"))


def commit(connection: Connection, leased: LeasedTurn, ending: Ending, ports: Ports, now: datetime) -> None:
    """End a turn with its case. Writes nothing where another worker has taken the turn over."""
    concern = cases.concern_of(ending.outcome, leased.seq)
    if _changed_hands(connection, leased, ending, now):
        _commit_unseen(connection, leased, ending, concern, now)
    elif turns.finish(connection, leased, ending.status, outcome_record(ending), ending.error):
        change = cases.open_or_raise(connection, leased.conversation_id, concern, now) if concern else None
        show(connection, leased.conversation_id, ending.say.told(change), ports.assistant_name, now, leased.id)
        if change in (Change.OPENED, Change.RAISED):
            tell_if_closed(connection, leased.conversation_id, ports, now)
        _keep_report(connection, leased, ending)


def commit_untold(connection: Connection, leased: LeasedTurn, ending: Ending, ports: Ports, now: datetime) -> None:
    """End a turn whose case could not be written: the patient learns that, and how to reach the team."""
    if _changed_hands(connection, leased, ending, now):
        turns.finish(connection, leased, "skipped", outcome_record(ending), "changed_hands")
    elif turns.finish(connection, leased, ending.status, outcome_record(ending), "case_not_written"):
        needed = cases.concern_of(ending.outcome, leased.seq) is not None
        replies = ending.say.untold if needed else ending.say.told(None)
        show(connection, leased.conversation_id, replies, ports.assistant_name, now, leased.id)
        _keep_report(connection, leased, ending)


def show(
    connection: Connection, conversation_id: str, replies: Replies, name: str, now: datetime, turn_id: str | None
) -> None:
    """Append the assistant's replies to the transcript."""
    for reply in replies:
        transcript.append(connection, conversation_id, reply, now, role="assistant", name=name, turn_id=turn_id)


def tell_if_closed(connection: Connection, conversation_id: str, ports: Ports, now: datetime) -> None:
    """Tell a patient whose case waits that nobody is at the clinic now, where that is so."""
    hours = ports.handoff.hours
    case = cases.open_case(connection, conversation_id)
    if case is None or case.status != "waiting" or hours.is_open(now):
        return
    text = ports.wording.nobody_there(case.tier, hours.next_opening(now))
    transcript.append(connection, conversation_id, Reply(text, "closed_now"), now, role="system", name="")


def besides(shown: Outcome, read: Outcome) -> Outcome:
    """What a second reading of the message adds to an outcome: a higher tier, further flags, what was asked, what was named.

    Replies and report stay as they were committed.
    """
    flags = {hit.flag for hit in shown.hits}
    named = {entity.get("value") for entity in shown.entities}
    return replace(
        shown,
        tier=max(shown.tier, read.tier, key=TIERS.index),
        hits=(*shown.hits, *(hit for hit in read.hits if hit.flag not in flags)),
        questions=read.questions or shown.questions,
        intent=read.intent,
        entities=(*shown.entities, *(entity for entity in read.entities if entity.get("value") not in named)),
        days_since=shown.days_since if shown.days_since is not None else read.days_since,
        model_id=read.model_id,
        worked_ms=shown.worked_ms or read.worked_ms,
    )


def add(connection: Connection, leased: LeasedTurn, shown: Outcome, read: Outcome, ports: Ports, now: datetime) -> None:
    """Keep what was read of a turn after it ended, and bring its flags to the open case.

    A flag in a message to staff who closed the case meanwhile opens another, and the patient hears what was read.
    """
    outcome = besides(shown, read)
    record = turns.record(connection, leased.conversation_id, leased.seq)
    if record is None or record.outcome is None:
        return
    amended = outcome_record(Ending(outcome, Say(lambda change: (), ()), record.outcome["by"]))
    turns.amend(connection, leased.id, {**amended, "ms": record.outcome["ms"]})
    concern = cases.concern_of(outcome, leased.seq)
    if concern and (leased.for_staff or cases.has_open_case(connection, leased.conversation_id)):
        change = cases.open_or_raise(connection, leased.conversation_id, concern, now)
        if change is Change.OPENED:
            replies = answered(read, ports.wording).told(change)
            show(connection, leased.conversation_id, replies, ports.assistant_name, now, leased.id)
            tell_if_closed(connection, leased.conversation_id, ports, now)


def outcome_record(ending: Ending) -> dict[str, Any]:
    """What is kept of an outcome: why, not the replies, which are in the transcript."""
    outcome = ending.outcome
    return {
        "by": ending.by,
        "tier": outcome.tier,
        "hits": [asdict(hit) for hit in outcome.hits],
        "handoff": outcome.handoff,
        "questions": list(outcome.questions),
        "intent": dict(outcome.intent),
        "entities": [dict(entity) for entity in outcome.entities],
        "days_since": outcome.days_since,
        "model_id": outcome.model_id,
        "worked_ms": outcome.worked_ms,
        "ms": round(ending.ms, 1),
    }


def _changed_hands(connection: Connection, leased: LeasedTurn, ending: Ending, now: datetime) -> bool:
    state = conversations.lock(connection, leased.conversation_id, now)
    return ending.fenced and state.epoch != leased.epoch


def _commit_unseen(
    connection: Connection, leased: LeasedTurn, ending: Ending, concern: Concern | None, now: datetime
) -> None:
    """A late outcome: nobody sees its replies, but what it found reaches the case that staff have open."""
    ours = turns.finish(connection, leased, "skipped", outcome_record(ending), "changed_hands")
    if ours and concern and cases.has_open_case(connection, leased.conversation_id):
        cases.open_or_raise(connection, leased.conversation_id, concern, now)


def _keep_report(connection: Connection, leased: LeasedTurn, ending: Ending) -> None:
    report: Mapping[str, Any] | None = ending.outcome.report
    if report is not None:
        conversations.set_report(connection, leased.conversation_id, report)


def _news(change: Change | None, outcome: Outcome, wording: Wording) -> str | None:
    if change in (Change.OPENED, Change.RAISED):
        return wording.told_team(outcome.tier if outcome.tier in cases.CASE_TIERS else "soon")
    if change is Change.NOTED or (change is Change.KNOWN and outcome.handoff == "person"):
        return wording.already_told()
    return None


def _with_sentence(outcome: Outcome, sentence: str | None) -> Replies:
    """Add a sentence to the reply that speaks of the tier, else to the last."""
    if sentence is None or not outcome.replies:
        return outcome.replies
    last = len(outcome.replies) - 1
    place = next((i for i, reply in enumerate(outcome.replies) if reply.kind == outcome.tier), last)
    return tuple(
        replace(reply, text=f"{reply.text}\n\n{sentence}") if i == place else reply
        for i, reply in enumerate(outcome.replies)
    )


def _single(text: str, kind: str) -> Replies:
    return (Reply(text, kind),)
