"""Broken YAML names file, line, key and remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aftercare.knowledge import KnowledgeError, load_clinic, load_knowledge

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "data" / "knowledge", tmp_path / "knowledge"))


def spoil(file: Path, old: str, new: str) -> int:
    """Replace the first ``old`` and return the line it stood on."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


CASES: list[tuple[str, str, str, str, str]] = [
    ("treatments/microneedling/symptoms/redness.yml", "kind: symptom", "kind: symptoms", "items.0.kind", "Use one of"),
    ("treatments/microneedling/symptoms/redness.yml", "title: Redness", "titel: Redness", "titel", "Known keys here"),
    ("flags.yml", "tier: emergency", "tier: deadly", "flags.0.tier", "Use one of"),
    ("rules.yml", "breathing_trouble", "breathing_truble", "combination_rules", "findings/"),
    ("rules.yml", "flag: E1", "flag: E99", "", "flags.yml"),
    ("wording.yml", "sources: [N1, N5]", "sources: [Z9]", "sources", "sources.yml"),
    ("languages.yml", "llame al {emergency_number}", "llame al 112", "line", "emergency_number"),
    (
        "attributes.yml",
        "  jaw: [jaw, jaws,",
        "  jaw: [jaw, chin,",
        "is a word for chin already",
        "Take one of the two out",
    ),
    ("languages.yml", "finding: fever", "finding: feever", "signs", "Mend the name"),
    ("elsewhere.yml", "sunburn, sunburnt", "sunburn, botox", "stands twice", "Take one of the two out"),
]


@pytest.mark.parametrize(("file", "old", "new", "key", "remedy"), CASES, ids=[c[2] for c in CASES])
def test_a_wrong_value_is_named_with_its_line_and_a_remedy(
    folder: Path, file: str, old: str, new: str, key: str, remedy: str
) -> None:
    line = spoil(folder / file, old, new)
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder)
    error = caught.value
    assert error.file.endswith(file)
    assert key in str(error)
    assert remedy in error.remedy
    assert error.line is not None
    if file != "rules.yml" or "E99" not in new:
        assert abs(error.line - line) <= 3


BROKEN: list[tuple[str, Callable[[str], str]]] = [
    ("a tab", lambda text: text.replace("  - {id: E0", "\t- {id: E0", 1)),
    ("a bracket", lambda text: text + "\nextra: [1, 2\n"),
    ("a key twice", lambda text: text + "\nflags: []\n"),
    ("nothing", lambda text: ""),
]


@pytest.mark.parametrize(("what", "spoiled"), BROKEN, ids=[b[0] for b in BROKEN])
def test_yaml_that_does_not_parse_is_named_with_its_line(
    folder: Path, what: str, spoiled: Callable[[str], str]
) -> None:
    file = folder / "flags.yml"
    file.write_text(spoiled(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(folder)
    assert caught.value.file.endswith("flags.yml")
    assert caught.value.line
    assert caught.value.remedy


def test_a_clinic_without_an_emergency_number_is_refused(tmp_path: Path) -> None:
    text = (ROOT / "clinic.yml").read_text(encoding="utf-8").replace('  emergency: "999"\n', "")
    (tmp_path / "clinic.yml").write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match="emergency"):
        load_clinic(tmp_path / "clinic.yml")


def test_an_unknown_treatment_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(KnowledgeError, match="microneedling"):
        load_knowledge(folder, "tattoo_removal")
