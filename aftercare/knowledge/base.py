"""Read ``data/knowledge`` into one immutable ``KnowledgeBase`` and answer questions about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aftercare.knowledge.attributes import AttributeWords, load_attributes
from aftercare.knowledge.elsewhere import ElsewhereWords, load_elsewhere
from aftercare.knowledge.errors import KnowledgeError
from aftercare.knowledge.languages import Languages, load_languages
from aftercare.knowledge.model import Condition, Flag, Item, Rule, Sentence, Source, Window, Wordings
from aftercare.knowledge.yaml_file import Key, YamlFile, read_yaml

FOREVER = 10_000
"""Days: the open end of a range such as '>=8'."""


@dataclass(frozen=True)
class Cue:
    """ConText rule: words that change what is asserted of the findings in their scope (assertion.yml)."""

    assertion: str
    direction: str
    scope: int
    cues: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    denies_verb: bool = False


@dataclass(frozen=True)
class Stage:
    """One stretch of the healing timeline."""

    first: int
    last: int
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything the assistant knows, read once and never changed."""

    items: Mapping[str, Item]
    flags: Mapping[str, Flag]
    rules: tuple[Rule, ...]
    vocabulary: Mapping[str, tuple[str, ...]]
    cues: tuple[Cue, ...]
    sentences: Mapping[str, Sentence]
    phrases: Mapping[str, Any]
    sources: Mapping[str, Source]
    treatment: str
    treatment_words: Wordings
    timeline: tuple[Stage, ...]
    languages: Languages
    attributes: AttributeWords
    elsewhere: ElsewhereWords

    def source(self, key: str) -> Source:
        """The source behind a short key: ``002:36`` or ``W1``. Ranges name their first line's article."""
        prefix, _, line = key.partition(":")
        found = self.sources[prefix]
        return Source(f"{found.id}:{line}", f"{found.title}, line {line}") if line else found

    def of_kind(self, *kinds: str) -> Iterator[Item]:
        return (item for item in self.items.values() if item.kind in kinds)


def load_knowledge(folder: Path, treatment: str = "microneedling") -> KnowledgeBase:
    """Read and cross-check the whole knowledge base. Raises KnowledgeError for the first thing that is wrong."""
    sources = _sources(read_yaml(folder / "sources.yml", "sources"))
    vocabulary_file = read_yaml(folder / "vocabulary.yml", "vocabulary")
    vocabulary = _vocabulary(vocabulary_file)
    home = folder / "treatments" / treatment
    if not home.is_dir():
        known = ", ".join(sorted(p.name for p in (folder / "treatments").glob("*") if p.is_dir())) or "none"
        raise KnowledgeError(home, None, "", "there is no such treatment", f"Treatments here: {known}.")
    files: list[tuple[Path, str | None]] = [(f, None) for f in sorted((folder / "findings").glob("*.yml"))]
    files += [(f, treatment) for f in sorted(home.rglob("*.yml")) if f.name != "treatment.yml"]
    items: dict[str, Item] = {}
    rules: list[Rule] = []
    checks: list[tuple[YamlFile, Key, Condition]] = []
    named: list[tuple[YamlFile, Key, str]] = []
    for path, belongs_to in files:
        file = read_yaml(path, "items")
        for number, raw in enumerate(file.data["items"]):
            key: Key = ("items", number)
            if raw["id"] in items:
                raise file.error((*key, "id"), f"'{raw['id']}' is defined twice", "Join the two items.")
            item = _item(file, key, raw, sources, vocabulary, belongs_to)
            items[item.id] = item
            named += [(file, (*key, "implies"), name) for name in item.implies]
            named += [(file, (*key, "unless_denied"), name) for name in item.unless_denied]
            named += [(file, (*key, "gives_way_to"), name) for name in item.gives_way_to]
            for n, rule in enumerate(item.rules):
                rules.append(rule)
                checks.append((file, (*key, "becomes", n, "when"), rule.when))
    flags = _flags(read_yaml(folder / "flags.yml", "flags"), sources)
    rule_file = read_yaml(folder / "rules.yml", "rules")
    for n, raw in enumerate(rule_file.data["combination_rules"]):
        rules.append(_rule(rule_file, ("combination_rules", n), raw))
        checks.append((rule_file, ("combination_rules", n, "when"), rules[-1].when))
    for file, key, name in named:
        if name not in items:
            raise file.error(key, f"there is no item '{name}'", "Mend the name or add the item.")
    for file, key, condition in checks:
        _check_leaves(file, key, condition, items)
    for rule in rules:
        if rule.flag not in flags:
            raise rule_file.error(
                ("combination_rules",), f"rule {rule.id} names the unknown flag {rule.flag}", "Add it to flags.yml."
            )
    wording = read_yaml(folder / "wording.yml", "wording")
    treatment_file = read_yaml(home / "treatment.yml", "treatment")
    return KnowledgeBase(
        items=items,
        flags=flags,
        rules=tuple(rules),
        vocabulary=vocabulary,
        cues=_cues(read_yaml(folder / "assertion.yml", "assertion")),
        sentences=_wording(wording, sources),
        phrases=wording.data.get("phrases", {}),
        sources=sources,
        treatment=treatment_file.data["name"],
        treatment_words=_wordings(treatment_file.data["wordings"]),
        timeline=_timeline(treatment_file, sources),
        languages=load_languages(folder / "languages.yml", items),
        attributes=load_attributes(folder / "attributes.yml"),
        elsewhere=load_elsewhere(folder / "elsewhere.yml"),
    )


def _sources(file: YamlFile) -> dict[str, Source]:
    articles = {key: Source(a["file"], a["title"]) for key, a in file.data["articles"].items()}
    references = {key: Source(key, r["title"]) for key, r in file.data["references"].items()}
    return {**articles, **references}


def _vocabulary(file: YamlFile) -> dict[str, tuple[str, ...]]:
    """Concepts with ``@other`` entries replaced by that concept's words."""
    raw: dict[str, list[str]] = file.data

    def expand(name: str, path: tuple[str, ...]) -> list[str]:
        if name in path:
            raise file.error((path[-1],), f"'@{name}' refers back to itself", "Take one of the two references out.")
        words: list[str] = []
        for number, word in enumerate(raw[name]):
            if not word.startswith("@"):
                words.append(word)
            elif word[1:] in raw:
                words += expand(word[1:], (*path, name))
            else:
                raise file.error(
                    (name, number), f"there is no concept '{word[1:]}'", "Define it in this file or mend the name."
                )
        return words

    return {name: tuple(dict.fromkeys(expand(name, ()))) for name in raw}


def _sentence(file: YamlFile, key: Key, raw: dict[str, Any], sources: Mapping[str, Source]) -> Sentence:
    for number, source in enumerate(raw["sources"]):
        if source.partition(":")[0] not in sources:
            raise file.error(
                (*key, "sources", number), f"unknown source '{source}'", "Name it in sources.yml or mend the key."
            )
    review = raw.get("review") or (file.data.get("review") if isinstance(file.data, dict) else None) or "draft"
    return Sentence(
        text=raw["text"].strip(),
        sources=tuple(raw["sources"]),
        facts=tuple(raw.get("facts", ())),
        review=review,
        file=str(file.path),
        line=file.line(key) or 0,
    )


def _sentences(
    file: YamlFile, key: Key, raw: Mapping[str, list[dict[str, Any]]], sources: Mapping[str, Source]
) -> dict[str, tuple[Sentence, ...]]:
    return {
        purpose: tuple(_sentence(file, (*key, purpose, n), one, sources) for n, one in enumerate(many))
        for purpose, many in raw.items()
    }


def _wordings(raw: Mapping[str, Any]) -> Wordings:
    return Wordings(
        phrases=tuple(raw.get("phrases", ())),
        together=tuple(tuple(words) for words in raw.get("together", ())),
        excluding=tuple(raw.get("excluding", ())),
        ambiguous=tuple(raw.get("ambiguous", ())),
    )


def _days(text: str) -> tuple[int, int]:
    if text.startswith(">="):
        return int(text[2:]), FOREVER
    if text.startswith("<="):
        return 0, int(text[2:])
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _condition(raw: str | dict[str, Any]) -> str | Condition:
    if isinstance(raw, str):
        return raw
    return Condition(
        all=tuple(map(_condition, raw.get("all", ()))),
        any=tuple(map(_condition, raw.get("any", ()))),
        none=tuple(map(_condition, raw.get("none", ()))),
        day=_days(raw["day"]) if "day" in raw else None,
        at_least=raw.get("at_least", 1),
    )


def _rule(file: YamlFile, key: Key, raw: dict[str, Any]) -> Rule:
    when = _condition(raw["when"])
    if not isinstance(when, Condition):
        raise file.error((*key, "when"), "a rule needs a condition", "Write all:, any: or none: with a list.")
    return Rule(
        raw["id"],
        raw["flag"],
        when,
        raw["why"],
        tier=raw.get("tier"),
        wording=raw.get("wording"),
        ask_day_first=raw.get("ask_day_first", False),
        before_treatment=raw.get("before_treatment", False),
    )


def _item(
    file: YamlFile,
    key: Key,
    raw: dict[str, Any],
    sources: Mapping[str, Source],
    vocabulary: Mapping[str, tuple[str, ...]],
    treatment: str | None,
) -> Item:
    wordings = _wordings(raw["wordings"])
    _check_slots(file, (*key, "wordings"), wordings, vocabulary)
    windows = []
    for n, window in enumerate(raw.get("windows", ())):
        first, last = _days(window["days"])
        if last < first:
            raise file.error(
                (*key, "windows", n, "days"), "the last day is before the first", "Write first-last, such as 0-2."
            )
        say = window.get("say")
        windows.append(Window(first, last, _sentence(file, (*key, "windows", n, "say"), say, sources) if say else None))
    return Item(
        id=raw["id"],
        kind=raw["kind"],
        title=raw["title"],
        name=raw.get("name", raw["title"].lower()),
        plural=raw.get("plural", False),
        wordings=wordings,
        windows=tuple(windows),
        rules=tuple(_rule(file, (*key, "becomes", n), r) for n, r in enumerate(raw.get("becomes", ()))),
        sentences=_sentences(file, (*key, "sentences"), raw.get("sentences", {}), sources),
        allowed_from=raw.get("allowed_from"),
        covered=raw.get("covered", True),
        implies=tuple(raw.get("implies", ())),
        unless_denied=tuple(raw.get("unless_denied", ())),
        gives_way_to=tuple(raw.get("gives_way_to", ())),
        lifts=tuple(raw.get("lifts", ())),
        raises_to=raw.get("raises_to", {}),
        lasting=raw.get("lasting", False),
        said_is_present=raw.get("said_is_present", False),
        done_in_treatment=raw.get("done_in_treatment", False),
        counts_when_over=raw.get("counts_when_over", False),
        only_guessed=raw.get("only_guessed", False),
        treatment=treatment,
    )


def _check_slots(file: YamlFile, key: Key, wordings: Wordings, vocabulary: Mapping[str, tuple[str, ...]]) -> None:
    for name, entries in (("phrases", wordings.phrases), ("together", wordings.together)):
        for number, entry in enumerate(entries):
            words = entry.split() if isinstance(entry, str) else entry
            for word in words:
                if word.startswith("<") and word.strip("<>") not in vocabulary:
                    problem = f"there is no concept '{word.strip('<>')}'"
                    raise file.error((*key, name, number), problem, "Define it in vocabulary.yml or mend the name.")


def _check_leaves(file: YamlFile, key: Key, condition: Condition, items: Mapping[str, Item]) -> None:
    for part in ("all", "any", "none"):
        for number, leaf in enumerate(getattr(condition, part)):
            if isinstance(leaf, Condition):
                _check_leaves(file, (*key, part, number), leaf, items)
            elif not leaf.startswith("@") and leaf.partition(":")[0] not in items:
                problem = f"there is no item '{leaf.partition(':')[0]}'"
                raise file.error((*key, part, number), problem, "Define it under findings/ or mend the name.")


def _flags(file: YamlFile, sources: Mapping[str, Source]) -> dict[str, Flag]:
    return {
        raw["id"]: Flag(
            id=raw["id"],
            tier=raw["tier"],
            title=raw["title"],
            sentences=_sentences(file, ("flags", n, "sentences"), raw.get("sentences", {}), sources),
            wording=raw.get("wording", raw["tier"]),
        )
        for n, raw in enumerate(file.data["flags"])
    }


def _cues(file: YamlFile) -> tuple[Cue, ...]:
    return tuple(
        Cue(
            raw["assertion"],
            raw["direction"],
            raw.get("scope", FOREVER),
            tuple(raw.get("cues", ())),
            tuple(raw.get("patterns", ())),
            raw.get("denies_verb", False),
        )
        for raw in file.data["context_rules"]
    )


def _wording(file: YamlFile, sources: Mapping[str, Source]) -> dict[str, Sentence]:
    return {name: _sentence(file, ("sentences", name), raw, sources) for name, raw in file.data["sentences"].items()}


def _timeline(file: YamlFile, sources: Mapping[str, Source]) -> tuple[Stage, ...]:
    stages = []
    for n, raw in enumerate(file.data.get("timeline", ())):
        first, last = _days(raw["days"])
        sentences = tuple(_sentence(file, ("timeline", n, "say", m), s, sources) for m, s in enumerate(raw["say"]))
        stages.append(Stage(first, last, raw["title"], sentences))
    return tuple(stages)
