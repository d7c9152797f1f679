"""Hot-spot maps: whose cases are on them, what is kept back, and every form of the file."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.management import CommandError, call_command
from openpyxl import load_workbook
from rest_framework.test import APIClient

from backend.areas import queries as areas
from backend.cases.models import Case
from backend.core.clock import LOCAL
from backend.places.models import Address
from backend.stats.errors import CellsTooSmall, MatterUnknown
from backend.stats.hotspots import LEAST, HotspotMap, hotspots
from maps.reports import paper
from tests.conftest import ClientOf
from tests.mobile_api.conftest import report_of
from tests.tables import unchanged
from tests.world import World

HOTSPOTS = "/api/v1/console/maps/hotspots"
STREET, COMMUNITY = "330281002", "330281002011"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time_machine_at_noon")]


@pytest.fixture
def report(world: World, now: datetime) -> Callable[..., None]:
    """Puts cases at a point; copies of one case that came in by the public door."""
    response = APIClient().post("/api/v1/reports", report_of(world), format="json")
    assert response.status_code == 201, response.content
    first = Case.objects.get()
    Case.objects.update(reported_at=now - timedelta(days=400))

    def made(count: int, *, at: tuple[float, float], **more: Any) -> None:
        for _ in range(count):
            copy = Case.objects.get(pk=first.pk)
            copy.pk = None
            copy._state.adding = True
            copy.id = Case._meta.pk.get_default()
            copy.number = str(copy.id)[:24]
            copy.reported_at = now - timedelta(days=1)
            copy.location = Point(*at, srid=4326)
            for name, value in more.items():
                setattr(copy, name, value)
            copy.save(force_insert=True)

    return made


def found_for(world: World, who: str, now: datetime, *, area: str = STREET, **more: Any) -> HotspotMap:
    actor = world.actor(who)
    asked = {"since": now - timedelta(days=30), "until": now, "cell_m": 100, **more}
    return hotspots(actor, area=areas.area_below(actor, area), now=now, **asked)


def counts_of(found: HotspotMap) -> list[int | None]:
    return [cell.cases for cell in found.cells]


def test_few_cases_and_few_homes_are_kept_back(world: World, now: datetime, report: Callable[..., None]) -> None:
    report(LEAST - 1, at=world.middle_of("002011001"))
    report(LEAST, at=world.middle_of("002012001"))
    assert counts_of(found_for(world, "street:002", now)) == [LEAST]
    # One house of four households in that cell, and its cases would point at it.
    lon, lat = world.middle_of("002012001")
    address = Address.objects.create(
        code="a", street="测试路", plate="1号", households=LEAST - 1, location=Point(lon, lat, srid=4326)
    )
    assert counts_of(found_for(world, "street:002", now)) == []
    address.households = LEAST
    address.save(update_fields=["households"])
    assert counts_of(found_for(world, "street:002", now)) == [LEAST]


def test_services_at_homes_need_known_homes(world: World, now: datetime, report: Callable[..., None]) -> None:
    report(LEAST + 3, at=world.middle_of("002011001"), matter=world.matters["pension_life_proof"])
    assert counts_of(found_for(world, "street:002", now)) == []


def test_only_cases_of_ones_own_areas_count(world: World, now: datetime, report: Callable[..., None]) -> None:
    report(6, at=world.middle_of("002011001"))
    report(7, at=world.middle_of("002012001"), grid=world.grid("002012001"), area_path=world.grid("002012001").path)
    assert sorted(filter(None, counts_of(found_for(world, "street:002", now)))) == [6, 7]
    assert counts_of(found_for(world, "community:002011", now, area=COMMUNITY)) == [6]


def test_a_neighbours_cases_beside_the_border_don_t_count(
    world: World, now: datetime, report: Callable[..., None]
) -> None:
    """Cells reach over the border; the cases on the other side stay the neighbour's."""
    lon, lat = world.middle_of("002012001")
    beside = (lon, lat - 0.00098)
    report(9, at=beside, grid=world.grid("002012001"), area_path=world.grid("002012001").path)
    assert counts_of(found_for(world, "street:002", now, area=COMMUNITY)) == [9]
    assert counts_of(found_for(world, "community:002011", now, area=COMMUNITY)) == []


def test_period_matter_and_channel_narrow(world: World, now: datetime, report: Callable[..., None]) -> None:
    spot = world.middle_of("002011001")
    report(6, at=spot)
    report(9, at=spot, channel="hotline")
    own = Case.objects.values_list("matter__code", flat=True)[0]
    other = next(matter.code for matter in world.matters.values() if matter.code != own)
    assert counts_of(found_for(world, "street:002", now)) == [15]
    assert counts_of(found_for(world, "street:002", now, channel="hotline")) == [9]
    assert counts_of(found_for(world, "street:002", now, since=now - timedelta(hours=2))) == []
    assert counts_of(found_for(world, "street:002", now, matter_code=own)) == [15]
    assert counts_of(found_for(world, "street:002", now, matter_code=other)) == []
    with pytest.raises(MatterUnknown):
        found_for(world, "street:002", now, matter_code="none")
    with pytest.raises(CellsTooSmall) as refused:
        found_for(world, "street:002", now, cell_m=1)
    assert refused.value.facts["least_m"] >= 50


def test_a_heap_is_called_hot(world: World, now: datetime, report: Callable[..., None]) -> None:
    report(40, at=world.middle_of("002011002"))
    first = found_for(world, "street:002", now, cell_m=50).cells[0]
    assert (first.cases, first.level, first.grid) == (40, 3, world.grid("002011002"))


def asked(now: datetime, **more: Any) -> dict[str, Any]:
    today = now.astimezone(LOCAL).date()
    return {"area": STREET, "since": today - timedelta(days=30), "until": today, "cell_m": 50, **more}


def test_each_form_of_the_file(world: World, now: datetime, report: Callable[..., None], client_of: ClientOf) -> None:
    report(40, at=world.middle_of("002011002"))
    desk = client_of("street:002")
    told = json.loads(desk.get(HOTSPOTS, asked(now, file_format="geojson")).content)
    assert told["features"][0]["properties"] == {"cases": 40, "level": 3, "grid": "330281002011002"}
    assert told["gridward"]["least"] == LEAST

    page = desk.get(HOTSPOTS, asked(now))
    text = page.content.decode()
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "cluster (99 % sure)" in text
    assert " src=" not in text
    assert "<link" not in text
    chinese = desk.get(HOTSPOTS, asked(now, language="zh")).content.decode()
    assert "聚集（99% 置信）" in chinese

    book = load_workbook(io.BytesIO(desk.get(HOTSPOTS, asked(now, file_format="xlsx")).content))
    assert [cell.value for cell in book["Hot spots"][2]][3:5] == ["40", "cluster (99 % sure)"]
    if paper.FONT.is_file():
        assert desk.get(HOTSPOTS, asked(now, file_format="pdf")).content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("who", "area", "status"),
    [
        ("community:002011", COMMUNITY, 200),
        ("community:002011", "330281002012", 404),
        ("auditor", STREET, 200),
        ("leader:002011001", COMMUNITY, 403),
        ("resident:1", COMMUNITY, 403),
    ],
)
def test_whose_map_it_is(now: datetime, client_of: ClientOf, who: str, area: str, status: int) -> None:
    assert client_of(who).get(HOTSPOTS, asked(now, area=area)).status_code == status


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"until": "2020-01-01"}, "until"), ({"cell_m": 10}, "cell_m"), ({"channel": "pigeon"}, "channel")],
)
def test_a_wrong_request_names_its_field(now: datetime, client_of: ClientOf, wrong: dict[str, Any], field: str) -> None:
    desk = client_of("street:002")
    with unchanged():
        refused = desk.get(HOTSPOTS, asked(now, **wrong))
    assert refused.status_code in (400, 422)
    assert field in refused.content.decode()


def test_the_command_writes_every_form(
    world: World, now: datetime, report: Callable[..., None], tmp_path: Path
) -> None:
    report(40, at=world.middle_of("002011002"))
    call_command(
        "make_maps", "hotspots", "--area", STREET, "--cell", "50", "--format", "html", "--format", "xlsx",
        "--format", "geojson", "--out", str(tmp_path),
    )  # fmt: skip
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".geojson", ".html", ".xlsx"]
    with pytest.raises(CommandError, match="no area"):
        call_command("make_maps", "hotspots", "--area", "1", "--out", str(tmp_path))
