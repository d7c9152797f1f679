"""The duty directory of departments (部门值班): who of a department answers for a matter, in an area, at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from backend.accounts.actor import SYSTEM, Actor
from backend.core.clock import LOCAL
from backend.core.crypto import mask_name
from backend.dispatch.models import DepartmentDuty
from backend.matters.models import Matter

# Of several that fit the one of the narrower area goes first, then the one that names the matter.
_FITTING_SQL: Final = """
SELECT DISTINCT ON (asked.n) asked.n, duty.id
FROM unnest(%(n)s::int[], %(department)s::uuid[], %(path)s::text[], %(matter)s::uuid[], %(at)s::timestamptz[])
    AS asked(n, department_id, path, matter_id, at)
CROSS JOIN LATERAL (SELECT asked.at AT TIME ZONE %(zone)s AS local) AS spot
JOIN dispatch_departmentduty AS duty ON duty.department_id = asked.department_id AND duty.valid @> asked.at
    AND (duty.matter_id IS NULL OR duty.matter_id = asked.matter_id)
    AND duty.week @> (extract(isodow FROM spot.local)::int - 1) * 1440
        + extract(hour FROM spot.local)::int * 60 + extract(minute FROM spot.local)::int
JOIN areas_area AS area ON area.id = duty.area_id AND starts_with(asked.path, area.path)
ORDER BY asked.n, length(area.path) DESC, duty.matter_id IS NULL, duty.id
"""


@dataclass(frozen=True, slots=True)
class Question:
    """Which department, in which area (path), for which matter, when."""

    department_id: UUID
    path: str
    matter: Matter
    at: datetime


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who answers for a department; `found` None: nobody is on duty."""

    found: DepartmentDuty | None

    def facts(self) -> dict[str, Any]:
        """As a decision keeps it."""
        if self.found is None:
            return {"person": "", "phone": "", "area": ""}
        return {"person": self.found.person, "phone": self.found.phone, "area": self.found.area.code}

    def texts(self) -> tuple[str, str]:
        """For everybody, in Chinese and English: the name is masked, the phone left out."""
        if self.found is None:
            return "该部门此时无人值班。", "Nobody of it is on duty at this hour."
        return f"部门当值：{mask_name(self.found.person)}。", "Somebody of it is on duty."


def on_duty(questions: Sequence[Question]) -> list[OnDuty]:
    """For each question whoever answers; two queries, however many are asked."""
    if not questions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _FITTING_SQL,
            {
                "n": list(range(len(questions))),
                "department": [one.department_id for one in questions],
                "path": [one.path for one in questions],
                "matter": [one.matter.pk for one in questions],
                "at": [one.at for one in questions],
                "zone": str(LOCAL),
            },
        )
        chosen = dict(cursor.fetchall())
    rows = DepartmentDuty.objects.select_related("area", "department").in_bulk(set(chosen.values())) if chosen else {}
    return [OnDuty(rows.get(chosen[n]) if n in chosen else None) for n in range(len(questions))]


def listed(actor: Actor, *, at: datetime, path: str = "") -> list[DepartmentDuty]:
    """The directory of the actor's areas, and of those above them that hold there, from `at` on; below `path` only."""
    found = DepartmentDuty.objects.all() if actor == SYSTEM else DepartmentDuty.objects.visible_to(actor)
    found = found.filter(Q(valid__endswith=None) | Q(valid__endswith__gt=at), area__path__startswith=path)
    return list(
        found.select_related("area", "department", "matter").order_by("department__code", "area__path", "valid")
    )
