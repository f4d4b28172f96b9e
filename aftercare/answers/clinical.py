"""Answers to questions about skin: what was understood, the answer, what to do, when to call, where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aftercare.answers.answer import LONGEST, Button, Draft, Reply, Stretch, Timeline
from aftercare.answers.talk import PASS_ON
from aftercare.knowledge import Clinic, Item, KnowledgeBase, Sentence
from aftercare.knowledge.base import FOREVER, Stage

GENERAL = "general_care"
"""The topic that answers a question about care where nothing is named."""
PURPOSE = {
    "how_long": "how_long",
    "what_to_apply": "apply",
    "what_to_avoid": "avoid",
    "why": "why",
    "when_to_worry": "worry",
}
CHECK = (Button("None of these", "deny", "None of these"), Button("Yes, one or more", "affirm", "Yes, one or more"))
DAYS = (
    Button("Today", "inform_day", "It was today"),
    Button("Yesterday", "inform_day", "It was yesterday"),
    Button("2 days ago", "inform_day", "It was 2 days ago"),
    Button("3 days ago", "inform_day", "It was 3 days ago"),
)
MORE = {
    "why": Button("Why does this happen?", "why", "Why does this happen?"),
    "avoid": Button("What should I avoid?", "what_to_avoid", "What should I avoid?"),
}
NEXT = Button("What comes next?", "what_to_expect", "What should I expect next?")
SAFETY_NETS = ("safety_net", "safety_net_2", "safety_net_3")
SHORTEST_NET = "safety_net_2"
"""Goes with the list of all stages, which is long by itself."""
SAID_IN_ANY_CASE = 2
"""Symptoms of one message of which something is always said; of a third where there is room."""
MOST_ITEMS = 3
"""Items answered in one message; a longer list is asked about by name."""


@dataclass(frozen=True)
class Question:
    """What is to be answered. ``day`` is the day asked of (days since treatment) or None, ``today`` the day it is now or None;
    ``reassure`` whether the check question was answered
    with no; ``check`` and ``ask_day`` whether our one question may be asked now; ``flagged`` where nothing calming may be said."""

    kind: str
    items: tuple[Item, ...]
    day: int | None
    reassure: bool
    check: bool
    ask_day: bool
    flagged: bool = False
    hypothetical: bool = False
    today: int | None = None


def answer(
    questions: Sequence[Question], knowledge: KnowledgeBase, clinic: Clinic, variant: int = 0, most: int = LONGEST
) -> Reply:
    """One message for all questions of a turn: each answered, what they share said once.

    ``variant`` (any number) chooses among signed safety-nets of the same content, so that the third answer in a row does
    not read as a form. ``most``: words, where others stand before the message.
    """
    draft = Draft(clinic, most=most)
    draft.open_with(_understood(questions[0]))
    covered = [_answer(q, draft, knowledge) for q in questions]
    asks_check = any(q.check for q in questions) and not any(q.flagged for q in questions)
    asks_day = any(q.ask_day for q in questions)
    if not any(covered) and not asks_check:
        draft.say(knowledge.sentences["not_covered"])
        return draft.reply("not_covered", PASS_ON)
    partly = _not_covered(questions, knowledge)
    draft.plain(partly)
    draft.paragraph().say(knowledge.sentences["cannot_see"])
    buttons: tuple[Button, ...] = ()
    if asks_day:
        draft.say(knowledge.sentences["day_question"])
        buttons = DAYS
    if asks_check:
        draft.timeline = None  # nothing stands beside the check question, and nothing calming before its answer
        draft.paragraph().say(knowledge.sentences["check_question"], knowledge.sentences["safety_short"])
        return draft.reply("check_question", CHECK)
    if not any(q.kind == "when_to_worry" for q in questions):  # its answer is the longer list of the same signs
        listed = any(q.kind == "what_to_expect" and q.day is None for q in questions)
        draft.say(knowledge.sentences[SHORTEST_NET if listed else SAFETY_NETS[variant % len(SAFETY_NETS)]])
    return draft.reply("day_question" if asks_day else "answer", buttons or (PASS_ON if partly else _more(questions)))


def _more(questions: Sequence[Question]) -> tuple[Button, ...]:
    """What else the guide says of the same thing, a press away: why, what to avoid, what comes next."""
    asked = {q.kind for q in questions}
    items = [i for q in questions for i in q.items]
    wanted = [
        b for purpose, b in MORE.items() if b.intent not in asked and any(i.sentences.get(purpose) for i in items)
    ]
    if wanted and "what_to_expect" not in asked:
        wanted.append(NEXT)
    return tuple(wanted)


def _not_covered(questions: Sequence[Question], knowledge: KnowledgeBase) -> str:
    """Names what was asked of beside the rest and the guide says nothing of."""
    asked = [i for q in questions for i in q.items if i.kind in ("product", "activity", "topic")]
    names = [i.name for i in dict.fromkeys(asked) if not i.covered or not i.sentences]
    return str(knowledge.phrases["partly_not_covered"]).format(names=" and ".join(names)) if names else ""


def _understood(question: Question) -> str:
    """'Day 3, small bumps.': what was understood, so that the patient can put it right.

    Red-flag findings are not named: where an answer stands at all they were denied or only supposed.
    """
    named = [item for item in dict.fromkeys(question.items) if item.id != GENERAL and item.kind != "finding"]
    names = [item.name for item in named][:MOST_ITEMS]
    day = f"day {question.day}" if question.day is not None else ""
    text = ", ".join(part for part in (day, " and ".join(names)) if part)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _answer(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    """Add the answer to one question; False where the guide has none."""
    handlers = {
        "is_normal": _is_normal,
        "report": _is_normal,
        "can_i": _can,
        "when_to_worry": _worry,
        "what_to_expect": _expect,
    }
    handler = handlers.get(question.kind, _by_purpose)
    return handler(question, draft, knowledge)


def _is_normal(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    """The first symptom in full; of further ones that are in their window the brief form, to keep the answer short."""
    said = False
    for place, item in enumerate(_symptoms(question)):
        sentence = _expected(item, question.day)
        if said and sentence is not None and (question.day is None or item.expected_on(question.day)):
            sentence = _first(item, "brief") or sentence
        add = draft.say if place < SAID_IN_ANY_CASE else draft.offer
        add(sentence)
        said = said or sentence is not None
    if said and question.reassure and not question.flagged:
        draft.say(knowledge.sentences["part_of_healing"])
    if said:
        draft.offer(next((_first(item, "apply") for item in _symptoms(question)), None))
    products = [i for i in question.items if i.kind in ("product", "activity")]
    if not said and products:
        return _can(question, draft, knowledge)
    if not said:
        topics = [s for item in question.items[:MOST_ITEMS] if (s := _about(item)) is not None]
        draft.say(*topics)
        said = bool(topics)
    return said


def _expected(item: Item, day: int | None) -> Sentence | None:
    """The sentence for the day: in its window, past it, or without a day."""
    if day is None:
        return _first(item, "is_normal")
    window = item.expected_on(day)
    if window is not None and window.sentence is not None:
        return window.sentence
    if item.first_expected_day is not None and day < item.first_expected_day:
        return _first(item, "before") or _first(item, "is_normal")
    if item.last_expected_day is not None and day > item.last_expected_day:
        return _first(item, "after") or _first(item, "worry")
    return _first(item, "is_normal")


def _can(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    """What has to wait comes alone where it is in another product that may be used ("my cleanser has an acid in it")."""
    said = False
    things = [i for i in question.items if i.kind in ("product", "activity")]
    waiting = [i for i in things if i.kind == "product" and i.sentences.get("can_later") and _is_early(i, question.day)]
    for item in [i for i in things if not waiting or i in waiting or i.kind == "activity"]:
        early = _is_early(item, question.day)
        sentence = (_first(item, "can_later") if early else None) or _first(item, "can")
        if question.day is None and item.allowed_from not in (None, 0):
            sentence = _first(item, "can_later") or sentence
        draft.say(sentence).offer(_first(item, "note"))
        said = said or sentence is not None
    if not said and question.items and all(_about(item) for item in question.items):
        draft.say(*(_about(item) for item in question.items[:MOST_ITEMS]))
        return True
    if not said and not any(i.kind in ("product", "activity") for i in question.items):
        return _by_purpose(
            Question("what_to_apply", question.items, question.day, False, False, False), draft, knowledge
        )
    return said


def _is_early(item: Item, day: int | None) -> bool:
    return item.allowed_from is None or (day is not None and day < item.allowed_from)


def _worry(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    draft.say(*(_first(item, "worry") for item in question.items[:1]), knowledge.sentences["worry_signs"])
    return True


def _expect(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    """The stage of the day and what comes next; without a day the list of stages. Both with the timeline.

    Asked of a topic ("what results can I expect?") it is a question about that topic.
    """
    topics = tuple(item for item in question.items if item.kind == "topic" and item.id != GENERAL and _about(item))
    if topics and len(topics) == len(question.items):
        return _by_purpose(replace(question, kind="how_long", items=topics), draft, knowledge)
    stages = knowledge.timeline
    if not stages:
        return False
    if question.day is None:
        for stage in stages:
            draft.line().plain(f"- {stage.title}: {stage.sentences[0].text}")
        draft.paragraph()
    else:
        place = next((n for n, s in enumerate(stages) if s.first <= question.day <= s.last), len(stages) - 1)
        draft.say(*stages[place].sentences)
        for following in stages[place + 1 : place + 2]:
            draft.plain(str(knowledge.phrases["next_stage"]).format(title=following.title))
    if not question.flagged:
        draft.timeline = Timeline(question.today, tuple(map(_stretch, stages)))
    draft.sources.update(dict.fromkeys(key for stage in stages for s in _seen(stage) for key in s.sources))
    return True


def _seen(stage: Stage) -> tuple[Sentence, ...]:
    """What a stage looks and feels like: its last sentence says what to do."""
    return stage.sentences[:-1] or stage.sentences


def _stretch(stage: Stage) -> Stretch:
    last = stage.last if stage.last < FOREVER else None
    return Stretch(stage.first, last, stage.title, " ".join(s.text for s in _seen(stage)))


def _by_purpose(question: Question, draft: Draft, knowledge: KnowledgeBase) -> bool:
    purpose = PURPOSE.get(question.kind, "about")
    items = question.items[:MOST_ITEMS]
    sentences = [s for item in items if (s := _first(item, purpose) or _about(item)) is not None]
    if not sentences and purpose in ("apply", "avoid", "why", "how_long") and not _named_but_unknown(question):
        sentences = [s for s in [_first(knowledge.items[GENERAL], purpose)] if s is not None]
    if purpose == "apply" and question.day == 0 and knowledge.timeline:
        draft.say(knowledge.timeline[0].sentences[-1])  # on the day itself only what the clinic gave
    draft.say(*sentences)
    for item in items:
        draft.offer(_first(item, "note"))
    return bool(sentences)


def _about(item: Item) -> Sentence | None:
    """What a topic says of itself answers every kind of question about it."""
    return _first(item, "about") if item.kind == "topic" else None


def _named_but_unknown(question: Question) -> bool:
    """Something is named of which the guide says nothing: general advice would be no answer to it."""
    return any(item.kind in ("product", "activity") or not item.covered for item in question.items)


def _symptoms(question: Question) -> list[Item]:
    return [i for i in question.items if i.kind == "symptom"][:MOST_ITEMS]


def _first(item: Item, purpose: str) -> Sentence | None:
    return next(iter(item.sentences.get(purpose, ())), None)
