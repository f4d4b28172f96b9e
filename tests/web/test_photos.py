"""Photos over HTTP: what is taken, what is refused and how that is said, and who may open them."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from httpx2 import Response
from PIL import Image

from aftercare.photos import process
from aftercare.web import photo_sweep, photos
from tests.conversation.fakes import EMERGENCY_TEXT, PHOTO_ADDED, PHOTO_TOLD
from tests.photos.pictures import bomb, exif, halves, photo

from .patients import CLINIC_SITE, Patient, Running, Server, until

Runs = Callable[..., Running]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def sends(patient: Patient, *contents: bytes, text: str = "", client_id: str | None = None, **headers: str) -> Response:
    files = [("photo", ("../../etc/passwd.php", content, "text/html")) for content in contents]
    data = {"client_id": client_id or str(uuid4()), **({"text": text} if text else {})}
    return patient.client.post("/api/v1/photos", data=data, files=files, headers={**patient.headers, **headers})


def photo_of(patient: Patient) -> str:
    found = [photo["id"] for message in patient.conversation()["messages"] for photo in message["photos"]]
    return str(found[-1])


def kept(web: Running) -> list[Path]:
    folder = Path(web.site.settings.photo_folder)
    return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_is_taken_whatever_its_name_and_type_say(web: Running, kind: str) -> None:
    patient = web.patient()
    answer = sends(patient, photo(kind, exif=exif()))
    assert (answer.status_code, answer.json()) == (202, {"seq": 2, "duplicate": False})
    mine, told = patient.conversation()["messages"][1:]
    assert (mine["role"], mine["kind"], mine["text"]) == ("patient", "photo", "Sent a photo.")
    assert [(shown["width"], shown["height"]) for shown in mine["photos"]] == [(400, 300)]
    assert (told["role"], told["text"]) == ("assistant", PHOTO_TOLD)
    assert all(b"A phone maker" not in file.read_bytes() for file in kept(web))


def test_the_patient_sees_the_photo_and_its_thumbnail(web: Running) -> None:
    patient = web.patient()
    sends(patient, photo("PNG", halves(1200, 900)))
    for path, size in (
        (f"photos/{photo_of(patient)}", (1200, 900)),
        (f"photos/{photo_of(patient)}/thumbnail", (480, 360)),
    ):
        answer = patient.get(path)
        assert Image.open(answer_file(answer)).size == size
        headers = answer.headers
        assert headers["content-type"] == "image/jpeg"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-disposition"] == 'inline; filename="photo.jpg"'
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def answer_file(answer: Response) -> io.BytesIO:

    assert answer.status_code == 200, answer.text
    return io.BytesIO(answer.content)


def test_a_photo_opens_with_its_own_patients_token_only(web: Running) -> None:
    patient, stranger = web.patient(), web.patient()
    sends(patient, photo())
    for path in (f"photos/{photo_of(patient)}", f"photos/{photo_of(patient)}/thumbnail"):
        assert stranger.get(path).status_code == 404
        assert web.client.get(f"/api/v1/{path}").status_code == 401
        assert Patient(web.client, "made up").get(path).status_code == 401
        assert patient.get(path, params={"token": patient.token}).status_code == 200
    assert patient.get(f"photos/{uuid4()}").status_code == 404
    assert patient.get("photos/..%2Faftercare.db").status_code == 404


def test_photos_are_not_among_the_static_files(web: Running) -> None:
    sends(web.patient(), photo())
    [full, _] = kept(web)
    for path in (
        f"/static/{full.name}",
        f"/static/../photos/{full.name}",
        f"/photos/{full.name}",
        f"/var/photos/{full.name}",
    ):
        assert web.client.get(path).status_code == 404


def test_the_chat_page_may_show_what_its_script_fetched(web: Running) -> None:
    assert "img-src 'self' blob:" in web.client.get("/chat").headers["content-security-policy"]
    assert "blob:" not in web.client.get("/staff/login").headers["content-security-policy"]


def test_several_photos_and_words_are_one_message(web: Running) -> None:
    patient = web.patient()
    sends(patient, photo(), photo("PNG"), text="Is this normal?")
    until(lambda: not patient.conversation()["typing"])
    mine, told, answer = patient.conversation()["messages"][1:]
    assert (mine["text"], len(mine["photos"])) == ("Is this normal?", 2)
    assert (told["text"], answer["kind"]) == (PHOTO_TOLD, "answer")
    assert web.assistant.texts == ["Is this normal?"]


def test_an_emergency_beside_a_photo_is_answered_as_one(web: Running) -> None:
    patient = web.patient()
    sends(patient, photo(), text="I cannot breathe")
    until(lambda: not patient.conversation()["typing"])
    assert any(EMERGENCY_TEXT in text for text in patient.texts())


def test_a_photo_sent_again_after_a_lost_answer_is_there_once(web: Running) -> None:
    patient, client_id = web.patient(), str(uuid4())
    sends(patient, photo(), client_id=client_id)
    assert sends(patient, photo(), client_id=client_id).json() == {"seq": 2, "duplicate": True}
    sends(patient, photo())
    assert patient.texts() == ["Sent a photo.", PHOTO_TOLD, "Sent a photo.", PHOTO_ADDED]
    assert len(kept(web)) == 4


REFUSED = {
    "svg": (SVG, 415, "not_a_photo", "not a photo"),
    "empty": (b"", 422, "photo_damaged", "damaged"),
    "cut off": (photo("JPEG", Image.effect_noise((300, 200), 60))[:4000], 422, "photo_damaged", "damaged"),
    "bomb": (bomb(), 413, "photo_too_big", "too big"),
    "large": (photo() + b"\0" * photos.LARGEST, 413, "photo_too_big", "too big"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_names_the_photo_says_why_and_loses_nothing(web: Running, what: str) -> None:
    content, status, code, words = REFUSED[what]
    patient = web.patient()
    answer = sends(patient, photo(), content, text="I cannot breathe")
    assert (answer.status_code, answer.json()["error"], answer.json()["photo"]) == (status, code, 1)
    assert words in answer.json()["message"]
    assert (patient.texts(), kept(web), web.assistant.turns) == ([], [], [])
    assert patient.says("I cannot breathe").status_code == 202


def test_too_many_photos_are_refused(web: Running) -> None:
    patient = web.patient()
    answer = sends(patient, *[photo()] * 5)
    assert (answer.status_code, answer.json()["error"]) == (422, "too_many_photos")
    assert "at most 4" in answer.json()["message"]
    for _ in range(5):
        assert sends(patient, *[photo()] * 4).status_code == 202
    refused = sends(patient, photo())
    assert (refused.status_code, refused.json()["error"]) == (422, "photos_today")
    assert "020 7946 0000" in refused.json()["message"]


@pytest.mark.parametrize(
    ("data", "files", "status"),
    [
        ({"client_id": "not a uuid"}, [("photo", photo())], 400),
        ({}, [("photo", photo())], 400),
        ({"client_id": str(uuid4())}, [], 415),
        ({"client_id": str(uuid4())}, [("other", photo())], 400),
        ({"client_id": str(uuid4()), "text": "a\0b"}, [("photo", photo())], 400),
        ({"client_id": str(uuid4()), "text": "x" * 2001}, [("photo", photo())], 413),
        ({"client_id": str(uuid4()), "text": "x" * 20_000}, [("photo", photo())], 400),
        ({"client_id": str(uuid4()), **{f"f{n}": "x" for n in range(9)}}, [("photo", photo())], 400),
    ],
)
def test_a_form_that_is_not_ours_is_refused(web: Running, data: object, files: object, status: int) -> None:
    patient = web.patient()
    answer = patient.client.post("/api/v1/photos", data=data, files=files, headers=patient.headers)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert (patient.texts(), kept(web)) == ([], [])


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_form_is_refused(web: Running, kind: str) -> None:
    patient = web.patient()
    answer = patient.client.post("/api/v1/photos", content=photo(), headers={**patient.headers, "Content-Type": kind})
    assert answer.status_code in (400, 415)


def test_another_site_cannot_send_photos(web: Running) -> None:
    patient = web.patient()
    assert sends(patient, photo(), Origin="https://evil.test").status_code == 403
    assert sends(patient, photo(), Origin=CLINIC_SITE).status_code == 202


def test_photos_count_as_messages(run_web: Runs) -> None:
    patient = run_web(messages_per_minute=8).patient()
    assert sends(patient, photo()).status_code == 202
    assert [sends(patient, photo()).status_code for _ in range(2)][-1] == 429


def test_a_photo_that_kills_its_process_leaves_the_chat_alive(
    web: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dies.py"
    program.write_text("import os; os.abort()")
    monkeypatch.setattr(process, "_PROGRAM", program)
    patient = web.patient()
    assert sends(patient, photo()).json()["error"] == "photo_damaged"
    assert patient.says("hello").status_code == 202


def test_a_disk_that_is_full_is_our_fault_and_takes_nothing(web: Running) -> None:
    Path(web.site.settings.photo_folder).write_text("a file where the folder should be")
    patient = web.patient()
    answer = sends(patient, photo())
    assert answer.status_code == 500
    assert "020 7946 0000" in answer.json()["message"]
    assert patient.texts() == []


def upload(server: Server, token: str, length: int, body: bytes) -> bytes:
    """Begin an upload over a connection of our own, and read what comes back before it is all sent."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(
            f"POST /api/v1/photos HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        with contextlib.suppress(ConnectionError):
            connection.sendall(body)
        return connection.recv(4096)


def test_what_is_announced_as_too_big_is_refused_before_it_is_sent(serve: Callable[..., Server]) -> None:
    server = serve()
    opened = server.gateway.open_session()
    assert b" 413 " in upload(server, opened.token, 200 * 1024 * 1024, b"").splitlines()[0]
    assert b" 401 " in upload(server, "nobody", 1024 * 1024, b"").splitlines()[0]


def test_what_turns_out_too_big_is_refused_while_it_is_sent(serve: Callable[..., Server]) -> None:
    server = serve()
    opened = server.gateway.open_session()
    begin = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + photo()
    answer = upload(server, opened.token, 40 * 1024 * 1024, begin + b"\0" * (16 * 1024 * 1024))
    assert b" 413 " in answer.splitlines()[0]


def test_photos_past_the_clinics_time_are_swept_while_the_web_process_runs(
    run_web: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_sweep, "EVERY", 0.02)
    web = run_web()
    sends(web.patient(), photo())
    assert len(kept(web)) == 2
    web.clock.passes(days=91)
    until(lambda: kept(web) == [])
