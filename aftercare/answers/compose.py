"""One turn: what the patient said and asked -> what is said, and what the conversation knows from now on. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aftercare.answers import clinical, talk
from aftercare.answers.answer import LONGEST, Answer, Reply
from aftercare.answers.flags import flag_reply
from aftercare.knowledge import Clinic, Item, KnowledgeBase
from aftercare.knowledge.model import Tier
from aftercare.triage import Assessment, Reading, Report, assess, update
from aftercare.triage.reader import SIGNS
from aftercare.triage.report import raised, subjects

CLINICAL = (
    "is_normal",
    "how_long",
    "what_to_apply",
    "what_to_avoid",
    "can_i",
    "when_to_worry",
    "why",
    "what_to_expect",
    "report",
)
"""Question types that are answered from the knowledge base."""
WORRIES = frozenset({"is_normal", "when_to_worry", "report"})
OUT_OF_SCOPE = "out_of_scope_"
NO_NAME = "I cannot say what it is."
SIGNS_DENIED = 3
"""Signs that a patient has to deny unasked before our check question is answered by that (red_flags.md section 1)."""
MEDICINES = frozenset(
    {"painkillers", "antihistamines", "antivirals", "prescription_cream", "hydrocortisone", "supplements", "retinoid"}
)
UNSURE = re.compile(
    r"\b(not sure|unsure|maybe|perhaps|might have|i don'?t know|dont know|dunno|idk|no idea|possibly|hard to (say|tell))\b",
    re.IGNORECASE,
)
"""An answer to the check question that is neither yes nor no: uncertain counts as present (red_flags.md section 1)."""
AFTERCARE = frozenset({"answer", "check_question", "day_question", "not_covered", "medicine", "diagnosis"})
"""Kinds of replies to messages with aftercare content."""


@dataclass(frozen=True)
class Turn:
    """One message: its intent and questions (names, the primary one first), what was read in it, and the report before it."""

    text: str
    intent: str
    questions: tuple[str, ...]
    reading: Reading
    report: Report
    now: datetime


def compose(turn: Turn, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    """Assess and answer one turn."""
    report = _counted(update(turn.report, turn.reading, turn.now), turn)
    assessment = assess(report, knowledge, turn.now, _answer_to_check(turn))
    report = raised(report, assessment.tier, [h.flag for h in assessment.hits])
    if assessment.hits:
        return _flagged(turn, report, assessment, knowledge, clinic)
    if report.open_tier == "emergency":
        reply = talk.fixed("emergency_again", "emergency", knowledge, clinic)
        return Answer((reply,), "emergency", _settled(report, turn, reply), days_since=assessment.day)
    return _calm(turn, report, assessment, knowledge, clinic)


def _answer_to_check(turn: Turn) -> str | None:
    """How our own check question was answered (a yes or no binds to it alone; ruling 20).

    Left open, it counts as unsure: "thanks, bye", small talk, a word on something else. A further question about the
    same sign is a patient who goes on talking; it is answered, and nothing calming is said.
    """
    if turn.report.asked not in ("check", "check_day"):
        return None
    if turn.reading.findings:
        return None
    if UNSURE.search(turn.text):
        return "unsure"
    if turn.intent == "affirm":
        return "yes"
    if turn.intent == "deny":
        return "no"
    asks_on = any(q in CLINICAL for q in turn.questions) and turn.intent not in talk.SMALL_TALK
    answered = turn.intent in ("inform_day", "talk_to_human") or bool(turn.reading.times)
    return None if answered or asks_on else "unsure"


def _counted(report: Report, turn: Turn) -> Report:
    """The report with the worries voiced: the same one three times calls a person (R21)."""
    if turn.intent not in WORRIES:
        return replace(report, worries={k: v for k, v in report.worries.items() if v < 3})
    about = [i for i in report.subject if (s := report.sign(i)) and s.counts and s.kind in ("symptom", "finding")]
    worries = {k: min(v, 4) for k, v in report.worries.items()}
    for item in about[:1]:
        worries[item] = worries.get(item, 0) + 1
    return replace(report, worries=worries)


def _flagged(turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    reply = flag_reply(assessment.hits, knowledge, clinic)
    report = replace(_settled(report, turn, reply), asked=None)
    return Answer((reply,), assessment.tier, report, assessment.hits, "flag", assessment.day)


def _settled(report: Report, turn: Turn, reply: Reply) -> Report:
    """The report after the reply: the questions stay for a follow-up, the sources for "how do you know?"."""
    questions = tuple(q for q in turn.questions if q in CLINICAL) or report.questions
    return replace(
        report, questions=questions, last_sources=reply.sources or report.last_sources, asked=None, offered=None
    )


def _calm(turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    """No flag in this message. Where an urgent case stands, the call is repeated and nothing calming is said."""
    settled = _settled(report, turn, Reply("", ""))
    reply, handoff, settled = _reply(turn, settled, assessment, knowledge, clinic)
    urgent = report.open_tier == "urgent"
    if urgent and reply.kind in ("answer", "check_question", "day_question", "not_covered"):
        reply, settled = talk.fixed("urgent_again", "urgent", knowledge, clinic), replace(settled, asked=None)
    elif urgent and reply.kind in ("small_talk", "medicine", "diagnosis", "out_of_scope", "fallback", "handoff"):
        reply = replace(reply, text=f"{reply.text} {_still_call(clinic)}")
    soon = handoff == "other_language"  # ruling 24
    tier: Tier = (
        "urgent"
        if urgent
        else "soon"
        if soon
        else "self_care"
        if reply.kind in AFTERCARE or turn.reading.findings
        else "none"
    )
    settled = replace(settled, last_sources=reply.sources or report.last_sources)
    return Answer((reply,), tier, settled, (), handoff, assessment.day)


def _still_call(clinic: Clinic) -> str:
    return f"Please still call the clinic today on {clinic.phone}, or {clinic.urgent_line} if we are closed."


def _reply(
    turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    intent = turn.intent
    before = turn.report
    if intent == "talk_to_human":
        return talk.fixed("person", "handoff", knowledge, clinic), "person", report
    if intent == "affirm" and before.offered:
        return talk.fixed("person", "handoff", knowledge, clinic), "question", report
    if intent == "deny" and before.asked in ("check", "check_day") and report.subject:
        cleared = replace(report, cleared=report.subject, asked="day" if before.asked == "check_day" else None)
        return _clinical(turn, ("is_normal",), cleared, assessment, knowledge, clinic)
    if intent == "inform_day" or (
        turn.reading.times and not turn.reading.findings and before.asked in ("day", "check_day")
    ):
        return _day_given(turn, report, assessment, knowledge, clinic)
    if intent.startswith(OUT_OF_SCOPE) and not _names_aftercare(turn):
        kind = intent.removeprefix(OUT_OF_SCOPE)
        reply = talk.out_of_scope(kind, knowledge, clinic)
        return reply, "other_language" if kind == "other_language" else None, _offering(report, reply)
    if intent == "source":
        return talk.source(before.last_sources, knowledge, clinic), None, report
    if intent == "help":
        return talk.fixed("help", "day_question", knowledge, clinic), None, report
    if intent == "medicine" and not _asks_of_care(turn):
        reply = talk.fixed("medicine", "medicine", knowledge, clinic, offer=True)
        return reply, None, _offering(report, reply)
    if intent in talk.SMALL_TALK and not any(f.kind in (*SIGNS, "product", "activity") for f in turn.reading.findings):
        return talk.small_talk(intent, report.turn, knowledge, clinic), None, report
    questions = tuple(q for q in turn.questions if q in CLINICAL)
    if intent == "diagnosis":
        return _diagnosis(turn, report, assessment, knowledge, clinic)
    if not set(questions) - {"report"} and (turn.intent.startswith(OUT_OF_SCOPE) or turn.intent == "medicine"):
        questions = ("can_i",)
    if not questions and turn.reading.findings:
        questions = ("report",)
    if not questions:
        return Reply(talk.phrase("not_understood", 0, knowledge, clinic), "fallback"), None, report
    return _clinical(turn, questions, report, assessment, knowledge, clinic)


def _names_aftercare(turn: Turn) -> bool:
    """Whether a message that looks out of scope speaks of a sign, or asks of a thing to do rather than of a treatment."""
    named = {f.kind for f in turn.reading.findings}
    things = {f.item for f in turn.reading.findings if f.kind in ("product", "activity")}
    asks_of_thing = turn.intent == OUT_OF_SCOPE + "other_treatment" and bool(things - {"other_treatment"})
    return bool(named & SIGNS) or asks_of_thing


def _asks_of_care(turn: Turn) -> bool:
    """Whether what looks like a question of medicine names things of care and no medicine ("how often, my roller?")."""
    things = {f.item for f in turn.reading.findings if f.kind in ("product", "activity")}
    return bool(things) and not things & MEDICINES


def _offering(report: Report, reply: Reply) -> Report:
    return replace(report, offered="question" if reply.buttons == talk.PASS_ON else None)


def _day_given(
    turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    """The day of treatment: go on with the question that it was asked for."""
    if report.questions and (report.subject or (assessment.day is not None and "what_to_expect" in report.questions)):
        again = replace(report, day_asked=True)
        return _clinical(turn, report.questions, again, assessment, knowledge, clinic)
    if assessment.day is None:
        return Reply(talk.phrase("not_understood", 0, knowledge, clinic), "fallback"), None, report
    return Reply(talk.phrase("day_noted", 0, knowledge, clinic, day=assessment.day), "small_talk"), None, report


def _diagnosis(
    turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    """No diagnosis is given; where a sign is named, what the guide says of it follows."""
    no = talk.fixed("diagnosis", "diagnosis", knowledge, clinic, offer=True)
    if not _subject_items(turn, report, knowledge):
        return no, None, _offering(report, no)
    reply, handoff, report = _clinical(turn, ("is_normal",), report, assessment, knowledge, clinic)
    text = reply.text
    if len(text.split()) + len(NO_NAME.split()) > LONGEST:
        text = text.partition(". ")[2]  # without what was understood
    return replace(reply, text=f"{NO_NAME} {text}"), handoff, report


def _subject_items(turn: Turn, report: Report, knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """What a question is about: what the message names, else what the conversation was about."""
    over = {f.item for f in turn.reading.findings if f.kind in ("product", "activity") and f.assertion == "historical"}
    named = subjects(turn.reading) or report.subject
    live = [i for i in named if i not in over] or named
    return tuple(knowledge.items[i] for i in live if i in knowledge.items)


def _clinical(
    turn: Turn, kinds: Sequence[str], report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    items = _subject_items(turn, report, knowledge)
    if _only_hypothetical(turn, items):
        return talk.fixed("hypothetical", "answer", knowledge, clinic), None, report
    kinds = [_as_it_can_be_answered(kind, items) for kind in kinds]
    questions = [_question(kind, items, turn, report, assessment) for kind in dict.fromkeys(kinds)]
    if len(questions) > 1:
        questions = [q for q in questions if q.kind != "report"]
    if not items and all(q.kind in ("is_normal", "report") for q in questions):
        return _ask_what(report, knowledge, clinic)
    if not items and all(q.kind == "can_i" for q in questions):
        reply = talk.fixed("not_covered", "not_covered", knowledge, clinic, offer=True)
        return reply, None, _offering(report, reply)
    reply = clinical.answer(questions, knowledge, clinic, variant=report.turn)
    asked = {
        "check_question": "check_day" if any(q.ask_day for q in questions) else "check",
        "day_question": "day",
    }.get(reply.kind)
    report = replace(
        report,
        asked=asked,
        day_asked=report.day_asked or any(q.ask_day for q in questions),
        subject=tuple(i.id for i in items) or report.subject,
    )
    return reply, None, _offering(report, reply)


def _as_it_can_be_answered(kind: str, items: tuple[Item, ...]) -> str:
    """ "May I" of nothing but a sign ("can I leave the bumps?") is answered with what the sign means."""
    return "is_normal" if kind == "can_i" and items and all(i.kind == "symptom" for i in items) else kind


def _only_hypothetical(turn: Turn, items: tuple[Item, ...]) -> bool:
    """Only red-flag findings are named, and none as present ("what if I get pus?")."""
    named = {f.item: f.assertion for f in turn.reading.findings if f.kind == "finding"}
    return (
        bool(named)
        and all(a in ("hypothetical", "information") for a in named.values())
        and all(i.id in named for i in items)
    )


def _ask_what(report: Report, knowledge: KnowledgeBase, clinic: Clinic) -> tuple[Reply, str | None, Report]:
    """A question about nothing that we know: ask what it is about, keep the question, and offer a person."""
    text = talk.phrase("what_do_you_see", 0, knowledge, clinic)
    reply = Reply(text, "day_question", buttons=talk.PASS_ON)
    return reply, None, _offering(report, reply)


def _question(
    kind: str, items: tuple[Item, ...], turn: Turn, report: Report, assessment: Assessment
) -> clinical.Question:
    signs = [i for i in items if i.kind == "symptom"]
    denied = len({f.item for f in turn.reading.findings if f.assertion == "negated"}) >= SIGNS_DENIED
    cleared = bool(signs) and all(i.id in report.cleared for i in signs)
    flagged = report.open_tier in ("urgent", "emergency")
    about_self = kind in ("is_normal", "report") and any(s.item in {i.id for i in signs} for s in assessment.signs)
    unknown_day = assessment.day is None and not report.day_asked
    timeline = kind == "what_to_expect" and report.asked_day is None
    return clinical.Question(
        kind=kind,
        items=items,
        day=report.asked_day if report.asked_day is not None else assessment.day,
        reassure=(cleared or denied) and not flagged,
        check=about_self and not cleared and not denied and not flagged,
        ask_day=unknown_day
        and (
            timeline
            or assessment.waits_for_day
            or (about_self and (assessment.needs_day or any(i.windows for i in signs)))
        ),
        flagged=flagged,
        today=assessment.day,
    )
