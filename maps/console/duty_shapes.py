"""Shapes of the duty calendar and of changes of duty."""

from typing import Any

from rest_framework import serializers

from backend.areas.duty.wishes import (
    TRANSFER_POSTS,
    AbsenceWish,
    CoverWish,
    DeskWish,
    TransferWish,
    Wish,
    WithdrawalWish,
)
from backend.areas.models import Absence, DutyChange
from maps.console.shapes import NamedRef, PersonRef
from mobile_api.common.localised import Localised
from mobile_api.common.moments import DayField, MomentField
from mobile_api.common.shapes import GridRef

REASONS = ["away", "cover", "leader", "worker", "worker_part_time", "deputy_a", "deputy_b"]
WISH_KINDS = [kind.value for kind in DutyChange.Kind if kind is not DutyChange.Kind.SHEET]
CHANGE_KINDS = [kind.value for kind in DutyChange.Kind]
ABSENCE_KINDS = [kind.value for kind in Absence.Kind]
MOST_DAYS = 42


class CalendarIn(serializers.Serializer):
    community = serializers.CharField(max_length=30)
    start = DayField(required=False, default=None, allow_null=True, help_text="today without")
    days = serializers.IntegerField(required=False, default=7, min_value=1, max_value=MOST_DAYS)


class ChainLine(serializers.Serializer):
    """One person of a chain, in the order in which they answer, and why."""

    worker = PersonRef()
    post = serializers.CharField()
    reason = serializers.ChoiceField(choices=REASONS)
    absent = serializers.BooleanField()
    away_kind = serializers.CharField(allow_blank=True)
    away_since = serializers.DateTimeField(allow_null=True)
    away_until = serializers.DateTimeField(allow_null=True)


class DaySpan(serializers.Serializer):
    """Part of a day in which one person answers first; `first` is null where nobody does."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    first = ChainLine(allow_null=True)


class DayCell(serializers.Serializer):
    day = serializers.DateField()
    spans = DaySpan(many=True)
    away = ChainLine(many=True)


class CalendarRow(serializers.Serializer):
    grid = GridRef()
    team = ChainLine(many=True)
    days = DayCell(many=True)


class DeskShiftOut(serializers.Serializer):
    id = serializers.UUIDField()
    change_id = serializers.UUIDField(allow_null=True)
    worker = PersonRef()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    phone = serializers.CharField(allow_blank=True)


class DutyChangeOut(serializers.Serializer):
    """An absence, cover, transfer or desk shift that was entered."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=CHANGE_KINDS)
    worker = PersonRef(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    absence_kind = serializers.CharField(allow_blank=True)
    grid_codes = serializers.ListField(child=serializers.CharField())
    made_by = serializers.CharField(allow_blank=True)
    can_be_ended = serializers.BooleanField()


class DutyPerson(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.CharField()
    part_time = serializers.BooleanField()
    grids = GridRef(many=True)


class DutyCalendar(serializers.Serializer):
    community = GridRef()
    start = serializers.DateField()
    days = serializers.IntegerField()
    rows = CalendarRow(many=True)
    shifts = DeskShiftOut(many=True)
    changes = DutyChangeOut(many=True)
    people = DutyPerson(many=True)


class DutyAlarmOut(serializers.Serializer):
    """Nobody answers for a grid in this period; without an end where none is in sight."""

    id = serializers.UUIDField()
    grid = GridRef()
    community = GridRef()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)


class DutyCase(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    matter = Localised()
    state = serializers.CharField()
    grid = GridRef(allow_null=True)
    owner = PersonRef(allow_null=True)


class DepartmentDutyOut(serializers.Serializer):
    """One entry of the directory: who of a department answers, where, for which matter (null: all), in which hours."""

    id = serializers.UUIDField()
    department = NamedRef()
    area = GridRef()
    matter = NamedRef(allow_null=True)
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="1 is Monday; none is every day")
    hours_from = serializers.TimeField(format="%H:%M", allow_null=True)
    hours_until = serializers.TimeField(format="%H:%M", allow_null=True)
    person = serializers.CharField()
    phone = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)


class DutyState(serializers.Serializer):
    """What asks for somebody's hand: grids without anybody, and cases under way whose owner is away."""

    alarms = DutyAlarmOut(many=True)
    to_decide = DutyCase(many=True)
    departments = DepartmentDutyOut(many=True)


class DutyWishIn(serializers.Serializer):
    """A change of duty. `id` is the client's UUIDv7; `version` is that of the preview. Which fields a kind needs:

    absence: worker_id, absence_kind, starts, ends (open without), reason · cover: worker_id, grid_codes, starts, ends ·
    transfer: worker_id, from_code, to_code, post, starts · desk: worker_id, desk_code, starts, ends, phone ·
    withdrawal: change_id.
    """

    id = serializers.UUIDField()
    version = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    kind = serializers.ChoiceField(choices=WISH_KINDS)
    worker_id = serializers.UUIDField(required=False)
    starts = MomentField(required=False)
    ends = MomentField(required=False, allow_null=True, default=None)
    absence_kind = serializers.ChoiceField(choices=ABSENCE_KINDS, required=False, default=Absence.Kind.OTHER.value)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    grid_codes = serializers.ListField(child=serializers.CharField(max_length=30), required=False, max_length=30)
    from_code = serializers.CharField(required=False, max_length=30)
    to_code = serializers.CharField(required=False, max_length=30)
    post = serializers.ChoiceField(choices=TRANSFER_POSTS, required=False)
    desk_code = serializers.CharField(required=False, max_length=30)
    phone = serializers.CharField(required=False, default="", allow_blank=True, max_length=30)
    change_id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = {name: ["required"] for name in NEEDED[attrs["kind"]] if attrs.get(name) in (None, [], "")}
        if missing:
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail("This field is required.", "required")] for name in missing}
            )
        return attrs


NEEDED = {
    "absence": ("worker_id", "starts"),
    "cover": ("worker_id", "grid_codes", "starts", "ends"),
    "transfer": ("worker_id", "from_code", "to_code", "post", "starts"),
    "desk": ("worker_id", "desk_code", "starts", "ends"),
    "withdrawal": ("change_id",),
}


def wish_of(said: dict[str, Any]) -> Wish:
    """The wish of a checked body."""
    if said["kind"] == "absence":
        return AbsenceWish(said["worker_id"], said["absence_kind"], said["starts"], said["ends"], said["reason"])
    if said["kind"] == "cover":
        return CoverWish(said["worker_id"], said["grid_codes"], said["starts"], said["ends"])
    if said["kind"] == "transfer":
        return TransferWish(said["worker_id"], said["from_code"], said["to_code"], said["post"], said["starts"])
    if said["kind"] == "desk":
        return DeskWish(said["worker_id"], said["desk_code"], said["starts"], said["ends"], said["phone"])
    return WithdrawalWish(said["change_id"])


class DutyMove(serializers.Serializer):
    """A case that is not started and goes to somebody else."""

    case = DutyCase()
    to = PersonRef(allow_null=True)
    to_department = Localised(allow_null=True)
    rule = serializers.CharField()


class DutyAppointment(serializers.Serializer):
    id = serializers.UUIDField()
    grid = GridRef()
    matter = Localised()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class DutyEffect(serializers.Serializer):
    """What a change of duty does; `elsewhere` counts the cases outside one's own areas."""

    version = serializers.CharField()
    begins_now = serializers.BooleanField()
    moves = DutyMove(many=True)
    to_decide = DutyCase(many=True)
    elsewhere = serializers.IntegerField()
    appointments = DutyAppointment(many=True)
    stops = serializers.IntegerField()
    weeks = serializers.ListField(child=serializers.DateField())
    moved = serializers.IntegerField()


class DutySheetQuery(serializers.Serializer):
    community = serializers.CharField(max_length=30)


class DutySheetIn(serializers.Serializer):
    """A workbook; with the `version` of its preview it comes into force."""

    file = serializers.FileField()
    version = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)


class DutySheetError(serializers.Serializer):
    sheet = serializers.CharField()
    row = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class DutySheetOut(serializers.Serializer):
    """What a workbook says and does. With rows in `refused` nothing was kept; `error_count` counts all of them."""

    kept = serializers.BooleanField()
    version = serializers.CharField(allow_blank=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    error_count = serializers.IntegerField()
    refused = DutySheetError(many=True)
    moves = DutyMove(many=True)
    to_decide = DutyCase(many=True)
