"""Rules and department duty that name a grid which a division closes: handed to its heir, or in the way."""

import threading
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
import shapely
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.actor import SYSTEM
from backend.areas import edits
from backend.areas.models import Area, Boundary, Division
from backend.areas.publishing import lock_publishing
from backend.core.models import AuditEntry
from backend.dispatch import rules
from backend.dispatch import services as dispatch
from backend.dispatch.errors import BadRule, ClosedAreaNamed
from backend.dispatch.models import DepartmentDuty, Rule, RuleHandover, RuleVersion
from backend.dispatch.rules import RuleChange
from backend.inspections import dividing, rehoming
from backend.inspections.impact import impact_of
from tests.dispatch.wishes import creation, grid_wish, made, wish
from tests.inspections.test_divisions import (
    COMMUNITY,
    SECOND,
    THIRD,
    checked,
    draft_of,
    edited,
    half_split,
    published,
    reported,
)
from tests.world import SIDE, SOUTH, WEST, World, make_world

NORTH, MOVED = "330281002012001", f"{COMMUNITY}004"


@pytest.fixture
def merged(world: World, now: datetime) -> Division:
    """The third grid goes over into the second, which is larger then."""
    return edited(world, draft_of(world, now), edits.Merge((SECOND, THIRD)), now)


def moved_over(world: World, now: datetime) -> Division:
    """A grid goes to the neighbouring community: the same ground under a new code."""
    draft = draft_of(world, now, parent="330281002")
    return edited(world, draft, edits.Reassign(NORTH, COMMUNITY), now)


def duty_at(world: World, grid: str, now: datetime, **more: Any) -> DepartmentDuty:
    return DepartmentDuty.objects.create(
        department=world.departments["sanitation"], area=world.grid(grid), person="李", phone="13900000000",
        valid=DateTimeTZRange(now - timedelta(days=30), None), **more,
    )  # fmt: skip


def decided(world: World, at: tuple[float, float], now: datetime) -> dispatch.Verdict:
    return dispatch.decide(lon=at[0], lat=at[1], accuracy_m=None, matter=world.matters["exposed_garbage"], now=now)


def test_a_target_goes_to_the_heir(world: World, merged: Division, now: datetime) -> None:
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    case = reported(world, *world.middle_of("002011001"), now)
    assert case.grid == world.grid("002011003")
    division = published(world, merged, now)
    case.refresh_from_db(), rule.refresh_from_db()
    assert (case.grid, rule.target_area) == (world.grid("002011002"), world.grid("002011002"))
    assert decided(world, world.middle_of("002011001"), now).grid == world.grid("002011002")
    version = RuleVersion.objects.get(rule=rule, n=2)
    assert (version.action, version.content["target_code"]) == ("handed_over", SECOND)
    entry = AuditEntry.objects.get(action="rule_handed_over")
    assert (entry.subject_id, entry.facts["division"]) == (str(rule.pk), str(division.pk))


def test_a_switched_off_rule_goes_along(world: World, merged: Division, now: datetime) -> None:
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    off = RuleChange(RuleVersion.Action.SWITCHED_OFF, rule.pk, 1)
    rules.write(actor=SYSTEM, change=off, now=now)
    published(world, merged, now)
    rule.refresh_from_db()
    assert (rule.target_area, rule.enabled, rule.version) == (world.grid("002011002"), False, 3)


def test_a_condition_goes_with_the_same_ground(world: World, now: datetime) -> None:
    rule = made(SYSTEM, wish(world, area_code=NORTH), now)
    duty = duty_at(world, "002012001", now)
    at = world.middle_of("002012001")
    assert decided(world, at, now).department == world.departments["sanitation"]
    published(world, moved_over(world, now), now)
    heir = Area.objects.get(code=MOVED)
    rule.refresh_from_db(), duty.refresh_from_db()
    verdict = decided(world, at, now)
    assert rule.area == heir
    assert verdict.department == world.departments["sanitation"]
    assert verdict.department_duty is not None
    assert verdict.department_duty.found is not None
    assert verdict.department_duty.found.area == heir
    assert duty.valid.upper == now, "past moments keep the row that they had"
    assert AuditEntry.objects.filter(action="department_duty_handed_over", subject_id=str(duty.pk)).count() == 1


def test_a_condition_never_comes_to_hold_on_more_ground(world: World, merged: Division, now: datetime) -> None:
    rule = made(SYSTEM, wish(world, area_code=THIRD), now)
    duty_at(world, "002011003", now)
    with pytest.raises(ClosedAreaNamed) as refused:
        published_unchecked(world, merged, now)
    assert [(one["kind"], one["area_code"], one["reason"]) for one in refused.value.facts["named"]] == [
        ("department_duty", THIRD, "other_ground"), ("rule", THIRD, "other_ground"),
    ]  # fmt: skip
    assert rule.name_en in refused.value.detail


def published_unchecked(world: World, division: Division, now: datetime, *, at: datetime | None = None) -> Division:
    """As if the rule had come after the check."""
    with patch.object(dividing, "_named_closed", lambda *_: []):
        return published(world, division, now, at=at)


def test_without_a_single_heir_the_publish_is_refused(world: World, now: datetime) -> None:
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    draft = shared_out(world, now)
    with pytest.raises(ClosedAreaNamed) as refused, transaction.atomic():
        published_unchecked(world, draft, now)
    (named,) = refused.value.facts["named"]
    assert (named["id"], named["field"], named["reason"]) == (str(rule.pk), "target_area", "no_single_heir")
    assert named["takers"] == [SECOND, MOVED]
    assert Area.objects.get(code=THIRD).closed_at is None, "nothing half written"

    rules.write(actor=SYSTEM, change=RuleChange(RuleVersion.Action.SWITCHED_OFF, rule.pk, 1), now=now)
    published_unchecked(world, draft, now)
    with pytest.raises(BadRule) as stays_off:
        rules.write(actor=SYSTEM, change=RuleChange(RuleVersion.Action.SWITCHED_ON, rule.pk, 2), now=now)
    assert stays_off.value.facts["problems"][0]["reason"] == "closed"


def shared_out(world: World, now: datetime) -> Division:
    """The third grid is closed; a new one takes its east half, the second its west half."""
    middle = WEST + 2.5 * SIDE
    east = [(middle, SOUTH), (WEST + 3 * SIDE, SOUTH), (WEST + 3 * SIDE, SOUTH + SIDE), (middle, SOUTH + SIDE)]
    draft = edited(world, draft_of(world, now), edits.Add(shapely.Polygon(east), COMMUNITY, "东", "East"), now)
    return edited(world, draft, edits.Close(THIRD, SECOND), now)


def test_a_dedicated_grid_is_no_ordinary_one(world: World, merged: Division, now: datetime) -> None:
    Boundary.objects.filter(area=world.grid("002011003")).update(kind="dedicated")
    made(SYSTEM, grid_wish(world, "002011003"), now)
    with pytest.raises(ClosedAreaNamed) as refused:
        published_unchecked(world, merged, now)
    assert refused.value.facts["named"][0]["reason"] == "other_kind"


def test_the_impact_names_the_heir_of_a_row_of_duty(world: World, now: datetime) -> None:
    duty_at(world, "002012001", now)
    draft = moved_over(world, now)
    (entry,) = impact_of(actor=SYSTEM, division_id=draft.pk, now=now).named
    assert (entry.reason.value, entry.heir_code) == ("", MOVED)


def test_two_rows_of_duty_never_meet(world: World, now: datetime) -> None:
    """Somebody of the department was entered for the heir before the moment: the row of the closed grid ends."""
    held, monday = duty_at(world, "002012001", now), now + timedelta(days=4)
    published(world, moved_over(world, now), now, at=monday)
    heir = Area.objects.get(code=MOVED)
    DepartmentDuty.objects.create(
        department=held.department, area=heir, person="王", phone="13900000001", valid=DateTimeTZRange(monday, None)
    )
    rehoming.switch_due(now=monday)
    held.refresh_from_db()
    assert held.valid.upper == monday
    assert [one.person for one in DepartmentDuty.objects.filter(area=heir)] == ["王"]


def test_the_check_and_the_impact_say_it_before(world: World, merged: Division, now: datetime) -> None:
    stuck = made(SYSTEM, wish(world, area_code=THIRD), now)
    handed = made(SYSTEM, grid_wish(world, "002011003"), now)
    impact = impact_of(actor=SYSTEM, division_id=merged.pk, now=now)
    assert [(one.id, one.is_in_the_way, one.heir_code) for one in impact.named] == [
        (stuck.pk, True, ""), (handed.pk, False, SECOND),
    ]  # fmt: skip
    division = checked(world, merged, now)
    assert division.state == "draft"
    (fault,) = division.report["faults"]
    assert (fault["kind"], fault["codes"], fault["unit"]) == ("rule_names_closed", [THIRD, SECOND], "rule")
    assert fault["note"] == "环卫代管 / Sanitation takes it"
    rules.write(actor=SYSTEM, change=RuleChange(RuleVersion.Action.ENDED, stuck.pk, 1), now=now)
    assert checked(world, merged, now).state == "checked"


def test_a_rule_follows_at_the_moment_not_before(world: World, merged: Division, now: datetime) -> None:
    """Also in the seconds between the moment and the sweep."""
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    monday = now + timedelta(days=4)
    published(world, merged, now, at=monday)
    at = world.middle_of("002011001")
    assert decided(world, at, monday - timedelta(seconds=1)).grid == world.grid("002011003")
    assert decided(world, at, monday).grid == world.grid("002011002")
    assert Rule.objects.get(pk=rule.pk).version == 1
    rehoming.switch_due(now=monday + timedelta(seconds=9))
    rule.refresh_from_db()
    assert (rule.target_area, rule.version) == (world.grid("002011002"), 2)


def test_a_condition_follows_at_the_moment_not_before(world: World, now: datetime) -> None:
    made(SYSTEM, wish(world, area_code=NORTH), now)
    monday = now + timedelta(days=4)
    published(world, moved_over(world, now), now, at=monday)
    at = world.middle_of("002012001")
    assert (
        decided(world, at, monday - timedelta(seconds=1)).rule == decided(world, at, monday).rule == "rule_department"
    )


def test_what_somebody_changed_meanwhile_stays(world: World, merged: Division, now: datetime) -> None:
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    monday = now + timedelta(days=4)
    published(world, merged, now, at=monday)
    change = RuleChange(RuleVersion.Action.CHANGED, rule.pk, 1, grid_wish(world, "002011001"))
    rules.write(actor=SYSTEM, change=change, now=now)
    rehoming.switch_due(now=monday)
    rule.refresh_from_db()
    assert (rule.target_area, rule.version) == (world.grid("002011001"), 2)


def test_no_rule_is_made_for_a_grid_that_is_to_close(world: World, merged: Division, now: datetime) -> None:
    published(world, merged, now, at=now + timedelta(days=4))
    with pytest.raises(BadRule) as refused:
        made(SYSTEM, grid_wish(world, "002011003"), now)
    assert refused.value.facts["problems"][0]["reason"] == "closed"


@pytest.mark.parametrize("is_in_force", [True, False])
def test_an_undo_puts_the_rule_back(world: World, merged: Division, now: datetime, is_in_force: bool) -> None:
    rule = made(SYSTEM, grid_wish(world, "002011003"), now)
    division = published(world, merged, now, at=None if is_in_force else now + timedelta(days=4))
    later = now + timedelta(minutes=5)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    rule.refresh_from_db()
    assert rule.target_area == world.grid("002011003")
    assert not RuleHandover.objects.exists()
    actions = list(RuleVersion.objects.filter(rule=rule).values_list("action", flat=True))
    assert actions == (["created", "handed_over", "handed_over"] if is_in_force else ["created"])
    assert decided(world, world.middle_of("002011001"), now + timedelta(days=5)).grid == world.grid("002011003")


def test_an_undo_gives_condition_and_duty_back(world: World, now: datetime) -> None:
    rule = made(SYSTEM, wish(world, area_code=NORTH), now)
    duty_at(world, "002012001", now)
    division = published(world, moved_over(world, now), now)
    later = now + timedelta(minutes=5)
    dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
    rule.refresh_from_db()
    held = DepartmentDuty.objects.get(valid__endswith=None)
    assert (rule.area, held.area, held.valid.lower) == (*[world.grid("002012001")] * 2, later)


@pytest.mark.parametrize("is_in_force", [True, False])
def test_an_undo_leaves_no_rule_on_a_grid_that_never_was(world: World, now: datetime, is_in_force: bool) -> None:
    at = None if is_in_force else now + timedelta(days=4)
    division = published(world, half_split(world, draft_of(world, now), now), now, at=at)
    made(SYSTEM, wish(world, target="grid", department_id=None, target_code=MOVED), now)
    later = now + timedelta(minutes=5)
    if is_in_force:
        dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)
        assert Rule.objects.get().target_area == world.grid("002011002"), "its ground goes back whole"
        return
    with pytest.raises(ClosedAreaNamed):
        dividing.undo_division(actor=world.actor("street:002"), division_id=division.pk, now=later)


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_is_being_made_waits_for_the_publish(now: datetime) -> None:
    """Else both would look before the other has written, and the rule would name a closed grid."""
    world = make_world(now)
    draft = checked(world, edited(world, draft_of(world, now), edits.Merge((SECOND, THIRD)), now), now)
    told: list[str] = []

    def make() -> None:
        try:
            rules.write(actor=SYSTEM, change=creation(grid_wish(world, "002011003")), now=now)
            told.append("made")
        except BadRule as error:
            told.append(error.facts["problems"][0]["reason"])
        finally:
            connection.close()

    thread = threading.Thread(target=make)
    with transaction.atomic():
        lock_publishing()
        dividing.publish_division(actor=SYSTEM, division_id=draft.pk, version=draft.version, effective_at=None, now=now)
        thread.start()
        thread.join(0.5)
        assert told == []
    thread.join()
    assert told == ["closed"]
