"""What the knowledge base is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Tier = Literal["none", "self_care", "soon", "urgent", "emergency"]
TIERS: tuple[Tier, ...] = ("none", "self_care", "soon", "urgent", "emergency")
"""Acuity tiers, lowest first (red_flags.md section 1)."""

Kind = Literal["symptom", "finding", "product", "activity", "modifier", "topic"]


def highest(*tiers: Tier) -> Tier:
    """The highest of some tiers; ``none`` of none."""
    return max(tiers, key=TIERS.index, default="none")


@dataclass(frozen=True)
class Source:
    """An article line (``id`` = ``<file>:<line>``) or an outside reference (``id`` = its key)."""

    id: str
    title: str


@dataclass(frozen=True)
class Sentence:
    """A clinical sentence as a clinician reads and signs it. ``facts`` are keys of facts.md; ``review`` is ``draft`` or who approved it when."""

    text: str
    sources: tuple[str, ...]
    facts: tuple[str, ...]
    review: str
    file: str
    line: int


@dataclass(frozen=True)
class Wordings:
    """How people say it.

    ``phrases`` are ordered: words (any form of the stem; that very form after ``=``), ``<concept>`` slots, ``*`` for up to
    four words between.
    ``together`` are sets of concepts or words that mean it when they stand in one clause, in any order.
    ``excluding`` are phrases inside which it does not count ("hay fever"). ``ambiguous`` are those of the phrases that mean
    other things as often ("streak", "cling film"): they count where the learned detector agrees, or where there is none.
    """

    phrases: tuple[str, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    excluding: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True)
class Window:
    """Days since treatment (day 0 = treatment day, both ends included) in which a sign is expected, and what is said."""

    first: int
    last: int
    sentence: Sentence | None


@dataclass(frozen=True)
class Condition:
    """A condition over a report: every given part must hold.

    ``all``, ``any``, ``none`` hold leaves (``finding`` or ``finding:qualifier``) or conditions; ``day`` is an
    inclusive range of days since treatment; ``at_least`` is a count of ``any`` that must hold (default 1).
    """

    all: tuple[str | Condition, ...] = ()
    any: tuple[str | Condition, ...] = ()
    none: tuple[str | Condition, ...] = ()
    day: tuple[int, int] | None = None
    at_least: int = 1


@dataclass(frozen=True)
class Rule:
    """If ``when`` then ``flag``. ``id`` is the rule's key in red_flags.md.

    ``tier`` and ``wording`` stand where they are not the flag's ("bleeding that starts again" is E7's matter, but urgent).
    With ``ask_day_first`` the rule waits while the day is not known and has not been asked for (R23); one of
    ``before_treatment`` fires only while no treatment day is known (ruling 3).
    """

    id: str
    flag: str
    when: Condition
    why: str
    tier: Tier | None = None
    wording: str | None = None
    ask_day_first: bool = False
    before_treatment: bool = False


@dataclass(frozen=True, eq=False)
class Flag:
    """A red flag: its tier, its title for staff, and the sentences that belong to it alone."""

    id: str
    tier: Tier
    title: str
    sentences: Mapping[str, tuple[Sentence, ...]]
    wording: str


@dataclass(frozen=True, eq=False)
class Item:
    """Something a patient may speak of: a symptom, finding, product, activity, modifier or topic.

    ``sentences`` by purpose: about, how_long, apply, avoid, can, why, worry, source_note, check. ``allowed_from``
    is the first day (since treatment) on which a product or activity is allowed, None where no source says.
    ``lifts`` are flags or rules that a modifier raises by one tier; a ``lasting`` one stays true once it was.
    ``unless_denied`` are items that make it what it is: where pain is denied, no learned likeness makes a painful bump.
    ``gives_way_to`` are more special items: where one of them is there, this is only what it is on or the general word for it
    (spots that hold pus, redness of hives), and is not told beside it.
    With ``said_is_present`` the finding counts even where it is only supposed, asked of or joked about (ruling 10);
    with ``done_in_treatment`` it is told in the past and of the practitioner ("the girl used the same tip"), and counts.
    With ``counts_when_over`` it is an event: told as over it is for today all the same (a single faint, ruling 13; a used needle,
    ruling 14). ``only_guessed``: nobody sees it, so whoever names it takes a guess at what they see.
    """

    id: str
    kind: Kind
    title: str
    name: str
    plural: bool
    wordings: Wordings
    windows: tuple[Window, ...] = ()
    rules: tuple[Rule, ...] = ()
    sentences: Mapping[str, tuple[Sentence, ...]] = field(default_factory=dict)
    allowed_from: int | None = None
    covered: bool = True
    implies: tuple[str, ...] = ()
    unless_denied: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    lifts: tuple[str, ...] = ()
    raises_to: Mapping[str, Tier] = field(default_factory=dict)
    lasting: bool = False
    said_is_present: bool = False
    done_in_treatment: bool = False
    counts_when_over: bool = False
    only_guessed: bool = False
    treatment: str | None = None

    def expected_on(self, day: int) -> Window | None:
        return next((w for w in self.windows if w.first <= day <= w.last), None)

    @property
    def last_expected_day(self) -> int | None:
        return max((w.last for w in self.windows), default=None)

    @property
    def first_expected_day(self) -> int | None:
        return min((w.first for w in self.windows), default=None)
