"""The lead's page: figures about waiting, escalations and gaps in the guide, and the same as a CSV file."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aftercare.conversation import audit, statistics
from aftercare.conversation.audit import Actor
from aftercare.conversation.statistics import Figures, Period
from aftercare.web import lead_view, staff_guard
from aftercare.web.case_view import TIER_NAMES
from aftercare.web.problems import Problem
from aftercare.web.site import Site, site_of
from aftercare.web.staff_page import render

MOST_ROWS = 25
"""Lines of a table on the page. The CSV file has them all."""


@staff_guard.page("statistics")
async def figures_page(request: Request) -> Response:
    site = site_of(request)
    period, refusal = _period(request)
    figures = await site.gateway.database.run(_figures, site, period)
    context = {
        "figures": figures,
        "period": period,
        "refusal": refusal,
        "columns": lead_view.columns(figures.hours),
        "column": lead_view.COLUMN,
        "height": lead_view.CHART_HEIGHT,
        "busiest": lead_view.busiest(figures.hours),
        "tier_names": TIER_NAMES,
        "said": lead_view.said,
        "share": lead_view.share,
        "percent": lead_view.percent,
        "most_rows": MOST_ROWS,
    }
    return render(request, "staff_lead.html", context, 400 if refusal else 200)


@staff_guard.page("statistics")
async def figures_file(request: Request) -> Response:
    """The figures as a CSV file. That they were taken out is in the log."""
    site = site_of(request)
    period, refusal = _period(request)
    if refusal:
        raise Problem("bad_request")
    figures = await site.gateway.database.run(_exported, site, period, staff_guard.actor_of(request))
    name = f"aftercare-figures-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # With a mark at its beginning, so that spreadsheets read it as UTF-8.
    return Response(f"\ufeff{lead_view.csv_text(figures)}", media_type="text/csv; charset=utf-8", headers=headers)


def _period(request: Request) -> tuple[Period, str]:
    site = site_of(request)
    today = site.gateway.clock().astimezone(site.gateway.ports.zone).date()
    asked = request.query_params
    return lead_view.period_of(asked.get("from", ""), asked.get("to", ""), today)


def _figures(site: Site, period: Period) -> Figures:
    with site.gateway.database.reading() as connection:
        return statistics.figures(connection, period, site.gateway.ports.zone)


def _exported(site: Site, period: Period, actor: Actor) -> Figures:
    figures = _figures(site, period)
    details = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    with site.gateway.database.writing() as connection:
        audit.record(connection, actor, "figures_exported", site.gateway.clock(), kind="figures", details=details)
    return figures


ROUTES = [
    Route("/staff/lead", figures_page, methods=["GET"]),
    Route("/staff/lead/figures.csv", figures_file, methods=["GET"]),
]
