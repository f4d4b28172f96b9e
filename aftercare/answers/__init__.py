"""From an assessment and the questions asked to what is said, with its sources (red_flags.md sections 7 and 8 bind)."""

from aftercare.answers.answer import Answer, Reply
from aftercare.answers.compose import compose
from aftercare.answers.turn import Turn

__all__ = ["Answer", "Reply", "Turn", "compose"]
