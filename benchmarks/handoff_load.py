"""How long a red flag takes to the consoles, and staff's words to the patient, while a clinic is busy (``benchmarks.handoff``).

The web process is the one that ``aftercare up`` starts, with the real screen. Rasa is a stand-in that answers at once, so
its own time is not in the figures. Every patient has the page open, every member of staff a console: those who talk to a
patient show that conversation, the others the queue. Posts go out on time, whether those before them were answered or not.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
from sqlalchemy import select
from sqlalchemy.engine import make_url

from aftercare.conversation import cases, staff_sessions
from aftercare.conversation.database import Database
from aftercare.conversation.gateway import Gateway
from aftercare.conversation.ports import Ports
from aftercare.conversation.schema import patient_case
from aftercare.conversation.staff import add_staff
from aftercare.web.staff_session import csrf_of
from benchmarks.turn_latency import MESSAGES, percentile
from tests.conversation.fakes import FakeAssistant, FakeReports, FakeWording, screen
from tests.faults.web_alone import Rasa
from tests.product import PROJECT, free_port, until

RED_FLAGS = ("I cannot breathe", "there is yellow pus coming out of my cheek")
"""An emergency, which the screen answers, and an urgent one, which goes by way of (the stand-in for) Rasa."""

SETTLES = 5.0
"""Seconds after the last post in which what is still on its way counts."""

LONGEST_LINE = 2**22
"""Bytes of one event."""


@dataclass(frozen=True)
class Load:
    """``messages``: of patients, a second, ``red_flags`` among them; ``replies``: of staff, a second.

    ``talks``: conversations that staff have, each with its own console.
    """

    seconds: float
    consoles: int
    patients: int
    talks: int
    messages: float
    red_flags: float
    replies: float


@dataclass(frozen=True)
class Times:
    """Milliseconds; ``missing``: what never came."""

    p50_ms: float
    p95_ms: float
    max_ms: float
    count: int
    missing: int


@dataclass(frozen=True)
class LoadResult:
    """``case``: from the post to each open console. ``reply``: from the member of staff's post to the patient's page.

    ``refused``: posts that were not taken. ``driver_late_ms``: how late the posts themselves went out, at the 95th
    percentile. ``web_cores``: what the web process used of the processor. ``machine_load``: before.
    """

    database: str
    load: Load
    case: Times
    reply: Times
    refused: int
    driver_late_ms: float
    web_cores: float
    machine_load: float

    @property
    def is_good(self) -> bool:
        return all(times.p95_ms < 1000 and not times.missing for times in (self.case, self.reply))


@dataclass
class Patient:
    token: str
    conversation_id: str
    arrived: dict[str, float] = field(default_factory=dict)
    """When each text of staff was on the page."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def on_event(self, name: str, data: str) -> None:
        if name == "message" and (message := json.loads(data))["role"] == "staff":
            self.arrived.setdefault(message["text"], time.perf_counter())


@dataclass
class Console:
    """An open page of a member of staff; ``talk``: the patient to whom they talk, ``case_id`` that case."""

    token: str
    talk: Patient | None = None
    case_id: str = ""
    arrived: dict[str, float] = field(default_factory=dict)
    """When each case was on the page, or rang on it."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"aftercare_staff={self.token}"}

    def on_event(self, name: str, data: str) -> None:
        if name not in ("queue", "alarms"):
            return
        now, told = time.perf_counter(), json.loads(data)
        shown = [case_id for ids in told.get("groups", {}).values() for case_id in ids]
        for case_id in [*shown, *(alarm["id"] for alarm in told["alarms"])]:
            self.arrived.setdefault(case_id, now)


@dataclass
class Clinic:
    """Everybody who takes part. ``flagged`` are those who will write of a red flag, once each."""

    database: Database
    consoles: list[Console]
    patients: list[Patient]
    flagged: list[Patient]

    def case_ids(self) -> dict[str, str]:
        """The case of each conversation."""
        with self.database.reading() as connection:
            rows = connection.execute(select(patient_case.c.conversation_id, patient_case.c.id))
            return {row.conversation_id: row.id for row in rows}


@dataclass
class Posts:
    """What was posted: when each red flag and each reply went out (by conversation; by text), and how that went."""

    flags: dict[str, float] = field(default_factory=dict)
    replies: dict[str, tuple[Patient, float]] = field(default_factory=dict)
    refused: int = 0
    late: list[float] = field(default_factory=list)


def measure(url: str, load: Load) -> LoadResult:
    """Run the load on one database, which is empty."""
    machine_load = os.getloadavg()[0]
    with (
        running_rasa() as rasa_url,
        tempfile.TemporaryDirectory() as folder,
        make_clinic(url, load) as clinic,
        running_web(Path(folder), url, rasa_url) as (address, process),
    ):
        before, began = sum(process.cpu_times()[:2]), time.perf_counter()
        posts = asyncio.run(busy(address, clinic, load))
        cores = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - began)
        return LoadResult(
            make_url(url).get_backend_name(),
            load,
            case_times(clinic, posts),
            reply_times(posts),
            posts.refused,
            round(percentile(posts.late, 0.95), 1),
            round(cores, 2),
            round(machine_load, 1),
        )


@contextmanager
def running_rasa() -> Iterator[str]:
    """The stand-in's address. In a process of its own, so that its threads do not hold up who measures."""
    ours, theirs = Pipe()
    process = Process(target=_stand_in, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join(10)


def _stand_in(told: Connection) -> None:
    told.send(Rasa().url)
    threading.Event().wait()


@contextmanager
def make_clinic(url: str, load: Load) -> Iterator[Clinic]:
    """Staff who are signed in, patients with a session, and the talks between some of them."""
    gateway = Gateway(Database(url), Ports(FakeAssistant(), screen, FakeWording(), FakeReports()))
    gateway.start()
    consoles = []
    for number in range(load.consoles):
        person = add_staff(gateway.database, f"nurse{number}", "a long password", f"Nurse{number} Lee")
        with gateway.database.writing() as connection:
            token = staff_sessions.open_session(connection, person, gateway.clock())
        consoles.append(Console(token))
        if number < load.talks:
            consoles[-1].talk = patient = new_patient(gateway)
            gateway.ask_person(patient.token, str(uuid4()))
            with gateway.database.reading() as reading:
                case = cases.open_case(reading, patient.conversation_id)
            assert case is not None
            consoles[-1].case_id = case.id
            gateway.desk.claim(case.id, person)
    patients = [new_patient(gateway) for _ in range(load.patients)]
    flagged = [new_patient(gateway) for _ in range(int(load.red_flags * load.seconds) + 1)]
    yield Clinic(gateway.database, consoles, patients, flagged)
    gateway.close()


def new_patient(gateway: Gateway) -> Patient:
    opened = gateway.open_session()
    return Patient(opened.token, opened.conversation_id)


@contextmanager
def running_web(var: Path, database_url: str, rasa_url: str) -> Iterator[tuple[str, psutil.Process]]:
    """The web process in its own folder: its address and the process."""
    port = free_port()
    environment = {
        "AFTERCARE_DATABASE_URL": database_url,
        "AFTERCARE_RASA_URL": rasa_url,
        "AFTERCARE_MESSAGES_PER_MINUTE": "6000",
    }
    command = [sys.executable, "-m", "aftercare.cli", "web", "--var", str(var), "--port", str(port)]
    log = var / "web.log"
    with log.open("wb") as said:
        web = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **environment}, stdout=said, stderr=said)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: web.poll() is not None or answers(address), 300, "the web process to answer")
        assert web.poll() is None, log.read_text(errors="replace")
        print(f"web process {web.pid}", file=sys.stderr, flush=True)
        yield address, psutil.Process(web.pid)
    finally:
        # Turns that are still under way would hold a polite end up, and nobody waits for their answers.
        web.kill()
        web.wait(30)
        for line, times in counted(log).items():
            print(f"{times} x {line}", file=sys.stderr)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def counted(log: Path) -> dict[str, int]:
    """Warnings and errors of the web process, each without its time and ids."""
    found: dict[str, int] = {}
    for line in log.read_text(errors="replace").splitlines():
        _, level, said = line.partition(" WARNING ") if " WARNING " in line else line.partition(" ERROR ")
        if level:
            words = " ".join("ID" if len(word) > 25 else word for word in said.split())
            found[words] = found.get(words, 0) + 1
    return found


async def busy(address: str, clinic: Clinic, load: Load) -> Posts:
    """Open all streams, then post for the time of the load."""
    posts = Posts()
    talks = [console.talk for console in clinic.consoles if console.talk]
    streams = [
        follow(address, f"/staff/stream?shows={console.case_id or 'queue'}", console.headers, console.on_event)
        for console in clinic.consoles
    ]
    pages = [*clinic.patients, *talks, *clinic.flagged]
    streams += [follow(address, "/api/v1/stream?after=1", page.headers, page.on_event) for page in pages]
    readers = await asyncio.gather(*streams)
    await asyncio.sleep(2)

    writers, words = cycle([*clinic.patients, *talks]), cycle(MESSAGES)
    holders = cycle([console for console in clinic.consoles if console.talk])
    flagged, flags = iter(clinic.flagged), cycle(RED_FLAGS)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=httpx.Limits(max_connections=200)) as client:

        async def says(patient: Patient, text: str) -> None:
            body = {"client_id": str(uuid4()), "text": text}
            answer = await client.post("/api/v1/messages", json=body, headers=patient.headers)
            posts.refused += answer.status_code != 202

        async def flags_up() -> None:
            patient = next(flagged)
            posts.flags[patient.conversation_id] = time.perf_counter()
            await says(patient, next(flags))

        async def replies() -> None:
            console, text = next(holders), f"Reply {len(posts.replies)}"
            assert console.talk is not None
            posts.replies[text] = console.talk, time.perf_counter()
            form = {"client_id": str(uuid4()), "text": text, "csrf": csrf_of(console.token)}
            headers = {**console.headers, "Origin": address, "HX-Request": "true"}
            answer = await client.post(f"/staff/cases/{console.case_id}/reply", data=form, headers=headers)
            posts.refused += answer.status_code != 200

        await asyncio.gather(
            at_a_rate(load.messages - load.red_flags, load.seconds, lambda: says(next(writers), next(words)), posts),
            at_a_rate(load.red_flags, load.seconds, flags_up, posts),
            at_a_rate(load.replies, load.seconds, replies, posts),
        )
        await asyncio.sleep(SETTLES)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return posts


async def at_a_rate(rate: float, seconds: float, post: Callable[[], Awaitable[None]], posts: Posts) -> None:
    """Post so often a second, each on its own."""

    async def alone() -> None:
        try:
            await post()
        except httpx.HTTPError:
            posts.refused += 1

    began, under_way = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        posts.late.append((time.perf_counter() - due) * 1000)
        under_way.append(asyncio.create_task(alone()))
    await asyncio.gather(*under_way)


async def follow(
    address: str, path: str, headers: dict[str, str], on_event: Callable[[str, str], None]
) -> asyncio.Task[None]:
    """Open an event stream; the task reads it until it is cancelled. Less work than an HTTP client: there are hundreds."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=LONGEST_LINE)
    lines = [f"GET {path} HTTP/1.1", f"Host: {place.netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n", 1)[0]
    assert b" 200 " in head, head

    async def read() -> None:
        name = ""
        try:
            # Lines of the transfer coding stand between the events, and look like none of these.
            while line := await reader.readline():
                key, _, value = line.decode().rstrip("\r\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    on_event(name, value)
        finally:
            writer.close()

    return asyncio.create_task(read())


def case_times(clinic: Clinic, posts: Posts) -> Times:
    case_ids = clinic.case_ids()
    return times_of(
        [
            (console.arrived.get(case_ids.get(conversation_id, "")), begun)
            for conversation_id, begun in posts.flags.items()
            for console in clinic.consoles
        ]
    )


def reply_times(posts: Posts) -> Times:
    return times_of([(patient.arrived.get(text), begun) for text, (patient, begun) in posts.replies.items()])


def times_of(pairs: Sequence[tuple[float | None, float]]) -> Times:
    """Of (when it came, when it was posted)."""
    took = [(came - begun) * 1000 for came, begun in pairs if came is not None]
    missing = len(pairs) - len(took)
    if not took:
        return Times(0, 0, 0, 0, missing)
    p50, p95 = (round(percentile(took, share), 1) for share in (0.5, 0.95))
    return Times(p50, p95, round(max(took), 1), len(took), missing)
