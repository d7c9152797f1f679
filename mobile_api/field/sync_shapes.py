"""Shapes of work sent later, its receipts, and the feed of changes."""

from rest_framework import serializers

from mobile_api.common.shapes import OUTCOMES

OPERATION_KINDS = [
    "report_case", "case_action", "return_case", "correct_case", "accept_dispute", "withdraw_dispute", "record_visit",
    "skip_stop", "start_session", "end_session",
]  # fmt: skip
MOST_OPERATIONS = 200


class OperationIn(serializers.Serializer):
    """One thing that the worker did, online or not. `op_id` is made at capture and makes a repeat harmless."""

    op_id = serializers.UUIDField()
    kind = serializers.CharField(max_length=30, help_text=f"one of {', '.join(OPERATION_KINDS)}")
    captured_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    payload = serializers.DictField()


class OperationsIn(serializers.Serializer):
    operations = serializers.ListField(child=OperationIn(), max_length=MOST_OPERATIONS)


class ReceiptOut(serializers.Serializer):
    """`applied` and `refused` are final and given again to every repeat; `retry`: send it again later."""

    op_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    problem = serializers.DictField(allow_null=True)
    result = serializers.DictField(allow_null=True)


class Receipts(serializers.Serializer):
    receipts = ReceiptOut(many=True)


class ChangesQuery(serializers.Serializer):
    cursor = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ChangeOut(serializers.Serializer):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    op = serializers.ChoiceField(choices=["upsert", "remove"])


class Changes(serializers.Serializer):
    changes = ChangeOut(many=True)
    cursor = serializers.CharField()
    more = serializers.BooleanField()
