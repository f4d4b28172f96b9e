"""``aftercare report``: the table, the JSON numbers and the page, also in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aftercare.cli import main
from aftercare.evaluation.cases import TIERS, Joined
from aftercare.evaluation.page import Header, render
from aftercare.evaluation.scores import Share, score
from aftercare.evaluation.table import table

from .records import came, dialogue, message, played, said, sign, write

HOSTILE = "<script>alert(1)</script> & \"'"
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A replay and its gold: every cell of the confusion matrix, two dialogues, a hostile text."""
    gold, replay = [], []
    for n, (should, was) in enumerate((should, was) for should in TIERS for was in TIERS):
        told = {
            "flags": [f"U{1 + n % 10}"],
            "question": "why",
            "symptoms": ["pus"],
            "assertion": {"pus": "negated"},
            "days_since": n,
        }
        gold.append(
            {
                **message(f"m {n}", should, kind=f"minimal_pair:{n // 2}", treated_days_ago=n, **told),
                "text": f"{n} {HOSTILE}",
            }
        )
        entities = [{**sign("pus", "present", "finding"), "text": HOSTILE}, {"type": "time", "value": "3", "text": "3"}]
        got = {"flags": ["U1"], "matched": [HOSTILE], "questions": ["can_i"], "entities": entities, "ms": 5.0 + n * n}
        replay.append(played(f"m {n}", came(was, intent={"name": "why", "confidence": n / 25}, **got)))
    gold.append(dialogue("d", said("none", handoff=False), said("urgent", handoff=True)))
    replay.append(played("d", came("none"), came("none")))
    return write(tmp_path / "replay.jsonl", replay), write(tmp_path / "gold.jsonl", gold)


def run(files: tuple[Path, Path], *more: str) -> int:
    return main(["report", *map(str, files), "--out", str(files[0].with_name("report.html")), *more])


def test_the_table_has_numbers_and_no_message(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files) == 0
    told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if "Emergency graded emergency" in line)
    assert " ".join(line.split()) == "Emergency graded emergency 20.0 % 1 of 5 ≥ 97 % 100 % TOO LOW"
    assert "script" not in told


def test_the_json_has_the_numbers_behind_the_measures(files: tuple[Path, Path]) -> None:
    numbers = files[0].with_name("numbers.json")
    assert run(files, "--json", str(numbers)) == 0
    told = json.loads(numbers.read_text())
    assert told["messages"]["urgent"] == {
        "title": "Urgent graded urgent or higher", "value": 0.4, "hits": 2, "of": 5,
        "interval": told["messages"]["urgent"]["interval"], "at_least": 0.95, "aim": 0.99, "state": "short",
    }  # fmt: skip
    assert told["messages"]["false_alarms"]["at_most"] == 0.05
    assert told["tiers"]["messages"]["soon"] == dict.fromkeys(TIERS, 1)
    assert told["counts"] == {"messages": 25, "dialogues": 1, "turns": 2}
    assert "script" not in numbers.read_text()


def test_the_page_shows_each_mistake_once_and_every_number_leads_to_its_messages(files: tuple[Path, Path]) -> None:
    assert run(files) == 0
    page = files[0].with_name("report.html").read_text()
    assert page.count('<article class="case low"') == 10 + 1
    assert page.count('<article class="case high"') == 10
    links = {part.split('"')[0] for part in page.split('href="#')[1:]}
    assert links
    assert [link for link in links if page.count(f'id="{link}"') != 1] == []


def test_the_page_runs_no_words_of_patients_and_fetches_nothing(files: tuple[Path, Path]) -> None:
    assert run(files) == 0
    page = files[0].with_name("report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not [word for word in ("http:", "https:", "src=", "url(", "@import", "<link") if word in page]


def test_flags_have_their_names(files: tuple[Path, Path]) -> None:
    assert run(files) == 0
    assert "Signs of infection on treated skin" in files[0].with_name("report.html").read_text()


def test_ids_on_one_side_are_told_on_the_terminal_and_the_page(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = files[0].read_text().splitlines()
    files[0].write_text("\n".join(lines[1:]))
    assert run(files) == 0
    missing = "1 in the gold file only, so not measured: m 0"
    assert missing in capsys.readouterr().err
    assert missing in files[0].with_name("report.html").read_text()


def test_a_broken_line_ends_in_its_name_and_no_page(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files[0].write_text(files[0].read_text() + "{")
    assert run(files) == 1
    assert f"{files[0]}, line 27: this is not JSON" in capsys.readouterr().err
    assert not files[0].with_name("report.html").exists()


def test_files_with_nothing_in_common_are_refused(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    write(files[1], [message("other", "none")])
    assert run(files) == 1
    assert "no id in common" in capsys.readouterr().err


@pytest.mark.parametrize("which", ["nothing", "bare message", "dialogues only"])
def test_a_gold_file_that_tells_little_still_makes_a_page(tmp_path: Path, which: str, joined: Any) -> None:
    lines = {
        "nothing": Joined((), ()),
        "bare message": joined((message("a", "none"), came("none", ms=0))),
        "dialogues only": joined((dialogue("d", said("none")), [came("soon")])),
    }
    found = score(lines[which])
    assert "Evaluation" in render(found, Header("x", "now", {}), {})
    assert "TOO LOW" not in table(found)


def test_replies_with_what_must_never_be_said_are_counted(joined: Any) -> None:
    ill = came(
        "soon",
        replies=[{"text": "It sounds like an infection.", "kind": "answer"}, {"text": "Hello", "kind": "answer"}],
    )
    found = score(joined((message("a", "soon"), ill)), lambda text, tier: "infection" in text and tier == "soon")
    assert [measure.score for measure in found.messages if measure.key == "forbidden"] == [Share(1, 2)]


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_and_is_accessible(files: tuple[Path, Path], browser: Any, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    assert run(files) == 0
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(files[0].with_name("report.html").as_uri())
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    plots = page.get_by_role("img")
    assert plots.count() == 3
    names = ("Recall of each red flag", "Is the model as sure as it is right?", "Time of a turn in milliseconds")
    assert [page.get_by_role("img", name=name).count() for name in names] == [1, 1, 1]
    assert len(requests) == 1
    page.close()


@pytest.mark.browser
def test_a_held_out_message_opens_from_its_number_only(files: tuple[Path, Path], browser: Any, joined: Any) -> None:
    found = score(joined((message("secret", "urgent"), came("none"))))
    file = files[0].with_name("held-out.html")
    file.write_text(render(found, Header("held out", "now", {"messages.jsonl": "0" * 64}), {}))
    page = browser.new_page()
    page.goto(file.as_uri())
    assert not page.get_by_text("text of secret").is_visible()
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_text("text of secret").wait_for(state="visible")
    page.close()
