"""Adds the findings that a message is about but that no wording of the knowledge base names."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import PROJECT, data_folder, digest, knowledge_at, knowledge_folder
from aftercare.nlu.encoder_weights import DIFFERENCES, EncoderUnavailable, Vectors
from aftercare.nlu.finding_examples import (
    QUALITIES_OF_CHANGE,
    FindingExample,
    read_finding_examples,
    read_labelled_messages,
)
from aftercare.nlu.finding_heads import FindingsEncoder, load_findings_encoder
from aftercare.nlu.findings_model import Detected, FindingsModel, Labelled
from aftercare.nlu.heard_assertion import NOT_THERE, not_there, with_what_it_seems
from aftercare.nlu.message_reader import MessageReader, examples_read, reader_at
from aftercare.nlu.vector_cache import described
from aftercare.triage.figures import bleeding_has_stopped, tells_of_adult
from aftercare.triage.language import ENDS_A_SENTENCE
from aftercare.triage.reader import is_denied
from aftercare.triage.reading import CHANGE, IS_THERE, LANGUAGE, SEEMS, SIGNS
from aftercare.triage.report import STANDS

logger = logging.getLogger(__name__)

QUALITY = "quality"
"""The group of ``QUALITIES_OF_CHANGE``; those of items are their kinds."""

THINGS = frozenset({"product", "activity", "topic"})
"""Kinds that a question is about and that raise nothing: learned only where the wordings name nothing at all."""

LEARNED = SIGNS | THINGS | {"modifier"}
"""Kinds of items that are learned."""

MAY_HOLD_FINDINGS = frozenset({"report", "diagnosis", "is_normal", "when_to_worry"})
"""Intents whose examples may speak of findings that nobody labelled: no use as "about none of them"."""

HARDLY = 0.1
"""The heads' probability of being spoken of below which ambiguous words are taken not to mean a finding: next to none that mean it
are below."""

NOTHING_HEARD = 0.1
"""The heads' probability that any sign at all is spoken of and stands, below which all words of a message are doubted."""

HARDLY_STANDS = 0.3
"""The heads' probability that a sign stands below which words that name it are doubted: 1.9 % of 5,498 signs that stand in messages
kept back are below, and 56 % of 1,322 that are spoken of and do not. What doubted words raise as urgent is a matter for soon
(``triage.assess``)."""

NEVER_HAPPENED = (NOT_THERE - {"historical"}) | {"idiom"}
SURELY_NEVER = 0.7
"""The heads' probability of ``NEVER_HAPPENED`` above which an event that counts when it is over (a single faint, ruling 13; a used
needle, ruling 14) is doubted as other signs are. With 0.5 to 0.9 as many urgent matters of messages kept back are kept, and 913
to 921 of 5,901 harmless ones alarmed; 933 where such events are never doubted."""

HEARD_ALONE = 0.3
"""The same probability of a sentence alone from which a sign in it is not doubted, whatever stands beside it."""

MEASURED = re.compile(r"\d|\bout of ten\b", re.IGNORECASE)
"""Figures are never doubted, and a rule about them is final: a temperature, a pain score, minutes of bleeding."""

LEAST = 0.1
"""The least probability of what no wording names, be its threshold lower: of 438 messages of no sign at all 22 are alarmed so,
31 by the thresholds alone; of 400 emergencies of development authors one less is found, of 359 urgent matters two."""

BESIDE_WORDS = 0.15
"""The probability from which a further finding is taken from a message in which the wordings name a sign already: "a bit
tender" is near severe pain, and is not."""

SURE_OF_THING = 0.15
"""The least probability of a thing that a message is about: its threshold is far lower, since few harmless messages come near
any of so many, and "twelve days since" is not about retinol for being a little like it."""

SAYS_NOTHING = frozenset(
    ["and", "or", "also", "what", "about", "how", "is", "are", "it", "the", "a", "an", "my", "this", "that", "so", "ok", "okay",
     "right", "yes", "please", "pls", "hi", "hello", "thanks", "today", "tomorrow", "tonight", "now", "then", "too", "i",
     "can", "may", "could", "should", "when"]
)  # fmt: skip
"""Words of a message that names a thing and tells nothing of it ("and what about lashes today?")."""
LONGEST_THING = 3
"""Words of a thing's wording that stand together; in longer ones there may be others between."""
WORD = re.compile(r"[^\W\d_]+")

MINOR = "minor"
"""The item of a child or teenager, whom the age of an adult rules out."""

STOPPED = "bleeding_stopped"
DOES_NOT_STOP = "bleeding_long"
"""Bleeding that does not stop is an emergency, one that did is a matter for today (red_flags.md E7, ruling 8). What is heavy
stays an emergency though it has stopped."""

STANDS_ALL_THE_SAME = 0.65
"""The learned probability of standing from which a sign counts although a rule denies it, as uncertain. The words that tell
of a sign often hold a negation or a past tense themselves: "it won't go away under a glass", "she doesn't know what year it
is". Of 400 development emergencies 386 are graded so, 385 with 0.8 and 386 with 0.5; of 442 harmless messages 18, 16 and 20 are
alarmed."""


TAKEN_SERIOUSLY = 0.5
"""The probability from which a learned sign of self-harm counts although a rule denies it: who gives the cat away and takes leave
says so in the past and with negations."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class FindingsDetector(GraphComponent, EntityExtractorMixin):
    """Entities like those of the MessageReader, for findings that it did not name, with three keys more.

    ``learned`` is true, ``confidence`` the probability that the message is about the finding, and ``nearest`` the most
    similar training examples: why the model thinks so. The entity is the clause of the words that speak for the finding
    most, and its ``assertion`` is decided by the same rules as that of a wording in their place. Nothing learned takes a
    finding away, it only has words ``doubted``; but where a finding is clearly told as standing, a rule that denies it
    makes it uncertain, which counts.
    A message about something getting worse, spreading or one sided gives that quality to the signs that stand in it, or
    is a ``change`` of nothing named. A sign that seems to be asserted otherwise than its rule says has the key ``seems``,
    and so has one without an assertion that no wording names and that seems not to be there
    (``aftercare.nlu.heard_assertion``).

    ``examples`` and ``messages`` are folders (``aftercare.nlu.finding_examples``), ``differences`` holds the files of
    ``scripts/adapt_encoder.py``, ``false_alarms`` the share of harmless messages that may raise one of a kind. Without
    the encoder's weights the detector is off, and says so once.
    """

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: FindingsModel | None = None,
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._folder = knowledge_folder(config["knowledge"])
        self._knowledge, self._reader = knowledge_at(self._folder), reader_at(self._folder)
        self._encoder = self._encoder_or_none()
        self._model = model

    @classmethod
    def required_components(cls) -> list[type]:
        return [MessageReader]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "knowledge": "data/knowledge",
            "examples": ["data/nlu/findings", "data/nlu/topics"],
            "messages": "data/nlu/messages",
            "differences": DIFFERENCES,
            "false_alarms": {
                "finding": 0.09,
                "symptom": 0.045,
                QUALITY: 0.02,
                "modifier": 0.02,
                "product": 0.02,
                "activity": 0.02,
                "topic": 0.02,
            },
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Rasa's cache has to know that the examples, the knowledge and the adapted encoder are inputs too.

        For a component that it has in the cache already, Rasa asks without our configuration.
        """
        config = {**cls.get_default_config(), **config}
        files = [
            *(
                file
                for folder in (*config["examples"], config["messages"])
                for file in sorted((PROJECT / folder).glob("*.yml"))
            ),
            *sorted(knowledge_folder(config["knowledge"]).rglob("*.yml")),
            *sorted((PROJECT / config["differences"]).glob("*.npz")),
        ]
        return " ".join(digest(file) for file in files if file.is_file())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FindingsDetector:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FindingsDetector:
        with model_storage.read_from(resource) as folder:
            trained = (folder / "findings.json").is_file()
            return cls(config, model_storage, resource, FindingsModel.load(folder) if trained else None)

    def train(self, training_data: TrainingData) -> Resource:
        items = {item.id for item in self._knowledge.items.values() if item.kind in LEARNED}
        folders = [data_folder(name) for name in self._config["examples"]]
        examples = [example for folder in folders for example in read_finding_examples(folder, items)]
        examples += read_labelled_messages(data_folder(self._config["messages"]), items, training_data.intents)
        with self._storage.write_to(self._resource) as folder:
            if self._encoder is not None:
                self._model = self._fit(self._encoder, examples, training_data)
                self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if not text:
                continue
            entities = message.get(ENTITIES, [])
            if self._model and self._encoder:
                entities = self._added(entities, text, self._encoder, self._model)
            message.set(ENTITIES, self._without_general(entities), add_to_output=True)
        return messages

    def _encoder_or_none(self) -> FindingsEncoder | None:
        try:
            return load_findings_encoder(PROJECT / self._config["differences"])
        except EncoderUnavailable as reason:
            _warn_once(f"The learned findings detector is off: {reason}")
            return None

    def _fit(
        self, encoder: FindingsEncoder, examples: Sequence[FindingExample], training_data: TrainingData
    ) -> FindingsModel:
        things = frozenset(item.id for item in self._knowledge.items.values() if item.kind in THINGS)
        examples = _joined(examples)
        examples_read(self._folder, [example.text for example in examples])
        messages = {example.text: self._labelled(example, things) for example in examples}
        for example in training_data.intent_examples:
            text = example.get(TEXT)
            if text and text not in messages and example.get(INTENT) not in MAY_HOLD_FINDINGS:
                messages[text] = Labelled(text, unsure=self._named(text) | things)
        learned_from = list(messages.values())
        rows = described(encoder, list(messages), PROJECT / self._config["differences"])[:, : encoder.width]
        groups = {name: self._group(name) for message in learned_from for name in message.stands}
        return FindingsModel.fit(learned_from, rows, encoder.names, groups, self._config["false_alarms"], things)

    def _labelled(self, example: FindingExample, things: frozenset[str]) -> Labelled:
        """What is known of a message: beside its labels it may be about what the wordings find in it, or what follows
        from them; and a list of findings tells nothing of products and topics."""
        named = example.stands | example.denied | example.going
        items = [self._knowledge.items[name] for name in named if name in self._knowledge.items]
        implied = frozenset(name for item in items for name in item.implies)
        unsure = self._named(example.text) | implied | example.going | (things if example.complete else frozenset())
        return Labelled(example.text, example.stands, example.denied, unsure)

    def _named(self, text: str) -> frozenset[str]:
        """What the wordings find in a text, in the names of the examples."""
        [reading] = examples_read(self._folder, [text])
        findings = reading.findings
        qualities = frozenset().union(*(finding.qualities for finding in findings))
        change = {name for name, quality in QUALITIES_OF_CHANGE.items() if quality in qualities}
        return frozenset(finding.item for finding in findings) | change

    def _group(self, name: str) -> str:
        return QUALITY if name in QUALITIES_OF_CHANGE else self._knowledge.items[name].kind

    def _added(
        self, entities: list[dict[str, Any]], text: str, encoder: FindingsEncoder, model: FindingsModel
    ) -> list[dict[str, Any]]:
        """The entities of the wordings with what is learned: findings, changes, doubt."""
        heard = encoder.hear(text)
        spoken_of, asserted = model.spoken_of(heard), model.asserted(heard)
        entities = _without_doubtful(entities, spoken_of)
        stands = model.stands(heard)
        hears_a_sign = not heard or self._hears_a_sign(spoken_of, stands)
        if not hears_a_sign:
            entities = _symptoms_unheard(entities, spoken_of)
        stands = {item: p for item, p in stands.items() if not self._is_ruled_out(item, entities)}
        entities = _standing_all_the_same(entities, stands)
        explained = any(entity["entity"] in SIGNS for entity in entities)
        least = BESIDE_WORDS if explained else LEAST
        detections = [one for one in model.detect(heard) if one.confidence >= least]
        if bleeding_has_stopped(text):
            detections = [replace(one, finding=STOPPED) if one.finding == DOES_NOT_STOP else one for one in detections]
        named = {entity["value"] for entity in entities if "assertion" in entity}
        if _names_things_alone(text, entities):
            detections = [one for one in detections if self._group(one.finding) in THINGS]
        nothing_named = not any(entity["entity"] in THINGS | SIGNS for entity in entities)
        detections = [
            one
            for one in detections
            if self._group(one.finding) not in THINGS or (nothing_named and one.confidence >= SURE_OF_THING)
        ]
        changes = [one for one in detections if one.finding in QUALITIES_OF_CHANGE]
        found = [
            self._entity(text, one.finding, one)
            for one in detections
            if one not in changes and one.finding not in named and self._may_stand(one.finding, entities, text)
        ]
        named |= {entity["value"] for entity in found}
        found += [
            self._implied(entity, item) for entity in found for item in self._implies(entity) if item not in named
        ]
        entities = entities + self.add_extractor_name(_one_of_each(found))
        for one in changes:
            entities = self._changed(text, entities, self._entity(text, CHANGE, one), one)
        if not changes and not any(entity["entity"] == LANGUAGE for entity in entities):
            entities = self._with_doubt(text, entities, stands, asserted, hears_a_sign)
        entities = with_what_it_seems(entities, asserted, encoder.assertions)
        named = {entity["value"] for entity in entities}
        return entities + [
            self._unnamed(text, name, label)
            for name, label in not_there(spoken_of, asserted, encoder.assertions)
            if name in self._knowledge.items and self._group(name) in SIGNS and name not in named
        ]

    def _without_general(self, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The entities without those that are there and give way to a more special one that is there too."""
        there = {e["value"] for e in entities if e["entity"] in SIGNS and e.get("assertion") in IS_THERE}
        general = {
            name
            for name in there
            if name in self._knowledge.items and not there.isdisjoint(self._knowledge.items[name].gives_way_to)
        }
        return [e for e in entities if e["value"] not in general or e.get("assertion") not in IS_THERE]

    def _hears_a_sign(self, spoken_of: Mapping[str, float], stands: Mapping[str, float]) -> bool:
        """Whether the heads hear any sign that stands in a message, be it another one than the wordings name."""
        signs = [name for name in spoken_of if name in self._knowledge.items and self._group(name) in SIGNS]
        return any(spoken_of[name] * stands[name] >= NOTHING_HEARD for name in signs)

    def _with_doubt(
        self,
        text: str,
        entities: list[dict[str, Any]],
        stands: Mapping[str, float],
        asserted: Mapping[str, Vectors],
        hears_a_sign: bool,
    ) -> list[dict[str, Any]]:
        """The entities, the signs that wordings name marked where the heads hear no sign in the message, or where they hear no
        other one and this one does not stand; unless they hear it in its sentence alone, or it is an event that may be over."""
        learned = any(e.get("learned") and e["entity"] in SIGNS and e["assertion"] in IS_THERE for e in entities)

        def is_doubted(entity: dict[str, Any]) -> bool:
            # What has just gone does not stand for the heads, and still counts.
            if entity["entity"] not in SIGNS or entity.get("assertion") not in STANDS or entity.get("learned"):
                return False
            if MEASURED.search(entity["text"]) or self._may_have_happened(entity["value"], asserted):
                return False
            stands_not = not learned and stands.get(entity["value"], 1.0) < HARDLY_STANDS
            return (stands_not or not hears_a_sign) and not self._is_heard_alone(text, entity)

        return [{**entity, "doubted": True} if is_doubted(entity) else entity for entity in entities]

    def _may_have_happened(self, item: str, asserted: Mapping[str, Vectors]) -> bool:
        """Whether an item is an event that counts when it is over, and the heads do not surely hear it as none of the patient's
        own."""
        found = self._knowledge.items.get(item)
        if self._encoder is None or not (found and found.counts_when_over):
            return False
        labels = self._encoder.assertions
        never = [place for place, label in enumerate(labels) if label in NEVER_HAPPENED]
        return item not in asserted or float(np.exp(asserted[item][never]).sum()) <= SURELY_NEVER

    def _is_heard_alone(self, text: str, entity: Mapping[str, Any]) -> bool:
        """Whether the heads hear a sign in its own sentence: what is asked beside it drowns it ("do you sell vouchers?")."""
        start = max((end.end() for end in ENDS_A_SENTENCE.finditer(text, 0, entity["start"])), default=0)
        closing = ENDS_A_SENTENCE.search(text, entity["end"])
        sentence = text[start : closing.end() if closing else len(text)]
        if self._model is None or self._encoder is None or not sentence.strip() or len(sentence) == len(text):
            return False
        heard = self._encoder.hear(sentence)
        told, stands = self._model.spoken_of(heard), self._model.stands(heard)
        return told.get(entity["value"], 0.0) * stands.get(entity["value"], 0.0) >= HEARD_ALONE

    def _may_stand(self, item: str, entities: list[dict[str, Any]], text: str) -> bool:
        """Whether an item can be there beside what the wordings find: a painful bump not where pain is denied, a minor not
        where the age of an adult is given."""
        if item not in self._knowledge.items or (item == MINOR and tells_of_adult(text)):
            return False
        return not self._is_ruled_out(item, entities)

    def _is_ruled_out(self, item: str, entities: list[dict[str, Any]]) -> bool:
        """Whether a part that an item cannot be without is denied."""
        found = self._knowledge.items.get(item)
        told = [entity for entity in entities if found and entity["value"] in found.unless_denied]
        return bool(told) and all(entity.get("assertion") == "negated" for entity in told)

    def _implies(self, entity: Mapping[str, Any]) -> tuple[str, ...]:
        """Only of what is there, as in the reader."""
        return self._knowledge.items[entity["value"]].implies if entity["assertion"] in IS_THERE else ()

    def _implied(self, entity: Mapping[str, Any], item: str) -> dict[str, Any]:
        """What a finding always means as well (blood that does not stop is bleeding), as the reader has it for wordings."""
        return {**entity, "entity": self._knowledge.items[item].kind, "value": item}

    def _entity(self, text: str, item: str, detected: Detected) -> dict[str, Any]:
        first, last = detected.words
        whole = [(start, end) for start, end in self._reader.clauses(text) if start <= first < last <= end]
        start, end = whole[0] if whole else (0, len(text))
        assertion, other = self._reader.assertion_of_span(text, first, last, item) if last else ("present", False)
        taken_seriously = self._knowledge.items[item].said_is_present and detected.confidence >= TAKEN_SERIOUSLY
        if assertion in NOT_THERE and (detected.stands >= STANDS_ALL_THE_SAME or taken_seriously):
            assertion = "uncertain"
        return {
            "entity": self._knowledge.items[item].kind,
            "value": item,
            "start": start,
            "end": end,
            "text": text[start:end],
            "assertion": assertion,
            "other": other,
            "qualities": [],
            "learned": True,
            "confidence": detected.confidence,
            "nearest": list(detected.nearest),
        }

    def _unnamed(self, text: str, item: str, seems: str) -> dict[str, Any]:
        """A sign that is spoken of and seems not to be there. Without an assertion by a rule it counts nowhere in triage."""
        sign = {"entity": self._knowledge.items[item].kind, "value": item, "start": 0, "end": len(text), "text": text}
        return {**sign, "learned": True, SEEMS: seems}

    def _changed(
        self, text: str, entities: list[dict[str, Any]], change: dict[str, Any], detected: Detected
    ) -> list[dict[str, Any]]:
        """The entities with a learned quality: on the signs that stand, unless one has it, else as a ``change``."""
        quality = QUALITIES_OF_CHANGE[detected.finding]
        known = {quality for entity in entities for quality in entity.get("qualities", ())}
        if change["assertion"] not in IS_THERE or quality in known or is_denied(quality, text):
            return entities
        if quality == "worse" and "better" in known:
            return entities
        signs = [e for e in entities if e["entity"] in SIGNS and e.get("assertion") in IS_THERE]
        if not signs:
            return entities + self.add_extractor_name([{**change, "qualities": [quality]}])
        return [_with_quality(entity, quality) if entity in signs else entity for entity in entities]


def _names_things_alone(text: str, entities: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a message holds the words of products and activities and no other that says anything ("and lashes?"): in so few
    words what is learned hears signs of what such a thing is told with most often."""
    things = [e for e in entities if e["entity"] in THINGS and len(e["text"].split()) <= LONGEST_THING]
    rest = "".join(
        " " if any(e["start"] <= place < e["end"] for e in things) else character
        for place, character in enumerate(text.lower())
    )
    return bool(things) and not MEASURED.search(rest) and all(word in SAYS_NOTHING for word in WORD.findall(rest))


def _without_doubtful(entities: list[dict[str, Any]], spoken_of: Mapping[str, float]) -> list[dict[str, Any]]:
    """The entities without those of ambiguous words that the message is hardly about ("streaks" of sunscreen)."""
    return [
        e
        for e in entities
        if not e.get("ambiguous") or e.get("assertion") == "idiom" or spoken_of.get(e["value"], 1.0) >= HARDLY
    ]


def _symptoms_unheard(entities: list[dict[str, Any]], spoken_of: Mapping[str, float]) -> list[dict[str, Any]]:
    """The entities of a message in which no sign at all is heard, its symptoms of which hardly anything is heard as idioms
    ("I'll keep my eyes peeled"): 2 of 2,065 that stand in messages kept back, and 10 of 34 idioms. Danger signs stay, and are
    doubted."""
    return [
        {**e, "assertion": "idiom"}
        if e["entity"] == "symptom"
        and e.get("assertion") in STANDS
        and not MEASURED.search(e["text"])
        and spoken_of.get(e["value"], 1.0) < HARDLY
        else e
        for e in entities
    ]


def _standing_all_the_same(entities: list[dict[str, Any]], stands: Mapping[str, float]) -> list[dict[str, Any]]:
    """The entities, those that a rule denies and the message clearly tells as standing made uncertain."""
    return [
        {**e, "assertion": "uncertain"}
        if e.get("assertion") in NOT_THERE
        and e["entity"] in SIGNS
        and stands.get(e["value"], 0.0) >= STANDS_ALL_THE_SAME
        and not MEASURED.search(e["text"])
        else e
        for e in entities
    ]


def _one_of_each(entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first of each value: two findings may imply the same one."""
    return list({entity["value"]: entity for entity in reversed(entities)}.values())[::-1]


def _joined(examples: Sequence[FindingExample]) -> list[FindingExample]:
    """Examples with the same text as one: it may stand in the files of several findings."""
    joined: dict[str, FindingExample] = {}
    for one in examples:
        other = joined.get(one.text, one)
        joined[one.text] = FindingExample(
            one.text,
            one.stands | other.stands,
            (one.denied | other.denied) - one.stands - other.stands,
            (one.going | other.going) - one.stands - other.stands,
            one.complete or other.complete,
        )
    return list(joined.values())


def _with_quality(entity: dict[str, Any], quality: str) -> dict[str, Any]:
    """What gets worse is not over, whatever was said of it before."""
    assertion = "present" if entity["assertion"] == "resolving" else entity["assertion"]
    return {**entity, "assertion": assertion, "qualities": sorted({*entity["qualities"], quality})}


@lru_cache
def _warn_once(text: str) -> None:
    logger.warning(text)
