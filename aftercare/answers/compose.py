"""One turn: what the patient said and asked -> what is said, and what the conversation knows from now on. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from aftercare.answers import check, clinical, talk
from aftercare.answers.answer import LONGEST, Answer, Reply
from aftercare.answers.flags import flag_reply
from aftercare.answers.turn import CLINICAL, PUTS_RIGHT, Turn, with_question
from aftercare.knowledge import Clinic, Item, KnowledgeBase
from aftercare.knowledge.model import Tier
from aftercare.triage import Assessment, Report, assess, update
from aftercare.triage.assess import WORRY_LIMIT
from aftercare.triage.elsewhere import OFF_TOPIC, OTHER_TREATMENT
from aftercare.triage.figures import AGE
from aftercare.triage.reading import SIGNS, Finding
from aftercare.triage.report import raised

WORRIES = frozenset({"is_normal", "when_to_worry"})
"""Questions that voice a worry; a mere report does so where it is all that a message is."""
OUT_OF_SCOPE = "out_of_scope_"
OTHER_LANGUAGE = OUT_OF_SCOPE + "other_language"
SECRECY = "secrecy"
NO_NAME = "I cannot say what it is."
NO_SIGN_OF_NOW = frozenset({"idiom", "other_person", "historical"})
MEDICINES = frozenset(
    {"painkillers", "antihistamines", "antivirals", "prescription_cream", "hydrocortisone", "supplements", "retinoid"}
)
OTHER_TREATMENTS = frozenset({"other_treatment", "tattoos", "waxing", "lashes"})
"""Activities that are treatments themselves: a question about another treatment may be about them alone."""
SURELY_ELSEWHERE = 0.8
"""The confidence from which a message that asks nothing of aftercare is of another treatment, though it names a sign ("botox price
and does it hurt"). All seven development messages that were answered though so surely elsewhere are out of scope."""
PASSES_ON = re.compile(
    r"\b(pass|forward|hand|send|put) (it|this|that|my question) (on|over|along|through|to)\b|\bask (them|the team|your team|someone)\b",
    re.IGNORECASE,
)
"""Agrees to, or wishes, that the team is asked (red_flags.md ruling 22)."""
AFTERCARE = frozenset({"answer", "check_question", "day_question", "not_covered", "medicine", "diagnosis"})
"""Kinds of replies to messages with aftercare content."""


def compose(turn: Turn, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    """Assess and answer one turn. To a message in another language every reply has a line in it, where one is known."""
    answer = _compose(with_question(turn), knowledge, clinic)
    replies = [talk.with_line(reply, turn.reading.language, knowledge, clinic) for reply in answer.replies]
    return replace(answer, replies=tuple(replies))


def _compose(turn: Turn, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    answer = check.answered(turn)
    report = _checked(update(turn.report, turn.reading, turn.now), turn, answer)
    if answer is None or turn.names or turn.clinical:
        report = _counted(report, turn)
    assessment = assess(report, knowledge, turn.now, answer)
    report = _opened(report, assessment)
    if report.open_tier == "emergency" and assessment.fresh_tier != "emergency":  # the call comes first (ruling 21)
        reply = talk.fixed("emergency_again", "emergency", knowledge, clinic)
        handoff = "flag" if assessment.hits else None
        settled = _settled(report, turn, reply)
        return Answer((reply,), "emergency", settled, assessment.hits, handoff, assessment.day)
    if assessment.hits and not _asks_on_of_what_was_told(turn, assessment):
        return _flagged(turn, report, assessment, knowledge, clinic)
    return _calm(turn, report, assessment, knowledge, clinic)


def _checked(report: Report, turn: Turn, answer: str | None) -> Report:
    """The report with a no to our check question, given or forestalled."""
    if answer == "no":
        return replace(report, check_denied=True)
    if check.denied_unasked(turn):
        return replace(report, checked_at=turn.now, check_denied=True)
    return report


def _opened(report: Report, assessment: Assessment) -> Report:
    """The report with what stays open: the tier until staff close it, and the signs that were sent to the clinic."""
    if not assessment.hits:
        return report
    soon = tuple(sorted({*report.soon, *assessment.soon}))
    report = replace(report, soon=soon, urgent=tuple(sorted(assessment.urgent)))
    return raised(report, assessment.tier, [h.flag for h in assessment.hits])


def _asks_on_of_what_was_told(turn: Turn, assessment: Assessment) -> bool:
    """Whether the patient was sent to the clinic soon for this already, and now asks what to do until then."""
    told = assessment.tier == "soon" and assessment.soon and assessment.soon <= set(turn.report.soon)
    return bool(told and set(turn.clinical) - WORRIES)


def _counted(report: Report, turn: Turn) -> Report:
    """The report with the worries voiced: the same one three times calls a person (R21). What answers our own question or puts
    a misunderstanding right is told once more without being a worry."""
    worries = {item: count + (count == WORRY_LIMIT) for item, count in report.worries.items()}
    told_again = not (turn.report.asked or PUTS_RIGHT.search(turn.text))
    voices = {*WORRIES, "report"} if told_again else WORRIES
    if not voices.isdisjoint({turn.intent, *turn.questions}) or (told_again and turn.tells_and_asks_what_to_do):
        for item in [i for i in report.subject if _is_worried_about(i, report, turn)][:1]:
            worries[item] = worries.get(item, 0) + 1
    return replace(report, worries=worries)


def _is_worried_about(item: str, report: Report, turn: Turn) -> bool:
    """A sign that stands, or that stood and is asked about now ("shouldn't the redness be gone?")."""
    sign, before = report.sign(item), turn.report.sign(item)
    if sign is None or sign.kind not in SIGNS:
        return False
    return sign.counts or bool(before and before.counts and turn.clinical)


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


def _is_sent_to_the_clinic(items: Sequence[str], report: Report, assessment: Assessment) -> bool:
    """Whether one of the signs is to be seen in a day or two: said with every answer about it (red_flags.md ruling 23)."""
    return any(i in report.soon and i in assessment.soon for i in items)


def _goes_on_about_what_was_told(turn: Turn, assessment: Assessment) -> bool:
    """Whether a matter for soon was told before and still stands, and the message asks or tells on. May I do a thing is another
    matter ("can I surf"), unless it points back ("can I pop them")."""
    if not set(turn.report.soon) & assessment.soon:
        return False
    return turn.speaks_of_it or "can_i" not in turn.questions


def _calm(turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic) -> Answer:
    """No flag in this message. Where an urgent case stands, the call is repeated and nothing calming is said."""
    settled = _settled(report, turn, Reply("", ""))
    reply, handoff, settled = _reply(turn, settled, assessment, knowledge, clinic)
    urgent = report.open_tier == "urgent"
    if urgent and reply.kind in ("answer", "check_question", "day_question", "not_covered"):
        reply, settled = talk.fixed("urgent_again", "urgent", knowledge, clinic), replace(settled, asked=None)
    elif urgent and reply.kind in ("small_talk", "medicine", "diagnosis", "out_of_scope", "fallback", "handoff"):
        reply = replace(reply, text=f"{reply.text} {_still_call(clinic)}")
    goes_on = _goes_on_about_what_was_told(turn, assessment)
    about_it = goes_on or _is_sent_to_the_clinic(settled.subject, report, assessment)
    sent = not urgent and ((reply.kind in AFTERCARE and about_it) or (reply.kind == "handoff" and goes_on))
    if sent:
        reply = replace(reply, text=f"{reply.text} {talk.phrase('still_soon', 0, knowledge, clinic)}")
    soon = sent or handoff == "other_language"  # ruling 24
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
    told = {f.item for f in turn.reading.findings if f.item == SECRECY or _is_an_age(f)}
    if SECRECY in told:
        no_secret = talk.fixed("no_secret", "handoff", knowledge, clinic)
        asks = turn.clinical and turn.names - {SECRECY}
        reply = replace(reply, text=f"{no_secret.text} {reply.text}") if asks else no_secret
    if told:
        handoff = handoff or "young"
    return Answer((reply,), tier, settled, assessment.hits, handoff, assessment.day)


def _is_an_age(finding: Finding) -> bool:
    """Whether somebody is a minor by age, not "my little one" at home (red_flags.md ruling 24)."""
    return finding.item == "minor" and bool(AGE.search(finding.text))


def _still_call(clinic: Clinic) -> str:
    return f"Please still call the clinic today on {clinic.phone}, or {clinic.urgent_line} if we are closed."


def _reply(
    turn: Turn, report: Report, assessment: Assessment, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    intent = turn.intent
    before = turn.report
    if turn.reading.language or (intent == OTHER_LANGUAGE and not _names_aftercare(turn)):
        return talk.other_language(knowledge, clinic), "other_language", report
    if intent == "talk_to_human":
        return talk.fixed("person", "handoff", knowledge, clinic), "person", report
    if intent == "affirm" and (before.offered or PASSES_ON.search(turn.text)):
        return talk.fixed("person", "handoff", knowledge, clinic), "question", report
    if report.check_denied and not before.check_denied and report.subject and not turn.names:
        return _clinical(turn, turn.clinical or ("is_normal",), report, assessment, knowledge, clinic)
    if _is_about_the_day(turn, report):
        return _day_given(turn, report, assessment, knowledge, clinic)
    if intent.startswith(OUT_OF_SCOPE) and not _names_aftercare(turn):
        reply = talk.out_of_scope(intent.removeprefix(OUT_OF_SCOPE), knowledge, clinic)
        return reply, None, _offering(report, reply)
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


def _is_about_the_day(turn: Turn, report: Report) -> bool:
    """Whether the message gives the day of treatment, puts it right, or answers our question for it with "I don't know"."""
    asked = turn.report.asked in ("day", "check_day")
    gave = turn.intent == "inform_day" or report.day_turn == report.turn or (asked and bool(turn.reading.times))
    if turn.intent == "inform_day" or (gave and not turn.names and not turn.clinical):
        return True
    return asked and bool(check.UNSURE.search(turn.text)) and not any(f.kind in SIGNS for f in turn.reading.findings)


def _names_aftercare(turn: Turn) -> bool:
    """Whether a message that looks out of scope speaks of a sign, or asks of a thing to do rather than of a treatment.

    A word for a sign in an idiom, or of somebody's past, is none, and no more is one that is doubted (``Finding``). What is told
    of another treatment is about that, unless it answers a question of ours.
    """
    if turn.reading.about in (OTHER_TREATMENT, OFF_TOPIC) and turn.report.asked is None:
        return False
    named = {f.kind for f in turn.reading.findings if f.assertion not in NO_SIGN_OF_NOW and not f.doubted}
    things = {f.item for f in turn.reading.findings if f.kind in ("product", "activity")}
    things -= {"other_treatment"} if "can_i" in turn.questions else OTHER_TREATMENTS
    of_another = turn.intent == OUT_OF_SCOPE + "other_treatment"
    surely_elsewhere = of_another and turn.confidence >= SURELY_ELSEWHERE and not turn.clinical
    return (bool(named & SIGNS) and not surely_elsewhere) or (of_another and bool(things))


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
    report = replace(report, subject=turn.report.subject or report.subject)
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
    most = LONGEST - len(NO_NAME.split())
    reply, handoff, report = _clinical(turn, ("is_normal",), report, assessment, knowledge, clinic, most)
    return replace(reply, text=f"{NO_NAME} {reply.text}"), handoff, report


def _subject_items(turn: Turn, report: Report, knowledge: KnowledgeBase) -> tuple[Item, ...]:
    """What a question is about: what the message names, else what the conversation was about."""
    if turn.intent == "can_i" and not (turn.names or turn.points_back or turn.reading.times):
        return ()  # "can I wear a cap": of a thing that we do not know
    over = {f.item for f in turn.reading.findings if f.kind in ("product", "activity") and f.assertion == "historical"}
    live = [i for i in report.subject if i not in over] or report.subject
    items = [knowledge.items[i] for i in live if i in knowledge.items]
    general = {name for item in items for name in item.implies}  # spots are bumps too: the finer name is answered
    return tuple(item for item in items if item.id not in general)


def _clinical(
    turn: Turn,
    kinds: Sequence[str],
    report: Report,
    assessment: Assessment,
    knowledge: KnowledgeBase,
    clinic: Clinic,
    most: int = LONGEST,
) -> tuple[Reply, str | None, Report]:
    items = _subject_items(turn, report, knowledge)
    if _only_hypothetical(turn, items):
        return talk.fixed("hypothetical", "answer", knowledge, clinic), None, report
    kinds = [_as_it_can_be_answered(kind, items) for kind in kinds]
    questions = [_question(kind, items, turn, report, assessment) for kind in dict.fromkeys(kinds)]
    if len(questions) > 1:
        questions = [q for q in questions if q.kind != "report"]
    if not items and all(q.kind in ("is_normal", "report") for q in questions):
        return _ask_what(kinds, report, knowledge, clinic)
    if not items and all(q.kind == "can_i" for q in questions):
        reply = talk.fixed("not_covered", "not_covered", knowledge, clinic, offer=True)
        return reply, None, _offering(report, reply)
    reply = clinical.answer(questions, knowledge, clinic, variant=report.turn, most=most)
    asked = {
        "check_question": "check_day" if any(q.ask_day for q in questions) else "check",
        "day_question": "day",
    }.get(reply.kind)
    half_answered = turn.report.asked == "check_day" and assessment.day is None and report.check_denied
    report = replace(
        report,
        asked=asked or ("day" if half_answered else None),
        checked_at=turn.now if reply.kind == "check_question" else report.checked_at,
        check_denied=report.check_denied and reply.kind != "check_question",
        day_asked=report.day_asked or any(q.ask_day for q in questions),
        subject=tuple(i.id for i in items) or report.subject,
    )
    return reply, None, _offering(report, reply)


def _as_it_can_be_answered(kind: str, items: tuple[Item, ...]) -> str:
    """ "May I" of nothing but a sign ("can I pull the flakes off?") is answered with what to leave alone."""
    only_signs = bool(items) and all(i.kind == "symptom" for i in items)
    if kind != "can_i" or not only_signs:
        return kind
    return "what_to_avoid" if any(i.sentences.get("avoid") for i in items) else "is_normal"


def _only_hypothetical(turn: Turn, items: tuple[Item, ...]) -> bool:
    """Only red-flag findings are named, and none as here now ("what if I get pus?", "my friend had an infection")."""
    named = [f for f in turn.reading.findings if f.kind == "finding"]
    supposed = all(
        f.assertion in ("hypothetical", "information") or (f.other and f.assertion == "historical") for f in named
    )
    return bool(named) and supposed and {i.id for i in items} <= {f.item for f in named}


def _ask_what(
    kinds: Sequence[str], report: Report, knowledge: KnowledgeBase, clinic: Clinic
) -> tuple[Reply, str | None, Report]:
    """A question about nothing that we know: ask what it is about, keep the question, and offer a person. What is merely told
    and names nothing ("lost my earring in room 2") was not understood."""
    text = talk.phrase("what_do_you_see", 0, knowledge, clinic)
    reply = Reply(text, "day_question" if set(kinds) - {"report"} else "fallback", buttons=talk.PASS_ON)
    return reply, None, _offering(report, reply)


def _question(
    kind: str, items: tuple[Item, ...], turn: Turn, report: Report, assessment: Assessment
) -> clinical.Question:
    signs = [i for i in items if i.kind == "symptom"]
    denied = check.is_denied(report, turn.now)
    sent = _is_sent_to_the_clinic([i.id for i in items], report, assessment)
    flagged = sent or report.open_tier in ("urgent", "emergency")
    open_check = not (flagged or check.is_known(report, turn.now))
    about_self = kind in ("is_normal", "report") and any(s.item in {i.id for i in signs} for s in assessment.signs)
    left_out = turn.report.asked == "check_day" and denied and assessment.waits_for_day
    unknown_day = assessment.day is None and (left_out or not report.day_asked)
    unknown_stage = assessment.day is None and (assessment.waits_for_day or any(i.windows for i in signs))
    timeline = kind == "what_to_expect" and report.asked_day is None
    ask_day = unknown_day and (
        timeline or assessment.waits_for_day or (about_self and (assessment.needs_day or any(i.windows for i in signs)))
    )
    return clinical.Question(
        kind=kind,
        items=items,
        day=report.asked_day if report.asked_day is not None else assessment.day,
        reassure=bool(signs) and denied and not flagged and not unknown_stage,
        check=about_self and open_check,
        ask_day=ask_day,
        flagged=flagged,
        today=assessment.day,
    )
