"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import Connection

from aftercare.conversation import audit
from aftercare.conversation.audit import Actor
from aftercare.conversation.schema import staff_recovery_code, staff_user
from aftercare.conversation.staff_sessions import Staff

STEP = 30
"""Seconds that a code lives, as every authenticator app has it."""

DRIFT = 1
"""Steps that a phone's clock may be wrong, either way."""

RECOVERY_CODES = 10


def offer(connection: Connection, staff_id: str) -> str:
    """The secret to show to a member of staff who sets up their app: the same until it is confirmed or given up."""
    row = connection.execute(
        select(staff_user.c.totp_offered).where(staff_user.c.id == staff_id).with_for_update()
    ).one()
    if row.totp_offered is not None:
        return str(row.totp_offered)
    secret = pyotp.random_base32()
    connection.execute(update(staff_user).where(staff_user.c.id == staff_id).values(totp_offered=secret))
    return secret


def address(secret: str, name: str, clinic: str) -> str:
    """What the QR code says: an otpauth address with the account's name."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=clinic)


def confirm(connection: Connection, person: Staff, code: str, actor: Actor, now: datetime) -> Sequence[str] | None:
    """Begin to use the offered secret, where the code is right. Returns new recovery codes, to be shown once; else None."""
    secret = connection.execute(select(staff_user.c.totp_offered).where(staff_user.c.id == person.id)).scalar_one()
    step = step_of(secret, code, now) if secret is not None else None
    if step is None:
        return None
    connection.execute(
        update(staff_user)
        .where(staff_user.c.id == person.id)
        .values(totp_secret=secret, totp_offered=None, totp_step=step)
    )
    codes = _new_recovery_codes(connection, person.id)
    audit.record(connection, actor, "second_factor_set", now, kind="account", id=person.id)
    return codes


def take(connection: Connection, staff_id: str, code: str, now: datetime) -> str | None:
    """Use a code up. Returns "app" or "recovery", or None where it is wrong or was used before."""
    secret = connection.execute(select(staff_user.c.totp_secret).where(staff_user.c.id == staff_id)).scalar()
    step = step_of(secret, code, now) if secret is not None else None
    if step is not None:
        newer = or_(staff_user.c.totp_step.is_(None), staff_user.c.totp_step < step)
        taken = connection.execute(update(staff_user).where(staff_user.c.id == staff_id, newer).values(totp_step=step))
        return "app" if taken.rowcount == 1 else None
    taken = connection.execute(
        update(staff_recovery_code)
        .where(
            staff_recovery_code.c.code_hash == _recovery_hash(staff_id, code),
            staff_recovery_code.c.staff_id == staff_id,
            staff_recovery_code.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return "recovery" if taken.rowcount == 1 else None


def remove(connection: Connection, person: Staff, actor: Actor, now: datetime) -> None:
    """Go without a second factor."""
    connection.execute(
        update(staff_user)
        .where(staff_user.c.id == person.id)
        .values(totp_secret=None, totp_offered=None, totp_step=None)
    )
    connection.execute(delete(staff_recovery_code).where(staff_recovery_code.c.staff_id == person.id))
    audit.record(connection, actor, "second_factor_removed", now, kind="account", id=person.id)


def recovery_codes_left(connection: Connection, staff_id: str) -> int:
    unused = select(staff_recovery_code.c.code_hash).where(
        staff_recovery_code.c.staff_id == staff_id, staff_recovery_code.c.used_at.is_(None)
    )
    return len(connection.execute(unused).all())


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to, within the drift; None where it belongs to none."""
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
        return None
    current = int(now.timestamp()) // STEP
    generator = pyotp.TOTP(secret)
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            return step
    return None


def _new_recovery_codes(connection: Connection, staff_id: str) -> Sequence[str]:
    connection.execute(delete(staff_recovery_code).where(staff_recovery_code.c.staff_id == staff_id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    connection.execute(
        insert(staff_recovery_code),
        [{"code_hash": _recovery_hash(staff_id, code), "staff_id": staff_id} for code in codes],
    )
    return codes


def _recovery_code() -> str:
    """80 random bits in four groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def _recovery_hash(staff_id: str, code: str) -> str:
    plain = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(f"{staff_id} {plain}".encode("utf-8", "surrogatepass")).hexdigest()
