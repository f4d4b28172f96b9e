"""Staff look at patients' photos: who may, what it leaves in the log, what the pages show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from aftercare.conversation import audit, cases, staff
from aftercare.conversation.schema import audit_log
from tests.photos.pictures import halves, photo

from .patients import PASSWORD, Patient, Running
from .test_photos import photo_of, sends

Runs = Callable[..., Running]


def case_of(web: Running) -> str:
    with web.site.gateway.database.reading() as connection:
        [case] = cases.open_cases(connection)
    return case.id


def views(web: Running) -> list[tuple[str, str, str]]:
    with web.site.gateway.database.reading() as connection:
        audit.verify(connection)
        rows = connection.execute(select(audit_log).where(audit_log.c.action == "photo_viewed"))
        return [(row.object_kind, row.object_id, row.details["size"]) for row in rows]


@pytest.fixture
def patient(web: Running) -> Patient:
    """Sent one photo on day 1 and two on day 3."""
    patient = web.patient(treated_on="2025-03-09")
    sends(patient, photo("JPEG", halves(1200, 900)))
    web.clock.passes(hours=23)
    patient.conversation()
    web.clock.passes(hours=23)
    sends(patient, photo("HEIF"), photo("PNG"))
    return patient


def paths(web: Running, patient: Patient) -> list[str]:
    one, case = photo_of(patient), case_of(web)
    return [
        f"/staff/photos/{one}",
        f"/staff/photos/{one}/thumbnail",
        f"/staff/cases/{case}/photos",
        f"/staff/cases/{case}/photos/{one}",
    ]


def test_nobody_but_permitted_staff_sees_a_photo(web: Running, patient: Patient) -> None:
    addresses = paths(web, patient)
    for path in addresses:
        for headers in ({}, patient.headers):
            answer = web.client.get(path, headers=headers)
            assert answer.status_code == 401 or answer.headers["location"].startswith("/staff/login"), path
    staff.add_staff(web.site.gateway.database, "tess", PASSWORD, role="trainer")
    assert web.log_in("tess", PASSWORD).status_code == 303
    assert [web.client.get(path).status_code for path in addresses] == [403] * 4
    assert views(web) == []


def test_a_photo_is_shown_as_a_picture_and_nothing_else(web: Running, patient: Patient) -> None:
    web.logs_in()
    for path in paths(web, patient)[:2]:
        answer = web.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.headers["content-disposition"] == 'inline; filename="photo.jpg"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_every_view_is_in_the_log(web: Running, patient: Patient) -> None:
    web.logs_in()
    full, thumbnail, *_ = paths(web, patient)
    for path in (full, thumbnail, full):
        web.client.get(path)
    one = photo_of(patient)
    assert views(web) == [("photo", one, "full"), ("photo", one, "thumbnail"), ("photo", one, "full")]


def test_a_photo_that_cannot_be_logged_is_not_shown(
    web: Running, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.logs_in()

    def broken(*arguments: object, **more: object) -> None:
        raise RuntimeError("the log does not work")

    monkeypatch.setattr(audit, "record", broken)
    answer = web.client.get(paths(web, patient)[0])
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")


def test_photos_stand_side_by_side_by_day(web: Running, patient: Patient) -> None:
    web.logs_in()
    page = web.client.get(paths(web, patient)[2]).text
    assert page.index("Day 1, 10 Mar 2025") < page.index("Day 3, 12 Mar 2025")
    assert page.count("<img ") == 3
    assert 'alt="Photo 3 of 3, Day 3, 12 Mar 2025, 10:00"' in page


def test_one_photo_has_the_way_to_the_others_and_sizes(web: Running, patient: Patient) -> None:
    web.logs_in()
    path = paths(web, patient)[3]
    page = web.client.get(path, params={"zoom": "200"}).text
    assert 'class="photo-window zoom-200"' in page
    assert 'rel="prev"' in page and "Last photo" in page
    for odd in ("", "1000", "x", "²"):
        assert 'class="photo-window zoom-100"' in web.client.get(path, params={"zoom": odd}).text
    assert "<script>" not in page and "style=" not in page


def test_a_photo_is_found_only_under_its_own_case(web: Running, patient: Patient) -> None:
    one, mine = photo_of(patient), case_of(web)
    other = web.patient()
    sends(other, photo())
    with web.site.gateway.database.reading() as connection:
        [theirs] = [case.id for case in cases.open_cases(connection) if case.id != mine]
    web.logs_in()
    assert web.client.get(f"/staff/cases/{mine}/photos/{one}").status_code == 200
    assert web.client.get(f"/staff/cases/{theirs}/photos/{one}").status_code == 404
    assert web.client.get(f"/staff/cases/{one}/photos").status_code == 404
    assert web.client.get(f"/staff/photos/{mine}").status_code == 404


def test_a_case_shows_its_photos(web: Running, patient: Patient) -> None:
    web.logs_in()
    page = web.client.get(f"/staff/cases/{case_of(web)}").text
    assert page.count("/thumbnail") == 2 * 3, "in the transcript and by day"
    assert "Photos side by side" in page
