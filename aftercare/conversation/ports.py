"""What the conversation needs from the other rooms and from the clinic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timezone, tzinfo

from aftercare.conversation.assistant import Assistant, Reports, Screen
from aftercare.conversation.handoff_rules import HandoffRules
from aftercare.conversation.wording import Wording


@dataclass(frozen=True)
class Ports:
    """``zone``: the clinic's, in which the assistant reads days. ``handoff``: what the clinic promises about a person."""

    assistant: Assistant
    screen: Screen
    wording: Wording
    reports: Reports
    assistant_name: str = "Assistant"
    zone: tzinfo = timezone.utc
    handoff: HandoffRules = field(default_factory=HandoffRules)
