"""Pages, static files, security headers, error pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aftercare.web import app as app_module
from aftercare.web.settings import BadSetting

from .patients import CLINIC, CLINIC_SITE, Running

Runs = Callable[..., Running]


def policy(web: Running, path: str) -> dict[str, str]:
    header = web.client.get(path).headers["Content-Security-Policy"]
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in header.split(";"))}


def test_the_start_page_is_the_demo(web: Running) -> None:
    assert web.client.get("/").headers["location"] == "/demo"
    for path in ("/demo", "/chat"):
        page = web.client.get(path)
        assert page.status_code == 200 and "Demo Skin Clinic" in page.text


def test_every_file_that_a_page_names_is_there(web: Running) -> None:
    for path in ("/demo", "/chat", "/staff/login"):
        for link in re.findall(r'(?:href|src)="(/static/[^"]+)"', web.client.get(path).text):
            assert web.client.get(link).status_code == 200, link


@pytest.mark.parametrize(
    "path", ["/chat", "/demo", "/staff/login", "/api/v1/conversation", "/static/staff.css", "/nothing"]
)
def test_every_answer_has_the_security_headers(web: Running, path: str) -> None:
    headers = web.client.get(path).headers
    directives = policy(web, path)
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert directives["base-uri"] == "'none'" and directives["form-action"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == ("same-origin" if path.startswith("/staff") else "no-referrer")


def test_only_the_clinics_sites_may_frame_the_chat_and_nobody_the_rest(run_web: Runs) -> None:
    web = run_web(allowed_origins=("https://second.test",))
    assert policy(web, "/chat")["frame-ancestors"] == f"'self' {CLINIC_SITE} https://second.test"
    for path in ("/demo", "/staff/login", "/staff", "/api/v1/conversation", "/nothing", "/chat/"):
        assert policy(web, path)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/api/v1/conversation", "/staff/login", "/staff", "/staff/search"])
def test_what_is_about_patients_is_not_kept_by_browsers(web: Running, path: str) -> None:
    assert web.client.get(path).headers["Cache-Control"] == "no-store"


def test_over_https_browsers_are_told_to_stay_there(run_web: Runs) -> None:
    secure = run_web(public_url="https://chat.clinic.test")
    assert "max-age" in secure.client.get("/chat").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("origin", ["*", "https://a.test; script-src *", "a.test", "https://", "https://a.test/path"])
def test_an_origin_that_would_break_the_policy_is_refused_at_start(run_web: Runs, origin: str) -> None:
    with pytest.raises(BadSetting, match=r"clinic\.yml"):
        run_web(clinic=replace(CLINIC, origins=(origin,)))


def test_no_page_has_script_or_style_in_it(web: Running) -> None:
    for template in (Path(app_module.__file__).parent / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", text), template.name


@pytest.mark.parametrize("path", ["/nothing", "/static/nothing.js", "/static/../app.py", "/static/%2e%2e/app.py"])
def test_an_unknown_address_says_what_to_do(web: Running, path: str) -> None:
    answer = web.client.get(path)
    assert answer.status_code == 404
    assert "020 7946 0000" in answer.text and 'href="/"' in answer.text


@pytest.mark.parametrize("host", ["[", "a b", "", "x" * 5000, "evil.test/"])
def test_a_host_that_is_none_breaks_nothing(web: Running, host: str) -> None:
    for path, status in [("/nothing", 404), ("/api/v1/nothing", 404), ("/chat", 200), ("/staff/login", 200)]:
        assert web.client.get(path, headers={"Host": host}).status_code == status
