"""The tab "Past" of a draft: the trial told and listed, and a case shown on the map."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import MONDAY, Town
from tests.inspections.test_divisions import draft_of, half_split, reported
from tests.world import PASSWORD, SIDE, SOUTH, WEST

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_draft_is_tried_on_the_past(town: Town) -> None:
    for number in range(5):
        east = WEST + (1.7 + 0.05 * number) * SIDE
        reported(town.world, east, SOUTH + (0.3 + 0.1 * number) * SIDE, MONDAY - timedelta(days=number + 1))
    reported(town.world, WEST + 1.2 * SIDE, SOUTH + 0.5 * SIDE, MONDAY - timedelta(days=2))
    draft = half_split(town.world, draft_of(town.world, MONDAY), MONDAY)
    desk = town.visitor(size=DESK)
    page = desk.page
    page.goto("/console/login")
    page.evaluate("localStorage.setItem('gridward.locale', 'en')")
    page.reload()
    page.get_by_label("User name").fill("street-002")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.button("Sign in").click()
    expect(desk.button("Sign in")).to_have_count(0)

    page.goto(f"/console/divisions/{draft.pk}")
    page.get_by_role("tab", name="Past").click()
    desk.button("Try it").click()
    expect(desk.fact("cases in the period")).to_have_text("6")
    expect(desk.fact("to another grid")).to_have_text("5")
    expect(desk.fact("to another person")).to_have_text("0")
    expect(page.get_by_role("cell", name="+5")).to_be_visible()
    first = page.get_by_role("button", name="on the map").first
    first.click()
    page.wait_for_timeout(800)
    desk.shoot("console-division-trial-en-1440")
    desk.button("Another person").click()
    expect(page.get_by_text("No case would have gone elsewhere.")).to_be_visible()

    page.evaluate("localStorage.setItem('gridward.locale', 'zh-Hans')")
    page.evaluate("localStorage.setItem('gridward.console.theme', 'dark')")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    page.get_by_role("tab", name="试算").click()
    desk.button("开始试算").click()
    expect(desk.fact("改到别的网格")).to_have_text("5")
    desk.shoot("console-division-trial-zh-390-dark")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    assert not desk.ear.complaints
    assert not desk.ear.foreign
