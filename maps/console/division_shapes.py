"""Shapes of divisions: what edits look like, and how a draft, its faults and its impact are answered."""

from collections.abc import Callable
from typing import Any, Final

from rest_framework import serializers

from backend.areas import edits
from backend.areas.edits import Edit
from backend.areas.queries import DIVISION_LEVELS, DIVISION_STATES
from maps.console.drawing import LineField, PolygonField, PositionField
from mobile_api.common.moments import MomentField

SOURCES = ["in_force", "empty"]
_NEEDED: Final = {
    "set_outline": ("code", "outline"),
    "move_vertex": ("start", "end"),
    "split": ("code", "line"),
    "merge": ("codes",),
    "add": ("outline",),
    "close": ("code",),
    "rename": ("code", "name"),
    "reassign": ("code", "under"),
    "redraw_community": ("under", "outline"),
}


def _code(**more: Any) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, default="", max_length=30, **more)


class EditIn(serializers.Serializer):
    """One edit of the version that the person saw. Which fields are needed depends on `kind`."""

    version = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(choices=list(_NEEDED))
    code = _code()
    codes = serializers.ListField(child=serializers.CharField(max_length=30), required=False, max_length=200)
    keep = _code(help_text="merge: the code that stays")
    heir = _code(help_text="close: who takes the ground")
    under = _code(help_text="the community that the grid belongs to")
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=80)
    name_en = serializers.CharField(required=False, allow_blank=True, default="", max_length=120)
    outline = PolygonField(required=False)
    line = LineField(required=False)
    start = PositionField(required=False)
    end = PositionField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in _NEEDED[attrs["kind"]] if attrs.get(name) in (None, "", [])]
        if missing:
            raise serializers.ValidationError(dict.fromkeys(missing, f"{attrs['kind']} needs this."), code="required")
        return attrs


_MEANT: Final[dict[str, Callable[[dict[str, Any]], Edit]]] = {
    "set_outline": lambda said: edits.SetOutline(said["code"], said["outline"]),
    "move_vertex": lambda said: edits.MoveVertex(said["start"], said["end"]),
    "split": lambda said: edits.Split(said["code"], said["line"]),
    "merge": lambda said: edits.Merge(tuple(said["codes"]), said["keep"]),
    "add": lambda said: edits.Add(said["outline"], said["under"], said["name"], said["name_en"]),
    "close": lambda said: edits.Close(said["code"], said["heir"]),
    "rename": lambda said: edits.Rename(said["code"], said["name"], said["name_en"]),
    "reassign": lambda said: edits.Reassign(said["code"], said["under"]),
    "redraw_community": lambda said: edits.RedrawCommunity(said["under"], said["outline"]),
}


def edit_of(said: dict[str, Any]) -> Edit:
    """The edit that a checked body means."""
    return _MEANT[said["kind"]](said)


class DivisionIn(serializers.Serializer):
    """A new draft. `in_force` begins with what is published last, `empty` with nothing."""

    parent = serializers.CharField(  # type: ignore[assignment]
        max_length=30, help_text="code of the community, street … that is cut"
    )
    level = serializers.ChoiceField(choices=DIVISION_LEVELS, default="grid")
    name = serializers.CharField(max_length=120)
    source = serializers.ChoiceField(choices=SOURCES, default="in_force")  # type: ignore[assignment]


class DivisionListIn(serializers.Serializer):
    parent = serializers.CharField(  # type: ignore[assignment]
        required=False, default="", allow_blank=True, max_length=30
    )
    state = serializers.ChoiceField(choices=DIVISION_STATES, required=False, allow_null=True, default=None)


class VersionIn(serializers.Serializer):
    version = serializers.IntegerField(min_value=1)


class RepairsIn(VersionIn):
    """Faults of the last check whose proposed repair is accepted; all that have one without `faults`."""

    faults = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, allow_null=True, default=None, max_length=2000
    )


class PublishIn(VersionIn):
    effective_at = MomentField(required=False, allow_null=True, default=None, help_text="now without")


class AreaName(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)


class DivisionRow(serializers.Serializer):
    """One division in the list. `is_scheduled`: published, its moment still to come."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    parent = AreaName()
    level = serializers.ChoiceField(choices=DIVISION_LEVELS)
    state = serializers.ChoiceField(choices=DIVISION_STATES)
    version = serializers.IntegerField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    outlines = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    published_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField(allow_null=True)
    switched_at = serializers.DateTimeField(allow_null=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    moved = serializers.DictField(child=serializers.IntegerField())
    is_scheduled = serializers.BooleanField()
    is_undo = serializers.BooleanField()


class DivisionList(serializers.Serializer):
    items = DivisionRow(many=True)


class RepairOut(serializers.Serializer):
    """The faulty ground goes to `heir`; to nobody when it is null (it is cut off)."""

    heir = serializers.CharField(allow_null=True)


class FaultOut(serializers.Serializer):
    """One fault. `size` in `unit`: m2 of ground, m of border inside a building, points or households."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    codes = serializers.ListField(child=serializers.CharField())
    size = serializers.FloatField()
    unit = serializers.CharField()
    spot = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    outline = serializers.DictField(child=serializers.JSONField(), allow_null=True)
    is_blocking = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    repair = RepairOut(allow_null=True)


class DivisionReportOut(serializers.Serializer):
    """What the check of this version found; null before it was checked."""

    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    blocking = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    faults = FaultOut(many=True)


class LineageOut(serializers.Serializer):
    old = AreaName(allow_null=True)
    new = AreaName(allow_null=True)
    kind = serializers.CharField()
    shared_m2 = serializers.FloatField()


class DivisionDetail(DivisionRow):
    """A division with its outlines (GeoJSON), the ground that it fills, and its last check."""

    report = DivisionReportOut(allow_null=True)
    features = serializers.DictField(child=serializers.JSONField())
    ground = serializers.DictField(child=serializers.JSONField(), allow_null=True)
    unders = AreaName(many=True)
    lineage = LineageOut(many=True)


class ImpactPair(serializers.Serializer):
    """What lies in one old and one new grid; null: in none."""

    old = AreaName(allow_null=True)
    new = AreaName(allow_null=True)
    kind = serializers.CharField()
    is_moved = serializers.BooleanField()
    shared_m2 = serializers.FloatField()
    counts = serializers.DictField(child=serializers.IntegerField())


class NamedClosed(serializers.Serializer):
    """A rule or a row of department duty that names an area which is closed.

    `heir_code`: who takes over; empty: nobody, `reason` says why, and while `is_in_the_way` the publish is refused.
    """

    kind = serializers.ChoiceField(choices=["rule", "department_duty"])
    id = serializers.UUIDField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    field = serializers.ChoiceField(choices=["area", "target_area"], help_text="a condition, or where it sends to")
    area_code = serializers.CharField()
    area_name = serializers.CharField()
    area_name_en = serializers.CharField(allow_blank=True)
    heir_code = serializers.CharField(allow_blank=True)
    takers = serializers.ListField(child=serializers.CharField())
    reason = serializers.ChoiceField(
        choices=["", "no_single_heir", "other_ground", "other_kind", "taken"], allow_blank=True
    )
    is_in_the_way = serializers.BooleanField()


class ImpactOut(serializers.Serializer):
    """What the draft would move. `totals` count what changes its grid; `features` draw ground that changes hands."""

    version = serializers.IntegerField()
    totals = serializers.DictField(child=serializers.IntegerField())
    pairs = ImpactPair(many=True)
    named = NamedClosed(many=True)
    features = serializers.DictField(child=serializers.JSONField())
