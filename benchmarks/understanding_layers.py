"""What each layer of understanding contributes to triage: ``python -m benchmarks.understanding_layers [GOLD.jsonl ...]``.

The messages of a gold file (by default the held-out ones) are read by wordings alone, by the learned detector alone and by
both, each with the assertion rules and without them (then all that is spoken of counts as present). Everything else is the
same: days, rules, modifiers. A table goes to the terminal and a figure to ``docs/images/understanding-layers.svg``. Only
numbers are shown, so the held-out messages stay unread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from aftercare.evaluation.plots import Bar, bars
from benchmarks.reading_alone import HELD_OUT, PROJECT, Entities, ReadingAlone, gold_of

FIGURE = PROJECT / "docs" / "images" / "understanding-layers.svg"
SEVERE = ("urgent", "emergency")


@dataclass(frozen=True)
class Case:
    """A message of the gold file with what three ways of reading find in it."""

    text: str
    tier: str
    days: int | None
    worded: Entities
    learned: Entities
    both: Entities


@dataclass(frozen=True)
class Result:
    """Shares of 1."""

    layer: str
    emergency: float
    urgent: float
    soon: float
    false_alarms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", nargs="*", type=Path, default=HELD_OUT)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args()
    alone = ReadingAlone()
    cases = list(_read(options.gold, alone))

    def tier_of(case: Case, entities: Entities) -> str:
        return alone.tier(case.text, entities, case.days)

    results = [
        _score(f"{layer}{', no assertion' if blind else ''}", cases, choose, tier_of, blind)
        for layer, choose in LAYERS.items()
        for blind in (False, True)
    ]
    _print(results, len(cases))
    options.figure.write_text(_figure(results), encoding="utf-8")
    print(f"figure: {options.figure.name}")


LAYERS: Mapping[str, Callable[[Case], Entities]] = {
    "wordings": lambda case: case.worded,
    "learned": lambda case: case.learned,
    "both": lambda case: case.both,
}


def _read(files: Sequence[Path], alone: ReadingAlone) -> Iterator[Case]:
    for gold in gold_of(files):
        reading = alone.reader.read(gold.text)
        times = [entity for entity in reading.entities() if entity["entity"] == "time"]
        yield Case(
            gold.text,
            gold.tier,
            gold.days,
            reading.certain().entities(),
            alone.detected(gold.text, times),
            alone.entities(gold.text),
        )


def _score(
    layer: str,
    cases: Sequence[Case],
    choose: Callable[[Case], Entities],
    tier_of: Callable[[Case, Entities], str],
    blind: bool,
) -> Result:
    tiers = [tier_of(case, _without_assertion(choose(case)) if blind else choose(case)) for case in cases]

    def share(gold: Sequence[str], got: Sequence[str]) -> float:
        graded = [tier for case, tier in zip(cases, tiers, strict=True) if case.tier in gold]
        return sum(tier in got for tier in graded) / max(len(graded), 1)

    return Result(
        layer,
        share(["emergency"], ["emergency"]),
        share(["urgent"], SEVERE),
        share(["soon"], ["soon", *SEVERE]),
        share(["self_care", "none"], SEVERE),
    )


def _without_assertion(entities: Entities) -> Entities:
    return [{**entity, "assertion": "present"} if "assertion" in entity else entity for entity in entities]


def _print(results: Sequence[Result], messages: int) -> None:
    print(f"{messages} messages, per cent\n{'':24}emergency  urgent+  soon+  false alarms")
    for r in results:
        print(
            f"{r.layer:24}{100 * r.emergency:9.1f}{100 * r.urgent:9.1f}{100 * r.soon:7.1f}{100 * r.false_alarms:14.1f}"
        )


STYLE = Markup(
    "<style>.plot{font:12px sans-serif;background:#fff}.bar{fill:#0b6e6e}.soft{fill:#555}.grid{stroke:#ccc}"
    "text{fill:#222}</style>"
)


def _figure(results: Sequence[Result]) -> str:
    rows = [
        Bar(name, value, f"{100 * value:.0f} %")
        for r in results
        for name, value in ((r.layer, r.emergency), ("false alarms", r.false_alarms))
    ]
    plot = bars(
        "layers",
        "Emergencies found, and false alarms, by layer",
        "Of each layer the share of emergencies graded emergency, then that of harmless messages graded urgent or higher.",
        rows,
        left=136,
    )
    return str(plot.replace(Markup("<svg class"), Markup('<svg xmlns="http://www.w3.org/2000/svg" class'), 1)).replace(
        "</desc>", f"</desc>{STYLE}", 1
    )


if __name__ == "__main__":
    main()
