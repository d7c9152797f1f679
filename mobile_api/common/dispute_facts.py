"""Disputes and remembered rulings as workers and desks are told of them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from backend.cases.models import Dispute
from mobile_api.common.localised import Localised, localised
from mobile_api.common.shapes import NamedGrid

if TYPE_CHECKING:
    from backend.accounts.models import Department
    from backend.areas.models import Area
    from backend.dispatch.models import Ruling

DISPUTE_STATES = [state.value for state in Dispute.State]
LEVELS = ["community", "street", "county", "city"]
HOWS = ["agreed", "ruled"]


class DepartmentRef(serializers.Serializer):
    id = serializers.UUIDField()
    name = Localised()


class RulingTold(serializers.Serializer):
    """An earlier ruling at this place: it informs and does not decide. `distance_m` is null for the whole grid."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    how = serializers.ChoiceField(choices=HOWS)
    case_number = serializers.CharField()
    words = serializers.CharField(allow_blank=True)
    owner = Localised()
    distance_m = serializers.FloatField(allow_null=True)


class DisputeSides(serializers.Serializer):
    """Who sent a case back, whom they propose, and the neighbour that may take it."""

    from_grid = NamedGrid(allow_null=True)
    from_department = DepartmentRef(allow_null=True)
    proposed_grid = NamedGrid(allow_null=True)
    proposed_department = DepartmentRef(allow_null=True)
    other_grid = NamedGrid(allow_null=True)


class RulingOut(serializers.Serializer):
    """How a dispute ended."""

    at = serializers.DateTimeField()
    how = serializers.ChoiceField(choices=HOWS)
    words = serializers.CharField(allow_blank=True)
    grid = NamedGrid(allow_null=True)
    department = DepartmentRef(allow_null=True)


def grid_facts(grid: "Area | None") -> dict[str, Any] | None:
    return {"code": grid.code, "name": grid.name, "name_en": grid.name_en} if grid else None


def department_ref(department: "Department | None") -> dict[str, Any] | None:
    if department is None:
        return None
    return {"id": department.pk, "name": localised(department.name_zh, department.name_en)}


def sides_facts(dispute: Dispute) -> dict[str, Any]:
    """The content of `DisputeSides`."""
    return {
        "from_grid": grid_facts(dispute.from_grid),
        "from_department": department_ref(dispute.from_department),
        "proposed_grid": grid_facts(dispute.proposed_grid),
        "proposed_department": department_ref(dispute.proposed_department),
        "other_grid": grid_facts(dispute.other_grid),
    }


def ruling_facts(ruling: "Ruling | None") -> dict[str, Any] | None:
    """The content of `RulingOut`."""
    if ruling is None:
        return None
    return {
        "at": ruling.at,
        "how": ruling.how,
        "words": ruling.words,
        "grid": grid_facts(ruling.grid),
        "department": department_ref(ruling.department),
    }


def told_facts(kept: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The content of `RulingTold`, from what a decision keeps."""
    return [
        {
            **{name: one[name] for name in ("id", "at", "how", "case_number", "words", "distance_m")},
            "owner": _owner(one),
        }
        for one in kept
    ]


def _owner(kept: dict[str, Any]) -> dict[str, str]:
    department, grid = kept["department"], kept["grid"]
    if department:
        return localised(department["name_zh"], department["name_en"])
    return localised(grid["name"], grid["name_en"]) if grid else localised("", "")
