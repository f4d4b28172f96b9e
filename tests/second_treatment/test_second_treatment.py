"""A second treatment is a folder of data: a made-up superficial peel is answered for without a change of code.

What it has to bring along although it has nothing to say of it stands in ``named_by_shared_rules.yml``.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions import aftercare_action
from aftercare.knowledge import Clinic, KnowledgeBase, load_knowledge
from aftercare.knowledge.check import check
from aftercare.triage import Reader
from tests.answers.talk import Talk
from tests.conftest import ROOT

OWN = Path(__file__).parent / "knowledge"
PEEL = "superficial_peel"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared files of ``data/knowledge`` with the peel as their one treatment."""
    folder = tmp_path_factory.mktemp("second") / "knowledge"
    shutil.copytree(ROOT / "data" / "knowledge", folder, ignore=shutil.ignore_patterns("treatments"))
    shutil.copytree(OWN / "treatments", folder / "treatments")
    with (folder / "sources.yml").open("a", encoding="utf-8") as sources:
        sources.write((OWN / "sources_added.yml").read_text(encoding="utf-8"))
    return folder


@pytest.fixture(scope="module")
def peel(folder: Path) -> KnowledgeBase:
    return load_knowledge(folder, PEEL)


@pytest.fixture(scope="module")
def peel_reader(peel: KnowledgeBase) -> Reader:
    return Reader(peel)


@pytest.fixture
def patient(peel_reader: Reader, peel: KnowledgeBase, clinic: Clinic, now: datetime) -> Any:
    return lambda day=None: Talk(peel_reader, peel, clinic, now, day)


def test_it_loads_with_its_own_items_and_the_shared_red_flags(peel: KnowledgeBase, knowledge: KnowledgeBase) -> None:
    assert peel.treatment == "superficial peel"
    assert {"frosting", "papery_skin", "peel_balm", "rowing", "pus", "mouth_swelling"} <= set(peel.items)
    assert not {"milia", "purging", "retinoid"} & set(peel.items)
    assert set(peel.flags) == set(knowledge.flags)


def test_what_an_item_implies_is_there(peel: KnowledgeBase) -> None:
    """The loader does not ask for these; the reader would fail on the patient's message."""
    assert {implied for item in peel.items.values() for implied in item.implies} <= set(peel.items)


def test_the_content_check_finds_nothing_in_its_files(folder: Path, peel: KnowledgeBase, clinic: Clinic) -> None:
    """The register of facts belongs to the five articles on microneedling: a fact that only they need stays unused here."""
    problems = [str(p) for p in check(folder, peel, clinic) if not p.where.startswith(str(folder / "facts.yml"))]
    assert problems == []


ANSWERS = [
    ("My skin has gone frosty white, is this normal?", "is_normal", 0, "self_care", "Day 0, white frost."),
    ("My skin is like paper, is that ok?", "is_normal", 2, "self_care", "Papery skin is in our peel sheet for days one to four."),
    ("How long will the papery skin last?", "how_long", 2, "self_care", "It falls off by day four."),
    ("What can I put on the papery skin?", "what_to_apply", 2, "self_care", "Use the balm, thin and often."),
    ("What should I avoid with papery skin?", "what_to_avoid", 2, "self_care", "Do not pull the paper off."),
    ("Why is my skin papery?", "why", 2, "self_care", "The old top layer dries out before it falls."),
    ("When should I worry about the frosting?", "when_to_worry", 0, "self_care", "the day after needs a call"),
    ("What comes next?", "what_to_expect", 1, "self_care", "Brown, thin skin like paper."),
    ("Can I use the peel balm?", "can_i", 1, "self_care", "Yes, the balm"),
    ("Can I go rowing?", "can_i", 1, "self_care", "Not yet."),
    ("Can I go rowing?", "can_i", 3, "self_care", "Yes, you can row again."),
    ("My skin is papery, is this normal?", "is_normal", None, "self_care", "What day was your treatment?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "day", "tier", "words"), ANSWERS, ids=[f"{a[0]} day {a[2]}" for a in ANSWERS])
def test_it_is_answered_from_its_own_sheet(
    patient: Any, text: str, kind: str, day: int | None, tier: str, words: str
) -> None:
    answer = patient(day).say(text, kind)
    assert answer.tier == tier
    assert words in answer.replies[0].text
    assert "Z1" in answer.replies[0].sources


TRIAGE = [
    ("There is frosting on my cheek.", 0, "self_care", None),
    ("There is frosting on my cheek.", 1, "urgent", "U8"),
    ("My skin is papery.", 4, "self_care", None),
    ("My skin is papery.", 5, "soon", "S2"),
    ("There is frosting and my lips are swelling.", 0, "emergency", "E1"),
    ("The papery skin leaks pus.", 2, "urgent", "U1"),
]


@pytest.mark.parametrize(("text", "day", "tier", "flag"), TRIAGE, ids=[f"{t[0]} day {t[1]}" for t in TRIAGE])
def test_its_windows_and_the_shared_red_flags_are_graded(
    patient: Any, text: str, day: int, tier: str, flag: str | None
) -> None:
    answer = patient(day).say(text, "report")
    assert answer.tier == tier
    assert flag is None or flag in {hit.flag for hit in answer.hits}


def test_it_knows_nothing_of_the_other_treatment(patient: Any) -> None:
    answer = patient(2).say("Can I use retinol?", "can_i")
    assert answer.replies[0].kind == "not_covered"


def test_the_actions_answer_for_the_treatment_of_the_clinic(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clinic that offers the peel names it in clinic.yml, and nothing else."""
    offered = yaml.safe_load((ROOT / "clinic.yml").read_text(encoding="utf-8"))
    (tmp_path / "clinic.yml").write_text(yaml.safe_dump({**offered, "treatments": [PEEL]}), encoding="utf-8")
    monkeypatch.setenv("AFTERCARE_CLINIC", str(tmp_path / "clinic.yml"))
    monkeypatch.setenv("AFTERCARE_KNOWLEDGE_DIR", str(folder))
    aftercare_action.clinic.cache_clear()
    aftercare_action.knowledge.cache_clear()
    try:
        assert aftercare_action.knowledge().treatment == "superficial peel"
    finally:
        aftercare_action.clinic.cache_clear()
        aftercare_action.knowledge.cache_clear()
        monkeypatch.undo()
        aftercare_action.knowledge()  # as at the start of a process: the first turn of a later test has seconds, not more
