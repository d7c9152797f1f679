"""The lamp filter of the desk finds exactly the cases whose lamp has that colour, however many there are."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from backend.cases import queries, services
from backend.cases.models import Case
from backend.cases.queries import CaseFilter
from backend.cases.services import NewReport, PointIn
from backend.cases.workflow import State
from backend.core.calendar import work_calendar
from backend.core.clock import Lamp, Unit, lamp_cuts
from backend.core.ids import uuid7
from tests.world import World

LIMITS = [(Decimal(2), "UH"), (Decimal("0.25"), "WH"), (Decimal(4), "WH"), (Decimal(5), "WD"), (Decimal(3), "ND")]
MANY = 5_200


def template(world: World, now: datetime) -> Case:
    lon, lat = world.middle_of("002011001")
    new = NewReport(
        id=uuid7(), matter_id=world.matters["exposed_garbage"].pk, point=PointIn(lon, lat, "wgs84"),
        channel="resident_web", description="桶边有垃圾",
    )  # fmt: skip
    return services.report_case(actor=world.actor("resident:1"), report=new, now=now).case


def copies(case: Case, rows: list[dict[str, object]]) -> None:
    kept = {
        field.attname: getattr(case, field.attname)
        for field in Case._meta.concrete_fields
        if field.attname not in ("id", "number")
    }
    Case.objects.bulk_create(
        Case(id=uuid7(), number=f"L{number:06d}", **{**kept, **row}) for number, row in enumerate(rows)
    )


@pytest.mark.parametrize("hours", [0, 5, 20, 47, 70])
def test_each_case_is_found_under_its_own_lamp_and_no_other(world: World, now: datetime, hours: int) -> None:
    chance = random.Random(hours)
    at = now + timedelta(hours=hours)
    rows = []
    for amount, unit in LIMITS:
        cuts = lamp_cuts(work_calendar(), amount=amount, unit=Unit(unit), now=at)
        edges = [edge + timedelta(microseconds=step) for edge in (cuts.green, cuts.yellow, at) for step in (-1, 0, 1)]
        anywhere = [at + timedelta(minutes=chance.randint(-3_000, 12_000)) for _ in range(40)]
        rows += [
            {"limit_amount": amount, "limit_unit": unit, "due_at": due, "state": state}
            for due in edges + anywhere
            for state in (State.HANDLING, chance.choice([State.PENDING_HANDLE, State.SUSPENDED, State.CLOSED]))
        ]
    rows.append({"limit_amount": None, "limit_unit": "", "due_at": None, "state": State.HANDLING})
    copies(template(world, now), rows)
    actor = world.actor("street:002")
    for lamp in Lamp:
        found = {case.pk for case in queries.cases_in(actor, CaseFilter(lamp=lamp), now=at)}
        wanted = {case.pk for case in Case.objects.all() if queries.lamp(case, now=at) is lamp}
        assert found == wanted


def test_no_case_is_missed_in_a_long_queue(world: World, now: datetime) -> None:
    case = template(world, now)
    row = {"limit_amount": Decimal(2), "limit_unit": "UH", "due_at": now + timedelta(minutes=40)}
    copies(case, [row] * MANY)
    assert queries.count_cases(world.actor("street:002"), CaseFilter(lamp="yellow"), now=now) == MANY


def test_time_that_the_clock_stood_still_changes_no_colour(world: World, now: datetime) -> None:
    case = template(world, now)
    case.dispatched_at, case.due_at = now - timedelta(days=60), now + timedelta(minutes=90)
    case.limit_amount, case.limit_unit = Decimal(2), "UH"  # 90 of 120 minutes are left, after two months at rest
    assert queries.lamp(case, now=now) is Lamp.GREEN
