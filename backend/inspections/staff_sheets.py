"""The workbook of an office and everything that follows from it, in one transaction, with a preview."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from backend.accounts.actor import Actor
from backend.areas.duty import sheets
from backend.areas.models import Area, DutyChange
from backend.cases import handover
from backend.cases.handover import Move
from backend.cases.models import Case
from backend.core import audit, outbox
from backend.core.errors import StaleVersion
from backend.core.ids import uuid7
from backend.core.imports import ImportRefused, Report
from backend.core.workbooks import read_workbook
from backend.dispatch.department_sheet import DEPARTMENTS, directory_sheet, import_directory, read_directory
from backend.inspections.staffing import Effect, version_of


@dataclass
class SheetEffect:
    """What a workbook does: counts of its rows, bad rows, and the cases that follow."""

    report: Report
    version: str = ""
    moves: list[Move] = field(default_factory=list)
    to_decide: list[Case] = field(default_factory=list)
    is_kept: bool = False


@transaction.atomic
def import_sheets(
    *, actor: Actor, content: bytes, version: str | None, now: datetime, area: Area | None = None
) -> SheetEffect:
    """Brings duty in line with a workbook, all of it or nothing. Without `version` it is a preview that keeps nothing.

    `area` is whose change it is; without it the highest of the actor's areas. Raises BadWorkbook, StaleVersion.
    """
    report = Report()
    try:
        with transaction.atomic():
            rows = read_workbook(report, content, (*sheets.FORMS, DEPARTMENTS))
            directory = read_directory(rows[DEPARTMENTS.name], actor)
            imported = sheets.import_sheets(report, rows=rows, actor=actor, now=now)
            if directory:
                import_directory(report, wanted=directory, now=now)
    except ImportRefused:
        transaction.set_rollback(True)
        return SheetEffect(report)
    look = handover.look(workers=imported.workers, grids=imported.grids, taken_from={}, at=now)
    effect = SheetEffect(report, moves=look.moves, to_decide=look.to_decide)
    effect.version = hashlib.sha256(content + version_of(Effect(DutyChange(), True, look.moves)).encode()).hexdigest()[
        :24
    ]
    if version is None:
        transaction.set_rollback(True)
        return effect
    if version != effect.version:
        raise StaleVersion("the work has changed since the preview; look at it again", version=effect.version)
    change = DutyChange.objects.create(
        id=uuid7(),
        kind=DutyChange.Kind.SHEET,
        area=area or _highest(actor),
        starts_at=now,
        ends_at=now,
        facts=dict(report.counts),
        digest=hashlib.sha256(content).digest(),
        made_at=now,
        made_by_id=actor.user_id,
        swept_at=now,
        returned_at=now,
    )
    handover.carry_out(look.moves, change=change, actor=actor, now=now)
    audit.record(
        "duty_sheet", actor_id=actor.user_id, role=actor.role.value, subject_kind="duty_change",
        subject_id=change.pk, now=now,
    )  # fmt: skip
    outbox.owe("duty_changed", change.pk, now=now, area_path=change.area.path)
    effect.is_kept = True
    return effect


def export_sheets(*, actor: Actor, now: datetime, community: Area | None = None) -> bytes:
    """The whole workbook of the actor's areas, or of one community in them, as it is read back without any change."""
    directory = directory_sheet(actor, now=now, path=community.path if community else "")
    return sheets.export_sheets(actor=actor, now=now, community=community, more=[directory])


def _highest(actor: Actor) -> Area:
    areas = Area.objects.visible_to(actor).filter(closed_at=None).order_by("path")
    return areas.filter(level__in=(Area.Level.STREET, Area.Level.COMMUNITY)).first() or areas[0]
