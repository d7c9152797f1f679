"""Every main screen of the three apps, in both languages and at both widths: whole, named, and asking only us."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from backend.core.ids import uuid7
from tests.e2e.browsing import DESK, PHONE, Visitor
from tests.e2e.conftest import GRID, Town
from tests.scenarios import test_main_job as story
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LANGUAGES = {"zh-Hans": "zh", "en": "en"}
PHONE_NUMBER = "19900000079"
MAPS = {
    "resident-report-place", "resident-book-place", "console-overview", "console-case", "console-workers",
    "console-plan-week", "console-plan-day", "console-tracks",
}  # fmt: skip
# Roles that somebody operates or is told about: each must say what it is.
NAMED_ROLES = {
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "switch", "slider", "spinbutton",
    "listbox", "menuitem", "tab", "dialog", "region", "navigation",
}  # fmt: skip
_LOOK = """
() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 1) faults.push(`${wide} px wider than the window`);
  const scrolls = (element) => {
    for (let up = element; up && up !== document.body; up = up.parentElement) {
      const { overflowX, position } = getComputedStyle(up);
      if (overflowX === "auto" || overflowX === "scroll" || position === "fixed") return true;
    }
    return false;
  };
  for (const one of document.querySelectorAll("button, a, input, select, textarea, h1, h2")) {
    const box = one.getBoundingClientRect();
    if (box.width > 1 && box.height > 1 && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(one)
        && getComputedStyle(one).visibility === "visible" && !one.closest(".skip, .skip-link, .maplibregl-map")) {
      faults.push(`cut off: ${one.tagName} ${(one.innerText ?? one.id).slice(0, 40)}`);
    }
  }
  for (const one of document.querySelectorAll("img:not([alt]), [role=img]:not([aria-label]):not([aria-labelledby])")) {
    if (!one.closest("[aria-hidden=true]")) faults.push(`picture without words: ${one.outerHTML.slice(0, 80)}`);
  }
  return { faults, text: document.body.innerText, language: document.documentElement.lang, title: document.title };
}
"""
# A key of the message files, a placeholder that nobody filled, a value that is none.
_UNTRANSLATED = re.compile(r"\b[a-z][A-Za-z]+(?:\.[a-z_][A-Za-z0-9_]+)+\b|\{\w*\}|\bundefined\b|\bNaN\b|\[object")


def test_screens_of_the_resident(town: Town) -> None:
    ids = fill(town)
    phone = town.visitor(size=PHONE, at=town.spot(east=0.4, north=0.6))
    anonymous = {
        "home": "", "report": "report", "report-place": "report?step=place", "report-kind": "report?step=kind",
        "report-words": "report?step=words", "report-check": "report?step=check", "book": "book",
        "book-matter": "book/{pension}", "login": "login", "follow": "follow",
    }  # fmt: skip
    faults = tour(phone, "resident/#/", anonymous, ids)
    sign_in_by_code(town, phone)
    own = {"requests": "requests", "request": "requests/{report}", "book-place": "book/{pension}/visit"}
    faults += tour(phone, "resident/#/", own, ids)
    nothing_wrong(phone, faults)


def test_screens_of_the_field(town: Town) -> None:
    ids = fill(town)
    phone = town.visitor(size=PHONE, at=town.spot(east=0.4, north=0.6))
    faults = tour(phone, "field/#/", {"login": "login"}, ids)
    phone.page.get_by_label("User name").fill(f"leader-{GRID}")
    phone.page.get_by_label("Password").fill(PASSWORD)
    phone.button("Log in").click()
    expect(phone.page.get_by_role("heading", name="Today")).to_be_visible()
    screens = {
        "today": "today", "week": "week", "report": "report", "outbox": "outbox", "me": "me",
        "stop": "stops/{stop}", "case": "cases/{report}",
    }  # fmt: skip
    faults += tour(phone, "field/#/", screens, ids)
    nothing_wrong(phone, faults)


def test_screens_of_the_console(town: Town) -> None:
    ids = fill(town)
    desk = town.visitor(size=DESK)
    faults = tour(desk, "console/", {"login": "login"}, ids)
    desk.page.get_by_label("User name").fill("community-002011")
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.button("Sign in").click()
    expect(desk.page.get_by_role("option").first).to_be_visible()
    screens = {
        "overview": "", "case": "?case={report}", "workers": "?panel=workers", "plan": "plan",
        "plan-week": "plan?week=2026-11-16&grid=330281" + GRID,
        "plan-day": "plan?week=2026-11-16&day=2026-11-18&grid=330281" + GRID,
        "tracks": "tracks?worker={leader}&date=2026-11-18",
    }  # fmt: skip
    faults += tour(desk, "console/", screens, ids)
    nothing_wrong(desk, faults)


def nothing_wrong(visitor: Visitor, faults: list[str]) -> None:
    found = faults + visitor.ear.complaints + [f"asked {url}" for url in visitor.ear.foreign]
    assert not found, "\n".join(found)


def tour(visitor: Visitor, app: str, screens: dict[str, str], ids: dict[str, str]) -> list[str]:
    """Walks through the screens in both languages; ends in English. What is wrong with them, with its place."""
    page, own, faults = visitor.page, visitor.page.viewport_size, []
    assert own is not None
    width, height = DESK if own["width"] == PHONE[0] else PHONE
    other = ViewportSize(width=width, height=height)
    page.goto(f"/{app}")
    for language, short in LANGUAGES.items():
        page.evaluate("language => localStorage.setItem('gridward.locale', language)", language)
        page.reload()
        for name, address in screens.items():
            page.goto(f"/{app}{address.format(**ids)}")
            screen = f"{app.partition('/')[0]}-{name}"
            if screen in MAPS:
                visitor.drawn()
            visitor.shoot(f"screen-{screen}-{short}")
            where = f"{screen} {short}"
            faults += [f"{where} {own['width']}: {fault}" for fault in looks(page, language)]
            page.set_viewport_size(other)
            visitor.settle(0.2)
            if language == "en":  # the longer words
                visitor.shoot(f"screen-{screen}-{short}-{other['width']}")
            faults += [f"{where} {other['width']}: {fault}" for fault in looks(page, language)]
            page.set_viewport_size(own)
    return faults


def looks(page: Page, language: str) -> list[str]:
    """What a person would stumble over on the page as it stands."""
    seen: dict[str, Any] = page.evaluate(_LOOK)
    faults: list[str] = seen["faults"]
    faults += [f"untranslated: {found}" for found in set(_UNTRANSLATED.findall(seen["text"]))]
    if seen["language"] != language:
        faults.append(f"the page says it is in {seen['language']!r}")
    if not seen["title"]:
        faults.append("no title")
    return faults + nameless(page)


def nameless(page: Page) -> list[str]:
    """Controls and pictures without a name, as Chromium computes it for screen readers."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    found = [
        node["role"]["value"]
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in NAMED_ROLES
        and not str(node.get("name", {}).get("value", "")).strip()
    ]
    return [f"{found.count(role)} x {role} without a name" for role in sorted(set(found))]


def sign_in_by_code(town: Town, phone: Visitor) -> None:
    phone.page.goto("/resident/#/login")
    phone.page.get_by_label("Mobile number").fill(PHONE_NUMBER)
    phone.button("Send code").click()
    box = phone.page.get_by_role("textbox", name="Code")
    expect(box).to_be_visible()
    found = re.search(r"验证码 (\d+)", town.last_sms())
    assert found is not None
    box.fill(found[1])
    phone.button("Log in").click()
    expect(phone.page.get_by_role("heading", name="My requests")).to_be_visible()


def fill(town: Town, *, walking: bool = True) -> dict[str, str]:
    """A reported case, a booked visit in a published plan, a patrol that goes on: Wednesday at ten. Ids by name."""
    someone, desk = story.resident(PHONE_NUMBER), story.desk("community-002011")
    garbage, pension = (str(town.world.matters[slug].pk) for slug in ("exposed_garbage", "pension_life_proof"))
    place = {"lon": 0.0, "lat": 0.0, "crs": "wgs84", "accuracy_m": 6.0}
    place["lon"], place["lat"] = town.spot(east=0.4, north=0.6)
    body = {
        "id": str(uuid7()), "matter": garbage, "description": "桶边堆着垃圾袋", "address": "测试路口",
        "location": place, "photos": [someone.photo()],
    }  # fmt: skip
    report = someone.post("/reports", body, expect=201)
    asked = f"/slots?matter={pension}&lon={place['lon']}&lat={place['lat']}&crs=wgs84"
    slot = next(one for one in someone.get(asked)["items"] if one["start"].startswith("2026-11-18T14"))
    body = {
        "id": str(uuid7()), "matter": pension, "location": place, "address": "测试路1号2幢101",
        "slot": {"start": slot["start"], "end": slot["end"]}, "contact": {"name": "测试人", "phone": PHONE_NUMBER},
        "note": "门铃坏了", "answers": {},
    }  # fmt: skip
    booked = someone.post("/appointments", body, expect=201)
    desk.post("/console/plans", {"week_start": "2026-11-16", "grids": [f"330281{GRID}"]}, expect=202)
    (line,) = desk.get(f"/console/plans?week=2026-11-16&grid=330281{GRID}")["items"]
    if line["state"] == "draft":
        desk.post(f"/console/plans/{line['id']}/publish")
    town.clock.put(story.MONDAY + timedelta(days=2, hours=2))
    leader = story.worker(f"leader-{GRID}")
    if walking:
        walk(leader, place)
    stops = leader.get("/field/today")["stops"]
    (visit,) = [stop for stop in stops if stop["case_id"] == booked["id"]]
    town.relay()
    leader_id = str(town.world.people[f"leader:{GRID}"].pk)
    return {"report": report["id"], "pension": pension, "stop": visit["id"], "leader": leader_id}


def walk(leader: story.Phone, place: dict[str, Any]) -> None:
    """A patrol of two minutes to the north that has not ended."""
    leader.post("/field/consents", {"purpose": "patrol_track", "notice_version": "1", "granted": True}, expect=201)
    began = timezone.now() - timedelta(minutes=2)
    session = {"id": str(uuid7()), "started_at": began.isoformat(), "purpose": "patrol"}
    leader.post("/field/sessions", session, expect=201)
    points = [
        place | {"seq": n, "at": (began + timedelta(seconds=10 * n)).isoformat(), "lat": place["lat"] + 1e-4 * n}
        for n in range(8)
    ]
    leader.post(f"/field/sessions/{session['id']}/positions", {"points": points})
