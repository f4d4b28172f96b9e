"""Settings from the environment, and rates."""

from __future__ import annotations

import pytest

from aftercare.web.rate_limit import TokenBuckets
from aftercare.web.settings import BadSetting, Settings


def test_without_variables_everything_has_a_default() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "AFTERCARE_DATABASE_URL": "postgresql://db/aftercare",
            "AFTERCARE_RASA_URL": "http://rasa:5005",
            "AFTERCARE_TURN_SECRET": "secret",
            "AFTERCARE_ALLOWED_ORIGINS": "https://a.test/, https://b.test:8443 ,",
            "AFTERCARE_PUBLIC_URL": "https://chat.a.test",
            "AFTERCARE_HOST": "0.0.0.0",  # noqa: S104
            "AFTERCARE_PORT": "9000",
            "AFTERCARE_MESSAGES_PER_MINUTE": "300",
            "AFTERCARE_SESSIONS_PER_MINUTE": "600",
        }
    )
    assert settings.allowed_origins == ("https://a.test", "https://b.test:8443")
    assert (settings.database_url, settings.rasa_url) == ("postgresql://db/aftercare", "http://rasa:5005")
    assert (settings.port, settings.messages_per_minute, settings.sessions_per_minute) == (9000, 300, 600)
    assert settings.https and settings.turn_secret == "secret"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFTERCARE_PORT", "http"),
        ("AFTERCARE_PORT", "0"),
        ("AFTERCARE_MESSAGES_PER_MINUTE", "-3"),
        ("AFTERCARE_ALLOWED_ORIGINS", "*"),
        ("AFTERCARE_ALLOWED_ORIGINS", "https://a.test/page"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.from_environment({name: value})


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    now = [0.0]
    buckets = TokenBuckets(burst=3, per_minute=30, seconds=lambda: now[0])
    assert [buckets.take("one") for _ in range(5)] == [0, 0, 0, 2, 2]
    assert buckets.take("other") == 0
    now[0] += 2
    assert [buckets.take("one") for _ in range(2)] == [0, 2]
    now[0] += 3600
    assert [buckets.take("one") for _ in range(4)] == [0, 0, 0, 2]
