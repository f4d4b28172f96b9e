"""Adds the findings that a message is about but that no wording of the knowledge base names."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu.data_file import PROJECT, digest, knowledge_at, knowledge_folder
from aftercare.nlu.encoder import SHA256, Encoder, EncoderUnavailable, encoder_folder, load_adapted_encoder
from aftercare.nlu.finding_examples import QUALITIES_OF_CHANGE, FindingExample, read_finding_examples
from aftercare.nlu.findings_model import Detected, FindingsModel, Labelled
from aftercare.nlu.message_reader import MessageReader, reader_at
from aftercare.nlu.vector_cache import encode_cached
from aftercare.triage.reader import CHANGE, SIGNS

logger = logging.getLogger(__name__)

QUALITY = "quality"
"""The group of ``QUALITIES_OF_CHANGE``; those of items are their kinds."""

THINGS = frozenset({"product", "activity", "topic"})
"""Kinds that a question is about and that raise nothing: learned only where the wordings name nothing at all."""

MAY_HOLD_FINDINGS = frozenset({"report", "diagnosis", "is_normal", "when_to_worry"})
"""Intents whose examples may speak of findings that nobody labelled: no use as "about none of them"."""

HARDLY = 0.1
"""The probability below which ambiguous words are taken not to mean a finding: next to none that mean it are below."""

BESIDE_WORDS = 0.5
"""The probability from which a further finding is taken from a message in which the wordings name a sign already: "a bit
tender" is near severe pain, and is not."""

STANDING = frozenset({"present", "uncertain", "other_person", "resolving"})
"""Assertions of a sign that something can be said of: it got worse, it spreads."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class FindingsDetector(GraphComponent, EntityExtractorMixin):
    """Entities like those of the MessageReader, for findings that it did not name, with three keys more.

    ``learned`` is true, ``confidence`` the probability that the message is about the finding, and ``nearest`` the most
    similar training examples: why the model thinks so. The entity is the clause that speaks for the finding most, and
    its ``assertion`` is decided by the same rules as that of a wording in that clause. Nothing learned takes a finding
    away. A message about something getting worse, spreading or one sided gives that quality to the signs that stand in
    it, or is a ``change`` of nothing named.

    ``examples`` are folders (``aftercare.nlu.finding_examples``), ``difference`` is the file of
    ``scripts/adapt_encoder.py``, ``false_alarms`` the share of harmless messages that may raise a finding, a symptom, a
    quality or a thing asked about. Without the encoder's weights the detector is off, and says so once.
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
        folder = knowledge_folder(config["knowledge"])
        self._knowledge, self._reader = knowledge_at(folder), reader_at(folder)
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
            "difference": "data/nlu_encoder_difference.npz",
            "false_alarms": {
                "finding": 0.055,
                "symptom": 0.03,
                QUALITY: 0.015,
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
            *(file for folder in config["examples"] for file in sorted((PROJECT / folder).glob("*.yml"))),
            *sorted(knowledge_folder(config["knowledge"]).rglob("*.yml")),
            PROJECT / config["difference"],
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
        items = {item.id for item in self._knowledge.items.values() if item.kind in SIGNS | THINGS}
        folders = [_folder(name) for name in self._config["examples"]]
        examples = [example for folder in folders for example in read_finding_examples(folder, items)]
        with self._storage.write_to(self._resource) as folder:
            if self._encoder is not None:
                self._model = self._fit(self._encoder, examples, training_data)
                self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if text and self._model and self._encoder:
                self._add(message, text, self._encoder, self._model)
        return messages

    def _encoder_or_none(self) -> Encoder | None:
        try:
            return load_adapted_encoder(PROJECT / self._config["difference"])
        except EncoderUnavailable as reason:
            _warn_once(f"The learned findings detector is off: {reason}")
            return None

    def _fit(self, encoder: Encoder, examples: Sequence[FindingExample], training_data: TrainingData) -> FindingsModel:
        messages = [self._labelled(example) for example in examples]
        things = frozenset(item.id for item in self._knowledge.items.values() if item.kind in THINGS)
        for example in training_data.intent_examples:
            if example.get(TEXT) and example.get(INTENT) not in MAY_HOLD_FINDINGS:
                messages.append(Labelled(example.get(TEXT), unsure=self._named(example.get(TEXT)) | things))
        stamp = SHA256["model.safetensors"] + digest(PROJECT / self._config["difference"])
        vectors = encode_cached(encoder, [message.text for message in messages], _cache(), stamp)
        groups = {name: self._group(name) for name in {example.finding for example in examples}}
        return FindingsModel.fit(messages, vectors, groups, self._config["false_alarms"])

    def _labelled(self, example: FindingExample) -> Labelled:
        named = self._named(example.text)
        if not example.about:
            return Labelled(example.text, lookalike_of=example.finding, unsure=named)
        item = self._knowledge.items.get(example.finding)
        return Labelled(example.text, about=example.finding, unsure=named | frozenset(item.implies if item else ()))

    def _named(self, text: str) -> frozenset[str]:
        """What the wordings find in a text, in the names of the examples."""
        findings = self._reader.read(text).findings
        qualities = frozenset().union(*(finding.qualities for finding in findings))
        change = {name for name, quality in QUALITIES_OF_CHANGE.items() if quality in qualities}
        return frozenset(finding.item for finding in findings) | change

    def _group(self, name: str) -> str:
        return QUALITY if name in QUALITIES_OF_CHANGE else self._knowledge.items[name].kind

    def _add(self, message: Message, text: str, encoder: Encoder, model: FindingsModel) -> None:
        clauses = [(start, end) for start, end in self._reader.clauses(text) if " " in text[start:end].strip()]
        rows = encoder.encode_spans(text, clauses)
        entities = _without_doubtful(message.get(ENTITIES, []), model.likeliest(rows))
        explained = any(entity["entity"] in SIGNS for entity in entities)
        detections = [one for one in model.detect(rows) if not explained or one.confidence >= BESIDE_WORDS]
        named = {entity["value"] for entity in entities if "assertion" in entity}
        spans = [(0, len(text)), *clauses]
        if any(entity["entity"] in THINGS | SIGNS for entity in entities):
            detections = [one for one in detections if self._group(one.finding) not in THINGS]
        changes = [one for one in detections if one.finding in QUALITIES_OF_CHANGE]
        found = [
            self._entity(text, spans[one.row], one.finding, one)
            for one in detections
            if one not in changes and one.finding not in named and one.finding in self._knowledge.items
        ]
        entities = entities + self.add_extractor_name(found)
        for one in changes:
            entities = self._changed(entities, self._entity(text, spans[one.row], CHANGE, one), one)
        message.set(ENTITIES, entities, add_to_output=True)

    def _entity(self, text: str, span: tuple[int, int], item: str, detected: Detected) -> dict[str, Any]:
        start, end = span
        assertion, other = self._reader.assertion_of_span(text, start, end, item)
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

    def _changed(
        self, entities: list[dict[str, Any]], change: dict[str, Any], detected: Detected
    ) -> list[dict[str, Any]]:
        """The entities with a learned quality: on the signs that stand, unless one has it, else as a ``change``."""
        quality = QUALITIES_OF_CHANGE[detected.finding]
        known = {quality for entity in entities for quality in entity.get("qualities", ())}
        if change["assertion"] not in STANDING or quality in known or (quality == "worse" and "better" in known):
            return entities
        signs = [e for e in entities if e["entity"] in SIGNS and e.get("assertion") in STANDING]
        if not signs:
            return entities + self.add_extractor_name([{**change, "qualities": [quality]}])
        return [_with_quality(entity, quality) if entity in signs else entity for entity in entities]


def _without_doubtful(entities: list[dict[str, Any]], likeliest: Mapping[str, float]) -> list[dict[str, Any]]:
    """The entities without those of ambiguous words that the message is hardly about ("streaks" of sunscreen)."""
    return [e for e in entities if not e.get("ambiguous") or likeliest.get(e["value"], 1.0) >= HARDLY]


def _with_quality(entity: dict[str, Any], quality: str) -> dict[str, Any]:
    """What gets worse is not over, whatever was said of it before."""
    assertion = "present" if entity["assertion"] == "resolving" else entity["assertion"]
    return {**entity, "assertion": assertion, "qualities": sorted({*entity["qualities"], quality})}


@lru_cache
def _warn_once(text: str) -> None:
    logger.warning(text)


def _cache() -> Path:
    """Beside the encoder's folder: a file that may be deleted at any time."""
    return encoder_folder().parent / "finding_vectors.npz"


def _folder(name: str) -> Path:
    folder = PROJECT / name
    if not folder.is_dir():
        raise InvalidConfigException(f"{folder} is missing. It is named in config.yml: mend the name or put it there.")
    return folder
