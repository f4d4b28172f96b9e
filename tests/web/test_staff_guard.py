"""Who may come in where: every staff route says, and each is tried as each role and as nobody."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from aftercare.conversation import roles, staff

from .patients import PASSWORD, Running

AN_ID = "0190b6a0-1111-7000-8000-000000000000"


def routes(web: Running) -> list[Route]:
    every = [route for route in web.client.app.routes if isinstance(route, Route)]  # type: ignore[attr-defined]
    return [route for route in every if route.path.startswith("/staff")]


def test_every_staff_route_has_a_guard(web: Running) -> None:
    assert len(routes(web)) > 5
    assert [route.path for route in routes(web) if not hasattr(route.endpoint, "permission")] == []


def test_only_the_way_in_is_open_to_anyone(web: Running) -> None:
    assert {route.path for route in routes(web) if route.endpoint.permission is None} <= {
        "/staff/login",
        "/staff/logout",
        "/staff/code",
        "/staff/unlock",
        "/staff/invitation/{secret}",
    }


@pytest.mark.parametrize("role", [*roles.ROLES, None])
def test_each_route_opens_for_the_roles_that_may_and_for_nobody_else(web: Running, role: str | None) -> None:
    if role is not None:
        staff.add_staff(web.site.gateway.database, role, PASSWORD, role=role)
        assert web.log_in(role, PASSWORD).status_code == 303
    for route in routes(web):
        if route.endpoint.permission is None:
            continue
        path = route.path
        for parameter in route.param_convertors:
            path = path.replace(next(p for p in _written(path) if p.strip("{}").split(":")[0] == parameter), AN_ID)
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            answer = web.client.request(method, path)
            if role is None:
                signed_out = answer.status_code == 401 or answer.headers.get("location", "").startswith("/staff/login")
                assert signed_out, (method, path, answer.status_code)
            elif roles.may(role, route.endpoint.permission):
                # A form without its token is refused by its own sentence, so the role itself was let in.
                refused = answer.status_code == 403 and "did not come from our page" not in answer.text
                assert not refused and answer.status_code != 401, (method, path, answer.status_code)
            else:
                assert (answer.status_code, "Your account may not" in answer.text) == (403, True), (method, path)


def _written(path: str) -> list[str]:
    return [piece for piece in path.split("/") if piece.startswith("{")]


def test_a_trainer_reads_no_conversation_and_a_responder_opens_no_account_page() -> None:
    assert not roles.may("trainer", "cases")
    assert not roles.may("responder", "training") and not roles.may("responder", "accounts")
    assert not roles.may("nobody", "account")
    with pytest.raises(KeyError):
        roles.may("admin", "fly")
