"""A test double of the web process: the Patient API of docs/architecture.md in memory, with scripted replies.

The browser tests drive it from their own thread: they add messages, change the state, and break things on purpose.
It knows nothing about skin; only the shape of the answers is real.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import jinja2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

WEB = Path(__file__).parents[2] / "aftercare" / "web"
CLINIC = {
    "name": "Demo clinic",
    "phone": "020 7946 0000",
    "emergency_number": "999",
    "urgent_line": "111",
    "assistant_name": "Aftercare assistant",
}
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; frame-src 'self'; base-uri 'none'; form-action 'self'"
ASSISTANT = ("assistant", CLINIC["assistant_name"])

NOTES = ("leave", "rating", "contact", "typing", "seen")

WELCOME = (
    "Hello. I am the aftercare assistant, not a person. I can answer questions about your skin after treatment.",
    "Please do not send names. In an emergency, call 999. You can ask for a person at any time.",
)
EMERGENCY = (
    "Call 999 now. Say you may have a bad allergic reaction. If you have an adrenaline pen, use it now. "
    "Lie down with legs up. Sit up if it is hard to breathe. I have told the team."
)
URGENT = (
    "Please call the clinic today on 020 7946 0000. If we are closed, call 111. This needs a person to look at it.\n\n"
    "Until then:\n- Do not squeeze it.\n- Do not put new creams or makeup on it.\n\n"
    "Call 999 if you get trouble breathing, a swollen mouth, new confusion, or you feel very ill."
)
ANSWER = (
    "You told me about small white bumps on day 3. This is often part of healing in the first days. "
    "I cannot see your skin, so I cannot be sure.\n\n"
    "What helps:\n- Wash with lukewarm water and a mild cleanser.\n- Pat dry. Do not rub or squeeze.\n- No makeup today.\n\n"
    "Call the clinic on 020 7946 0000 today if it gets worse, spreads, hurts more, feels hot, leaks pus, or you get a fever."
)
EXPECT = (
    "Day 3. Skin may flake and itch. A few spots or tiny bumps can come up. Keep it moist and let the flakes fall on their own. "
    "Next: Days 6-7.\nI cannot see your skin. Call us today on 020 7946 0000 if it gets worse, spreads, hurts more, feels hot, "
    "leaks pus, or you get a fever. Call 999 for trouble breathing or a swollen mouth or throat."
)
STAGES = [
    (0, 0, "The day itself", "Red, tight skin, tiny blood dots, a little swelling."),
    (1, 2, "Days 1-2", "Red and puffy skin peaks, then fades. It can feel rough and dry."),
    (3, 5, "Days 3-5", "Skin may flake and itch. A few spots or tiny bumps can come up."),
    (6, 7, "Days 6-7", "Mostly settled. Spots are drying."),
    (8, None, "After a week", "The look is near to usual. New collagen builds for weeks."),
]
EXPECT_WITHOUT_A_DAY = (
    "\n".join(f"- {title}: {text.split('. ')[0].strip('.')}." for _, _, title, text in STAGES)
    + "\nI cannot see your skin. What day was your treatment? Worse, spreading, more pain, heat, pus or a fever? "
    "Call us today on 020 7946 0000. Trouble breathing, or a swollen mouth or throat? Call 999."
)
PHOTO = (
    "Thank you. I cannot look at photos, so I cannot say what they show. A person from the team can. "
    "I have told the team. For anything that cannot wait, call 020 7946 0000. In an emergency, call 999."
)
CHECK = "Do you have any of these now: yellow pus, fever, or pain that gets worse?"
SOURCES = [
    {"id": "002_0e9b97ef692b2476.txt:12", "title": "Clinic aftercare guide, days 1 to 7"},
    {"id": "003_88cf90b4fb45fa76.txt:10", "title": "Skin after microneedling"},
]


def timeline(today: int | None) -> dict[str, Any]:
    keys = ("first", "last", "title", "text")
    return {"today": today, "stages": [dict(zip(keys, stage, strict=True)) for stage in STAGES]}


@dataclass
class Talk:
    """One conversation, and what its stream has to tell."""

    treated_on: str | None
    messages: list[dict[str, Any]] = field(default_factory=list)
    mode: str = "assistant"
    typing: bool = False
    team: dict[str, Any] = field(default_factory=dict)
    """How the conversation stands with the team: fields of the state."""

    @property
    def state(self) -> dict[str, Any]:
        return {"mode": self.mode, "typing": self.typing, **self.team}

    def add(self, role: str, name: str, text: str, kind: str = "text", **more: Any) -> dict[str, Any]:
        message = {
            "seq": len(self.messages) + 1,
            "role": role,
            "name": name,
            "kind": kind,
            "text": text,
            "buttons": [],
            "sources": [],
            "timeline": None,
            "client_id": None,
            "created_at": datetime.now(timezone.utc).isoformat(),
            "photos": [],
            **more,
        }
        self.messages.append(message)
        return message

    def find(self, client_id: str) -> dict[str, Any] | None:
        return next((message for message in self.messages if message["client_id"] == client_id), None)


class ContractServer:
    """The double itself. Its knobs: ``reply_after``, ``fail``, ``drop_streams``, ``refuse_streams``, ``lose_receipts``."""

    def __init__(self) -> None:
        self.reset()
        self.app = Starlette(
            routes=[
                Route("/chat", self.page),
                Route("/demo", self.page),
                Route("/clinic-page", self.clinic_page),
                Mount("/static", StaticFiles(directory=WEB / "static")),
                Route("/api/v1/sessions", self.open_session, methods=["POST"]),
                Route("/api/v1/conversation", self.conversation),
                Route("/api/v1/messages", self.post, methods=["POST"]),
                Route("/api/v1/person", self.post, methods=["POST"]),
                Route("/api/v1/photos", self.post_photos, methods=["POST"]),
                Route("/api/v1/photos/{photo_id}", self.photo),
                Route("/api/v1/photos/{photo_id}/thumbnail", self.photo),
                Route("/api/v1/stream", self.stream),
                *(Route(f"/api/v1/{what}", self.note, methods=["POST"]) for what in NOTES),
            ]
        )
        self.pages = jinja2.Environment(loader=jinja2.FileSystemLoader(WEB / "templates"), autoescape=True)
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, ws="none", log_level="error", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        while not self.server.started:
            if not self.thread.is_alive():
                raise RuntimeError("the contract server did not start")
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.clinic_url = f"http://localhost:{self.port}"
        """The same server under another origin: the clinic's own site."""

    def stop(self) -> None:
        self.drop_streams()
        self.server.should_exit = True
        self.thread.join(timeout=5)

    # Knobs

    def reset(self) -> None:
        self.talks: dict[str, Talk] = {}
        self.reply_after = 0.05
        self.failures: list[tuple[str, int, dict[str, str]]] = []
        self.lose_receipts = 0
        self.refuse_streams = False
        self.stream_requests: list[dict[str, str]] = []
        self.posts: list[dict[str, Any]] = []
        self.photos: dict[tuple[int, str], bytes] = {}
        self.uploading = threading.Event()
        self.uploading.set()
        """Cleared, an upload waits at its end until it is set."""
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.stream_generation = getattr(self, "stream_generation", 0) + 1

    @property
    def talk(self) -> Talk:
        """The newest conversation."""
        return list(self.talks.values())[-1]

    def fail(self, path: str, status: int, times: int = 1, **headers: str) -> None:
        """The next ``times`` requests to ``path`` answer ``status`` and change nothing."""
        self.failures += [(path, status, headers)] * times

    def drop_streams(self) -> None:
        self.stream_generation += 1

    def end_sessions(self) -> None:
        """All tokens are unknown from now on; a stream that is open goes on."""
        self.talks = {uuid.uuid4().hex: talk for talk in self.talks.values()}

    # Pages

    async def page(self, request: Request) -> Response:
        template = self.pages.get_template(f"{request.url.path.strip('/')}.html")
        return HTMLResponse(
            template.render(clinic={**CLINIC, "hours": "Monday to Friday, 9:00 to 17:30"}),
            headers={"Content-Security-Policy": STRICT},
        )

    async def clinic_page(self, request: Request) -> Response:
        """A clinic's own site with a strict policy of its own: no inline style, and only our loader as a guest."""
        html = (
            '<!doctype html><html lang="en"><title>A clinic</title><h1>A clinic</h1><a href="#top">A link</a>'
            f'<script src="{self.url}/static/loader.js" defer data-phone="020 7946 0000"></script></html>'
        )
        policy = f"default-src 'none'; style-src 'self'; script-src {self.url}; frame-src {self.url}"
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    # Patient API

    def planned_failure(self, request: Request) -> Response | None:
        for planned in self.failures:
            path, status, headers = planned
            if request.url.path.endswith(path):
                self.failures.remove(planned)
                sentence = {400: "Please use ordinary letters.", 422: "We could not open this photo."}.get(status, "")
                answer = {"error": "planned", "message": sentence} | ({"photo": 1} if status == 422 else {})
                return JSONResponse(answer, status_code=status, headers=headers)
        return None

    def talk_of(self, request: Request) -> Talk | None:
        return self.talks.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    @staticmethod
    def no_session() -> Response:
        return JSONResponse({"error": "session", "message": "This chat has ended."}, status_code=401)

    async def open_session(self, request: Request) -> Response:
        if failure := self.planned_failure(request):
            return failure
        token = uuid.uuid4().hex
        self.talks[token] = Talk((await request.json()).get("treated_on"))
        for sentence in WELCOME:
            self.talk.add(*ASSISTANT, sentence, "small_talk")
        return JSONResponse({"token": token, "expires_at": "2099-01-01T00:00:00Z", "clinic": CLINIC}, status_code=201)

    async def conversation(self, request: Request) -> Response:
        if failure := self.planned_failure(request):
            return failure
        talk = self.talk_of(request)
        if talk is None:
            return self.no_session()
        state = {**talk.state, "last_seq": len(talk.messages)}
        return JSONResponse({**state, "messages": talk.messages, "clinic": CLINIC})

    async def post(self, request: Request) -> Response:
        body = await request.json()
        self.posts.append(body)
        if failure := self.planned_failure(request):
            return failure
        talk = self.talk_of(request)
        if talk is None:
            return self.no_session()
        known = talk.find(body["client_id"])
        if known is None:
            if request.url.path.endswith("person"):
                text = "I would like to talk to a person."
            elif "button" in body:
                buttons = talk.messages[body["button"]["seq"] - 1]["buttons"]
                if len(buttons) <= body["button"]["index"]:
                    return JSONResponse({"error": "button", "message": "Please type your answer."}, status_code=400)
                text = buttons[body["button"]["index"]]["title"]
            else:
                text = body["text"]
            message = talk.add("patient", "You", text, client_id=body["client_id"])
            self.replying = asyncio.create_task(self.reply(talk, text))
        else:
            message = known
        if self.lose_receipts:
            self.lose_receipts -= 1
            return JSONResponse({"error": "storage", "message": ""}, status_code=503)
        return JSONResponse({"seq": message["seq"], "duplicate": known is not None}, status_code=202)

    async def post_photos(self, request: Request) -> Response:
        async with request.form() as form:
            given = [await file.read() for file in form.getlist("photo") if not isinstance(file, str)]
            client_id, text = str(form["client_id"]), str(form.get("text", ""))
        self.posts.append({"client_id": client_id, "text": text, "photos": given})
        while not self.uploading.is_set():  # noqa: ASYNC110 (the test sets it from its own thread)
            await asyncio.sleep(0.02)
        if failure := self.planned_failure(request):
            return failure
        talk = self.talk_of(request)
        if talk is None:
            return self.no_session()
        known = talk.find(client_id)
        if known is None:
            ids = [uuid.uuid4().hex for _ in given]
            self.photos.update({(id(talk), name): content for name, content in zip(ids, given, strict=True)})
            shown = [{"id": name, "width": 400, "height": 300} for name in ids]
            sent = "Sent a photo." if len(given) == 1 else f"Sent {len(given)} photos."
            message = talk.add("patient", "", text or sent, "photo", client_id=client_id, photos=shown)
            talk.mode = "waiting"
            talk.add(*ASSISTANT, PHOTO, "handoff")
        else:
            message = known
        if self.lose_receipts:
            self.lose_receipts -= 1
            return JSONResponse({"error": "storage", "message": ""}, status_code=503)
        return JSONResponse({"seq": message["seq"], "duplicate": known is not None}, status_code=202)

    async def photo(self, request: Request) -> Response:
        content = self.photos.get((id(self.talk_of(request)), request.path_params["photo_id"]))
        return Response(content, media_type="image/jpeg") if content else Response(status_code=404)

    async def note(self, request: Request) -> Response:
        """Leave, rating, contact, typing, seen: kept in ``notes``; what it does is for the test to say."""
        if failure := self.planned_failure(request):
            return failure
        if self.talk_of(request) is None:
            return self.no_session()
        self.notes.append((request.url.path.rpartition("/")[2], await request.json()))
        return Response(status_code=204)

    async def reply(self, talk: Talk, text: str) -> None:
        if talk.mode == "staff":
            return
        talk.typing = True
        await asyncio.sleep(self.reply_after)
        talk.typing = False
        words = text.lower()
        if "breathe" in words:
            talk.add(*ASSISTANT, EMERGENCY, "emergency")
            talk.mode = "waiting"
        elif "pus" in words:
            talk.add(*ASSISTANT, URGENT, "urgent", sources=SOURCES[:1])
            talk.mode = "waiting"
        elif "person" in words:
            talk.mode = "waiting"
            talk.add(*ASSISTANT, "I have asked the clinic team to read this chat.", "handoff")
        elif "normal" in words:
            talk.add(*ASSISTANT, ANSWER, "answer", sources=SOURCES)
            talk.add(
                *ASSISTANT,
                CHECK,
                "check_question",
                buttons=[{"title": "Yes"}, {"title": "No"}, {"title": "I am not sure"}],
            )
        elif "expect" in words:
            day = None if "unknown" in words else int(words.rpartition("day ")[2])
            text = EXPECT if day is not None else EXPECT_WITHOUT_A_DAY
            buttons = [{"title": "Today"}, {"title": "Yesterday"}] if day is None else []
            talk.add(*ASSISTANT, text, "answer", sources=SOURCES, buttons=buttons, timeline=timeline(day))
        elif "silence" not in words:
            talk.add(*ASSISTANT, f"You wrote: {text}", "answer")

    async def stream(self, request: Request) -> Response:
        self.stream_requests.append(dict(request.headers) | {"after": request.query_params.get("after", "")})
        if self.refuse_streams:
            return JSONResponse({"error": "planned", "message": ""}, status_code=503)
        if failure := self.planned_failure(request):
            return failure
        talk = self.talk_of(request)
        if talk is None:
            return self.no_session()
        after = int(request.headers.get("last-event-id") or request.query_params.get("after", 0))
        return StreamingResponse(self.events(talk, after), media_type="text/event-stream")

    async def events(self, talk: Talk, after: int) -> AsyncIterator[str]:
        generation = self.stream_generation
        told = None
        yield ": hello\n\n"
        while generation == self.stream_generation:
            for message in talk.messages[after:]:
                after = message["seq"]
                yield f"event: message\nid: {after}\ndata: {json.dumps(message)}\n\n"
            state = talk.state
            if state != told:
                told = state
                yield f"event: state\ndata: {json.dumps(state)}\n\n"
            await asyncio.sleep(0.02)


if __name__ == "__main__":  # To look at it by hand.
    by_hand = ContractServer()
    by_hand.reply_after = 1.5
    by_hand.start()
    print(f"{by_hand.url}/chat  {by_hand.url}/demo")
    by_hand.thread.join()
