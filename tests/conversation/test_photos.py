"""A photo is a message of the transcript, brings a person in, and is gone when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, event, func, select

from aftercare.conversation import cases, photos
from aftercare.conversation.cases import CaseFile
from aftercare.conversation.database import StorageError
from aftercare.conversation.message_text import BadText
from aftercare.conversation.photos import MOST_IN_A_DAY, NoPhoto, Photos, TooManyPhotos
from aftercare.conversation.schema import conversation, photo
from aftercare.conversation.sessions import NoSession
from aftercare.photos.folder import FULL, THUMBNAIL, PhotoFolder
from aftercare.photos.process import Copies

from .fakes import (
    EMERGENCY_TEXT,
    NOON,
    PHOTO_ADDED,
    PHOTO_TOLD,
    PHOTO_UNTOLD,
    Clinic,
    FakeAssistant,
    calm,
    flagged,
    make_clinic,
)

COPIES = Copies(b"full", b"thumbnail", 400, 300)
RETENTION = timedelta(days=90)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def clinic(database_url: str) -> Iterator[Clinic]:
    opened = make_clinic(database_url, FakeAssistant(calm()))
    yield opened
    opened.gateway.close()


@pytest.fixture
def folder(tmp_path: Path) -> PhotoFolder:
    return PhotoFolder(tmp_path / "photos")


@pytest.fixture
def box(clinic: Clinic, folder: PhotoFolder) -> Photos:
    return Photos(clinic.gateway, folder, RETENTION)


def sends(clinic: Clinic, box: Photos, text: str = "", count: int = 1, client_id: str | None = None) -> int:
    return box.post(clinic.token, client_id or str(uuid4()), text, [COPIES] * count).seq


def open_case(clinic: Clinic) -> CaseFile | None:
    with clinic.gateway.database.reading() as connection:
        found = cases.open_cases(connection)
        assert len(found) <= 1
        return cases.case_file(connection, found[0].id) if found else None


def rows(clinic: Clinic) -> int:
    with clinic.gateway.database.reading() as connection:
        count: int = connection.execute(select(func.count()).select_from(photo)).scalar_one()
        return count


def files(folder: PhotoFolder) -> int:
    return len(list(folder.path.iterdir())) if folder.path.is_dir() else 0


def in_two_hours() -> datetime:
    """By the clock of the disk."""
    return datetime.now(timezone.utc) + timedelta(hours=2)


def first_photo(clinic: Clinic, seq: int) -> str:
    [message] = [m for m in clinic.gateway.transcript(clinic.conversation_id) if m.seq == seq]
    return message.photos[0].id


@contextmanager
def failing(clinic: Clinic, table: str, error: Exception, times: int = 1) -> Iterator[None]:
    """The next writes to a table fail."""
    left = [error] * times

    def fail(connection: object, cursor: object, statement: str, *more: object) -> None:
        if statement.startswith(f"INSERT INTO {table} ") and left:
            raise left.pop()

    event.listen(clinic.gateway.database.engine, "before_cursor_execute", fail)
    yield
    event.remove(clinic.gateway.database.engine, "before_cursor_execute", fail)


def test_a_photo_is_a_numbered_message_with_its_case_and_the_word_to_the_patient(clinic: Clinic, box: Photos) -> None:
    seq = sends(clinic, box, count=2)
    mine, answer = clinic.gateway.transcript(clinic.conversation_id, seq - 1)
    assert (mine.seq, mine.role, mine.kind, mine.text) == (seq, "patient", "photo", "Sent 2 photos.")
    assert [(p.width, p.height) for p in mine.photos] == [(400, 300), (400, 300)]
    assert mine.shown()["photos"] == [{"id": p.id, "width": 400, "height": 300} for p in mine.photos]
    assert (answer.role, answer.kind, answer.text) == ("assistant", "handoff", PHOTO_TOLD)
    file = open_case(clinic)
    assert file is not None
    assert (file.case.tier, file.case.handoff, file.case.reason) == ("soon", "photo", "Sent a photo")
    assert [line.seq for line in file.history] == [seq]
    assert clinic.mode() == "waiting"


def test_the_assistant_is_not_asked_about_a_photo(clinic: Clinic, box: Photos) -> None:
    sends(clinic, box)
    clinic.gateway.work_until_idle()
    assert clinic.assistant.turns == []
    assert not clinic.gateway.state(clinic.conversation_id).typing


def test_words_beside_a_photo_go_the_way_of_all_words(clinic: Clinic, box: Photos) -> None:
    sends(clinic, box, "Is this normal?")
    clinic.gateway.work_until_idle()
    assert clinic.assistant.texts == ["Is this normal?"]
    assert [text for _, text in clinic.transcript()] == ["Is this normal?", PHOTO_TOLD, calm().replies[0].text]


def test_a_red_flag_beside_a_photo_raises_its_case(clinic: Clinic, box: Photos) -> None:
    sends(clinic, box, "I cannot breathe")
    clinic.gateway.work_until_idle()
    file = open_case(clinic)
    assert file is not None
    assert file.case.tier == "emergency"
    assert [line.action for line in file.history] == ["opened", "raised"]
    assert EMERGENCY_TEXT in clinic.transcript()[-1][1]


def test_photos_join_the_case_that_is_open_each_as_a_line_of_its_history(clinic: Clinic, box: Photos) -> None:
    clinic.assistant.answers = [flagged("urgent")]
    clinic.asks("yellow pus")
    first, second = sends(clinic, box), sends(clinic, box)
    file = open_case(clinic)
    assert file is not None
    assert (file.case.tier, file.case.handoff) == ("urgent", "flag")
    assert [(line.action, line.seq) for line in file.history[1:]] == [("noted", first), ("noted", second)]
    assert [text for role, text in clinic.transcript() if role == "assistant"][1:] == [PHOTO_ADDED, PHOTO_ADDED]


def test_the_assistant_is_mute_about_photos_while_staff_have_the_conversation(clinic: Clinic, box: Photos) -> None:
    sends(clinic, box)
    clinic.gateway.desk.claim(clinic.case().id, clinic.nurse())
    before = len(clinic.transcript())
    seq = sends(clinic, box)
    assert clinic.transcript()[before:] == [("patient", "Sent a photo.")]
    after = open_case(clinic)
    assert after is not None
    assert after.history[-1].seq == seq


def test_the_same_photo_sent_again_is_taken_once(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    client_id = str(uuid4())
    first = box.post(clinic.token, client_id, "", [COPIES])
    again = box.post(clinic.token, client_id, "", [COPIES])
    assert (again.seq, first.duplicate, again.duplicate) == (first.seq, False, True)
    assert (rows(clinic), files(folder), len(clinic.transcript())) == (1, 2, 2)


def test_photos_sent_at_once_get_numbers_without_gaps(clinic: Clinic, box: Photos) -> None:
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: sends(clinic, box), range(8)))
    assert len(set(taken)) == 8
    messages = clinic.gateway.transcript(clinic.conversation_id)
    assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
    file = open_case(clinic)
    assert file is not None
    assert sorted(line.seq or 0 for line in file.history) == sorted(taken)


def test_more_photos_than_a_day_allows_are_refused_until_the_day_is_over(
    clinic: Clinic, box: Photos, folder: PhotoFolder
) -> None:
    for _ in range(MOST_IN_A_DAY // 4):
        sends(clinic, box, count=4)
    with pytest.raises(TooManyPhotos):
        box.check(clinic.token)
    with pytest.raises(TooManyPhotos):
        sends(clinic, box)
    assert (rows(clinic), files(folder)) == (MOST_IN_A_DAY, 2 * MOST_IN_A_DAY)
    clinic.clock.passes(hours=23)
    clinic.says("still here")
    clinic.clock.passes(hours=2)
    box.check(clinic.token)
    sends(clinic, box)


def test_nothing_is_left_of_a_photo_that_was_refused(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    with pytest.raises(NoSession):
        box.post("nobody's token", str(uuid4()), "", [COPIES])
    with pytest.raises(BadText):
        box.post(clinic.token, str(uuid4()), "a\0b", [COPIES])
    assert (rows(clinic), files(folder), clinic.transcript()) == (0, 0, [])


def test_a_database_that_fails_takes_nothing_and_the_sweep_clears_the_files(
    clinic: Clinic, box: Photos, folder: PhotoFolder
) -> None:
    with failing(clinic, "photo", StorageError("locked")), pytest.raises(StorageError):
        sends(clinic, box)
    assert (rows(clinic), clinic.transcript(), files(folder)) == (0, [], 2)
    assert box.sweep(in_two_hours()).strangers == 1
    assert files(folder) == 0


def test_a_case_that_cannot_be_written_is_told_and_the_photo_is_kept(
    clinic: Clinic, box: Photos, folder: PhotoFolder
) -> None:
    with failing(clinic, "patient_case", RuntimeError("a fault of ours")):
        sends(clinic, box)
    assert clinic.transcript() == [("patient", "Sent a photo."), ("assistant", PHOTO_UNTOLD)]
    assert (rows(clinic), files(folder), open_case(clinic)) == (1, 2, None)


def test_only_the_patients_own_session_opens_the_photo(clinic: Clinic, box: Photos) -> None:
    photo_id = first_photo(clinic, sends(clinic, box))
    assert box.of_patient(clinic.token, photo_id, THUMBNAIL) == b"thumbnail"
    assert box.of_patient(clinic.token, photo_id, FULL) == b"full"
    stranger = clinic.gateway.open_session()
    for token, wanted in ((stranger.token, photo_id), (clinic.token, str(uuid4()))):
        with pytest.raises(NoPhoto):
            box.of_patient(token, wanted, FULL)
    with pytest.raises(NoSession):
        box.of_patient("nobody", photo_id, FULL)


def test_erased_photos_leave_the_message_and_nothing_else(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    seq = sends(clinic, box)
    other = clinic.gateway.open_session()
    box.post(other.token, str(uuid4()), "", [COPIES])
    with clinic.gateway.database.writing() as connection:
        names = photos.erase(connection, clinic.conversation_id)
    box.remove_files(names)
    assert (rows(clinic), files(folder)) == (1, 2)
    [message] = [m for m in clinic.gateway.transcript(clinic.conversation_id) if m.seq == seq]
    assert (message.text, message.photos) == ("Sent a photo.", ())


def test_photos_of_a_conversation_that_is_deleted_are_swept(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    sends(clinic, box)
    with clinic.gateway.database.writing() as connection:
        connection.execute(delete(conversation).where(conversation.c.id == clinic.conversation_id))
    assert rows(clinic) == 0
    box.sweep(in_two_hours())
    assert files(folder) == 0


def test_photos_go_when_the_clinic_no_longer_keeps_them(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    sends(clinic, box, count=2)
    assert box.sweep(NOON + RETENTION).expired == 0
    assert box.sweep(NOON + RETENTION + timedelta(seconds=1)).expired == 2
    assert (rows(clinic), files(folder)) == (0, 0)


def test_a_sweep_leaves_what_is_in_use(clinic: Clinic, box: Photos, folder: PhotoFolder) -> None:
    sends(clinic, box)
    patient_clinic = Photos(clinic.gateway, folder, timedelta(days=36_500))
    assert patient_clinic.sweep(in_two_hours()) == photos.Swept(0, 0)
    assert files(folder) == 2


def by_day(clinic: Clinic) -> list[tuple[date, int | None, int]]:
    with clinic.gateway.database.reading() as connection:
        days = photos.by_day(connection, clinic.conversation_id, LONDON)
    return [(day.on, day.since, len(day.photos)) for day in days]


def test_photos_stand_by_the_clinics_day_without_a_treatment_day(clinic: Clinic, box: Photos) -> None:
    assert by_day(clinic) == []
    sends(clinic, box, count=2)
    clinic.clock.passes(hours=12, minutes=30)
    sends(clinic, box)
    assert by_day(clinic) == [(date(2025, 3, 10), None, 2), (date(2025, 3, 11), None, 1)]


def test_days_are_counted_from_what_the_patient_said_of_them(clinic: Clinic, box: Photos) -> None:
    sends(clinic, box)
    clinic.clock.passes(hours=20)
    clinic.asks("it is day 3")
    sends(clinic, box)
    assert by_day(clinic) == [(date(2025, 3, 10), 2, 1), (date(2025, 3, 11), 3, 1)]


def test_days_are_counted_from_the_treatment_day_that_was_given(clinic: Clinic, box: Photos) -> None:
    opened = clinic.gateway.open_session(date(2025, 3, 9))
    clinic.token, clinic.conversation_id = opened.token, opened.conversation_id
    sends(clinic, box)
    assert by_day(clinic) == [(date(2025, 3, 10), 1, 1)]
