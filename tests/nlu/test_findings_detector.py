"""The learned findings detector: what it adds, what it never takes away, and why. With a toy encoder of word counts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from aftercare.nlu import findings_detector, vector_cache
from aftercare.nlu.data_file import knowledge_at
from aftercare.nlu.encoder_weights import DIMENSIONS, EncoderUnavailable, Vectors
from aftercare.nlu.finding_examples import read_finding_examples, read_labelled_messages
from aftercare.nlu.finding_heads import Heard
from aftercare.nlu.findings_detector import FindingsDetector
from aftercare.triage import Reading

PUS = [
    "custard is dripping from the holes",
    "creamy custard on my chin today",
    "custard leaks out of a hole",
    "my pillow had custard on it from the holes",
    "the holes leak custard",
    "thick custard in every hole",
]
WORSE = [
    "monday calm and today angry",
    "it was calm and turned angry overnight",
    "angry again after two calm days",
    "calm on sunday but angry since",
]
PLAIN = ["can i wear sunscreen", "when may i go to the gym", "is makeup allowed", "how do i wash my face"]


class ToyEncoder:
    """Each word has a direction of its own. Knows no finding; ``standing`` is how surely pus stands in any message."""

    names = ("pus",)
    assertions = ("present", "negated", "historical")
    asserted = (0.4, 0.4, 0.2)
    standing = 0.6
    width = DIMENSIONS + 2

    def describe(self, texts: Sequence[str], by_all: Callable[[str], bool] | None = None) -> Vectors:
        return np.stack([np.append(self._vector(text), [self._score(text), self.standing]) for text in texts]).astype(
            np.float32
        )

    def hear(self, text: str) -> list[Heard]:
        start = max(text.find("custard"), 0)
        words = (start, start + len("custard"))
        return [Heard(self.describe([text])[0], [words], np.log(np.array([self.asserted], np.float32)))]

    faint = -2.0

    def _score(self, text: str) -> float:
        return 2.0 if "custard" in text and "hole" in text else self.faint

    def _vector(self, text: str) -> Vectors:
        words = [word.strip(".,?") for word in text.lower().split()]
        rows = [np.random.default_rng(crc32(word.encode())).normal(size=DIMENSIONS) for word in words]
        total = np.sum(rows, axis=0).astype(np.float32)
        return total / np.linalg.norm(total)


def block(texts: Sequence[str]) -> str:
    return "".join(f"  - {text}\n" for text in texts)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "findings"
    folder.mkdir()
    (folder / "pus.yml").write_text(
        f"finding: pus\nexamples: |\n{block(PUS)}lookalikes: |\n  - i ate custard for lunch at the gym\n"
    )
    (folder / "getting_worse.yml").write_text(f"finding: getting_worse\nexamples: |\n{block(WORSE)}")
    return folder


@pytest.fixture
def trained(examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FindingsDetector:
    """A detector that was trained, stored and loaded again."""
    monkeypatch.setattr(findings_detector, "load_findings_encoder", lambda difference: ToyEncoder())
    monkeypatch.setattr(vector_cache, "finding_vectors", lambda: tmp_path / "vectors.npz")
    return trained_on(examples, tmp_path)


def trained_on(examples: Path, tmp_path: Path) -> FindingsDetector:
    (tmp_path / "storage").mkdir(exist_ok=True)
    storage, resource = LocalModelStorage(tmp_path / "storage"), Resource("findings")
    messages = tmp_path / "messages"
    messages.mkdir(exist_ok=True)
    (messages / "several.yml").write_text(
        'messages:\n- {text: "angry since noon, no custard in the holes", findings: {getting_worse: present, pus: negated}}\n'
    )
    config = {**FindingsDetector.get_default_config(), "examples": [str(examples)], "messages": str(messages)}
    plain = [Message({TEXT: text, INTENT: "can_i"}) for text in PLAIN]
    FindingsDetector(config, storage, resource).train(TrainingData(plain))
    return FindingsDetector.load(config, storage, resource, None)  # type: ignore[arg-type]


def entities_of(detector: FindingsDetector, text: str, named: Sequence[dict] = ()) -> list[dict]:
    message = Message({TEXT: text, ENTITIES: list(named)})
    return detector.process([message])[0].get(ENTITIES)


def test_adds_a_finding_that_no_wording_names(trained: FindingsDetector) -> None:
    (found,) = entities_of(trained, "can i wear sunscreen. creamy custard leaks from the holes")
    assert (found["entity"], found["value"], found["assertion"]) == ("finding", "pus", "present")
    assert found["text"] == "creamy custard leaks from the holes"
    assert found["start"] == len("can i wear sunscreen. ")
    assert found["learned"] and 0.5 <= found["confidence"] <= 1


def test_says_which_examples_it_goes_by(trained: FindingsDetector) -> None:
    (found,) = entities_of(trained, "custard is dripping from the holes now")
    assert found["nearest"][0] == "custard is dripping from the holes"
    assert set(found["nearest"]) <= set(PUS)


def test_leaves_plain_questions_alone(trained: FindingsDetector) -> None:
    assert entities_of(trained, "when may i wear makeup") == []


def test_a_rule_decides_the_assertion(trained: FindingsDetector) -> None:
    (found,) = entities_of(trained, "no creamy custard, none in the holes")
    assert found["assertion"] == "negated"
    (found,) = entities_of(trained, "what if i see creamy custard in the holes")
    assert found["assertion"] == "hypothetical"


def test_what_clearly_stands_is_uncertain_where_a_rule_denies_it(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "creamy custard won't stop, not from the holes"
    read = {
        "entity": "finding",
        "value": "pus",
        "start": 0,
        "end": 14,
        "text": "creamy custard",
        "assertion": "negated",
    }
    assert entities_of(trained, text, [read])[0]["assertion"] == "negated"
    monkeypatch.setattr(ToyEncoder, "standing", 0.9)
    assert entities_of(trained, text, [read])[0]["assertion"] == "uncertain"
    assert entities_of(trained, text, [{**read, "assertion": "other_person"}])[0]["assertion"] == "uncertain"
    assert entities_of(trained, text, [{**read, "assertion": "idiom"}])[0]["assertion"] == "idiom"
    (found,) = entities_of(trained, "no creamy custard, none in the holes")
    assert found["assertion"] == "uncertain"


def test_what_figures_deny_stays_denied(trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToyEncoder, "standing", 0.9)
    read = {"entity": "finding", "value": "pus", "start": 0, "end": 4, "text": "2/10", "assertion": "negated"}
    assert entities_of(trained, "2/10", [read])[0]["assertion"] == "negated"


def test_a_sign_may_seem_another_thing_than_its_rule_says(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {"entity": "finding", "value": "pus", "start": 0, "end": 3, "text": "pus", "assertion": "present"}
    text = "pus like custard from a hole"
    assert "seems" not in entities_of(trained, text, [read])[0]
    monkeypatch.setattr(ToyEncoder, "asserted", (0.01, 0.01, 0.98))
    (found,) = entities_of(trained, text, [read])
    assert (found["assertion"], found["seems"]) == ("present", "historical")
    (finding,) = Reading.from_entities(text, [found]).findings
    assert finding.assertion == "present"  # by which the tier goes


def test_a_sign_that_no_wording_names_may_seem_not_to_be_there(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "my aunt had custard from a hole"
    monkeypatch.setattr(ToyEncoder, "standing", 0.01)
    assert entities_of(trained, text) == []
    monkeypatch.setattr(ToyEncoder, "asserted", (0.01, 0.01, 0.98))
    (found,) = entities_of(trained, text)
    assert (found["value"], found["seems"], "assertion" in found) == ("pus", "historical", False)
    assert Reading.from_entities(text, [found]).findings == ()  # it counts nowhere


def test_symptoms_are_idioms_where_nothing_is_heard_at_all(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {"entity": "symptom", "value": "pus", "start": 0, "end": 3, "text": "pus", "assertion": "present"}

    def assertions(message: str, **changed: str) -> list[str]:
        return [entity["assertion"] for entity in entities_of(trained, message, [{**read, **changed}])]

    assert assertions("pus is the name of my cat") == ["present"]  # a little is heard of it
    assert assertions("pus is the name of my cat", value="redness") == ["present"]  # unknown to the heads
    monkeypatch.setattr(ToyEncoder, "faint", -4.0)
    assert assertions("pus is the name of my cat") == ["idiom"]
    assert assertions("pus is the name of my cat", entity="finding") == ["present"]
    assert assertions("pus is the name of my cat", text="40") == ["present"]
    assert assertions("pus is custard from a hole") == ["present"]


def test_what_makes_a_finding_is_not_denied_beside_it(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "creamy custard in every hole, no fever"
    fever = {"entity": "finding", "value": "fever", "start": 33, "end": 38, "text": "fever", "assertion": "negated"}
    assert [entity["value"] for entity in entities_of(trained, text, [fever])] == ["fever", "pus"]
    pus = trained._knowledge.items["pus"]
    monkeypatch.setitem(trained._knowledge.items, "pus", replace(pus, unless_denied=("fever",)))  # type: ignore[index]
    assert [entity["value"] for entity in entities_of(trained, text, [fever])] == ["fever"]
    assert len(entities_of(trained, text, [{**fever, "assertion": "present"}])) == 2


def test_a_general_word_gives_way_to_what_it_stands_for(trained: FindingsDetector) -> None:
    text = "the spots hold creamy custard, one in every hole"
    spots = {"entity": "symptom", "value": "breakout", "start": 4, "end": 9, "text": "spots", "assertion": "present"}
    assert [entity["value"] for entity in entities_of(trained, text, [spots])] == ["pus"]
    denied = {**spots, "assertion": "negated"}
    assert [entity["value"] for entity in entities_of(trained, text, [denied])] == ["breakout", "pus"]
    assert [entity["value"] for entity in entities_of(trained, "any cream for spots", [spots])] == ["breakout"]


def test_a_thing_alone_tells_of_no_sign(trained: FindingsDetector) -> None:
    text = "and custard in holes?"
    thing = {
        "entity": "product",
        "value": "cleanser",
        "start": 4,
        "end": 20,
        "text": "custard in holes",
        "assertion": "present",
    }
    assert [entity["value"] for entity in entities_of(trained, text, [thing])] == ["cleanser"]
    for other in ({**thing, "end": 11}, {**thing, "text": "custard, yes, in holes"}):
        assert [entity["value"] for entity in entities_of(trained, text, [other])] == ["cleanser", "pus"]
    assert "pus" in [entity["value"] for entity in entities_of(trained, text.replace("?", " 40"), [thing])]


def test_bleeding_that_has_stopped_does_not_go_on(trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings_detector, "DOES_NOT_STOP", "pus")
    text = "creamy custard and blood from the holes"
    assert [entity["value"] for entity in entities_of(trained, text)] == ["pus"]
    stopped = entities_of(trained, f"{text}, I pressed and it has stopped")
    assert [entity["value"] for entity in stopped] == ["bleeding_stopped", "bleeding"]
    assert [e["value"] for e in entities_of(trained, f"{text}, it stopped but then started again")] == ["pus"]


def test_words_are_doubted_where_the_heads_hear_no_sign(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {"entity": "finding", "value": "pus", "start": 0, "end": 3, "text": "pus", "assertion": "present"}
    fever = {**read, "value": "fever", "text": "39.5"}

    def doubted(text: str, *named: dict) -> list[str]:
        return [entity["value"] for entity in entities_of(trained, text, named) if entity.get("doubted")]

    assert doubted("pus is the name of my cat", read, fever) == ["pus"]  # figures are never doubted
    assert doubted("pus, custard from a hole", read) == []
    assert doubted("pus faint", read, {**read, "value": "faint", "text": "faint"}) == ["pus"]  # an event counts
    assert doubted("pus", read, {"entity": "language", "value": "de", "start": 0, "end": 3, "text": ""}) == []
    assert doubted("no pus", {**read, "assertion": "negated"}) == []
    monkeypatch.setattr(ToyEncoder, "standing", 0.05)
    assert doubted("pus, custard from a hole", read) == ["pus"]
    (finding,) = Reading.from_entities("pus", entities_of(trained, "pus", [read])).findings
    assert finding.doubted


@pytest.mark.parametrize(
    ("asserted", "doubted"), [((0.1, 0.1, 0.8), []), ((0.1, 0.8, 0.1), ["faint"])], ids=["it is over", "it never was"]
)
def test_an_event_that_is_over_is_doubted_only_where_it_surely_never_was(
    trained: FindingsDetector, monkeypatch: pytest.MonkeyPatch, asserted: tuple[float, ...], doubted: list[str]
) -> None:
    monkeypatch.setattr(ToyEncoder, "names", ("faint",))
    monkeypatch.setattr(trained._model, "_heard", ["faint"])
    monkeypatch.setattr(ToyEncoder, "standing", 0.01)
    monkeypatch.setattr(ToyEncoder, "asserted", asserted)
    read = {"entity": "finding", "value": "faint", "start": 0, "end": 5, "text": "faint", "assertion": "present"}
    assert [e["value"] for e in entities_of(trained, "faint", [read]) if e.get("doubted")] == doubted


def test_does_not_repeat_or_change_what_was_read(trained: FindingsDetector) -> None:
    read = {"entity": "finding", "value": "pus", "start": 0, "end": 3, "text": "pus", "assertion": "negated"}
    read |= {"other": False, "qualities": []}
    assert entities_of(trained, "custard leaks from the holes", [read]) == [read]


def test_getting_worse_is_said_of_the_signs_that_stand(trained: FindingsDetector) -> None:
    sign = {"entity": "symptom", "value": "redness", "start": 0, "end": 3, "text": "red", "assertion": "present"}
    sign |= {"other": False, "qualities": ["mild"]}
    absent = {**sign, "value": "swelling", "assertion": "negated"}
    found = entities_of(trained, "it was calm and turned angry", [sign, absent])
    assert found == [{**sign, "qualities": ["mild", "worse"]}, absent]


def test_getting_worse_without_a_sign_is_a_change(trained: FindingsDetector) -> None:
    (found,) = entities_of(trained, "it was calm and turned angry")
    assert (found["value"], found["qualities"], found["learned"]) == ("change", ["worse"], True)


def test_triage_reads_its_entities_back(trained: FindingsDetector) -> None:
    text = "creamy custard leaks from the holes"
    (finding,) = Reading.from_entities(text, entities_of(trained, text)).findings
    assert (finding.item, finding.assertion) == ("pus", "present")


def test_off_without_the_encoder_and_says_so(
    examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unavailable(difference: Path) -> ToyEncoder:
        raise EncoderUnavailable("no weights")

    monkeypatch.setattr(findings_detector, "load_findings_encoder", unavailable)
    findings_detector._warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        detector = trained_on(examples, tmp_path)
    assert entities_of(detector, PUS[0]) == []
    assert [record.message for record in caplog.records] == ["The learned findings detector is off: no weights"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("finding: pus\nexamples: |\n  - custard\n  no dash\n", "line 4: 'examples' needs lines that begin with '- '"),
        ("finding: puss\nexamples: |\n  - custard\n", "line 1: 'puss' is no finding"),
        ("finding: pus\nexamples:\n  - custard\n", "line 3: 'examples' has to be text"),
        ("finding: pus\nexample: |\n  - custard\n", "'example' is unknown here"),
        ("finding: pus\n", "needs a list 'examples: |'"),
        ("finding: pus\nexamples: [\n", "not valid YAML"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "pus.yml").write_text(content)
    with pytest.raises(InvalidConfigException) as error:
        read_finding_examples(tmp_path, {"pus"})
    assert message in str(error.value) and "pus.yml: line" in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("messages:\n- {text: a b, findings: {puss: present}}\n", "line 2: 'puss' is no finding"),
        ("messages:\n- {text: a b, findings: {pus: here}}\n", "line 2: 'here' is no assertion"),
        ("messages:\n- {text: a b, finding: {pus: present}}\n", "line 2: expected {text"),
        ("messages:\n- {text: a, findings: {}, intent: can_i}\n- {text: b, findings: {}, intent: cani}\n", "line 3: 'cani'"),
        ("message:\n", "line 1: expected 'messages:'"),
        ("messages: [\n", "not valid YAML"),
    ],
)
def test_a_broken_file_of_messages_is_named_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "several.yml").write_text(content)
    with pytest.raises(InvalidConfigException) as error:
        read_labelled_messages(tmp_path, {"pus"}, {"can_i"})
    assert message in str(error.value) and "several.yml: line" in str(error.value)


def test_a_message_tells_what_stands_in_it_and_what_does_not(tmp_path: Path) -> None:
    (tmp_path / "several.yml").write_text(
        'messages:\n- {text: "no pus, dying for a coffee, red but fading", findings: {pus: negated, self_harm: idiom, '
        "redness: resolving, marks: uncertain}, intent: report}\n"
    )
    (example,) = read_labelled_messages(tmp_path, {"pus", "self_harm", "redness", "marks"}, {"report"})
    assert (example.stands, example.denied, example.going) == ({"marks"}, {"pus", "self_harm"}, {"redness"})
    assert example.complete
    assert example.intent == "report"


def test_the_projects_examples_are_sound() -> None:
    folder = Path(__file__).parents[2] / "data" / "nlu"
    items = set(knowledge_at(folder.parent / "knowledge").items)
    files = {file.stem for file in (folder / "findings").glob("*.yml")}
    examples = read_finding_examples(folder / "findings", items)
    assert frozenset().union(*(example.stands for example in examples)) == files
    intents = Domain.load(folder.parents[1] / "domain.yml").intents
    messages = read_labelled_messages(folder / "messages", items, intents)
    assert all(message.complete for message in messages)
    asked = {(message.text, message.intent) for message in messages if message.intent}
    assert len(asked) == len({text for text, _ in asked}), "one text asks one thing"
