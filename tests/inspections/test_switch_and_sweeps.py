"""A division that closes a grid while a sweep ends one of its stops: what the sweep found is kept."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from backend.areas.models import Division
from backend.cases import services
from backend.cases.models import Case
from backend.inspections import rehoming
from backend.inspections.models import Stop, WeeklyPlan
from backend.inspections.rehoming import Touched
from backend.inspections.services import settle_case_stops
from tests.cases.test_spine import report
from tests.inspections.conftest import GRID, MONDAY_EARLY
from tests.inspections.test_correcting import planned
from tests.inspections.test_races import at_once
from tests.world import World

LATER = MONDAY_EARLY + timedelta(minutes=1)


def somebody_waits() -> bool:
    """Whether a statement of this database waits for a row; a transaction is else shown what it saw first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock')"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_stop_that_a_sweep_ends_meanwhile_is_not_skipped_by_the_switch(request: pytest.FixtureRequest) -> None:
    town: World = request.getfixturevalue("town")
    case = services.report_case(actor=town.actor("resident:1"), report=report(town), now=MONDAY_EARLY).case
    plan: WeeklyPlan = planned(town, GRID)
    Case.objects.filter(pk=case.pk).update(state="cancelled")
    swept = threading.Event()

    def sweep() -> int:
        with transaction.atomic():
            ended = settle_case_stops(now=LATER)
            swept.set()
            for _ in range(60):
                if somebody_waits():
                    break
                time.sleep(0.05)
            return ended

    def switch() -> None:
        swept.wait(timeout=10)
        with transaction.atomic():
            rehoming._plan_again(Division(name="秋季调整"), Touched((), (town.grid(GRID),)), LATER)

    results = at_once(sweep, switch)
    assert 1 in results
    stops = Stop.objects.filter(route__plan=plan)
    assert stops.get(case=case).state == "done"
    assert set(stops.exclude(case=case).values_list("state", flat=True)) == {"skipped"}
