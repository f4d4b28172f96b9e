"""What each kind of staff account may do. The one table of roles and permissions; pages name a permission, never a role."""

from __future__ import annotations

from collections.abc import Mapping

PERMISSIONS = {
    "account": "their own account: password, second factor, sessions",
    "cases": "patients' cases and conversations",
    "statistics": "the figures of the lead's page, and their export",
    "notifications": "messages to staff outside the console, and their test",
    "training": "the trainer's pages",
    "accounts": "everybody's accounts",
}
"""Permission -> what it opens."""

ROLES: Mapping[str, frozenset[str]] = {
    "responder": frozenset({"account", "cases"}),
    "lead": frozenset({"account", "cases", "statistics", "notifications"}),
    # Trainers work on redacted messages, so patients' conversations are not theirs to read.
    "trainer": frozenset({"account", "training"}),
    "admin": frozenset(PERMISSIONS),
}
"""Role -> its permissions."""


def may(role: str, permission: str) -> bool:
    """Whether the role has the permission. Raises KeyError for a permission that does not exist."""
    PERMISSIONS[permission]
    return permission in ROLES.get(role, frozenset())
