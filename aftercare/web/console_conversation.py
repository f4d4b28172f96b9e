"""One case: why it is open, its conversation, and what staff do with it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.conversation import audit, cases, conversations, marks, notes, presence, transcript, turns
from aftercare.conversation.audit import Actor
from aftercare.conversation.cases import Case, CaseConflict, CaseFile
from aftercare.conversation.conversations import State
from aftercare.conversation.desk import BadOutcome
from aftercare.conversation.marks import PatientMark
from aftercare.conversation.message_text import BadText
from aftercare.conversation.staff import first_name
from aftercare.conversation.staff_sessions import Staff
from aftercare.conversation.transcript import Message
from aftercare.web import staff_guard, staff_photos
from aftercare.web.case_view import TIER_NAMES, transcript_rows, waited
from aftercare.web.console_view import OUTCOME_NAMES, strip, target
from aftercare.web.problems import SENTENCES, Problem
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import by_script, form_of, render
from aftercare.web.staff_photos import DayRow

JUDGEMENTS = {"yes": True, "no": False}
"""Answers to "should the assistant have answered this?"; anything else is no answer."""


@dataclass(frozen=True)
class Look:
    """A case at one moment, with the messages after a number. ``open_case_id``: the conversation's case that is open now."""

    case: Case
    state: State
    mark: PatientMark
    holder_there: bool
    open_case_id: str | None
    messages: list[Message]
    notes: list[notes.Note]
    photos: list[DayRow]

    def photos_up_to(self, seq: int) -> list[str]:
        """The photos of messages up to this number."""
        return [row.photo.id for day in self.photos for row in day.photos if row.photo.seq <= seq]


@dataclass(frozen=True)
class Typed:
    """What was typed into a form that could not be taken, and why not."""

    problem: str
    status: int
    reply: str | None = None
    note: str = ""


def known_case(site: Site, text: str) -> str | None:
    """The id, if there is such a case."""
    try:
        case_id = str(uuid.UUID(text))
    except ValueError:
        return None
    with site.gateway.database.reading() as connection:
        try:
            return cases.find(connection, case_id).id
        except CaseConflict:
            return None


def look(site: Site, case_id: str, after: int) -> Look:
    """Raises CaseConflict, StorageError."""
    now = site.gateway.clock()
    with site.gateway.database.reading() as connection:
        case = cases.find(connection, case_id)
        open_case = cases.open_case(connection, case.conversation_id)
        state = conversations.state(connection, case.conversation_id)
        return Look(
            case,
            state,
            marks.patient(connection, case.conversation_id, now),
            case.assignee_id in presence.present(connection, now),
            open_case.id if open_case else None,
            transcript.read(connection, case.conversation_id, after) if state.last_seq > after else [],
            notes.read(connection, case_id),
            staff_photos.read(connection, case.conversation_id, site.gateway.ports.zone),
        )


def message_rows(site: Site, seen: Look) -> Iterator[tuple[Message, str]]:
    """The messages as HTML, for a page that is open."""
    template = site.templates.get_template("staff_message.html")
    for line in transcript_rows(seen.messages, seen.case.hits):
        yield (
            line.message,
            template.render(line=line, zone=site.gateway.ports.zone, mark=seen.mark, case_id=seen.case.id),
        )


def live_parts(site: Site, person: Staff, csrf: str, seen: Look) -> dict[str, str]:
    """The parts of the page that change while it is open, by the name of their event."""
    context = {**_standing(site, person, seen), "csrf": csrf, "zone": site.gateway.ports.zone, "notes": seen.notes}

    def made(template: str) -> str:
        return site.templates.get_template(template).render(context)

    return {
        "head": made("staff_case_head.html"),
        "actions": made("staff_case_actions.html"),
        "notes": made("staff_note_list.html"),
        "typing": "The patient is writing…" if seen.mark.typing else "",
        "marks": json.dumps({"delivered": seen.mark.delivered_seq, "seen": seen.mark.seen_seq}),
    }


def photo_strip(site: Site, seen: Look) -> str:
    """The photos by day as HTML."""
    template = site.templates.get_template("staff_photos.html")
    return template.render(photos=seen.photos, case_id=seen.case.id)


@staff_guard.page("cases")
async def case_page(request: Request) -> Response:
    """The page. Opening it counts as having read the conversation."""
    return await _page(request)


@staff_guard.page("cases")
async def claim(request: Request) -> Response:
    desk = site_of(request).gateway.desk
    return await _step(request, desk.claim)


@staff_guard.page("cases")
async def take_over(request: Request) -> Response:
    desk = site_of(request).gateway.desk
    return await _step(request, desk.take_over)


@staff_guard.page("cases")
async def release(request: Request) -> Response:
    desk = site_of(request).gateway.desk
    return await _step(request, desk.release, then="/staff")


@staff_guard.page("cases")
async def hand_back(request: Request) -> Response:
    desk = site_of(request).gateway.desk
    return await _step(request, desk.hand_back, then="/staff")


@staff_guard.page("cases")
async def close(request: Request) -> Response:
    """``outcome``, and ``should_have_answered``: yes, no or neither."""
    desk, form = site_of(request).gateway.desk, await form_of(request)
    outcome, judged = form.get("outcome", ""), JUDGEMENTS.get(form.get("should_have_answered", ""))

    def step(case_id: str, person: Staff) -> None:
        desk.close(case_id, person, outcome, judged)

    try:
        return await _step(request, step, then="/staff")
    except BadOutcome:
        return await _page(request, Typed("Choose what it came to, then close the conversation.", 400))


@staff_guard.page("cases")
async def reply(request: Request) -> Response:
    """Send ``text`` to the patient. What cannot be sent stays in the box."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)
    case_id, text = _case_id(request), form.get("text", "")
    try:
        client_id = str(uuid.UUID(form.get("client_id", "")))
        await site.gateway.database.run(site.gateway.desk.send, case_id, person, client_id, text)
        held = await site.gateway.database.run(_sent, site, case_id, person)
    except CaseConflict as conflict:
        return await _not_taken(request, Typed(f"Not sent. {conflict}", 409, reply=text))
    except BadText as error:
        return await _not_taken(request, Typed(f"Not sent. {_sentence(error)}", 400, reply=text))
    except ValueError:
        raise Problem("bad_request") from None
    if held != case_id:
        return _go(request, f"/staff/cases/{held}#reply")
    if by_script(request):
        return render(request, "staff_reply.html", {**await _reply_box(request, ""), "sent": True})
    return _go(request, f"/staff/cases/{case_id}#reply")


@staff_guard.page("cases")
async def draft(request: Request) -> Response:
    """Keep ``text`` for later; the patient sees that somebody is writing."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)
    try:
        await site.gateway.database.run(_keep_draft, site, _case_id(request), person, form.get("text", ""))
    except BadText as error:
        return Response(f"Not kept. {_sentence(error)}", 400, media_type="text/plain")
    except CaseConflict:
        raise Problem("not_found") from None
    return Response("Draft kept", media_type="text/plain")


@staff_guard.page("cases")
async def insert_saved(request: Request) -> Response:
    """Add the saved reply ``saved`` (its number) to what is in the box. Nothing is sent."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)
    written, choice = form.get("text", ""), form.get("saved", "")
    saved, file, text = site.console.saved_replies, await _file(request), written
    if choice.isascii() and choice.isdigit() and int(choice) < len(saved):
        filled = saved[int(choice)].filled(_placeholders(site, person), _day(site, file.state, file.days_since))
        text = f"{written.rstrip()}\n\n{filled}" if written.strip() else filled
    try:
        await site.gateway.database.run(_keep_draft, site, _case_id(request), person, text)
    except BadText as error:
        return await _not_taken(request, Typed(f"Not put in. {_sentence(error)}", 400, reply=written))
    if by_script(request):
        return render(request, "staff_reply.html", {**await _reply_box(request, text), "focus": True})
    return _go(request, f"/staff/cases/{_case_id(request)}#reply")


@staff_guard.page("cases")
async def note(request: Request) -> Response:
    """Add a private note ``text``."""
    site, person, form = site_of(request), staff_guard.person_of(request), await form_of(request)
    text = form.get("text", "")
    try:
        await site.gateway.database.run(_add_note, site, _case_id(request), person, text)
    except CaseConflict:
        raise Problem("not_found") from None
    except BadText as error:
        typed = Typed(f"The note was not added. {_sentence(error)}", 400, note=text)
        if by_script(request):
            return render(request, "staff_note_added.html", {**await _notes(request), "typed": typed}, typed.status)
        return await _page(request, typed)
    await _log(request, "case_noted")
    if by_script(request):
        return render(request, "staff_note_added.html", await _notes(request))
    return _go(request, f"/staff/cases/{_case_id(request)}#notes")


@staff_guard.part("cases")
async def read(request: Request) -> Response:
    """This member of staff has the messages up to ``seq`` before their eyes."""
    site, person, seq = site_of(request), staff_guard.person_of(request), (await form_of(request)).get("seq", "")
    if not seq.isascii() or not seq.isdigit() or len(seq) > 9:
        raise Problem("bad_request")
    try:
        await site.gateway.database.run(site.gateway.desk.read, _case_id(request), person, int(seq))
    except CaseConflict:
        raise Problem("not_found") from None
    return Response(status_code=204)


async def _step(request: Request, step: Callable[[str, Staff], None], then: str = "") -> Response:
    site, case_id = site_of(request), _case_id(request)
    try:
        await site.gateway.database.run(step, case_id, staff_guard.person_of(request))
    except CaseConflict as conflict:
        return await _page(request, Typed(str(conflict), 409))
    return _go(request, then or f"/staff/cases/{case_id}")


async def _page(request: Request, typed: Typed | None = None) -> Response:
    site, person = site_of(request), staff_guard.person_of(request)
    file = await _file(request)
    seen = await site.gateway.database.run(look, site, file.case.id, file.state.last_seq)
    await _log(request, "case_viewed")
    await site.gateway.database.run(site.gateway.desk.read, file.case.id, person, file.state.last_seq)
    records = await site.gateway.database.run(_records, site, file.case.conversation_id)
    rows = transcript_rows(file.messages, file.case.hits)
    context = {
        **_standing(site, person, replace(seen, messages=list(file.messages))),
        **await _reply_box(request, typed.reply if typed else None),
        **await _notes(request),
        "file": file,
        "messages": rows,
        "photos": seen.photos,
        "strip": strip(records, site.console.title_of),
        "typed": typed,
        "times": {message.seq: message.created_at for message in file.messages},
        "tier_names": TIER_NAMES,
        "outcomes": OUTCOME_NAMES,
        "last_seq": file.state.last_seq,
    }
    return render(request, "staff_case.html", context, typed.status if typed else 200)


async def _not_taken(request: Request, typed: Typed) -> Response:
    if not by_script(request):
        return await _page(request, typed)
    return render(request, "staff_reply.html", {**await _reply_box(request, typed.reply), "typed": typed}, typed.status)


async def _log(request: Request, action: str) -> None:
    """Write into the audit log what was done to this case."""
    site = site_of(request)
    await site.gateway.database.run(_record, site, staff_guard.actor_of(request), action, _case_id(request))


def _record(site: Site, actor: Actor, action: str, case_id: str) -> None:
    with site.gateway.database.writing() as connection:
        audit.record(connection, actor, action, site.gateway.clock(), kind="case", id=case_id)


def _standing(site: Site, person: Staff, seen: Look) -> dict[str, Any]:
    """How the case stands, for who looks."""
    case, now = seen.case, site.gateway.clock()
    rules = site.gateway.ports.handoff
    waits = case.status == "waiting"
    treated = _treated_on(seen.state)
    return {
        "case": case,
        "tier": TIER_NAMES[case.tier],
        "opened_because": cases.REASONS.get(case.handoff, case.handoff),
        "open_for": waited(now - (case.waiting_since if waits else case.opened_at)),
        "target": target(case.tier, rules.target_at(case.tier, case.waiting_since), rules, now) if waits else None,
        "contact": seen.state.contact,
        "treatment": site.clinic.treatments[0].replace("_", " ").capitalize(),
        "treated_on": treated,
        "day": _day(site, seen.state, None),
        "mine": case.status == "claimed" and case.assignee_id == person.id,
        "holder_there": seen.holder_there,
        "open_case_id": seen.open_case_id,
        "outcomes": OUTCOME_NAMES,
        "mark": seen.mark,
    }


def _day(site: Site, state: State, last_said: int | None) -> int | None:
    """Days since the treatment, today; as last said where its date is not known, or lies ahead."""
    treated = _treated_on(state)
    today = site.gateway.clock().astimezone(site.gateway.ports.zone).date()
    return (today - treated).days if treated and treated <= today else last_said


def _treated_on(state: State) -> date | None:
    """The day of the treatment, as given at the start or told since."""
    told = (state.report or {}).get("treated_on")
    return state.treated_on or (date.fromisoformat(told) if isinstance(told, str) else None)


async def _file(request: Request) -> CaseFile:
    site = site_of(request)
    file = await site.gateway.database.run(_case_file, site, _case_id(request))
    if file is None:
        raise Problem("not_found")
    return file


async def _reply_box(request: Request, text: str | None) -> dict[str, Any]:
    """The box with ``text``, or with what this member of staff had begun to write."""
    site, person, case_id = site_of(request), staff_guard.person_of(request), _case_id(request)
    if text is None:
        text = await site.gateway.database.run(_draft, site, case_id, person)
    return {
        "case_id": case_id,
        "reply_text": text,
        "client_id": str(uuid.uuid4()),
        "saved_replies": site.console.saved_replies,
    }


async def _notes(request: Request) -> dict[str, Any]:
    site = site_of(request)
    return {
        "case_id": _case_id(request),
        "notes": await site.gateway.database.run(_read_notes, site, _case_id(request)),
    }


def _placeholders(site: Site, person: Staff) -> dict[str, str]:
    clinic = site.clinic
    return {
        "staff": first_name(person.display_name),
        "clinic_name": clinic.name,
        "clinic_phone": clinic.phone,
        "emergency_number": clinic.emergency_number,
        "urgent_line": clinic.urgent_line,
    }


def _case_file(site: Site, case_id: str) -> CaseFile | None:
    with site.gateway.database.reading() as connection:
        return cases.case_file(connection, case_id)


def _records(site: Site, conversation_id: str) -> list[turns.TurnRecord]:
    with site.gateway.database.reading() as connection:
        return turns.records(connection, conversation_id)


def _read_notes(site: Site, case_id: str) -> list[notes.Note]:
    with site.gateway.database.reading() as connection:
        return notes.read(connection, case_id)


def _draft(site: Site, case_id: str, person: Staff) -> str:
    with site.gateway.database.reading() as connection:
        return notes.draft(connection, case_id, person.id)


def _keep_draft(site: Site, case_id: str, person: Staff, text: str) -> None:
    with site.gateway.database.writing() as connection:
        cases.find(connection, case_id)
        notes.save_draft(connection, case_id, person.id, text, site.gateway.clock())
    if text.strip():
        site.gateway.desk.typing(case_id, person)


def _add_note(site: Site, case_id: str, person: Staff, text: str) -> None:
    with site.gateway.database.writing() as connection:
        case = cases.find(connection, case_id)
        notes.add(connection, case_id, person.id, text, site.gateway.clock())
    site.gateway.wakeups.notify(case.conversation_id)


def _sent(site: Site, case_id: str, person: Staff) -> str:
    """Forget the draft of a reply that was sent. Returns the case that the conversation has now."""
    with site.gateway.database.writing() as connection:
        notes.save_draft(connection, case_id, person.id, "", site.gateway.clock())
        now_open = cases.open_case(connection, cases.find(connection, case_id).conversation_id)
    return now_open.id if now_open else case_id


def _sentence(error: BadText) -> str:
    return {"empty": "There is no text in it."}.get(error.code, SENTENCES[error.code][1])


def _case_id(request: Request) -> str:
    return str(request.path_params["case_id"])


def _go(request: Request, path: str) -> Response:
    if by_script(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, status_code=303)


_CASE = "/staff/cases/{case_id:uuid}"
ROUTES = [
    Route(_CASE, case_page, methods=["GET"]),
    Route(f"{_CASE}/claim", claim, methods=["POST"]),
    Route(f"{_CASE}/take-over", take_over, methods=["POST"]),
    Route(f"{_CASE}/release", release, methods=["POST"]),
    Route(f"{_CASE}/hand-back", hand_back, methods=["POST"]),
    Route(f"{_CASE}/close", close, methods=["POST"]),
    Route(f"{_CASE}/reply", reply, methods=["POST"]),
    Route(f"{_CASE}/draft", draft, methods=["POST"]),
    Route(f"{_CASE}/insert", insert_saved, methods=["POST"]),
    Route(f"{_CASE}/note", note, methods=["POST"]),
    Route(f"{_CASE}/read", read, methods=["POST"]),
]
