"""What hands and eyes meet on the phones: edges of the map, a form that comes into sight, a round that changes."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import expect

from backend.inspections.models import PlanSeen, WeeklyPlan
from tests.e2e.browsing import PHONE, Visitor, until
from tests.e2e.conftest import GRID, Town
from tests.e2e.test_screens import fill, sign_in_by_code
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# From the top of the map: a strip as high as the banner that comes and goes above it.
STRIP_PX = 40


def in_english(town: Town, app: str) -> Visitor:
    phone = town.visitor(size=PHONE, at=town.spot(east=0.4, north=0.6))
    phone.page.goto(f"/{app}/")
    phone.page.evaluate("localStorage.setItem('gridward.locale', 'en')")
    phone.page.reload()
    return phone


def leader(town: Town) -> Visitor:
    phone = in_english(town, "field")
    phone.page.get_by_label("User name").fill(f"leader-{GRID}")
    phone.page.get_by_label("Password").fill(PASSWORD)
    phone.button("Log in").click()
    expect(phone.page.get_by_role("heading", name="Today")).to_be_visible()
    return phone


def box(phone: Visitor, selector: str) -> dict[str, float]:
    found = phone.page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return {"top": found["y"], "bottom": found["y"] + found["height"], "height": found["height"]}


def test_the_map_keeps_its_edges_when_the_network_goes_and_comes(town: Town) -> None:
    fill(town, walking=False)
    phone = leader(town)
    phone.button("Start patrol").click()
    phone.button("Agree and start").click()
    expect(phone.page.get_by_text("On patrol").first).to_be_visible()
    phone.button("Map").click()
    phone.drawn()
    banner = phone.page.get_by_text("No network")
    for offline in (True, False):
        phone.context.set_offline(offline)
        expect(banner).to_have_count(1 if offline else 0)
        phone.page.wait_for_timeout(600)
        whole, bar, head = box(phone, ".route-map"), box(phone, ".thumb-bar"), box(phone, "header")
        assert whole["bottom"] <= bar["top"] + 1, f"offline {offline}: the map ends under the bar"
        assert head["bottom"] <= whole["top"], f"offline {offline}: the map begins under the head"
        assert box(phone, "canvas.maplibregl-canvas")["height"] == pytest.approx(whole["height"], abs=4)
    picture = Image.open(io.BytesIO(phone.page.locator(".route-map").screenshot(animations="disabled")))
    strip = picture.convert("RGB").crop((8, 4, picture.width - 8, STRIP_PX))
    assert len(strip.getcolors(1_000_000) or ()) > 8, "the upper strip of the map is blank"


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_phones_own_position_stays_one_until_a_hand_moves_the_map(town: Town, motion: str) -> None:
    """However the map comes to rest by itself: after its way there, at once where motion is reduced, after a resize."""
    phone = in_english(town, "resident")
    phone.page.emulate_media(reduced_motion=motion)
    phone.page.goto("/resident/#/report?step=place")
    phone.drawn()
    phone.button("Use my position").click()
    own, chosen = phone.page.get_by_text("position of this phone"), phone.page.get_by_text("chosen on the map")
    expect(own).to_be_visible()
    phone.drawn()
    expect(chosen).to_have_count(0)
    phone.page.set_viewport_size({"width": 700, "height": 500})  # turned, with a keyboard
    until(lambda: box(phone, "canvas.maplibregl-canvas")["height"] < 500, phone.page, lambda: "the map keeps its size")
    phone.drawn()
    expect(chosen).to_have_count(0)
    expect(own).to_be_visible()
    phone.button("Move north").click()
    expect(chosen).to_be_visible()


@pytest.mark.parametrize("app", ["resident", "field"])
def test_the_look_is_our_own_in_light_and_in_dark(town: Town, app: str) -> None:
    phone = in_english(town, app)
    style = "getComputedStyle(document.body)"
    assert "Noto Sans SC" in phone.page.evaluate(f"{style}.fontFamily")
    light = phone.page.evaluate(f"{style}.backgroundColor")
    phone.page.emulate_media(color_scheme="dark")
    assert phone.page.evaluate(f"{style}.backgroundColor") != light
    phone.page.locator("main").get_by_role("button").or_(phone.page.locator("main").get_by_role("link")).first.focus()
    phone.page.keyboard.press("Tab")
    assert phone.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_form_of_a_case_comes_into_sight_ready_to_type(town: Town) -> None:
    case_id = fill(town, walking=False)["report"]
    phone = leader(town)
    phone.page.goto(f"/field/#/cases/{case_id}")
    phone.button("Add a note").click()
    field = phone.page.locator("textarea:focus")
    expect(field).to_be_visible()
    form, head, bar = box(phone, ".opened"), box(phone, "header"), box(phone, ".tabs")
    assert head["bottom"] <= form["top"] < bar["top"]
    place = field.bounding_box()
    assert place is not None
    assert head["bottom"] < place["y"]
    assert place["y"] + 44 < bar["top"]


def test_the_language_is_changed_before_logging_in(town: Town) -> None:
    phone = town.visitor(size=PHONE)
    phone.page.goto("/field/#/login")
    for button, heading, language in (
        ("English", "Field worker login", "en"),
        ("中文", "网格员登录", "zh-Hans"),
    ):
        phone.page.get_by_text(button, exact=True).click()
        expect(phone.page.get_by_role("heading", name=heading)).to_be_visible()
        assert phone.page.evaluate("document.documentElement.lang") == language
    phone.page.get_by_text("English", exact=True).click()
    phone.page.reload()
    expect(phone.page.get_by_role("heading", name="Field worker login")).to_be_visible()


def test_a_visit_that_its_resident_moves_reaches_the_worker_who_says_seen(town: Town) -> None:
    report = fill(town, walking=False)
    worker = leader(town)
    worker.settle()
    plan = WeeklyPlan.objects.get(state="published")
    until(lambda: PlanSeen.objects.filter(plan=plan).exists(), worker.page, lambda: "the first look is not told")
    resident = in_english(town, "resident")
    sign_in_by_code(town, resident)
    resident.page.get_by_role("link", name="Pension Life Proof").first.click()
    resident.button("Move the visit").click()
    form = resident.page.locator("[data-test=move]")
    expect(form.get_by_role("button", name="Move it")).to_be_disabled()
    form.get_by_role("button", name="15:00").first.click()
    resident.shoot("resident-move")
    form.get_by_role("button", name="Move it").click()
    expect(resident.page.get_by_text("Visit moved by the resident")).to_be_visible()
    resident.shoot("resident-moved")
    newer = WeeklyPlan.objects.get(state="published")
    assert newer.version > plan.version
    town.relay()
    town.clock.forward(timedelta(minutes=2))
    worker.button("Refresh").click()
    expect(worker.page.get_by_role("heading", name="Your round changed")).to_be_visible()
    worker.shoot("field-round-changed")
    assert not PlanSeen.objects.filter(plan=newer).exists()
    worker.button("Seen").click()
    until(lambda: PlanSeen.objects.filter(plan=newer).exists(), worker.page, lambda: "nobody hears of it")
    desk = town.visitor(size=(1440, 900))
    desk.page.goto("/console/")
    desk.page.evaluate("localStorage.setItem('gridward.locale', 'en')")
    desk.page.goto("/console/login")
    desk.page.get_by_label("User name").fill("community-002011")
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.button("Sign in").click()
    expect(desk.page.get_by_role("option").first).to_be_visible()
    desk.page.goto(f"/console/plan?week=2026-11-16&grid=330281{GRID}")
    readers = desk.page.get_by_label("This version on the phones")
    expect(readers.get_by_text("seen 18 Nov")).to_contain_text("10:0")
    expect(readers.get_by_text("not seen yet")).to_have_count(1)
    desk.shoot("console-plan-seen")
    assert report["stop"]
