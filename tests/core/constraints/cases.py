"""Cases, their history and photos, returns, and what other systems and changes did to them."""

from datetime import datetime
from typing import Any

from django.db import models

from backend.accounts.actor import Actor
from backend.accounts.models import Department
from backend.accounts.roles import Role
from backend.areas.models import DutyChange
from backend.cases import services as cases
from backend.cases.disputes import settling
from backend.cases.disputes.raising import Ground, return_case
from backend.cases.models import (
    Case,
    CaseEvent,
    Dispute,
    FlowVersion,
    Handover,
    NumberSeries,
    PartnerUpdate,
    Photo,
    Reroute,
)
from backend.cases.services import NewReport, PointIn
from backend.core.ids import uuid7
from backend.dispatch.models import Decision, RuleVersion
from tests.core.constraints.breaking import NOWHERE, PARIS, Break, changed, doubled, row_of
from tests.core.constraints.scene import Scene
from tests.world import World


def department(_: Any) -> Department:
    return Department.objects.get(code="sanitation")


BREAKS: dict[str, Break] = {
    "case_state_known": changed(Case, state="lost"),
    "case_appeal_known": changed(Case, appeal="lost"),
    "case_rating_one_to_five": changed(Case, satisfied=6),
    "due_after_dispatch": changed(Case, dispatched_at=None),
    "case_event_numbered": doubled(CaseEvent),
    "disputed_once_a_decision": doubled(Dispute, {"state": "open"}),
    "one_open_dispute_a_case": doubled(Dispute, {"state": "open"}, decision=lambda _: Decision.objects.first()),
    "dispute_settled_whole": changed(Dispute, {"state": "open"}, state="ruled", settled_at=lambda row: row.raised_at),
    "dispute_comes_from_one": changed(Dispute, from_department=department),
    "dispute_proposes_one": changed(Dispute, proposed_department=department, proposed_grid=lambda row: row.from_grid),
    "dispute_has_a_ground": changed(Dispute, ground="不归我"),
    "number_series_once": doubled(NumberSeries),
    "flow_version_numbered": doubled(FlowVersion),
    "handed_over_once_a_change": doubled(Handover),
    "rerouted_once_a_change": doubled(Reroute),
    "partner_update_once": doubled(PartnerUpdate, event=lambda _: CaseEvent.objects.latest("n")),
    "case_in_china": changed(Case, location=PARIS),
    "case_raw_pair": changed(Case, raw_crs="utm"),
    "case_accuracy": changed(Case, accuracy_m=-1),
    "photo_on_earth": changed(Photo, taken_location=NOWHERE),
}
# A trigger refuses changing and deleting a row of these tables.
APPEND_ONLY: dict[str, type[models.Model]] = {
    "case_event_append_only": CaseEvent,
    "flow_version_append_only": FlowVersion,
}


def reported(world: World, now: datetime) -> Case:
    """A case of the grid; beside it a dispute that the neighbour settled, with its ruling, and an open one."""
    lon, lat = world.middle_of("002011001")
    case = _report(world, PointIn(lon, lat, "wgs84"), now)
    settling.accept(actor=world.actor("leader:002011002"), dispute_id=_sent_back(world, now).pk, now=now)
    _sent_back(world, now)
    return case


def _report(world: World, point: PointIn, now: datetime) -> Case:
    report = NewReport(
        id=uuid7(), matter_id=world.matters["exposed_garbage"].pk, point=point, channel="resident_web", description="x"
    )
    return cases.report_case(actor=Actor(user_id=None, role=Role.RESIDENT), report=report, now=now).case


def _sent_back(world: World, now: datetime) -> Dispute:
    case = _report(world, PointIn(121.17195, 30.051, "wgs84"), now)
    ground = Ground("属于隔壁网格的范围")
    return return_case(actor=world.actor("leader:002011001"), case_id=case.pk, ground=ground, now=now)


def add_rows(scene: Scene) -> None:
    """After those of areas and dispatch, whose changes handed the case over."""
    case, now = scene.case, scene.now
    FlowVersion.objects.create(n=1, rows=[], digest=b"x" * 32, source="x.csv", at=now)
    Handover.objects.create(case=case, change=row_of(DutyChange), at=now)
    Reroute.objects.create(case=case, change_id=row_of(RuleVersion).pk, cause="rule", at=now)
    PartnerUpdate.objects.create(user=scene.leader, update_id="1", event=case.events.earliest("n"), digest=b"x")
    Photo.objects.create(
        file_key="k", sha256=b"x", width=1, height=1, size_bytes=1, uploaded_at=now, taken_location=scene.at, case=case
    )
