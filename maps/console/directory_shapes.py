"""Shapes of the departments' duty directory and of what a town settles about duty."""

from typing import Any

from rest_framework import serializers

from backend.dispatch.directory import DirectoryChange, EntryWish, Step
from maps.console.duty_shapes import DepartmentDutyOut, DutyCase
from maps.console.shapes import NamedRef
from mobile_api.common.moments import MomentField
from mobile_api.common.shapes import GridRef

STEPS = [step.value for step in Step]
CHANGES = [step for step in STEPS if step != Step.ADDED]


class EntryIn(serializers.Serializer):
    """An entry as it is to be. Without `matter_id` for all matters, without `weekdays` every day (1 is Monday), without
    hours all day (an end before the begin: until the next morning), without `ends` until it is ended.
    """

    department_id = serializers.UUIDField()
    area_code = serializers.CharField(max_length=30)
    matter_id = serializers.UUIDField(required=False, default=None, allow_null=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7), required=False, default=list, max_length=7
    )
    hours_from = serializers.TimeField(required=False, default=None, allow_null=True)
    hours_until = serializers.TimeField(required=False, default=None, allow_null=True)
    person = serializers.CharField(max_length=60)
    phone = serializers.CharField(max_length=30)
    starts = MomentField()
    ends = MomentField(required=False, default=None, allow_null=True)


class _Change(serializers.Serializer):
    """`version` is the one that was seen; `entry` goes with added and changed."""

    step = serializers.ChoiceField(choices=STEPS)
    version = serializers.IntegerField(min_value=1, required=False, default=None, allow_null=True)
    entry = EntryIn(required=False, default=None, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        required = serializers.ErrorDetail("This field is required.", "required")
        if attrs["step"] != Step.ENDED and attrs["entry"] is None:
            raise serializers.ValidationError({"entry": [required]})
        if attrs["step"] != Step.ADDED and attrs["version"] is None:
            raise serializers.ValidationError({"version": [required]})
        return attrs


class DirectoryPreviewIn(_Change):
    """A change to look at. `id` is the entry's, or the client's UUIDv7 for a new one."""

    id = serializers.UUIDField()


class NewEntryIn(serializers.Serializer):
    """A new entry with the `stamp` of its preview. `id` is the client's UUIDv7."""

    id = serializers.UUIDField()
    entry = EntryIn()
    stamp = serializers.CharField(max_length=16)


class DirectoryChangeIn(_Change):
    step = serializers.ChoiceField(choices=CHANGES)
    stamp = serializers.CharField(max_length=16)


def change_of(said: dict[str, Any], entry_id: Any) -> DirectoryChange:
    """The change of a checked body."""
    wish = EntryWish(**said["entry"]) if said["entry"] is not None else None
    return DirectoryChange(Step(said["step"]), entry_id, said["version"], wish)


class DirectoryEntry(DepartmentDutyOut):
    """`can_change`: it is one of one's own areas, not of an area above."""

    version = serializers.IntegerField()
    can_change = serializers.BooleanField()


class DirectoryOut(serializers.Serializer):
    """Every entry that holds now or later in one's areas, and the departments that an entry may name."""

    items = DirectoryEntry(many=True)
    departments = NamedRef(many=True)


class AnsweringPerson(serializers.Serializer):
    person = serializers.CharField()
    phone = serializers.CharField()


class DirectoryTell(serializers.Serializer):
    """An open case of a department: who of it answered, and who will. Null: nobody."""

    case = DutyCase()
    department = NamedRef(allow_null=True)
    before = AnsweringPerson(allow_null=True)
    after = AnsweringPerson(allow_null=True)


class DirectoryEffectOut(serializers.Serializer):
    """What a change of the directory does. `tells`: not started, whoever answers is told (nobody: the desks are);
    `under_way`: begun, stays as it is; `elsewhere` counts those outside one's own areas; `told`: how many were told.
    """

    stamp = serializers.CharField()
    begins_now = serializers.BooleanField()
    entry = DirectoryEntry(allow_null=True)
    tells = DirectoryTell(many=True)
    under_way = DirectoryTell(many=True)
    elsewhere = serializers.IntegerField()
    told = serializers.IntegerField()


class DutyPolicyOut(serializers.Serializer):
    """What holds in an area. `own`: what it has settled itself; `settled_by`: whose word counts (null: nobody's)."""

    area = GridRef()
    name_en = serializers.CharField(allow_blank=True)
    level = serializers.CharField()
    own = serializers.BooleanField(allow_null=True)
    holds = serializers.BooleanField()
    settled_by = GridRef(allow_null=True)


class DutyPolicies(serializers.Serializer):
    items = DutyPolicyOut(many=True)


class DutyPolicyIn(serializers.Serializer):
    """`returns_work` null: the area above counts again. `seen` is what `own` was when it was looked at."""

    area_code = serializers.CharField(max_length=30)
    returns_work = serializers.BooleanField(allow_null=True)
    seen = serializers.BooleanField(allow_null=True)
