"""The patient's pages: the chat, and a demo of a clinic's website that shows it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aftercare.web.site import site_of


async def home(request: Request) -> Response:
    return RedirectResponse("/demo")


async def chat(request: Request) -> Response:
    """The chat page, which a clinic's website shows in a frame."""
    return _page(request, "chat.html")


async def demo(request: Request) -> Response:
    return _page(request, "demo.html")


def _page(request: Request, template: str) -> Response:
    site = site_of(request)
    return site.templates.TemplateResponse(request, template, {"clinic": site.clinic})


ROUTES = [Route("/", home), Route("/chat", chat), Route("/demo", demo)]
