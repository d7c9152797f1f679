"""The public list of grids, and a worker's own chain."""

import json
from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from rest_framework.test import APIClient

from backend.areas.models import Absence, Area, Duty
from tests.conftest import ClientOf
from tests.world import World

pytestmark = pytest.mark.usefixtures("time_machine_at_noon")
FIELDS = {"code", "name", "community", "people", "duty_phone", "supervision_phone", "outline"}


def test_the_published_fields_and_nothing_more(world: World, now: datetime, anonymous: APIClient) -> None:
    Area.objects.filter(code="330281002").update(duty_phone="0574-12345")
    away = DateTimeTZRange(now, now + timedelta(days=1))
    Absence.objects.create(worker=world.people["leader:002011001"], period=away, kind="sick", reason="住院")
    Duty.objects.create(
        grid=world.grid("002011001"), worker=world.people["leader:002011002"], post="deputy", rank=1, valid=away
    )
    answer = anonymous.get("/api/v1/grids", {"limit": 1})
    (item,) = answer.json()["items"]
    assert set(item) == FIELDS
    assert item["people"] == [{"name": "测worker:002011001", "post": "worker"}]
    assert (item["duty_phone"], item["supervision_phone"]) == ("0574-0000000", "0574-12345")
    assert item["outline"]["type"] == "MultiPolygon"
    text = json.dumps(answer.json(), ensure_ascii=False)
    for hidden in ("sick", "住院", "leader:002011001", "leader:002011002", str(world.people["worker:002011001"].pk)):
        assert hidden not in text


def test_every_grid_is_met_once_page_by_page(world: World, anonymous: APIClient) -> None:
    codes: list[str] = []
    cursor = ""
    while cursor is not None:
        page = anonymous.get("/api/v1/grids", {"limit": 3, "cursor": cursor}).json()
        codes += [item["code"] for item in page["items"]]
        cursor = page["next"]
    assert codes == sorted(area.code for area in world.areas.values() if area.level == "grid")


@pytest.mark.parametrize(("words", "count"), [("测试社区012", 3), ("第1网格", 3), ("330281003", 2), ("nowhere", 0)])
def test_grids_are_found_by_words(world: World, anonymous: APIClient, words: str, count: int) -> None:
    assert len(anonymous.get("/api/v1/grids", {"q": words}).json()["items"]) == count


def test_leafing_is_limited(world: World, anonymous: APIClient, settings: object) -> None:
    settings.HOURLY_LIMITS = {**settings.HOURLY_LIMITS, "public_grid": 2}  # type: ignore[attr-defined]
    assert [anonymous.get("/api/v1/grids", {"limit": 1}).status_code for _ in range(3)] == [200, 200, 429]


def test_a_worker_sees_the_own_chain(world: World, now: datetime, client_of: ClientOf) -> None:
    Absence.objects.create(
        worker=world.people["leader:002011001"], period=DateTimeTZRange(now, now + timedelta(days=1)), kind="sick"
    )
    told = client_of("worker:002011001").get("/api/v1/field/duty").json()
    assert told["items"][0]["grid"]["name_en"] == "grid 330281002011001"
    (grid,) = told["items"]
    assert (told["is_away"], grid["my_post"], grid["desk_phone"]) == (False, "worker", "0574-0000000")
    assert [(line["reason"], line["is_me"]) for line in grid["chain"]] == [("away", False), ("worker", True)]
    assert "sick" not in json.dumps(told)
    assert client_of("community:002011").get("/api/v1/field/duty").status_code == 403
