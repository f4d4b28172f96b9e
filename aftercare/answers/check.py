"""Our check question before "normal": how it was answered, and how long that holds (red_flags.md section 8, ruling 20)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from aftercare.answers.talk import SMALL_TALK
from aftercare.answers.turn import CLINICAL, Turn
from aftercare.triage import Report

HOLDS = timedelta(hours=1)
"""The question asks of "right now": it is put once in a talk, and again to a patient who comes back later."""
SIGNS_DENIED = 3
"""Signs that a patient has to deny unasked before our check question is answered by that (red_flags.md section 1)."""
ASKED = frozenset({"check", "check_day"})
UNSURE = re.compile(
    r"\b(not sure|unsure|maybe|perhaps|might have|i don'?t know|dont know|dunno|idk|no idea|possibly|hard to (say|tell))\b",
    re.IGNORECASE,
)
"""An answer that is neither yes nor no: uncertain counts as present (red_flags.md section 1)."""
BEGINS_UNSURE = re.compile(
    r"\W*((u+m+|h+m+|er+m?|oh|well|honestly|really|just|tbh|i['’]?m|i am|sorry)\W+)*"
    r"(not (really |quite |too |at all )?sure|unsure|i don['’]?t know|dunno|idk|no idea|hard to (say|tell)|can(['’]?t|not) (tell|say|see))"
    r"(?!\s+(what|which|why|how|if|whether|when|where|who|about|of)\b)",
    re.IGNORECASE,
)
"""So begins an answer that tells why ("not sure, there is no light here to see by")."""
_THE_LIST = r"(those|these|them|that|the(se)? (above|list|signs|things|rest)|your list|it|what you (said|listed|wrote))"
ALL_DENIED = re.compile(
    rf"\bnone\b|\bno(t|pe)?,? (to )?(any|all|one|a single one|every\w*)? ?(of |from |on )?{_THE_LIST}\b"
    rf"|\bnothing (like (it|that|this|those)|(of|from|on) {_THE_LIST}|of the (sort|kind))\b"
    rf"|\b(don'?t|dont|do not|haven'?t( got)?|have not( got)?) (have )?(any|one|a single one) of {_THE_LIST}\b"
    r"|\b(neither|no to (all|any|both|every\w*))\b|^\W*(no+|nope|nah)\W*([.;!?]|$)",
    re.IGNORECASE,
)
"""Words that say no to the list as a whole, whatever else the message says; one denied sign is no answer to it."""
EXCEPT = re.compile(
    r"\b(but|except|apart from|other than|besides|although|however)\W+(?!thank|thx|ta\b)\w+\W+\w+", re.I
)
"""An exception to the no: where nobody can tell of what, it counts as unsure."""
SOME_OF_THE_LIST = re.compile(
    r"(?<!not )(?<!any )(?<!even )\b(one|two|three|some|most|all|both|a (couple|few|bit)) of (those|these|them|it|that|your list|the list)\b"
    r"|\b(first|second|third|fourth|fifth|last|top) (one|two|thing|sign)s? (on|of|in|from) \w+ list\b"
    r"|^\W*((yes|yeah|maybe|probably|only|just|kind of|i think)\W+)*(the )?(first|second|third|fourth|fifth|last|top) (one|two|thing|sign)s?\W*$"
    r"|\b(first|second|third|fourth|fifth|last|something|one|some|two) (on|of|in|from) (your|ur|the|that) list\b",
    re.IGNORECASE,
)
"""An answer that points at the list: a yes, whichever sign it is."""
AT_EASE = re.compile(
    r"\b(fine|ok|okay|good|normal|well|settled|settling|gone|better|calm|calmer|alright)\b", re.IGNORECASE
)
"""Words by which what is pointed at is no complaint ("all of it is fine")."""
BARE_YES = re.compile(r"^\W*(yes|yeah|yep|yup|i do|i have)\W*$", re.IGNORECASE)


def answered(turn: Turn) -> str | None:
    """The answer to our check question in this message: ``yes``, ``no``, ``unsure``, or None where it is none.

    A yes or no binds to our last question (red_flags.md section 6 rule 9). Left open, the question counts as unsure:
    "thanks, bye", small talk, a word on something else. A further question about the same sign is a patient who goes on
    talking; it is answered, nothing calming is said, and a no may still come.
    """
    if turn.report.asked in ASKED:
        return _at_once(turn)
    open_still = is_known(turn.report, turn.now) and not turn.report.check_denied and turn.report.offered is None
    return _later(turn) if open_still else None


def is_known(report: Report, now: datetime) -> bool:
    """Whether the check question was put in this talk: then it is not put again."""
    return report.checked_at is not None and now - report.checked_at < HOLDS


def is_denied(report: Report, now: datetime) -> bool:
    """Whether the patient has denied the listed signs in this talk."""
    return report.check_denied and is_known(report, now)


def denied_unasked(turn: Turn) -> bool:
    """Whether the message denies so many signs that our question is answered before it is put."""
    return len({f.item for f in turn.reading.findings if f.assertion == "negated"}) >= SIGNS_DENIED


def _at_once(turn: Turn) -> str | None:
    if turn.reading.findings:
        if ALL_DENIED.search(turn.text):
            return "no"
        says_more = turn.reading.times or denied_unasked(turn)  # the day, or what there is none of
        return "unsure" if BEGINS_UNSURE.match(turn.text) and not says_more else None
    if UNSURE.search(turn.text):
        return "unsure"
    if turn.intent == "affirm":
        return "yes"
    if _denies(turn):
        return "unsure" if EXCEPT.search(turn.text) and not _goes_on(turn) else "no"
    if SOME_OF_THE_LIST.search(turn.text) and not AT_EASE.search(turn.text) and not turn.clinical:
        return "yes"
    return None if _goes_on(turn) or turn.reading.times else "unsure"


def _denies(turn: Turn) -> bool:
    return turn.intent == "deny" or "deny" in turn.questions or bool(ALL_DENIED.search(turn.text))


def _goes_on(turn: Turn) -> bool:
    """Asks or tells something that the assistant answers."""
    asks = any(q in CLINICAL for q in turn.questions) and turn.intent not in SMALL_TALK
    return asks or turn.intent in ("inform_day", "talk_to_human")


def _later(turn: Turn) -> str | None:
    if ALL_DENIED.search(turn.text) or (turn.intent == "deny" and not turn.reading.findings):
        return "no"
    return "unsure" if BARE_YES.match(turn.text) and any(s.counts for s in turn.report.signs) else None
