"""The operator lets Gridward propose a division, sees how far it has come and how good it is, and opens the draft."""

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from playwright.sync_api import expect

from backend.areas.models import Proposal
from backend.places import proposals
from tests.e2e.browsing import DESK, PHONE, Visitor
from tests.e2e.conftest import Town
from tests.e2e.test_screens import looks
from tests.places.town_blocks import lay_doors
from tests.world import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Worker:
    """Computes in a thread of its own what the page asked for, as soon as it is let."""

    def __init__(self) -> None:
        self.waiting: list[UUID] = []
        self.threads: list[threading.Thread] = []
        self.may_end = threading.Event()

    def send(self, ids: list[UUID]) -> int:
        self.waiting += ids
        return len(ids)

    def begin(self) -> None:
        thread = threading.Thread(target=self._compute, args=(self.waiting.pop(),))
        self.threads.append(thread)
        thread.start()

    def _compute(self, proposal_id: UUID) -> None:
        try:
            proposals.compute(proposal_id=proposal_id)
        finally:
            connection.close()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    made = Worker()
    solve = proposals.proposing.solve

    def solve_when_let(*args: object) -> object:
        made.may_end.wait(60)
        return solve(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(proposals, "send", made.send)
    monkeypatch.setattr(proposals.proposing, "solve", solve_when_let)
    monkeypatch.setattr("gis.division.searching.LONG_SEARCH", 200_000)
    yield made
    made.may_end.set()
    for thread in made.threads:
        thread.join(timeout=60)


def at_the_divisions(town: Town, who: str) -> Visitor:
    desk = town.visitor(size=DESK)
    desk.page.goto("/console/login")
    desk.page.evaluate("localStorage.setItem('gridward.locale', 'en')")
    desk.page.reload()
    desk.page.get_by_label("User name").fill(who)
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.button("Sign in").click()
    desk.link("Divisions", exact=True).click()
    expect(desk.page.get_by_role("heading", name="Divisions")).to_be_visible()
    return desk


def asked(desk: Visitor, *, grids: int) -> None:
    desk.button("Propose").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Area").click()
    desk.page.get_by_role("option", name="community 330281002011").click()
    dialog.get_by_text("By number of grids").click()
    dialog.get_by_role("spinbutton", name="Number of grids").fill(str(grids))
    dialog.get_by_role("button", name="Compute").click()


def test_from_the_wish_to_the_editor(town: Town, worker: Worker) -> None:
    lay_doors()
    desk = at_the_divisions(town, "street-002")
    page = desk.page
    asked(desk, grids=1800)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text(
        "This area holds only 1575 households; ask for fewer grids or households."
    )
    assert desk.ear.complaints.pop().startswith("Failed to load resource")
    desk.shoot("propose-refused")
    dialog.get_by_role("spinbutton", name="Number of grids").fill("5")
    dialog.get_by_role("button", name="Compute").click()
    card = page.get_by_role("article").first
    expect(card.get_by_text("Waiting", exact=True)).to_be_visible()
    expect(dialog).to_have_count(0)
    worker.begin()
    expect(card.get_by_text("Computing", exact=True)).to_be_visible()
    expect(card.get_by_role("button", name="Cancel")).to_have_count(0)
    assert looks(page, "en") == []
    desk.shoot("propose-computing")

    worker.may_end.set()
    expect(card.get_by_text("Done", exact=True)).to_be_visible()
    expect(card.get_by_role("row", name="Grids 3 5")).to_be_visible()
    expect(card.get_by_role("row", name="Households of a grid 520–530")).to_be_visible()
    expect(page.get_by_role("link", name="Proposal · community 330281002011")).to_be_visible()
    for language in ("zh-Hans", "en"):
        page.evaluate("language => localStorage.setItem('gridward.locale', language)", language)
        page.reload()
        for width, height in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": height})
            desk.shoot(f"propose-done-{language}-{width}")
            assert looks(page, language) == []
    card.get_by_role("button", name="Open the draft").click()
    expect(page.get_by_role("heading", name="Proposal · community 330281002011")).to_be_visible()
    expect(page.get_by_text("5 grids")).to_be_visible()
    assert desk.ear.complaints + desk.ear.foreign == []


def test_a_request_that_waits_is_cancelled_and_one_in_the_way_is_named(town: Town, worker: Worker) -> None:
    lay_doors()
    desk = at_the_divisions(town, "street-002")
    asked(desk, grids=4)
    card = desk.page.get_by_role("article").first
    expect(card.get_by_text("Waiting", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    asked(desk, grids=6)
    alert = desk.page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_have_text("A proposal for this area is being made; see the list.")
    desk.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_text("Cancelled", exact=True)).to_be_visible()
    assert Proposal.objects.get().state == "cancelled"


def test_a_community_sees_what_the_street_asked_for_and_may_ask_for_its_own_ground(town: Town, worker: Worker) -> None:
    lay_doors()
    asked(at_the_divisions(town, "street-002"), grids=4)
    reader = at_the_divisions(town, "community-002011")
    expect(reader.page.get_by_role("article").get_by_text("Waiting", exact=True)).to_be_visible()
    expect(reader.button("Propose")).to_have_count(1)
    expect(reader.button("Cancel")).to_have_count(0)
