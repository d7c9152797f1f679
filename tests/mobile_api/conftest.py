"""Clients of the phone API: signed in as somebody of the small world, or as nobody."""

import io
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from PIL import Image
from rest_framework.test import APIClient

from backend.accounts.services import DeviceSeen, sign_in
from backend.core.ids import uuid7
from tests.conftest import ClientOf
from tests.world import PASSWORD, World


@pytest.fixture(autouse=True)
def _own_limits() -> None:
    cache.clear()


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def client_of(world: World) -> ClientOf:
    """`client_of("worker:002011001")`: a phone that this person is signed in on, by the world's clock of today."""

    def make(name: str, **headers: str) -> APIClient:
        from django.utils import timezone

        seen = DeviceSeen(client_id=f"phone of {name}")
        tokens = sign_in(
            username=world.people[name].username,
            password=PASSWORD,
            device=seen,
            address="203.0.113.7",
            now=timezone.now(),
        )
        return APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens.access}", HTTP_ACCEPT_LANGUAGE="en", **headers)

    return make


def picture(width: int = 64, height: int = 48, kind: str = "JPEG") -> io.BytesIO:
    """A plain picture as a file."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 140, 60)).save(file, kind)
    file.seek(0)
    file.name = f"picture.{kind.lower()}"
    return file


def report_of(world: World, *, grid: str = "002011001", matter: str = "exposed_garbage", **more: Any) -> dict[str, Any]:
    """The body of a report in the middle of a grid."""
    lon, lat = world.middle_of(grid)
    return {
        "id": str(uuid7()),
        "matter": str(world.matters[matter].pk),
        "description": "垃圾堆在路边",
        "location": {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 8},
        **more,
    }


def absent() -> UUID:
    """An id that nothing has."""
    return uuid7()
