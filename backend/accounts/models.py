"""Users, what they may act as, their devices and tokens, their consents."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from backend.accounts.roles import Role
from backend.core.crypto import EncryptedTextField
from backend.core.ids import uuid7


class Users(BaseUserManager["User"]):
    """Finds users by their sign-in name."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """A person or machine that signs in. Residents sign in by phone and have no password."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(max_length=60, unique=True)
    name = EncryptedTextField(blank=True)
    phone = EncryptedTextField(blank=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    is_active = models.BooleanField(default=True)
    is_invented = models.BooleanField(default=False, help_text="a person of the demo town")
    language = models.CharField(max_length=10, default="zh-hans")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = Users()

    USERNAME_FIELD = "username"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["phone_index"], condition=Q(username__startswith="resident:"), name="one_resident_a_phone"
            ),
        ]
        indexes = [models.Index(fields=["phone_index"])]


class Department(models.Model):
    """A handling department (专业部门): owner or maintainer that fixes what a grid worker can't."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=30, unique=True)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    area = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="+")
    duty_phone = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)


class Membership(models.Model):
    """One user acts in one role over one area (or department) during one period.

    A grid worker's grids are not listed here: they follow from duty (`areas.Duty`). The membership of a field role
    names the community that employs the worker.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    area = models.ForeignKey("areas.Area", models.PROTECT, null=True, related_name="memberships")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="memberships")
    employment = models.CharField(
        max_length=10, choices=[("full_time", "full_time"), ("part_time", "part_time"), ("staff", "staff")]
    )
    valid = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="membership_once_at_a_time",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("area", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=Q(area__isnull=False),
            ),
            models.CheckConstraint(
                condition=~Q(role="department") | Q(department__isnull=False), name="department_member_has_department"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["department", "resident", "admin", "integration"]) | Q(area__isnull=False),
                name="membership_has_area",
            ),
            models.CheckConstraint(condition=Q(valid__isempty=False), name="membership_lasts"),
        ]


class Device(models.Model):
    """A phone that somebody signed in on; signing out or revoking ends every token of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    client_id = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True)
    platform = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "client_id"], name="device_once_a_user")]


class Token(models.Model):
    """An access or refresh token, stored as SHA-256 only. A refresh token works once; a reuse ends its device."""

    class Kind(models.TextChoices):
        ACCESS = "access"
        REFRESH = "refresh"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    device = models.ForeignKey(Device, models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"])]


class ApiKey(models.Model):
    """Lets the machine of another system act as its own user in the role `integration`; kept as SHA-256 only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class OneTimeCode(models.Model):
    """A code sent to a phone; five wrong tries or five minutes end it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone_index = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone_index", "created_at"])]


class SignInAttempt(models.Model):
    """A try to sign in by (name, address), or a code sent: limits are counted from these rows, exactly."""

    subject = models.CharField(max_length=120)
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject", "at"]), models.Index(fields=["address", "at"])]


class Consent(models.Model):
    """A person's yes or no to one purpose under one version of the notice; the newest row counts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=40)
    notice_version = models.CharField(max_length=20)
    granted = models.BooleanField()
    legal_basis = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["user", "purpose", "-at"])]
