"""Areas, their division and boundaries, duties, and proposals for a new division."""

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from backend.accounts.models import User
from backend.areas.models import (
    Absence,
    Area,
    Boundary,
    DeskShift,
    Division,
    DraftOutline,
    Duty,
    DutyAlarm,
    DutyChange,
    DutyPolicy,
    Proposal,
)
from tests.core.constraints.breaking import EMPTY, Break, changed, doubled, row_of
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "area_code_once": doubled(Area, path="9."),
    "area_path_ends_with_dot": changed(Area, path="9"),
    "area_has_parent": changed(Area, {"level": "grid"}, parent=None),
    "division_published_at_a_moment": changed(Division, published_at=None),
    "division_undone_at_a_moment": changed(Division, undone_at=lambda row: row.created_at),
    "draft_code_once": doubled(DraftOutline, area=None),
    "draft_area_once": doubled(DraftOutline, code="another"),
    "one_boundary_at_a_time": doubled(Boundary),
    "boundary_has_area": changed(Boundary, area_m2=0),
    "one_leader_at_a_time": doubled(Duty, {"post": "leader"}, worker=lambda _: User.objects.get(username="city")),
    "one_post_a_worker_and_grid": doubled(Duty, {"post": "worker"}),
    "duty_lasts": changed(Duty, valid=EMPTY),
    "one_absence_at_a_time": doubled(Absence),
    "absence_lasts": changed(Absence, period=EMPTY),
    "one_cover_at_a_time": doubled(Duty, {"post": "cover"}, worker=lambda _: User.objects.get(username="city")),
    "one_deputy_a_rank_at_a_time": doubled(
        Duty, {"post": "deputy"}, worker=lambda _: User.objects.get(username="city")
    ),
    "deputies_are_ranked": changed(Duty, {"post": "deputy"}, rank=0),
    "cover_ends": changed(Duty, {"post": "cover"}, valid=lambda row: DateTimeTZRange(row.valid.lower, None)),
    "one_desk_a_person_at_a_time": doubled(DeskShift),
    "desk_shift_lasts": changed(DeskShift, period=EMPTY),
    "one_standing_alarm_a_gap": doubled(DutyAlarm),
    "duty_alarm_lasts": changed(DutyAlarm, period=EMPTY),
    "one_proposal_at_a_time": doubled(Proposal, {"state": "queued"}),
    "proposal_makes_a_draft_of_its_own": doubled(Proposal, {"state": "done"}),
    "proposal_has_one_size": changed(Proposal, households=400),
    "proposal_runs_under_a_claim": changed(Proposal, {"state": "queued"}, state="running"),
    "proposal_ends_at_a_moment": changed(Proposal, {"state": "queued"}, ended_at=lambda row: row.asked_at),
    "proposal_done_has_figures": changed(Proposal, {"state": "done"}, after=None),
}


def add_rows(scene: Scene) -> None:
    _add_division(scene)
    _add_duty(scene)


def _add_division(scene: Scene) -> None:
    division, asked = row_of(Division), {"area": scene.community, "grids": 3, "name": "x", "asked_at": scene.now}
    outline = Boundary.objects.get(area=scene.grid).outline
    DraftOutline.objects.create(
        division=division, area=scene.grid, under=scene.community, code="1", name="x", outline=outline
    )
    Proposal.objects.create(**asked)
    Proposal.objects.create(**asked, state="done", ended_at=scene.now, after={}, division=division)


def _add_duty(scene: Scene) -> None:
    now, grid, hour = scene.now, scene.grid, scene.hour
    deputy = scene.world.people["leader:002011002"]
    Absence.objects.create(worker=scene.leader, period=hour, reason="leave")
    Duty.objects.create(grid=grid, worker=scene.leader, post="cover", valid=hour)
    Duty.objects.create(grid=grid, worker=deputy, post="deputy", rank=1, valid=DateTimeTZRange(now, None))
    DeskShift.objects.create(desk=scene.community, worker=scene.city, period=hour)
    DutyAlarm.objects.create(grid=grid, period=hour, found_at=now)
    DutyPolicy.objects.create(area=grid)
    DutyChange.objects.create(kind="absence", area=grid, starts_at=now, digest=b"x", made_at=now)
