"""Shapes of sending a case back, and of a step in a dispute."""

from rest_framework import serializers

from backend.cases.models import MOST_GROUND


class DisputeReturnIn(serializers.Serializer):
    """Why a case is sent back (`note`), and who should have it, where that is known: a grid or a department."""

    note = serializers.CharField(max_length=MOST_GROUND)
    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)
    to_grid = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")
    to_department = serializers.UUIDField(required=False, allow_null=True, default=None)


class ReturnIn(DisputeReturnIn):
    """The same with the id that makes a repeat harmless."""

    op_id = serializers.UUIDField()


class DisputeVersionIn(serializers.Serializer):
    """The version of the dispute that the worker decided on."""

    version = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0, max_value=2**31 - 1)


class DisputeStepIn(DisputeVersionIn):
    op_id = serializers.UUIDField()
