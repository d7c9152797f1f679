"""Shapes that several console answers share."""

from rest_framework import serializers

from backend.cases.workflow import Action
from mobile_api.common.dispute_facts import DISPUTE_STATES, RulingTold
from mobile_api.common.localised import Localised
from mobile_api.common.points import LonLat
from mobile_api.common.shapes import LAMPS, STAGES, STATES, GridRef, Pauses, TimeWindow

ACTIONS = [action.value for action in Action]


class PersonRef(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class NamedRef(serializers.Serializer):
    """Something with an id and a name in both languages."""

    id = serializers.UUIDField()
    name = Localised()


class DeskCaseRow(serializers.Serializer):
    """One line of the queue."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    matter = NamedRef()
    state = serializers.ChoiceField(choices=STATES)
    stage = serializers.ChoiceField(choices=STAGES)
    lamp = serializers.ChoiceField(choices=LAMPS, allow_null=True)
    channel = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    location = LonLat()
    grid = GridRef(allow_null=True)
    responsible = PersonRef(allow_null=True)
    department = NamedRef(allow_null=True)
    reported_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    escalated = serializers.BooleanField()
    supervised = serializers.BooleanField(help_text="a level above presses for it")


class DeskPhoto(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    purpose = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class DeskEvent(serializers.Serializer):
    """One line of the history."""

    n = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = serializers.ChoiceField(choices=ACTIONS)
    from_state = serializers.CharField(allow_blank=True)
    to_state = serializers.CharField()
    role = serializers.CharField()
    actor_name = serializers.CharField(allow_blank=True)
    text = Localised()
    note = serializers.CharField(allow_blank=True)
    was_overdue = serializers.BooleanField()
    photos = DeskPhoto(many=True)


class CandidateGrid(serializers.Serializer):
    code = serializers.CharField()
    share = serializers.FloatField(allow_null=True)
    distance_m = serializers.FloatField()


class DutyPersonOut(serializers.Serializer):
    """Who was asked, in this order; an empty name is somebody who has left."""

    post = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    absent = serializers.BooleanField()


class AppliedRule(serializers.Serializer):
    """The version of the rule that went before the grid."""

    id = serializers.UUIDField()
    n = serializers.IntegerField()
    name = Localised()
    ground = serializers.CharField(allow_blank=True)
    priority = serializers.IntegerField()


class BeatenRule(serializers.Serializer):
    """A rule that fitted too."""

    id = serializers.UUIDField()
    name = Localised()
    priority = serializers.IntegerField()


class EarlierDecision(serializers.Serializer):
    """A decision before the one in force."""

    at = serializers.DateTimeField()
    cause = serializers.CharField()
    rule = serializers.CharField()
    text = Localised()


class DepartmentOnDuty(serializers.Serializer):
    """Who of the department was on duty when it was decided; an empty name: nobody."""

    person = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    area = serializers.CharField(allow_blank=True, help_text="code of the area that the entry holds in")


class DeskDecision(serializers.Serializer):
    """Why here: the stored decision of dispatch, as data and in words."""

    at = serializers.DateTimeField()
    cause = serializers.CharField()
    rule = serializers.CharField()
    kind = serializers.CharField()
    owner = serializers.CharField()
    border_m = serializers.FloatField(allow_null=True)
    candidates = CandidateGrid(many=True)
    duty_chain = DutyPersonOut(many=True)
    text = Localised()
    rulings = RulingTold(many=True)
    department_duty = DepartmentOnDuty(allow_null=True)
    located_grid = GridRef(
        allow_null=True, help_text="where the point lies; another than the case's where a rule says so"
    )
    applied = AppliedRule(allow_null=True)
    beaten = BeatenRule(many=True)


class DeskAction(serializers.Serializer):
    """A step that may be taken now, and what it needs."""

    action = serializers.ChoiceField(choices=ACTIONS)
    needs = serializers.ListField(child=serializers.ChoiceField(choices=["note", "photo", "assignee"]))


class DeskContact(serializers.Serializer):
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)


class DeskAppointment(serializers.Serializer):
    id = serializers.UUIDField()
    window = TimeWindow()
    state = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class DeskRating(serializers.Serializer):
    responded = serializers.BooleanField()
    solved = serializers.BooleanField()
    satisfied = serializers.IntegerField()
    comment = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()


class AssignCandidateOut(serializers.Serializer):
    """Somebody who may take the case, with the open cases already in hand."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    post = serializers.CharField()
    grid = GridRef()
    open_cases = serializers.IntegerField()
    is_own_grid = serializers.BooleanField()


class DeskCaseDispute(serializers.Serializer):
    """The newest return of a case, in short."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=DISPUTE_STATES)
    ground = serializers.CharField()
    raised_at = serializers.DateTimeField()


class DeskCase(DeskCaseRow):
    """Everything that the desk works with; the contact is masked, see `reveal`."""

    accuracy_m = serializers.FloatField(allow_null=True)
    raw = serializers.DictField(child=serializers.JSONField())
    condition = Localised(allow_null=True)
    closing_condition = Localised(allow_null=True)
    limit = serializers.DictField(child=serializers.CharField(), allow_null=True)
    filed_at = serializers.DateTimeField(allow_null=True)
    dispatched_at = serializers.DateTimeField(allow_null=True)
    handled_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    rework_count = serializers.IntegerField()
    contact = DeskContact()
    answers = serializers.DictField(child=serializers.JSONField())
    photos = DeskPhoto(many=True)
    events = DeskEvent(many=True)
    decision = DeskDecision(allow_null=True)
    earlier_decisions = EarlierDecision(many=True)
    actions = DeskAction(many=True)
    candidates = AssignCandidateOut(many=True)
    departments = NamedRef(many=True)
    appointment = DeskAppointment(allow_null=True)
    rating = DeskRating(allow_null=True)
    dispute = DeskCaseDispute(allow_null=True)
    pauses = Pauses()
    may_correct = serializers.BooleanField(help_text="place and matter may be corrected here")
    may_return = serializers.BooleanField(help_text="a return of its department may be written down here")
