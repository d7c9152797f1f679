"""Case numbers under load: taken as the last thing of a report, so that reports of a county hardly wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.cases.models import Case
from backend.cases.services import NewReport, PointIn, report_case
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from tests.world import make_world

ABROAD = (139.70, 35.68)


@pytest.mark.django_db(transaction=True)
def test_reports_at_once_are_numbered_without_hole_or_double(now: datetime) -> None:
    world = make_world(now)
    resident = Actor(user_id=None, role=Role.RESIDENT)

    def report(number: int) -> str | None:
        lon, lat = ABROAD if number % 4 == 3 else world.middle_of("002011001")
        matter = world.matters["exposed_garbage"]
        said = NewReport(id=uuid7(), matter_id=matter.pk, point=PointIn(lon, lat, "wgs84"), channel="hotline")
        try:
            return report_case(actor=resident, report=said, now=now).case.number
        except DomainError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        given = [number for number in threads.map(report, range(24)) if number is not None]
    assert sorted(given) == [f"20261118330281{serial:05d}" for serial in range(1, 19)]
    assert set(Case.objects.values_list("number", flat=True)) == set(given)
