"""What a clinic promises about a person: in which time somebody answers, when somebody is there, who counts as gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from aftercare.knowledge.clinic import HOLDER_GONE_MINUTES, TARGETS, Clinic


class Hours(Protocol):
    """When somebody is at the clinic."""

    def is_open(self, now: datetime) -> bool: ...

    def next_opening(self, now: datetime) -> datetime | None:
        """When the clinic opens next; None where it does not within reach."""


class AlwaysOpen:
    """A clinic that has somebody there day and night."""

    def is_open(self, now: datetime) -> bool:
        return True

    def next_opening(self, now: datetime) -> datetime | None:
        return now


@dataclass(frozen=True)
class HandoffRules:
    """``targets``: by tier, until somebody takes a case. ``holder_gone``: without a sign of who has it, until it waits again."""

    targets: Mapping[str, timedelta] = field(
        default_factory=lambda: {tier: timedelta(minutes=minutes) for tier, minutes in TARGETS.items()}
    )
    holder_gone: timedelta = timedelta(minutes=HOLDER_GONE_MINUTES)
    hours: Hours = field(default_factory=AlwaysOpen)

    @classmethod
    def of(cls, clinic: Clinic) -> HandoffRules:
        """As ``clinic.yml`` says."""
        targets = {tier: clinic.target(tier) for tier in clinic.targets}
        return cls(targets, timedelta(minutes=clinic.holder_gone_minutes), clinic.opening_hours)

    def target_at(self, tier: str, waiting_since: datetime) -> datetime:
        """When somebody should have taken the case. An emergency does not wait for the clinic to open."""
        begins = waiting_since
        if tier != "emergency" and not self.hours.is_open(waiting_since):
            begins = self.hours.next_opening(waiting_since) or waiting_since
        return begins + self.targets[tier]
