"""When duty changes: what is not started moves by rule, what is under way waits, preview and apply say the same."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backend.accounts.actor import Actor
from backend.areas.duty.wishes import AbsenceWish, CoverWish, DeskWish, TransferWish, Wish, WithdrawalWish
from backend.areas.errors import AreaNotFound, DutyChangeOver, DutyOverlaps, WorkerNotFound
from backend.areas.models import Absence, Duty, DutyChange, DutyPolicy
from backend.cases import handover, services
from backend.cases.models import Case, CaseEvent, Handover
from backend.cases.services import Step
from backend.cases.workflow import Action
from backend.core.errors import IdReused, StaleVersion
from backend.core.ids import uuid7
from backend.inspections import staffing
from backend.inspections.staffing import Effect
from backend.notify import relay
from backend.notify.models import Notification
from tests.cases.test_spine import ANONYMOUS, report
from tests.world import World

GRID = "002011001"


@pytest.fixture
def desk(world: World) -> Actor:
    return world.actor("community:002011")


def reported(world: World, now: datetime, *, grid: str = GRID) -> Case:
    return services.report_case(actor=ANONYMOUS, report=report(world, grid=grid), now=now).case


def absence(world: World, now: datetime, *, who: str = f"leader:{GRID}", days: int = 3, start: int = 0) -> AbsenceWish:
    begins = now + timedelta(days=start)
    return AbsenceWish(world.people[who].pk, "annual", begins, begins + timedelta(days=days), "年休假")


def enter(actor: Actor, wish: Wish, now: datetime, change_id: UUID | None = None) -> Effect:
    """Preview, then apply what it showed."""
    change_id = change_id or uuid7()
    seen = staffing.preview(actor=actor, change_id=change_id, wish=wish, now=now)
    return staffing.apply(actor=actor, change_id=change_id, wish=wish, version=seen.version, now=now)


def owner(case: Case) -> str:
    case.refresh_from_db()
    return case.responsible.username if case.responsible else "desk"


def accept(world: World, case: Case, who: str, now: datetime) -> None:
    services.act(actor=world.actor(who), case_id=case.pk, step=Step(Action.ACCEPT), now=now)


def test_an_absence_moves_what_is_not_started_and_lists_what_is(world: World, now: datetime, desk: Actor) -> None:
    waiting, begun = reported(world, now), reported(world, now)
    accept(world, begun, f"leader:{GRID}", now)
    change_id = uuid7()
    seen = staffing.preview(actor=desk, change_id=change_id, wish=absence(world, now), now=now)
    assert [move.case.pk for move in seen.moves] == [waiting.pk]
    assert [case.pk for case in seen.to_decide] == [begun.pk]
    assert not DutyChange.objects.exists()
    assert owner(waiting) == f"leader-{GRID}"

    staffing.apply(actor=desk, change_id=change_id, wish=absence(world, now), version=seen.version, now=now)
    assert owner(waiting) == f"worker-{GRID}"
    assert owner(begun) == f"leader-{GRID}"
    line = CaseEvent.objects.get(case=waiting, action="route")
    assert line.facts["from_owner"] == str(world.people[f"leader:{GRID}"].pk)
    assert line.facts["to_owner"] == str(world.people[f"worker:{GRID}"].pk)
    assert line.facts["change_id"] == str(change_id)
    assert [case.pk for case in handover.awaiting_decision(desk, at=now)] == [begun.pk]
    assert handover.awaiting_decision(world.actor("community:002012"), at=now) == []


def test_both_hear_of_a_handover_once(world: World, now: datetime, desk: Actor) -> None:
    reported(world, now)
    enter(desk, absence(world, now), now)
    relay.relay(now=lambda: now)
    relay.relay(now=lambda: now + timedelta(minutes=1))
    told = Notification.objects.filter(topic__startswith="case_handed").order_by("topic")
    assert [(one.topic, one.user.username) for one in told] == [
        ("case_handed_on", f"leader-{GRID}"),
        ("case_handed_to", f"worker-{GRID}"),
    ]


def test_a_stale_preview_is_refused_and_nothing_is_written(world: World, now: datetime, desk: Actor) -> None:
    case = reported(world, now)
    wish, change_id = absence(world, now), uuid7()
    seen = staffing.preview(actor=desk, change_id=change_id, wish=wish, now=now)
    accept(world, case, f"leader:{GRID}", now)
    with pytest.raises(StaleVersion):
        staffing.apply(actor=desk, change_id=change_id, wish=wish, version=seen.version, now=now)
    assert not Absence.objects.exists()
    assert owner(case) == f"leader-{GRID}"


def test_a_repeat_changes_nothing_and_another_wish_under_the_id_is_refused(
    world: World, now: datetime, desk: Actor
) -> None:
    reported(world, now)
    change_id = uuid7()
    first = enter(desk, absence(world, now), now, change_id)
    again = staffing.apply(actor=desk, change_id=change_id, wish=absence(world, now), version="", now=now)
    assert (first.is_new, again.is_new) == (True, False)
    assert Absence.objects.count() == 1
    with pytest.raises(IdReused):
        staffing.apply(actor=desk, change_id=change_id, wish=absence(world, now, days=4), version="", now=now)


def test_an_absence_that_begins_later_moves_the_work_when_it_begins(world: World, now: datetime, desk: Actor) -> None:
    case = reported(world, now)
    effect = enter(desk, absence(world, now, start=2), now)
    assert (len(effect.moves), effect.moved, owner(case)) == (1, 0, f"leader-{GRID}")
    assert staffing.sweep_changes(now=now + timedelta(days=2, seconds=-1)) == 0
    later = now + timedelta(days=2)
    assert [staffing.sweep_changes(now=later), staffing.sweep_changes(now=later)] == [1, 0]
    assert owner(case) == f"worker-{GRID}"


def test_the_sweep_catches_what_was_dispatched_meanwhile(world: World, now: datetime, desk: Actor) -> None:
    enter(desk, absence(world, now), now)
    late = reported(world, now)
    Case.objects.filter(pk=late.pk).update(responsible=world.people[f"leader:{GRID}"])
    assert staffing.sweep_changes(now=now + timedelta(minutes=1)) == 1
    assert owner(late) == f"worker-{GRID}"


@pytest.mark.parametrize(
    ("returns", "after"), [(True, f"leader-{GRID}"), (False, f"worker-{GRID}"), (None, f"worker-{GRID}")]
)
def test_work_goes_back_only_where_the_town_says_so(
    world: World, now: datetime, desk: Actor, returns: bool | None, after: str
) -> None:
    if returns is not None:
        DutyPolicy.objects.create(area=world.areas["330281002"], returns_work=returns)
    kept, taken_on = reported(world, now), reported(world, now)
    enter(desk, absence(world, now, days=1), now)
    accept(world, taken_on, f"worker:{GRID}", now)
    back = now + timedelta(days=1)
    staffing.sweep_changes(now=now)
    staffing.sweep_changes(now=back)
    staffing.sweep_changes(now=back)
    assert owner(kept) == after
    assert owner(taken_on) == f"worker-{GRID}"
    assert CaseEvent.objects.filter(case=kept, action="route").count() == (2 if returns else 1)


def test_a_cover_takes_over_several_grids_and_leaves_them_again(world: World, now: datetime, desk: Actor) -> None:
    first, second = reported(world, now), reported(world, now, grid="002011002")
    stand_in = world.people["leader:002011003"]
    codes = [world.grid(GRID).code, world.grid("002011002").code]
    enter(desk, CoverWish(stand_in.pk, codes, now, now + timedelta(days=1)), now)
    assert {owner(first), owner(second)} == {stand_in.username}
    assert len(world.actor("leader:002011003", now=now).area_paths) == 3
    staffing.sweep_changes(now=now)
    staffing.sweep_changes(now=now + timedelta(days=1))
    assert (owner(first), owner(second)) == (f"leader-{GRID}", "leader-002011002")
    assert len(world.actor("leader:002011003", now=now + timedelta(days=1)).area_paths) == 1


def test_a_transfer_ends_and_begins_in_one_step(world: World, now: datetime, desk: Actor) -> None:
    case = reported(world, now)
    Duty.objects.filter(grid=world.grid("002011002")).delete()
    leader = world.people[f"leader:{GRID}"]
    enter(desk, TransferWish(leader.pk, world.grid(GRID).code, world.grid("002011002").code, "leader", now), now)
    assert owner(case) == f"worker-{GRID}"
    held = Duty.objects.filter(worker=leader).order_by("valid")
    assert [(duty.grid.code[-3:], duty.valid.upper) for duty in held] == [("001", now), ("002", None)]


def test_a_transfer_onto_a_held_post_is_refused_whole(world: World, now: datetime, desk: Actor) -> None:
    leader = world.people[f"leader:{GRID}"]
    wish = TransferWish(leader.pk, world.grid(GRID).code, world.grid("002011002").code, "leader", now)
    with pytest.raises(DutyOverlaps) as refused:
        staffing.preview(actor=desk, change_id=uuid7(), wish=wish, now=now)
    assert refused.value.facts["field"] == "post"
    assert Duty.objects.get(worker=leader).valid.upper is None


def test_an_absence_is_ended_early_and_a_later_one_taken_back(world: World, now: datetime, desk: Actor) -> None:
    running = enter(desk, absence(world, now), now).change
    coming = enter(desk, absence(world, now, start=10), now).change
    later = now + timedelta(hours=1)
    enter(desk, WithdrawalWish(running.pk), later)
    enter(desk, WithdrawalWish(coming.pk), later)
    assert [one.period.upper for one in Absence.objects.all()] == [later]
    for ended in (running, coming):
        with pytest.raises(DutyChangeOver):
            staffing.preview(actor=desk, change_id=uuid7(), wish=WithdrawalWish(ended.pk), now=later)


def test_nobody_on_duty_leaves_the_case_with_the_desk_and_a_cover_picks_it_up(
    world: World, now: datetime, desk: Actor
) -> None:
    case = reported(world, now, grid="002011002")
    enter(desk, absence(world, now, who="leader:002011002"), now)
    assert owner(case) == "desk"
    stand_in = world.people["leader:002011003"]
    enter(desk, CoverWish(stand_in.pk, [world.grid("002011002").code], now, now + timedelta(days=1)), now)
    assert owner(case) == stand_in.username


@pytest.mark.parametrize("who", ["community:002012", "street:003", "auditor", "resident:1"])
def test_only_the_own_area_changes_its_duty(world: World, now: datetime, who: str) -> None:
    actor = world.actor(who)
    if who == "auditor":  # reads the county, but has no door to write; the view refuses the role
        return
    with pytest.raises(WorkerNotFound):
        staffing.preview(actor=actor, change_id=uuid7(), wish=absence(world, now), now=now)
    own = {"community:002012": "leader:002012001", "street:003": "leader:003001001"}.get(who)
    if own:
        wish = CoverWish(world.people[own].pk, [world.grid(GRID).code], now, now + timedelta(days=1))
        with pytest.raises(AreaNotFound):
            staffing.preview(actor=actor, change_id=uuid7(), wish=wish, now=now)


def test_a_desk_shift_is_entered_and_a_second_one_at_the_time_refused(world: World, now: datetime, desk: Actor) -> None:
    clerk = world.people["community:002011"]
    wish = DeskWish(clerk.pk, "330281002011", now, now + timedelta(hours=8), "0574-222")
    enter(desk, wish, now)
    with pytest.raises(DutyOverlaps):
        enter(desk, wish, now)


def test_a_handover_is_kept_once_a_case_and_change(world: World, now: datetime, desk: Actor) -> None:
    reported(world, now)
    effect = enter(desk, absence(world, now), now)
    assert handover.carry_out(effect.moves, change=effect.change, actor=desk, now=now) == 0
    assert Handover.objects.count() == 1
