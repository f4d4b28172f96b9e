"""The course of healing as a picture in the chat: a list for whoever listens, a line with marks for whoever looks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.contract_server import STAGES
from tests.browser.test_chat_reading import violations

ON_DAY_3 = "what should I expect? day 3"
NO_DAY = "what should I expect? unknown"


def pictured(open_chat, text=ON_DAY_3, **options):
    chat = open_chat(**options)
    chat.write(text)
    expect(chat.log.locator(".timeline")).to_be_visible()
    return chat


def stages(chat):
    return chat.log.locator(".timeline li")


def places(chat) -> list[dict[str, float]]:
    return stages(chat).evaluate_all("all => all.map(each => each.getBoundingClientRect().toJSON())")


def test_the_timeline_is_a_named_list_of_all_stages(open_chat):
    chat = pictured(open_chat)
    figure = chat.frame.get_by_role("figure", name="What to expect, day by day")
    expect(figure.get_by_role("list").get_by_role("listitem")).to_have_count(len(STAGES))
    for place, (_, _, title, text) in enumerate(STAGES):
        expect(stages(chat).nth(place)).to_contain_text(title)
        expect(stages(chat).nth(place)).to_contain_text(text)


@pytest.mark.parametrize(("day", "place"), [(0, 0), (2, 1), (3, 2), (7, 3), (8, 4), (30, 4)])
def test_today_is_marked_in_words_and_by_shape(open_chat, day, place):
    chat = pictured(open_chat, f"what should I expect? day {day}")
    expect(chat.log.get_by_text("Today, day")).to_have_count(1)
    expect(stages(chat).nth(place)).to_contain_text(f"Today, day {day}")
    rings = stages(chat).evaluate_all("all => all.map(each => each.querySelectorAll('.ring').length)")
    assert rings == [int(n == place) for n in range(len(STAGES))]


def test_without_a_day_nothing_is_marked_and_nothing_is_said_twice(open_chat):
    chat = pictured(open_chat, NO_DAY)
    expect(chat.log.get_by_text("Today, day")).to_have_count(0)
    expect(chat.log.locator(".ring")).to_have_count(0)
    expect(chat.log.get_by_text("Skin may flake and itch.")).to_have_count(1)
    expect(chat.log.locator(".pictured .text > *").first).to_have_class("timeline")
    expect(chat.log.get_by_text("What day was your treatment?")).to_be_visible()


def test_when_to_call_is_read_before_the_picture(open_chat):
    chat = pictured(open_chat)
    expect(chat.log.locator(".pictured .text > *").last).to_have_class("timeline")
    expect(chat.log.locator(".pictured .text > p")).to_contain_text("Call us today on 020 7946 0000")


def test_another_list_in_the_text_stays(open_chat, server):
    chat = pictured(open_chat)
    picture = server.talk.messages[-1]["timeline"]
    server.talk.add("assistant", "Aftercare assistant", "For now:\n- Wash gently.", "answer", timeline=picture)
    expect(chat.log.locator(".text > ul").get_by_text("Wash gently.")).to_be_visible()
    expect(chat.log.locator(".timeline")).to_have_count(2)


def test_the_timeline_is_there_again_after_a_reload(open_chat):
    chat = pictured(open_chat)
    chat.page.reload()
    expect(chat.log.get_by_text("Today, day 3")).to_be_visible()


def test_the_marks_are_for_the_eye_alone(open_chat):
    chat = pictured(open_chat)
    hidden = chat.log.locator(".timeline svg").evaluate_all("all => all.map(each => each.getAttribute('aria-hidden'))")
    assert hidden == ["true"] * len(STAGES)
    assert chat.log.locator(".timeline [style]").count() == 0


@pytest.mark.parametrize("text", [ON_DAY_3, NO_DAY], ids=["day 3", "no day"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_picture_has_no_violation(open_chat, viewport, scheme, text):
    chat = pictured(open_chat, text, viewport=viewport, color_scheme=scheme)
    stages(chat).last.scroll_into_view_if_needed()
    assert violations(chat.page) == []


def luminance(colour: str) -> float:
    values = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_days_on_the_marks_can_be_read(open_chat, scheme):
    """axe does not look at text in SVG."""
    chat = pictured(open_chat, color_scheme=scheme)
    pairs = chat.log.locator(".mark").evaluate_all(
        "all => all.map(each => ['text', '.tag'].map(part => getComputedStyle(each.querySelector(part)).fill))"
    )
    for pair in pairs:
        dark, light = sorted(map(luminance, pair))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, pair


@pytest.mark.parametrize("size", ["100%", "200%"])
@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_is_cut_off_or_lies_over_another(open_chat, width, size):
    chat = open_chat(viewport={"width": width, "height": 800})
    chat.page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
    chat.write(ON_DAY_3)
    expect(chat.log.locator(".timeline")).to_be_visible()
    assert chat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    wider = chat.log.locator(".timeline, .stage, .stage *").evaluate_all(
        "all => all.filter(each => each.scrollWidth > each.clientWidth + 1 && each.clientWidth).map(each => each.outerHTML)"
    )
    assert wider == []
    boxes = places(chat)
    for one, two in pairwise(boxes):
        assert two["top"] >= one["bottom"] - 1 or two["left"] >= one["right"] - 1


def test_stages_stand_under_each_other_on_a_phone_and_side_by_side_on_a_wide_page(open_chat):
    phone, desktop = (places(pictured(open_chat, viewport=viewport)) for viewport in (PHONE, DESKTOP))
    assert len({box["left"] for box in phone}) == 1
    assert len({box["top"] for box in desktop}) == 1


def test_forced_colours_keep_today_apart(open_chat):
    chat = pictured(open_chat, forced_colors="active")
    fills = chat.log.locator(".tag").evaluate_all("all => all.map(each => getComputedStyle(each).fill)")
    assert [fill != fills[0] for fill in fills] == [False, False, True, False, False]
    edges = chat.log.locator(".now").evaluate("each => getComputedStyle(each).borderTopWidth")
    assert edges != "0px"


def test_nothing_in_the_picture_moves(open_chat):
    chat = pictured(open_chat)
    moving = chat.log.locator(".timeline, .timeline *").evaluate_all("all => all.flatMap(each => each.getAnimations())")
    assert moving == []
