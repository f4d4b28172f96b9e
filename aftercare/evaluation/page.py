"""The measures as one HTML page to read, print and keep: no script, nothing fetched, plots inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from aftercare.evaluation import plots
from aftercare.evaluation.cases import TIERS, Case
from aftercare.evaluation.scores import Scores, confusion
from aftercare.evaluation.table import counted, limit, number, verdict

TIER_NAMES = {"self_care": "self-care"}
"""As people write them, where that is not the name itself."""

LEFT_OUT = frozenset({"time", "language"})
"""Entity types that are not shown with a message: their outcome, the day, is."""


@dataclass(frozen=True)
class Header:
    """What the page says of itself: what was joined, and when. ``frozen`` is file name -> SHA-256 of held-out files, else empty."""

    names: str
    made: str
    frozen: Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """A cell of the heat table. ``heat`` is its share of the row in per cent; ``side`` is right, low or high."""

    count: int
    heat: int
    side: str
    anchor: str


@dataclass(frozen=True)
class Mistakes:
    """Cases of one cell beside the diagonal."""

    anchor: str
    should: str
    was: str
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Group:
    """Single messages, or turns of dialogues."""

    key: str
    title: str
    heat: tuple[tuple[str, tuple[Cell, ...]], ...]
    missed: tuple[Mistakes, ...]
    overcalled: tuple[Mistakes, ...]


def render(scores: Scores, header: Header, flag_titles: Mapping[str, str]) -> str:
    """The page. ``flag_titles`` are the names of flags for people, as far as known."""
    folder = Path(__file__).with_name("templates")
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(tier=tier_name, anchor=anchor)
    environment.globals.update(number=number, limit=limit, verdict=verdict, counted=counted, shown=_shown)
    joined = scores.joined
    groups = [_group("messages", "Single messages", joined.messages), _group("turns", "Dialogue turns", joined.turns)]
    return environment.get_template("report.html").render(
        scores=scores,
        header=header,
        groups=[group for group in groups if group],
        tiers=tuple(reversed(TIERS)),
        flag_titles=flag_titles,
        flag_plot=_flag_plot(scores),
        calibration_plot=_calibration_plot(scores),
        latency_plot=_latency_plot(scores),
    )


def tier_name(tier: str) -> str:
    return TIER_NAMES.get(tier, tier)


def anchor(identity: str) -> str:
    """An id for HTML, the same for the same case."""
    return "case-" + re.sub(r"[^A-Za-z0-9]+", "-", identity).strip("-")


def _shown(case: Case) -> list[str]:
    """The entities of a case, in words."""
    found = [e for e in case.got.entities if e.type not in LEFT_OUT]
    return list(dict.fromkeys(f"{e.value}: {e.assertion or 'named'} (“{e.text}”)" for e in found))


def _group(key: str, title: str, cases: Sequence[Case]) -> Group | None:
    if not cases:
        return None
    high_to_low = tuple(reversed(TIERS))
    missed = [(should, was) for should in high_to_low for was in TIERS if _above(should, was)]
    overcalled = [(should, was) for was in high_to_low for should in TIERS if _above(was, should)]
    return Group(key, title, _heat(key, cases), _mistakes(key, cases, missed), _mistakes(key, cases, overcalled))


def _above(one: str, other: str) -> bool:
    return TIERS.index(one) > TIERS.index(other)


def _mistakes(key: str, cases: Sequence[Case], cells: Sequence[tuple[str, str]]) -> tuple[Mistakes, ...]:
    found = []
    for should, was in cells:
        inside = tuple(case for case in cases if (case.gold.tier, case.got.tier) == (should, was))
        if inside:
            found.append(Mistakes(f"{key}-{should}-{was}", should, was, inside))
    return tuple(found)


def _heat(key: str, cases: Sequence[Case]) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    counts = confusion(cases)
    rows = []
    for should in reversed(TIERS):
        of = sum(counts[should, was] for was in TIERS)
        cells = []
        for was in reversed(TIERS):
            count = counts[should, was]
            side = "right" if should == was else "low" if _above(should, was) else "high"
            link = f"{key}-{should}-{was}" if count and should != was else ""
            cells.append(Cell(count, round(100 * count / of) if of else 0, side, link))
        rows.append((should, tuple(cells)))
    return tuple(rows)


def _flag_plot(scores: Scores) -> Markup:
    rows = [plots.Bar(row.flag, row.named.value, f"{row.named.hits} of {row.named.of}") for row in scores.flag_rows]
    described = "One bar for each red flag: the share of its messages in which the flag was raised by its name."
    return plots.bars("flag-plot", "Recall of each red flag", described, rows)


def _calibration_plot(scores: Scores) -> Markup:
    rows = [
        plots.Point(
            b.confidence, b.right.value, b.right.of, f"{100 * b.confidence:.0f} % sure: {counted(b.right)} right"
        )
        for b in scores.calibration.bins
        if b.right.value is not None
    ]
    described = (
        "Points for messages grouped by the confidence of their intent. Across: mean confidence. Up: how many intents were "
        "right. On the dashed diagonal both are the same; under it the model is too sure of itself. Large points stand for "
        "many messages."
    )
    axes = ("confidence, %", "intents right, %")
    return plots.points("calibration-plot", "Is the model as sure as it is right?", described, rows, axes)


def _latency_plot(scores: Scores) -> Markup:
    times = scores.latency
    rows = [plots.Column(f"{low:g}", count, _range(low, high)) for low, high, count in times.counts]
    marks = []
    if times.p50 is not None and times.p95 is not None:
        width = times.counts[0][1] or 1.0
        marks = [
            (min(t / width, len(rows)), f"{name} {t:.0f} ms") for name, t in (("p50", times.p50), ("p95", times.p95))
        ]
    described = (
        "Columns: how many turns took so many milliseconds in Rasa. Lines mark the median and the 95th percentile."
    )
    return plots.columns("latency-plot", "Time of a turn in milliseconds", described, rows, marks)


def _range(low: float, high: float | None) -> str:
    return f"{low:g} ms and more" if high is None else f"{low:g} to {high:g} ms"
