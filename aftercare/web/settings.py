"""Settings of the web process, all from environment variables. Each is documented at its field."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

NAMES = {
    "database_url": "AFTERCARE_DATABASE_URL",
    "rasa_url": "AFTERCARE_RASA_URL",
    "turn_secret": "AFTERCARE_TURN_SECRET",
    "public_url": "AFTERCARE_PUBLIC_URL",
    "host": "AFTERCARE_HOST",
    "address_file": "AFTERCARE_ADDRESS_FILE",
    "photo_folder": "AFTERCARE_PHOTOS",
}


class BadSetting(ValueError):
    """A setting cannot be used; the message names the variable and says what it must be."""


@dataclass(frozen=True)
class Settings:
    """How this process runs. What the clinic says about itself is in ``clinic.yml``, not here."""

    database_url: str = "sqlite:///var/aftercare.db"
    """AFTERCARE_DATABASE_URL: SQLAlchemy URL, SQLite file or PostgreSQL."""

    photo_folder: str = "var/photos"
    """AFTERCARE_PHOTOS: the folder for patients' photos. Web processes that share a database share this folder too."""

    rasa_url: str = "http://127.0.0.1:5005"
    """AFTERCARE_RASA_URL: where Rasa listens, without a path."""

    turn_secret: str = ""
    """AFTERCARE_TURN_SECRET: shared with Rasa's channel; signs turn calls."""

    allowed_origins: tuple[str, ...] = ()
    """AFTERCARE_ALLOWED_ORIGINS: comma-separated origins that may show the chat, beside those of ``clinic.yml``."""

    public_url: str = ""
    """AFTERCARE_PUBLIC_URL: the address that browsers see, for example https://chat.clinic.example.

    Needed behind a proxy that ends TLS; without it the address of each request is taken.
    """

    host: str = "127.0.0.1"
    """AFTERCARE_HOST: the address to listen on."""

    port: int = 8000
    """AFTERCARE_PORT: the port to listen on."""

    messages_per_minute: int = 30
    """AFTERCARE_MESSAGES_PER_MINUTE: for one patient session; about a quarter of it at once."""

    sessions_per_minute: int = 60
    """AFTERCARE_SESSIONS_PER_MINUTE: for one network address; a third of it at once."""

    address_file: str = ""
    """AFTERCARE_ADDRESS_FILE: the file with the addresses of staff notifications, instead of the one that ``clinic.yml``
    names. A single address may be given as AFTERCARE_NOTIFY_<RECIPIENT>.
    """

    @property
    def url(self) -> str:
        """Where staff and patients reach this process, without a path."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the variables. Raises BadSetting."""
        given = os.environ if environment is None else environment
        texts = {field: given[name] for field, name in NAMES.items() if given.get(name)}
        origins = given.get("AFTERCARE_ALLOWED_ORIGINS", "")
        default = cls()
        settings = cls(
            **texts,
            allowed_origins=tuple(origin.strip().rstrip("/") for origin in origins.split(",") if origin.strip()),
            port=_number(given, "AFTERCARE_PORT", default.port),
            messages_per_minute=_number(given, "AFTERCARE_MESSAGES_PER_MINUTE", default.messages_per_minute),
            sessions_per_minute=_number(given, "AFTERCARE_SESSIONS_PER_MINUTE", default.sessions_per_minute),
        )
        for origin in settings.allowed_origins:
            check_origin(origin, "AFTERCARE_ALLOWED_ORIGINS")
        return settings


def check_origin(origin: str, where: str) -> None:
    """Raise BadSetting unless it is a plain origin: it is written into a security header."""
    scheme, _, host = origin.partition("://")
    plain = all(character.isalnum() or character in "-.:[]" for character in host)
    if scheme not in ("http", "https") or not host or not plain:
        raise BadSetting(f"{where}: {origin!r} is not an origin. Write it like https://www.clinic.example")


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BadSetting(f"{name} must be a whole number above 0, not {text!r}.")
    return int(text)
