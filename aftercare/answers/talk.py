"""Everything that is not a question about skin: greetings, a person, medicine, the source, out of scope."""

from __future__ import annotations

from dataclasses import replace

from aftercare.answers.answer import Button, Draft, Reply, filled
from aftercare.knowledge import Clinic, KnowledgeBase

PASS_ON = (
    Button("Yes, ask the team", "affirm", "Yes, please ask the team"),
    Button("No, thank you", "deny", "No, thank you"),
)
MOST_SOURCES = 4
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "bot_challenge", "affirm", "deny"})


def small_talk(intent: str, variant: int, knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """A greeting and its like; ``variant`` chooses among equal texts so that they do not read as a form."""
    return Reply(phrase(intent, variant, knowledge, clinic), "small_talk")


def phrase(name: str, variant: int, knowledge: KnowledgeBase, clinic: Clinic, **more: object) -> str:
    texts = knowledge.phrases[name]
    return filled(texts[variant % len(texts)], clinic, treatment=knowledge.treatment, **more)


def out_of_scope(kind: str, knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """``kind`` is booking, price, other_treatment, off_topic, abuse, injection, gibberish or complaint."""
    if kind == "complaint":
        return fixed(kind, "out_of_scope", knowledge, clinic, offer=True)
    buttons = PASS_ON if kind in ("booking", "price", "other_treatment") else ()
    return Reply(phrase(kind, 0, knowledge, clinic), "out_of_scope", buttons=buttons)


def other_language(knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """To a message that is not in English: the numbers, and that the team gets it (red_flags.md ruling 24)."""
    return fixed("other_language", "out_of_scope", knowledge, clinic)


def with_line(reply: Reply, language: str | None, knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """The reply with a line in the patient's language: a person will help, and the number for an emergency."""
    line = knowledge.languages.line(language)
    return replace(reply, text=f"{reply.text}\n\n{filled(line, clinic)}") if line else reply


def fixed(name: str, kind: str, knowledge: KnowledgeBase, clinic: Clinic, offer: bool = False) -> Reply:
    """A required wording as it stands; with ``offer`` the two buttons that pass the question on."""
    return Draft(clinic).say(knowledge.sentences[name]).reply(kind, PASS_ON if offer else ())


def source(last_sources: tuple[str, ...], knowledge: KnowledgeBase, clinic: Clinic) -> Reply:
    """Where the last answer came from, in words."""
    draft = Draft(clinic)
    lines: dict[str, list[str]] = {}
    for prefix, _, line in (key.partition(":") for key in last_sources if key != "house"):
        lines.setdefault(knowledge.source(prefix).title, []).extend([line] if line else [])
    if lines:
        draft.plain("My last answer came from here:")
        for title, places in list(lines.items())[:MOST_SOURCES]:
            numbers = " and ".join(places[:MOST_SOURCES])
            draft.line().plain(f"- {title}, line {numbers}." if numbers else f"- {title}.")
        draft.paragraph().sources.update(dict.fromkeys(last_sources))
    return draft.say(knowledge.sentences["source_kind"]).reply("answer")
