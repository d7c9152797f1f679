"""What nobody looked at: by days, by area, with what is due; homes only for those who call there."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from backend.core.clock import LOCAL
from backend.places.models import VisitDuty
from tests.world import World

URL = "/api/v1/console/coverage"


@pytest.fixture(autouse=True)
def _stand_still(time_machine_at_noon: None) -> None:
    """The clock shows the world's noon."""


@pytest.fixture
def today(now: datetime) -> date:
    return now.astimezone(LOCAL).date()


@pytest.fixture
def town(world: World, today: date) -> World:
    for name, grid, ago in (
        ("old", "002011001", 40), ("fresh", "002011001", 3), ("never", "002011001", None), ("far", "002012001", 90),
    ):  # fmt: skip
        last = None if ago is None else today - timedelta(days=ago)
        world.add_place(name, grid=grid, interval_days=30, last_visit_on=last)
    home = world.add_place("home", grid="002011001", interval_days=30, last_visit_on=today - timedelta(days=50))
    home.kind = "residence"
    home.save(update_fields=["kind"])
    return world


def ask(world: World, name: str, **said: object) -> dict:
    client = Client()
    client.force_login(world.people[name])
    answer = client.get(URL, said)
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(found: dict) -> list[str]:
    return [item["name"]["en"].removeprefix("Test place ") for item in found["items"]]


def test_what_nobody_looked_at_for_so_long_comes_first(town: World, today: date) -> None:
    found = ask(town, "community:002011", unseen_days=30)
    assert names(found) == ["never", "home", "old"]
    assert (found["places"], found["found"], found["overdue"], found["never"]) == (4, 3, 3, 1)
    never, home, _ = found["items"]
    assert (never["unseen_days"], never["last_look_on"]) == (None, None)
    assert (home["unseen_days"], home["overdue_days"]) == (50, 20)
    assert home["next_due_on"] == str(today - timedelta(days=20))
    assert home["duties"][0]["interval_days"] == 30
    assert names(ask(town, "community:002011", unseen_days=41)) == ["never", "home"]
    assert names(ask(town, "community:002011", unseen_days=0)) == ["never", "home", "old", "fresh"]


def test_everybody_sees_their_own_ground_and_only_desks_that_call_see_homes(town: World) -> None:
    assert names(ask(town, "community:002012", unseen_days=30)) == ["far"]
    assert set(names(ask(town, "street:002", unseen_days=30))) == {"never", "home", "old", "far"}
    whole = ask(town, "district", unseen_days=30)
    assert set(names(whole)) == {"never", "old", "far"}
    assert whole["found"] == 4
    assert names(ask(town, "community:002011", unseen_days=30, grid="002012001")) == []


def test_a_duty_that_has_ended_or_not_begun_asks_for_nothing(town: World, today: date) -> None:
    VisitDuty.objects.filter(place__code="old").update(ends_on=today - timedelta(days=1))
    VisitDuty.objects.filter(place__code="never").update(starts_on=today + timedelta(days=1))
    assert names(ask(town, "community:002011", unseen_days=30)) == ["home"]


@pytest.mark.parametrize("days", ["-1", "731", "soon"])
def test_days_out_of_range_are_refused_by_field(town: World, days: str) -> None:
    client = Client()
    client.force_login(town.people["street:002"])
    answer = client.get(URL, {"unseen_days": days})
    assert answer.status_code in (400, 422)
    assert "unseen_days" in answer.content.decode()
