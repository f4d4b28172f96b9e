"""Handoff, on SQLite and on PostgreSQL: twenty staff race for one case a thousand times, and how fast a busy clinic is told.

    python -m benchmarks.handoff race [--races 1000] [--staff 20]
    python -m benchmarks.handoff load [--seconds 20] [--consoles 100] [--messages 50] [--red-flags 2] [--replies 2]

Before either word: [--database sqlite|URL of a PostgreSQL server]. Prints one JSON line a database.

race: all claim at the same moment, from threads of their own. Checked after each race: one claim succeeded, the case is
that person's, the patient read one line with their name, the conversation changed hands once.

load: from the patient's post of a red flag to its case on each open console, and from a staff reply to the patient's
page, while patients write (``benchmarks.handoff_load``). Fails where either takes a second or more (p95), or never comes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from aftercare.conversation import cases
from aftercare.conversation.cases import CaseConflict, Concern
from aftercare.conversation.database import StorageError
from aftercare.conversation.staff import Staff, first_name
from benchmarks.handoff_load import Load, measure
from tests.conversation.conftest import POSTGRESQL
from tests.conversation.fakes import Clinic, FakeAssistant, make_clinic, sqlite_url


@dataclass(frozen=True)
class Result:
    """``p50_ms``, ``p95_ms``: milliseconds from the common start until the winner's claim was committed.

    ``busy``: claims that gave up on the database's lock (5 s), whose staff are told to try again.
    """

    database: str
    races: int
    staff: int
    one_winner: int
    busy: int
    p50_ms: float
    p95_ms: float
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.one_winner == self.races


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", action="append", help="sqlite, or a PostgreSQL server; both where not given")
    parts = parser.add_subparsers(dest="part", required=True)
    racing = parts.add_parser("race")
    racing.add_argument("--races", type=int, default=1000)
    racing.add_argument("--staff", type=int, default=20)
    loading = parts.add_parser("load")
    loading.add_argument("--seconds", type=float, default=20)
    loading.add_argument("--consoles", type=int, default=100)
    loading.add_argument("--patients", type=int, default=100, help="who write and have the page open")
    loading.add_argument("--talks", type=int, default=10, help="conversations that staff have")
    loading.add_argument("--messages", type=float, default=50, help="of patients, a second, red flags among them")
    loading.add_argument("--red-flags", type=float, default=2, help="a second, each from a patient of its own")
    loading.add_argument("--replies", type=float, default=2, help="of staff, a second")
    given = vars(parser.parse_args(arguments))
    part, databases = given.pop("part"), given.pop("database") or ["sqlite", POSTGRESQL]
    good = True
    for name in databases:
        with new_database(name) as url:
            result = race(url, given["races"], given["staff"]) if part == "race" else measure(url, Load(**given))
        print(json.dumps(asdict(result)), flush=True)
        good = good and result.is_good
    return 0 if good else 1


@contextmanager
def new_database(name: str) -> Iterator[str]:
    """A database of its own, gone afterwards."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield sqlite_url(Path(folder))
        return
    server = create_engine(name, isolation_level="AUTOCOMMIT", future=True)
    database = f"aftercare_bench_{uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {database}"))
    try:
        yield make_url(name).set(database=database).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {database} WITH (FORCE)"))
        server.dispose()


def race(url: str, races: int, size: int) -> Result:
    """Run the races on one database."""
    clinic = make_clinic(url, FakeAssistant())
    team = [clinic.nurse(f"Nurse{number}") for number in range(size)]
    won, waits, busy = 0, [], Counter[str]()
    begun = time.monotonic()
    with ThreadPoolExecutor(size) as threads:
        for _ in range(races):
            case_id = waiting_case(clinic)
            start = threading.Barrier(size)
            took = list(threads.map(lambda staff: claims(clinic, case_id, staff, start, busy), team))  # noqa: B023
            waits += [ms for ms in took if ms is not None][:1]
            won += is_won_once(clinic, case_id, team, took)
    seconds = time.monotonic() - begun
    clinic.gateway.close()
    waits.sort()
    p50, p95 = (round(waits[int(len(waits) * share)], 1) for share in (0.5, 0.95))
    return Result(make_url(url).get_backend_name(), races, size, won, busy["lock"], p50, p95, round(seconds, 1))


def waiting_case(clinic: Clinic) -> str:
    opened = clinic.gateway.open_session()
    clinic.conversation_id, clinic.token = opened.conversation_id, opened.token
    with clinic.gateway.database.writing() as connection:
        concern = Concern("urgent", "flag", "Possible infection", seq=1)
        cases.open_or_raise(connection, opened.conversation_id, concern, clinic.clock())
    return clinic.case().id


def claims(clinic: Clinic, case_id: str, staff: Staff, start: threading.Barrier, busy: Counter[str]) -> float | None:
    """Milliseconds that the claim took; None where somebody else was quicker."""
    start.wait()
    begun = time.perf_counter()
    try:
        clinic.gateway.desk.claim(case_id, staff)
    except CaseConflict:
        return None
    except StorageError:
        busy["lock"] += 1
        return None
    return (time.perf_counter() - begun) * 1000


def is_won_once(clinic: Clinic, case_id: str, team: Sequence[Staff], took: Sequence[float | None]) -> bool:
    winners = [staff for staff, ms in zip(team, took, strict=True) if ms is not None]
    if len(winners) != 1:
        return False
    lines = [line for role, line in clinic.transcript() if role == "system"]
    case, state = clinic.case(), clinic.gateway.state(clinic.conversation_id)
    return (
        (case.id, case.assignee_id) == (case_id, winners[0].id)
        and lines == [f"{first_name(winners[0].display_name)} from the clinic has joined."]
        and (state.mode, state.epoch) == ("staff", 1)
        and [action for action, _ in clinic.history(case_id)] == ["opened", "claimed"]
    )


if __name__ == "__main__":
    sys.exit(main())
