"""A served town and a browser for it. The pages are the built ones: `./dev test` builds them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from backend.core import live as core_live
from backend.inspections import reminders
from backend.inspections import tasks as inspection_tasks
from backend.notify.relay import relay
from backend.places import queries as places
from maps import live
from tests.e2e.browsing import SCREENSHOTS, Visitor
from tests.e2e.clock import Clock
from tests.e2e.front import APPS, Front
from tests.e2e.scenery import lay_scenery
from tests.streets import lay_streets, spot_in
from tests.world import World, make_world
from tools.dev.machine import find_program

ROOT = Path(__file__).resolve().parents[2]
MONDAY = datetime.fromisoformat("2026-11-16T08:00:00+08:00")
GRID = "002011001"
STREAM = f"gridward:live:e2e:{os.getpid()}"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--no-first-run",
]  # fmt: skip


@dataclass
class Town:
    """The small world with streets, four places to be visited in the first grid, its clock and its address."""

    world: World
    clock: Clock
    home: str
    sms: Path
    visitor: Callable[..., Visitor]

    def spot(self, *, east: float, north: float) -> tuple[float, float]:
        """Longitude and latitude in the first grid, by shares of its sides."""
        return spot_in(self.world, GRID, east=east, north=north)

    def relay(self) -> None:
        """Sends what is owed, as the relay of a running town does every second."""
        relay(now=timezone.now)

    def last_sms(self) -> str:
        self.relay()
        return self.sms.read_text(encoding="utf-8").splitlines()[-1]


@pytest.fixture
def dist() -> Path:
    folder = Path(os.environ.get("GRIDWARD_WEB_DIST") or ROOT / "web" / "dist")
    missing = [app for app in APPS if not (folder / app / "index.html").is_file()]
    if missing:
        pytest.fail(f"not built in {folder}: {', '.join(missing)}. Run ./dev test, which builds the pages first.")
    return folder


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Debian's Chromium, ended with the test: its event loop must not run under other tests."""
    program = find_program("chromium", "chromium-browser")
    if program is None:
        pytest.fail("no Chromium on this machine. Run ./dev doctor, which names what is missing.")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
        # Under the browser's event loop this thread has a database connection of its own.
        connections.close_all()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Any:
    """A live stream, a network, limits and folders of the test's own; plans are made within the request. Settings."""
    monkeypatch.setattr(places, "_kept", None)
    monkeypatch.setattr(reminders, "send", lambda ids: [inspection_tasks.plan_grid(one) for one in ids])
    monkeypatch.setattr(core_live, "STREAM", STREAM)
    monkeypatch.setattr(live, "STREAM", STREAM)
    monkeypatch.setattr(live, "_hub", None)
    core_live._client().delete(STREAM)
    cache.clear()
    settings.PLAN_STEPS = 500
    settings.DATA_DIR = tmp_path
    settings.PHOTO_SENDFILE_PREFIX = ""
    return settings


@pytest.fixture
def town(transactional_db: None, dist: Path, chromium: Browser, alone: Any) -> Iterator[Town]:
    """Monday of the story, eight in the morning, everything served."""
    front = Front(dist)
    alone.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    alone.PUBLIC_URL = front.url
    alone.CSRF_TRUSTED_ORIGINS = [front.url]
    SCREENSHOTS.mkdir(exist_ok=True)
    world = make_world(MONDAY)
    lay_scenery()
    lay_streets(world)
    for number in range(4):
        spot = spot_in(world, GRID, east=0.2 + 0.2 * number, north=0.3)
        last = MONDAY.date() - timedelta(days=7)
        world.add_place(f"P{number}", grid=GRID, at=spot, last_visit_on=last)
    clock = Clock(MONDAY)
    visitors: list[Visitor] = []

    def visitor(**how: Any) -> Visitor:
        visitors.append(Visitor(chromium, front.url, clock, **how))
        return visitors[-1]

    front.start()
    try:
        yield Town(world, clock, front.url, alone.SMS_FILE, visitor)
    finally:
        for one in visitors:
            one.close()
        front.stop()
        clock.stop()
        core_live._client().delete(STREAM)
