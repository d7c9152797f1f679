"""A draft tried on the past: each case as of its own moment, nothing written, and a publish does what was foretold."""

import json
import random
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from shapely import LineString

from backend.areas import drafts, edits, force
from backend.areas.errors import DivisionNotDraft, DivisionNotFound
from backend.areas.models import Absence, Area, Division, Duty
from backend.cases.division_trials import DivisionTrial, try_division
from backend.cases.errors import BadPeriod
from backend.cases.models import Case
from backend.cases.rule_tables import RulesOf
from backend.cases.services import PointIn, report_case
from backend.cases.workflow import OPEN_STATES
from backend.dispatch.models import DepartmentDuty
from tests.cases.test_disputes import AT_BORDER, case_at, returned, ruled
from tests.cases.test_spine import ANONYMOUS, report
from tests.dispatch.wishes import grid_wish, made, river, wish
from tests.inspections.test_divisions import (
    COMMUNITY,
    FIRST,
    SECOND,
    THIRD,
    draft_of,
    edited,
    half_split,
    published,
    reported,
)
from tests.inspections.test_succession import shared_out
from tests.world import SIDE, SOUTH, WEST, World

DAY = timedelta(days=1)
EAST = (WEST + 1.8 * SIDE, SOUTH + 0.5 * SIDE)
INSIDE = (WEST + 1.2 * SIDE, SOUTH + 0.5 * SIDE)
NEW = f"{COMMUNITY}004"
NORTH = "330281002012001"


def tried(
    world: World, draft: Division, now: datetime, *, days: int = 30, actor: str = "street:002", **more: RulesOf
) -> DivisionTrial:
    return try_division(
        actor=world.actor(actor), division_id=draft.pk, start=now - days * DAY, end=now + DAY, now=now, **more
    )


def loads_of(trial: DivisionTrial) -> dict[str, tuple[int, int]]:
    return {load.code: (load.before, load.after) for load in trial.loads}


def test_cases_of_the_new_grid_go_to_it_and_to_the_team_of_its_ground(world: World, now: datetime) -> None:
    goes, stays = reported(world, *EAST, now - 3 * DAY), reported(world, *INSIDE, now - 2 * DAY)
    reported(world, *EAST, now - 60 * DAY)
    trial = tried(world, half_split(world, draft_of(world, now), now), now)
    assert trial.cases == 2
    (move,) = trial.elsewhere
    assert move.case.id == goes.pk != stays.pk
    assert move.before is not None
    assert move.after is not None
    assert (move.before.area.code, move.after.area.code) == (SECOND, NEW)
    assert move.before.worker == move.after.worker == world.people["leader:002011002"]
    assert (trial.other_grid, trial.other_person, trial.nobody) == (1, 0, [])
    assert loads_of(trial) == {SECOND: (2, 1), NEW: (0, 1)}
    assert not Area.objects.filter(code=NEW).exists()


def test_ground_that_goes_to_a_neighbour_goes_to_other_people(world: World, now: datetime) -> None:
    reported(world, *INSIDE, now - DAY)
    trial = tried(world, edited(world, draft_of(world, now), edits.Merge((FIRST, SECOND)), now), now)
    assert (trial.other_grid, trial.other_person) == (1, 1)
    assert loads_of(trial) == {FIRST: (0, 1), SECOND: (1, 0)}


def test_who_is_away_then_is_away_in_the_new_grid_too(world: World, now: datetime) -> None:
    early, late = reported(world, *EAST, now - 5 * DAY), reported(world, *EAST, now - DAY)
    draft = half_split(world, draft_of(world, now), now)
    for worker in Duty.objects.filter(grid=world.grid("002011002")).values_list("worker", flat=True).distinct():
        Absence.objects.create(worker_id=worker, period=DateTimeTZRange(now - 2 * DAY, None), kind="sick")
    trial = tried(world, draft, now)
    assert [move.case.id for move in trial.nobody] == [late.pk]
    assert {move.case.id: move.after and move.after.owner.value for move in trial.elsewhere} == {
        early.pk: "worker", late.pk: "community_desk",
    }  # fmt: skip
    assert trial.nobody_before == 1


def test_a_hole_in_the_draft_finds_nobody(world: World, now: datetime) -> None:
    case = reported(world, *INSIDE, now - DAY)
    draft = drafts.create_draft(
        actor=world.actor("street:002"), parent_code=COMMUNITY, level="grid", name="x", now=now,
        drawn=[drafts.Drawn(_shape_of(world, code), code=code) for code in (FIRST, THIRD)],
    )  # fmt: skip
    trial = tried(world, draft, now)
    assert [(move.case.id, move.after and move.after.rule) for move in trial.nobody] == [(case.pk, "community_gap")]
    assert trial.nobody_before == 0


def _shape_of(world: World, code: str) -> Any:

    parent = Area.objects.get(code=COMMUNITY)
    return force.shapes_of(force.last_published(parent, "grid"))[code]


def test_a_period_before_the_grids_of_today_asks_the_team_of_then(world: World, now: datetime) -> None:
    """The grid that the draft cuts did not exist yet: its ground belonged to another one, whose team answers."""
    case = reported(world, *EAST, now - 10 * DAY)
    published(world, half_split(world, draft_of(world, now), now - 2 * DAY), now - 2 * DAY)
    draft = draft_of(world, now)
    north = SOUTH + 0.7 * SIDE
    line = LineString([(WEST + 1.6 * SIDE - 1e-4, north), (WEST + 2 * SIDE + 1e-4, north)])
    edited(world, draft, edits.Split(NEW, line), now)
    trial = tried(world, draft, now)
    (move,) = trial.elsewhere
    assert move.case.id == case.pk
    assert move.before is not None
    assert move.after is not None
    assert (move.before.area.code, move.after.area.code) == (SECOND, NEW)
    assert move.after.worker == world.people["leader:002011002"]


def test_what_is_foretold_is_what_a_publish_moves(world: World, now: datetime) -> None:
    """Rules that send to a grid and to a department, earlier rulings, a binding ruling, borders, gaps, poor fixes."""
    street = world.actor("street:002")
    made(street, grid_wish(world, "002011001", shape=river(), reach_m=30), now - 40 * DAY)
    made(street, wish(world, matter_id=world.matters["graffiti_removal"].pk), now - 40 * DAY)
    chance = random.Random(5)
    for number in range(80):
        lon = WEST + chance.choice([chance.uniform(-0.05, 3.05), chance.randint(0, 3), 1.6]) * SIDE
        lat = SOUTH + chance.choice([chance.uniform(-0.3, 1.1), 0.5, 1.0]) * SIDE
        matter = chance.choice(["exposed_garbage", "dirty_road", "graffiti_removal"])
        point = PointIn(round(lon, 7), round(lat, 7), "wgs84", chance.choice([None, 3.0, 25.0, 80.0]))
        report_case(
            actor=ANONYMOUS, report=report(world, matter=matter, point=point), now=now - timedelta(hours=number)
        )
    ruled(world, returned(world, case_at(world, AT_BORDER, now), now), now)
    draft = half_split(world, draft_of(world, now), now)
    trial = tried(world, draft, now)
    foretold = {
        move.case.id: _said(move.after)
        for move in trial.elsewhere
        if move.to_other_grid and move.case.state in OPEN_STATES
    }
    before = dict(Case.objects.values_list("pk", "grid__code"))
    published(world, draft, now)
    after = {case.pk: case for case in Case.objects.select_related("grid", "responsible", "department")}
    moved = {pk for pk, case in after.items() if (case.grid.code if case.grid else None) != before[pk]}
    assert len(moved) > 5
    assert moved == set(foretold)
    for pk in moved:
        grid = after[pk].grid
        assert foretold[pk] == (grid.code if grid else None, after[pk].area_path)


def _said(verdict: Any) -> tuple[str | None, str]:
    return verdict.grid.code if verdict.grid else None, verdict.area_path


def test_the_rules_are_those_of_the_moment_or_those_of_today(world: World, now: datetime) -> None:
    reported(world, *EAST, now - 3 * DAY)
    draft = half_split(world, draft_of(world, now), now)
    rule = made(world.actor("street:002"), wish(world), now - DAY)
    then = tried(world, draft, now)
    today = tried(world, draft, now, rules_of=RulesOf.TODAY)
    said = [(one.rules_of, move.before.rule, move.after.rule) for one in (then, today) for move in one.elsewhere]
    assert said == [
        (RulesOf.THEN, "duty_leader", "duty_leader"),
        (RulesOf.TODAY, "rule_department", "rule_department"),
    ]
    rule.refresh_from_db()
    assert (rule.version, rule.enabled) == (1, True)


def test_nothing_is_written_and_nothing_locked(world: World, now: datetime) -> None:
    for number in range(4):
        reported(world, *EAST, now - number * DAY)
    draft = half_split(world, draft_of(world, now), now)
    with CaptureQueriesContext(connection) as caught:
        tried(world, draft, now)
    said = [query["sql"].lstrip().upper() for query in caught]
    assert all(one.startswith(("SELECT", "WITH")) and "FOR UPDATE" not in one for one in said), said
    assert not [one for one in said if "PG_ADVISORY" in one]


def test_many_cases_need_no_more_statements(world: World, now: datetime) -> None:
    draft = half_split(world, draft_of(world, now), now)
    counts = []
    for _ in range(2):
        for number in range(6):
            reported(world, *(EAST, INSIDE)[number % 2], now - timedelta(hours=number + 1))
        with CaptureQueriesContext(connection) as caught:
            tried(world, draft, now)
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_published_division_and_an_empty_period_are_refused(world: World, now: datetime) -> None:
    draft = half_split(world, draft_of(world, now), now)
    with pytest.raises(BadPeriod):
        try_division(actor=world.actor("street:002"), division_id=draft.pk, start=now, end=now, now=now)
    published(world, draft, now)
    with pytest.raises(DivisionNotDraft):
        tried(world, draft, now)


@pytest.mark.parametrize("actor", ["street:003", "resident:1"])
def test_others_do_not_see_the_draft(world: World, now: datetime, actor: str) -> None:
    with pytest.raises(DivisionNotFound):
        tried(world, draft_of(world, now), now, actor=actor)


def test_the_command_says_the_same_as_table_and_json(world: World, now: datetime) -> None:
    case = reported(world, *EAST, now - DAY)
    draft = half_split(world, draft_of(world, now), now)
    period = {"start": (now - 2 * DAY).date(), "end": now.date()}
    out = StringIO()
    call_command("try_division", str(draft.pk), json=True, stdout=out, **period)
    said = json.loads(out.getvalue())
    assert (said["cases"], said["elsewhere"], said["other_grid"], said["other_person"]) == (1, 1, 1, 0)
    assert said["moved"][0]["number"] == case.number
    assert said["moved"][0]["after"] == ["grid", NEW]
    out = StringIO()
    call_command("try_division", str(draft.pk), stdout=out, **period)
    assert "1 cases, 1 would have gone elsewhere" in out.getvalue()
    assert case.number in out.getvalue()
    with pytest.raises(CommandError, match="period"):
        call_command("try_division", str(draft.pk), start=period["end"], end=period["start"])


def moved_over(world: World, now: datetime) -> Division:
    """A grid goes to the neighbouring community: the same ground under a new code."""
    return edited(world, draft_of(world, now, parent="330281002"), edits.Reassign(NORTH, COMMUNITY), now)


def test_a_rule_that_a_publish_would_hand_over_is_handed_over_in_the_trial(world: World, now: datetime) -> None:
    """Its target, and a condition on the closed grid, whose heir is not stored yet."""
    street = world.actor("street:002")
    made(street, grid_wish(world, "002012001", shape=river(), reach_m=30), now - 40 * DAY)
    made(street, wish(world, area_code=NORTH), now - 40 * DAY)
    inside = reported(world, *world.middle_of("002012001"), now - DAY)
    sent = reported(world, *world.middle_of("002011001"), now - DAY)
    draft = moved_over(world, now)
    trial = tried(world, draft, now)
    said = {move.case.id: move.after for move in trial.elsewhere}
    assert said[sent.pk].grid.code == NEW
    assert said[sent.pk].applied is not None
    assert (said[inside.pk].rule, said[inside.pk].department) == ("rule_department", world.departments["sanitation"])
    assert [move.case.id for move in trial.elsewhere if move.to_other_person] == []
    published(world, draft, now)
    for case in (inside, sent):
        case.refresh_from_db()
        after = said[case.pk]
        assert (case.area_path, case.department, case.responsible) == (after.area_path, after.department, after.worker)


def test_department_duty_goes_along_in_the_trial(world: World, now: datetime) -> None:
    street = world.actor("street:002")
    made(street, wish(world, area_code=NORTH), now - 40 * DAY)
    DepartmentDuty.objects.create(
        department=world.departments["sanitation"], area=world.grid("002012001"), person="李", phone="13900000000",
        valid=DateTimeTZRange(now - 30 * DAY, None),
    )  # fmt: skip
    reported(world, *world.middle_of("002012001"), now - DAY)
    (move,) = tried(world, moved_over(world, now), now).elsewhere
    for verdict in (move.before, move.after):
        assert verdict is not None
        assert verdict.department_duty is not None
        assert verdict.department_duty.facts()["person"] == "李"


def test_an_entry_for_the_community_stays_with_it_in_the_trial(world: World, now: datetime) -> None:
    """The grid leaves the community whose entry it was under; only entries of its own go along."""
    made(world.actor("street:002"), wish(world, area_code=NORTH), now - 40 * DAY)
    for name, area in (("sanitation", world.areas["330281002012"]), ("police", world.grid("002012001"))):
        DepartmentDuty.objects.create(
            department=world.departments[name], area=area, person="李", phone="13900000000",
            valid=DateTimeTZRange(now - 30 * DAY, None),
        )  # fmt: skip
    reported(world, *world.middle_of("002012001"), now - DAY)
    (move,) = tried(world, moved_over(world, now), now).elsewhere
    said = [verdict.department_duty.facts()["person"] for verdict in (move.before, move.after)]
    assert said == ["李", ""]


def test_a_rule_of_the_community_stays_with_it_in_the_trial(world: World, now: datetime) -> None:
    street = world.actor("street:002")
    made(street, wish(world, area_code="330281002012"), now - 40 * DAY)
    made(street, wish(world, area_code=NORTH, matter_id=world.matters["graffiti_removal"].pk), now - 40 * DAY)
    inside = reported(world, *world.middle_of("002012001"), now - DAY)
    draft = moved_over(world, now)
    (move,) = tried(world, draft, now).elsewhere
    assert (move.before.rule, move.after.rule) == ("rule_department", "duty_leader")
    published(world, draft, now)
    inside.refresh_from_db()
    assert (inside.department, inside.responsible) == (None, move.after.worker)


def test_of_two_rules_the_one_handed_over_goes_first_in_the_trial_too(world: World, now: datetime) -> None:
    """It names the grid, which is narrower than the community that the grid comes to."""
    street, police = world.actor("street:002"), world.departments["police"]
    made(street, wish(world, area_code=NORTH), now - 40 * DAY)
    made(street, wish(world, area_code=COMMUNITY, department_id=police.pk), now - 40 * DAY)
    inside = reported(world, *world.middle_of("002012001"), now - DAY)
    draft = moved_over(world, now)
    (move,) = tried(world, draft, now).elsewhere
    assert move.after.department == world.departments["sanitation"]
    published(world, draft, now)
    inside.refresh_from_db()
    assert inside.department == move.after.department


def test_a_rule_without_one_heir_holds_nowhere_in_the_trial(world: World, now: datetime) -> None:
    """A publish would name it and refuse."""
    made(world.actor("street:002"), wish(world, area_code=THIRD), now - 40 * DAY)
    reported(world, *world.middle_of("002011003"), now - DAY)
    (move,) = tried(world, shared_out(world, now), now).elsewhere
    assert (move.before.rule, move.after.department) == ("rule_department", None)
