"""Indicators against counts made by hand; nothing divided by nothing."""

from datetime import datetime, timedelta

from django.test import Client

from backend.cases import services
from backend.cases.services import Rating, Step
from backend.cases.workflow import Action
from backend.stats.queries import indicators
from tests.cases.test_spine import report
from tests.world import World


def lay_cases(world: World, now: datetime) -> None:
    """Grid 1: one handled in time, closed and rated; one overdue. Grid 2: one not yet filed."""
    resident, leader, desk = (world.actor(name) for name in ("resident:1", "leader:002011001", "community:002011"))
    first = services.report_case(actor=resident, report=report(world), now=now).case
    services.report_case(actor=resident, report=report(world), now=now)
    services.report_case(actor=resident, report=report(world, grid="002011002", matter="abandoned_furniture"), now=now)
    for actor, action in ((leader, Action.ACCEPT), (leader, Action.SUBMIT), (desk, Action.CLOSE)):
        services.act(actor=actor, case_id=first.pk, step=Step(action), now=now + timedelta(hours=1))
    services.rate(actor=resident, case_id=first.pk, rating=Rating(True, False, 2), now=now + timedelta(hours=2))


def test_rates_are_what_a_person_would_count(world: World, now: datetime) -> None:
    lay_cases(world, now)
    (whole,) = indicators(world.actor("street:002"), since=now, until=now + timedelta(days=2))
    assert whole.counts["reported"] == 3
    assert whole.rates["filing_rate"] == round(2 / 3, 4)
    assert whole.rates["handling_rate"] == whole.rates["on_time_handling_rate"] == 0.5
    assert (whole.rates["response_rate"], whole.rates["solving_rate"], whole.rates["satisfaction_rate"]) == (1, 0, 0)
    assert whole.counts["overdue_open"] == 1


def test_nothing_is_divided_by_nothing(world: World, now: datetime) -> None:
    (whole,) = indicators(world.actor("street:002"), since=now, until=now + timedelta(days=1))
    assert set(whole.rates.values()) == {None}


def test_groups_add_up_to_the_whole_and_stop_at_the_border(world: World, now: datetime) -> None:
    lay_cases(world, now)
    span = {"since": now, "until": now + timedelta(days=2)}
    grids = indicators(world.actor("street:002"), group="grid", **span)
    assert [(row.code[-3:], row.counts["reported"]) for row in grids] == [("001", 2), ("002", 1)]
    assert indicators(world.actor("street:003"), group="grid", **span) == []


def test_a_bad_period_is_refused_by_name(world: World) -> None:
    client = Client()
    client.force_login(world.people["street:002"])
    answer = client.get("/api/v1/console/indicators", {"since": "2026-11-18", "until": "2026-11-17"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_period")


def test_an_area_narrows_and_a_foreign_one_is_not_found(world: World, now: datetime) -> None:
    lay_cases(world, now)
    client = Client()
    client.force_login(world.people["street:002"])
    day = f"{now + timedelta(days=1):%Y-%m-%d}"

    def ask(code: str) -> tuple[int, int | None]:
        said = {"since": f"{now:%Y-%m-%d}", "until": day, "area": code}
        answer = client.get("/api/v1/console/indicators", said)
        return answer.status_code, answer.json()["items"][0]["counts"][
            "reported"
        ] if answer.status_code == 200 else None

    assert ask("") == (200, 3)
    assert ask("330281002011001") == (200, 2)
    assert ask("330281002011002") == (200, 1)
    assert ask("330281003001001")[0] == ask("no-such-area")[0] == 404
