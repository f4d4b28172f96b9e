"""A copy of the conversation for the patient, to print or to keep as a file, where the clinic allows it (``clinic.yml``).

The chat page sends the session's token in a form that opens a new tab: no address leads to a conversation.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aftercare.conversation.sessions import NoSession
from aftercare.conversation.transcript import Message
from aftercare.web.patient_api import limit_messages
from aftercare.web.problems import Problem
from aftercare.web.site import site_of
from aftercare.web.staff_page import form_of


async def copy(request: Request) -> Response:
    """The conversation of the session ``token`` as a page without photos, which are in the chat."""
    site = site_of(request)
    if not site.clinic.printed_copy:
        raise Problem("not_found")
    # No check of origin: browsers send none with a form of the chat page, and without the token there is nothing here.
    token = (await form_of(request)).get("token", "")
    if not token:
        raise Problem("session")
    limit_messages(request, token)
    try:
        view = await site.gateway.database.run(site.gateway.view, token)
    except NoSession:
        raise Problem("session") from None
    context = {
        "clinic": site.clinic,
        "zone": site.gateway.ports.zone,
        "now": site.gateway.clock(),
        "lines": [(sender(message), message) for message in view.messages],
    }
    return site.templates.TemplateResponse(request, "copy.html", context)


def sender(message: Message) -> str:
    """Who says it, in the patient's eyes."""
    if message.role == "patient":
        return "You"
    if message.role == "staff":
        return f"{message.name}, from the clinic"
    return message.name if message.role == "assistant" else "Notice"


ROUTES = [Route("/chat/copy", copy, methods=["POST"])]
