"""Small SVG plots: no script, colours from the page's CSS variables, a title and a description for those who do not see.

All are ``WIDTH`` units wide, the width of a phone, so that their text is not smaller than the page's on any screen. The
numbers of each plot stand in a table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 360
TEXT = 12
"""Height of letters, in the same unit."""

SVG = Markup(
    '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{key}-title" aria-describedby="{key}-desc">'
    '<title id="{key}-title">{}</title><desc id="{key}-desc">{}</desc>{}</svg>'
)
LABEL = Markup('<text x="{}" y="{}" text-anchor="{}" font-size="{}" class="{}">{}</text>')
TURNED = Markup('<text x="{0}" y="{1}" text-anchor="middle" font-size="{2}" transform="rotate(-90 {0} {1})">{3}</text>')
LINE = Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>')
BAR = Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>')
DOT = Markup('<circle class="dot" cx="{}" cy="{}" r="{}"><title>{}</title></circle>')


@dataclass(frozen=True)
class Bar:
    """A labelled share from 0 to 1, None where there is none; ``note`` stands at its right end."""

    label: str
    share: float | None
    note: str


@dataclass(frozen=True)
class Column:
    """A column of a histogram. ``label`` is where it begins; ``name`` tells its range."""

    label: str
    count: int
    name: str


@dataclass(frozen=True)
class Point:
    """``x`` and ``y`` from 0 to 1; ``weight`` makes it larger."""

    x: float
    y: float
    weight: int
    name: str


def bars(key: str, title: str, description: str, rows: Sequence[Bar], left: float = 38) -> Markup:
    """Horizontal bars from 0 to 100 %, one under the other. ``left``: the room for the labels."""
    right, step, top = 66, 22, 20
    across = WIDTH - left - right
    bottom = top + step * len(rows)
    parts = [_grid_line(left + across * part, top, bottom, f"{100 * part:.0f} %") for part in (0, 0.5, 1)]
    for n, row in enumerate(rows):
        y = top + step * n
        parts.append(_text(left - 6, y + 15, row.label, "end"))
        parts.append(_text(WIDTH, y + 15, row.note, "end", "soft"))
        if row.share:
            parts.append(_rect(left, y + 4, across * row.share, step - 8, f"{row.label}: {row.note}"))
    return _svg(key, title, description, bottom + 4, parts)


def columns(
    key: str, title: str, description: str, rows: Sequence[Column], marks: Sequence[tuple[float, str]]
) -> Markup:
    """A histogram. ``marks`` are places (in columns from the left, with fractions) and the words that stand there."""
    left, right, top, high = 34, 8, 18 + 16 * len(marks), 150
    bottom = top + high
    wide = (WIDTH - left - right) / max(len(rows), 1)
    peak = _round_up(max((row.count for row in rows), default=1))
    parts = []
    for part in (0, 0.5, 1):
        y = bottom - high * part
        parts.append(_line("grid", left, WIDTH - right, y, y))
        parts.append(_text(left - 6, y + 4, f"{peak * part:g}", "end", "soft"))
    every = math.ceil(len(rows) / 8)
    for n, row in enumerate(rows):
        tall = high * row.count / peak
        parts.append(_rect(left + wide * n + 1, bottom - tall, max(wide - 2, 1), tall, f"{row.name}: {row.count}"))
        if n % every == 0:
            parts.append(_text(left + wide * n, bottom + 16, row.label, "middle", "soft"))
    for n, (place, words) in enumerate(marks):
        x, y = left + wide * place, 12 + 16 * n
        anchor, shift = ("end", -4) if x > WIDTH * 0.6 else ("start", 4)
        parts.append(_line("mark", x, x, y - 10, bottom))
        parts.append(_text(x + shift, y, words, anchor))
    return _svg(key, title, description, bottom + 22, parts)


def points(key: str, title: str, description: str, rows: Sequence[Point], axes: tuple[str, str]) -> Markup:
    """Points over a diagonal, on which they should lie. ``axes`` names x and y."""
    left, top, size = 46, 12, 290
    bottom = top + size
    parts = []
    for part in (0, 0.25, 0.5, 0.75, 1):
        x, y = left + size * part, bottom - size * part
        parts.append(_line("grid", left, left + size, y, y))
        parts.append(_line("grid", x, x, top, bottom))
        parts.append(_text(left - 6, y + 4, f"{100 * part:.0f}", "end", "soft"))
        parts.append(_text(x, bottom + 16, f"{100 * part:.0f}", "middle", "soft"))
    parts.append(_line("ideal", left, left + size, bottom, top))
    heaviest = max((row.weight for row in rows), default=1)
    places = [(left + size * row.x, bottom - size * row.y) for row in rows]
    parts.append(Markup('<polyline class="path" points="{}"/>').format(" ".join(f"{_n(x)},{_n(y)}" for x, y in places)))
    for row, (x, y) in zip(rows, places, strict=True):
        radius = 4 + 8 * math.sqrt(row.weight / heaviest)
        parts.append(DOT.format(_n(x), _n(y), _n(radius), row.name))
    parts.append(_text(left + size / 2, bottom + 34, axes[0], "middle"))
    parts.append(TURNED.format(12, top + size // 2, TEXT, axes[1]))
    return _svg(key, title, description, bottom + 42, parts)


def _svg(key: str, title: str, description: str, height: float, parts: Sequence[Markup]) -> Markup:
    return SVG.format(WIDTH, _n(height), title, description, Markup("").join(parts), key=key)


def _text(x: float, y: float, words: str, anchor: str, style: str = "") -> Markup:
    return LABEL.format(_n(x), _n(y), anchor, TEXT, style, words)


def _rect(x: float, y: float, width: float, height: float, name: str) -> Markup:
    return BAR.format(_n(x), _n(y), _n(width), _n(height), name)


def _line(style: str, x1: float, x2: float, y1: float, y2: float) -> Markup:
    return LINE.format(style, _n(x1), _n(x2), _n(y1), _n(y2))


def _grid_line(x: float, top: float, bottom: float, label: str) -> Markup:
    return _line("grid", x, x, top, bottom) + _text(x, top - 8, label, "middle", "soft")


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _round_up(count: int) -> int:
    """A number for the top of an axis whose half is whole as well."""
    power = 10 ** max(len(str(max(count, 1))) - 1, 0)
    return next(step for step in (2 * power, 4 * power, 6 * power, 10 * power) if step >= count)
