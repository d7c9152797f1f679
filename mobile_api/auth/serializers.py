"""Shapes of signing in."""

from rest_framework import serializers

from backend.accounts.services import DeviceSeen
from mobile_api.common.shapes import ROLES


class DeviceIn(serializers.Serializer):
    """The phone as it names itself; `id` stays the same over sign-ins."""

    id = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    platform = serializers.CharField(max_length=40, allow_blank=True, default="")

    def validate(self, attrs: dict[str, str]) -> DeviceSeen:
        return DeviceSeen(attrs["id"], attrs["name"], attrs["platform"])


class CredentialsIn(serializers.Serializer):
    username = serializers.CharField(max_length=60)
    password = serializers.CharField(max_length=200, trim_whitespace=False)


class SignInIn(CredentialsIn):
    device = DeviceIn()


class RefreshIn(serializers.Serializer):
    refresh = serializers.CharField(max_length=100)


class CodeIn(serializers.Serializer):
    phone = serializers.CharField(max_length=30)


class VerifyIn(CodeIn):
    code = serializers.CharField(max_length=10)
    device = DeviceIn()


class CodeSent(serializers.Serializer):
    expires_in = serializers.IntegerField(help_text="seconds")


class AreaRef(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    path = serializers.CharField()
    level = serializers.ChoiceField(choices=["city", "county", "street", "community", "grid"])


class RoleHeld(serializers.Serializer):
    role = serializers.ChoiceField(choices=ROLES)
    areas = AreaRef(many=True)


class ActorOut(serializers.Serializer):
    """Who acts, in which role, over which areas; the other roles that the person may choose by X-Gridward-Role."""

    user_id = serializers.UUIDField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=ROLES)
    roles = RoleHeld(many=True)
    areas = AreaRef(many=True)
    phone_masked = serializers.CharField(allow_null=True)


class TokensOut(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds until the access token ends")
    actor = ActorOut()


class SessionOut(serializers.Serializer):
    actor = ActorOut(allow_null=True)
