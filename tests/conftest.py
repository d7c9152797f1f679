"""Fixtures that every room's tests share. Real PostgreSQL/PostGIS and Redis; no network."""

import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import hypothesis
import pytest
import time_machine
from django.conf import settings
from rest_framework.test import APIClient

from tests.world import World, make_world

ClientOf = Callable[..., APIClient]
NOON = datetime.fromisoformat("2026-11-18T10:00:00+08:00")  # a Wednesday in a week without holidays


def _shifted(url: str, by: int) -> str:
    """The Redis address with another database number at its end."""
    return re.sub(r"\d+$", lambda number: str(int(number[0]) + by), url)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--border-points", type=int, default=4_000, help="how many border points PostGIS and the engine are compared on"
    )
    parser.addoption("--transitions", type=int, default=600, help="how many steps are tried on the same cases at once")


def pytest_configure() -> None:
    # How fast examples come says something of the machine, nothing of the code.
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")
    # Each process has a database of its own, so that two runs on one machine never meet.
    settings.DATABASES["default"]["TEST"]["NAME"] += f"_{os.getpid()}"
    # And Redis databases of its own: some tests empty their cache.
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
    cache = settings.CACHES["default"]
    cache["LOCATION"] = _shifted(cache["LOCATION"], 3 * worker)
    settings.REDIS_LIVE_URL = _shifted(settings.REDIS_LIVE_URL, 3 * worker)
    # A test's own transaction also spans what the code does outside of any, compiled the first time: a proposal.
    options = settings.DATABASES["default"]["OPTIONS"]
    options["options"] += " -c idle_in_transaction_session_timeout=0"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _own_media(tmp_path_factory: pytest.TempPathFactory, settings: object) -> None:
    settings.MEDIA_ROOT = Path(tmp_path_factory.getbasetemp()) / "media"  # type: ignore[attr-defined]
    settings.SMS_FILE = Path(tmp_path_factory.getbasetemp()) / "sms.log"  # type: ignore[attr-defined]


@pytest.fixture
def now() -> datetime:
    """Wednesday 2026-11-18, 10:00 in Shanghai."""
    return NOON


@pytest.fixture
def world(db: None) -> World:
    """Two streets, three communities, eight grids, one person per role and area: see `tests.world`."""
    return make_world(NOON)


@pytest.fixture
def client_of(world: World) -> ClientOf:
    """`client_of("street:002")`: a browser in which this person has signed in and reads English."""

    def signed_in(name: str) -> APIClient:
        client = APIClient(HTTP_ACCEPT_LANGUAGE="en")
        client.force_login(world.people[name])
        return client

    return signed_in


@pytest.fixture
def time_machine_at_noon(now: datetime) -> Iterator[None]:
    """The process's clock stands at `now`."""
    with time_machine.travel(now, tick=False):
        yield
