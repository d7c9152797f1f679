"""What names a closed grid, told in the impact and in the publish dialog before anything is published."""

import pytest
from playwright.sync_api import expect

from backend.accounts.actor import SYSTEM
from backend.areas import edits
from tests.dispatch.wishes import grid_wish, made, wish
from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import MONDAY, Town
from tests.inspections.test_divisions import SECOND, THIRD, checked, draft_of, edited
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_rules_in_the_way_are_seen_before_publishing(town: Town) -> None:
    draft = edited(town.world, draft_of(town.world, MONDAY), edits.Merge((SECOND, THIRD)), MONDAY)
    checked(town.world, draft, MONDAY)
    made(
        SYSTEM,
        grid_wish(town.world, "002011003", name_zh="学校归第三网格", name_en="The school is the third's"),
        MONDAY,
    )
    made(SYSTEM, wish(town.world, area_code=THIRD), MONDAY)
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
    page.get_by_role("tab", name="Impact").click()
    expect(page.get_by_text("1 item stands in the way of publishing")).to_be_visible()
    expect(page.get_by_text("goes over to 011002")).to_be_visible()
    desk.shoot("console-division-named-en-1440")
    desk.button("Publish …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("011002 has other ground too, where this does not hold")).to_be_visible()
    page.wait_for_timeout(500)
    desk.shoot("console-division-publish-named-en-1440")
    dialog.get_by_text("At once").click()
    with page.expect_response(lambda answer: answer.status == 409):
        dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(dialog.get_by_text("1 item stands in the way of publishing")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(1)
    desk.ear.complaints.clear()  # the browser notes the refusal

    page.evaluate("localStorage.setItem('gridward.locale', 'zh-Hans')")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    page.get_by_role("tab", name="影响").click()
    expect(page.get_by_text("1 项阻碍发布")).to_be_visible()
    desk.shoot("console-division-named-zh-390")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
    assert not desk.ear.complaints
    assert not desk.ear.foreign
