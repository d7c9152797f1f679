"""A booked visit whose team is away finds the next of the chain, who leaves the own round for that half day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts.actor import SYSTEM
from backend.areas.duty.wishes import AbsenceWish, WithdrawalWish
from backend.areas.models import Absence, Duty
from backend.core.ids import uuid7
from backend.core.models import OutboxMessage
from backend.inspections import staffing
from backend.inspections.lending import Call, Walker, lend
from backend.inspections.models import PlanJobGrid, Stop, WeeklyPlan
from backend.inspections.services import cancel_appointment, plan_week, publish_plan, run_job_grid
from backend.inspections.shifts import half_days, team_shifts
from backend.notify import relay
from backend.notify.models import Notification
from backend.notify.texts import notice_text
from tests.inspections.conftest import GRID, MONDAY, MONDAY_EARLY, at
from tests.streets import spot_in
from tests.world import World

NEXT = "002011002"
NOON = at("18 12:00")
GRIDS = [UUID(int=number) for number in range(1, 5)]
PEOPLE = [UUID(int=100 + number) for number in range(6)]


def planned(world: World, *codes: str) -> list[WeeklyPlan]:
    plans = [plan_week(grid_id=world.grid(code).pk, week_start=MONDAY, now=MONDAY_EARLY) for code in codes]
    return [publish_plan(actor=SYSTEM, plan_id=plan.pk, now=MONDAY_EARLY) for plan in plans]


def away(world: World, *names: str) -> None:
    for name in names:
        Absence.objects.create(
            worker=world.people[name],
            period=DateTimeTZRange(at("18 00:00"), at("19 00:00")),
            kind="sick",
            reason="病假",
        )


@pytest.fixture
def deputised(town: World) -> World:
    """The leader of the next grid is A deputy of the first; both grids have places to look after."""
    since = DateTimeTZRange(town.began - timedelta(days=30), None)
    Duty.objects.create(grid=town.grid(GRID), worker=town.people[f"leader:{NEXT}"], post="deputy", rank=1, valid=since)
    town.add_place("N1", grid=NEXT, at=spot_in(town, NEXT, east=0.4, north=0.4))
    return town


def half_days_of(world: World, code: str, who: str) -> list[datetime]:
    return [
        shift.start for shift in team_shifts(world.grid(code).pk, MONDAY) if shift.worker_id == world.people[who].pk
    ]


def test_a_deputy_comes_when_the_team_is_away(deputised: World, book_at: Callable[..., object]) -> None:
    appointment = book_at("18 14:00", "18 16:00").appointment  # type: ignore[attr-defined]
    away(deputised, f"leader:{GRID}", f"worker:{GRID}")
    first, _ = planned(deputised, GRID, NEXT)
    stop = Stop.objects.get(appointment=appointment, route__plan=first)
    assert stop.route.worker == deputised.people[f"leader:{NEXT}"]
    assert at("18 14:00") <= stop.start_at < at("18 16:00")
    assert not first.unserved
    # That half day is taken out of the deputy's own round; the other halves are not.
    assert half_days_of(deputised, GRID, f"leader:{NEXT}") == [at("18 14:00")]
    own = half_days_of(deputised, NEXT, f"leader:{NEXT}")
    assert own == [start for start, _ in half_days(MONDAY) if start != at("18 14:00")]


def test_nobody_is_lent_where_the_team_is_there(deputised: World, book_at: Callable[..., object]) -> None:
    book_at("18 14:00", "18 16:00")
    away(deputised, f"leader:{GRID}")  # the worker is there
    assert half_days_of(deputised, GRID, f"leader:{NEXT}") == []


def test_a_promise_of_the_own_grid_goes_first(
    deputised: World, book_at: Callable[..., object], booking_of: Callable[..., object]
) -> None:
    lost = book_at("18 14:00", "18 16:00").appointment  # type: ignore[attr-defined]
    book_at("18 15:00", "18 17:00", **{"booking_id": uuid7()})
    own = Call(deputised.grid(NEXT).pk, at("18 14:00"), at("18 16:00"), 30)
    walkers = {
        deputised.people[f"leader:{NEXT}"].pk: Walker(
            deputised.people[f"leader:{NEXT}"].pk, own.grid_id, at("18 14:00"), at("18 17:00")
        )
    }
    asked = Call(lost.grid_id, at("18 14:00"), at("18 16:00"), 30)
    assert lend(walkers, [asked, own], {lost.grid_id: list(walkers)}) == {}
    assert lend(walkers, [asked], {lost.grid_id: list(walkers)}) == {next(iter(walkers)): lost.grid_id}


def test_an_absence_plans_both_rounds_anew_and_its_end_gives_back(
    deputised: World, book_at: Callable[..., object]
) -> None:
    appointment = book_at("18 14:00", "18 16:00").appointment  # type: ignore[attr-defined]
    away(deputised, f"worker:{GRID}")
    planned(deputised, GRID, NEXT)
    desk = deputised.actor("community:002011", now=MONDAY_EARLY)
    wish = AbsenceWish(deputised.people[f"leader:{GRID}"].pk, "sick", at("18 00:00"), at("19 00:00"), "病假")
    enter(desk, uuid7(), wish)
    assert walker_of(appointment) == deputised.people[f"leader:{NEXT}"]
    assert (
        not Stop.objects.published()
        .filter(route__plan__grid=deputised.grid(NEXT), start_at__range=(at("18 14:00"), at("18 17:00")))
        .exists()
    )
    absence = Absence.objects.get(worker=deputised.people[f"leader:{GRID}"])
    enter(desk, uuid7(), WithdrawalWish(absence.change_id))
    assert walker_of(appointment) == deputised.people[f"leader:{GRID}"]
    assert len(half_days_of(deputised, NEXT, f"leader:{NEXT}")) == len(half_days(MONDAY))


def enter(desk: object, change_id: UUID, wish: object) -> None:
    seen = staffing.preview(actor=desk, change_id=change_id, wish=wish, now=MONDAY_EARLY)  # type: ignore[arg-type]
    staffing.apply(
        actor=desk,
        change_id=change_id,
        wish=wish,
        version=seen.version,
        now=MONDAY_EARLY,  # type: ignore[arg-type]
    )
    for row in PlanJobGrid.objects.filter(done_at=None).order_by("id"):
        assert run_job_grid(job_grid_id=row.pk, now=MONDAY_EARLY)


def walker_of(appointment: object) -> object:
    return Stop.objects.published().get(appointment=appointment).route.worker


def test_the_lender_is_planned_anew_when_the_visit_is_cancelled(
    deputised: World, book_at: Callable[..., object]
) -> None:
    appointment = book_at("18 14:00", "18 16:00").appointment  # type: ignore[attr-defined]
    away(deputised, f"leader:{GRID}", f"worker:{GRID}")
    planned(deputised, GRID, NEXT)
    PlanJobGrid.objects.all().delete()
    cancel_appointment(
        actor=deputised.actor("resident:1"), appointment_id=appointment.pk, reason="不需要了", now=MONDAY_EARLY
    )
    asked = {row.grid_id for row in PlanJobGrid.objects.all()}
    assert asked == {deputised.grid(GRID).pk, deputised.grid(NEXT).pk}


def test_a_visit_that_nobody_can_make_is_told_to_the_desks_once(town: World, book_at: Callable[..., object]) -> None:
    appointment = book_at("18 14:00", "18 16:00").appointment  # type: ignore[attr-defined]
    away(town, f"leader:{GRID}", f"worker:{GRID}")
    planned(town, GRID)
    town.add_place("N2", grid=GRID, at=spot_in(town, GRID, east=0.3, north=0.3))
    planned(town, GRID)  # a second version that can't make it either
    assert OutboxMessage.objects.filter(topic="visit_unserved").count() == 1
    relay.relay(now=lambda: MONDAY_EARLY)
    told = Notification.objects.filter(topic="visit_unserved").order_by("user__username")
    assert [one.user.username for one in told] == ["community-002011", "street-002"]
    zh, en = notice_text("visit_unserved", told[0].facts)
    assert appointment.case.number in zh
    assert "11-18 14:00–16:00" in zh
    assert "nobody can go" in en


def test_one_deputy_of_two_grids_goes_where_the_first_call_is() -> None:
    deputy = Walker(PEOPLE[0], None, NOON, NOON + timedelta(hours=3))
    calls = [Call(grid, NOON, NOON + timedelta(hours=2), 30) for grid in GRIDS[:2]]
    assert lend({PEOPLE[0]: deputy}, calls, {grid: [PEOPLE[0]] for grid in GRIDS}) == {PEOPLE[0]: GRIDS[0]}


@given(
    st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([None, *GRIDS])), unique_by=lambda row: row[0]),
    st.lists(st.tuples(st.sampled_from(GRIDS), st.integers(0, 2)), max_size=8),
    st.dictionaries(st.sampled_from(GRIDS), st.lists(st.sampled_from(PEOPLE), unique=True)),
)
def test_lending_never_breaks_a_promise_that_could_be_kept(
    people: list[tuple[UUID, UUID | None]], asked: list[tuple[UUID, int]], chains: dict[UUID, list[UUID]]
) -> None:
    """Whatever was kept without lending is kept with it, and nobody goes where they do not answer."""
    walkers = {who: Walker(who, grid, NOON, NOON + timedelta(hours=3)) for who, grid in people}
    calls = [Call(grid, NOON + timedelta(hours=start), NOON + timedelta(hours=start + 1), 30) for grid, start in asked]
    lent = lend(walkers, calls, chains)

    def kept(at_home: dict[UUID, UUID]) -> set[int]:
        there = {who: at_home.get(who, walker.grid_id) for who, walker in walkers.items()}
        return {
            number
            for number, call in enumerate(calls)
            if any(there[who] == call.grid_id and walkers[who].can_make(call) for who in walkers)
        }

    assert kept({}) <= kept(lent)
    assert all(who in chains[grid] for who, grid in lent.items())
    assert lent == lend(walkers, calls, chains)
