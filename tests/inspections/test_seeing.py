"""Who has seen which version of a plan: the first moment is kept, nobody speaks for another."""

from datetime import timedelta

import pytest

from backend.core.models import OutboxMessage
from backend.inspections.errors import PlanNotFound
from backend.inspections.models import PlanSeen, WeeklyPlan
from backend.inspections.overview import plan_detail
from backend.inspections.services import plan_week, publish_plan, see_plan
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at
from tests.streets import spot_in
from tests.world import World

pytestmark = pytest.mark.django_db
LEADER = f"leader:{GRID}"


def again(town: World) -> WeeklyPlan:
    """The next version of the plan, as a draft."""
    town.add_place("R1", grid=GRID, at=spot_in(town, GRID))
    return plan_week(grid_id=town.grid(GRID).pk, week_start=MONDAY, now=MONDAY_EARLY)


def test_the_first_moment_is_kept_and_the_console_shows_it(town: World, published: WeeklyPlan) -> None:
    desk, leader = town.actor("community:002011"), town.actor(LEADER)
    assert {one.seen_at for one in plan_detail(desk, published.pk).readers} == {None}
    for minute in (12, 40):
        see_plan(actor=leader, plan_id=published.pk, seen_at=at(f"16 09:{minute}"), now=at("16 10:00"))
    seen = {one.worker.pk: one.seen_at for one in plan_detail(desk, published.pk).readers}
    assert seen.pop(leader.user_id) == at("16 09:12")
    assert set(seen.values()) == {None}
    assert OutboxMessage.objects.filter(topic="plan_seen").count() == 1


def test_a_new_version_is_not_seen_with_the_old_one(town: World, published: WeeklyPlan) -> None:
    desk, leader = town.actor("community:002011"), town.actor(LEADER)
    newer = again(town)
    assert plan_detail(desk, newer.pk).readers == []
    publish_plan(actor=desk, plan_id=newer.pk, now=at("16 08:00"))
    see_plan(actor=leader, plan_id=published.pk, seen_at=at("16 07:30"), now=at("16 09:00"))
    assert {one.seen_at for one in plan_detail(desk, newer.pk).readers} == {None}


def test_nobody_sees_a_draft_or_the_plan_of_others(town: World, published: WeeklyPlan) -> None:
    for who, plan in ((LEADER, again(town)), ("leader:002011002", published), ("community:002011", published)):
        with pytest.raises(PlanNotFound):
            see_plan(actor=town.actor(who), plan_id=plan.pk, seen_at=None, now=at("16 09:00"))
    assert not PlanSeen.objects.exists()


@pytest.mark.parametrize(
    ("said", "kept"),
    [("16 11:00", "16 10:00"), ("15 11:00", "16 04:30"), (None, "16 10:00")],
    ids=["ahead", "before it was in force", "not said"],
)
def test_a_wrong_clock_is_put_right(town: World, published: WeeklyPlan, said: str | None, kept: str) -> None:
    moment = at(said) if said else None
    seen = see_plan(actor=town.actor(LEADER), plan_id=published.pk, seen_at=moment, now=at("16 10:00"))
    assert seen.seen_at == at(kept)
    assert seen.received_at - at("16 10:00") == timedelta(0)
