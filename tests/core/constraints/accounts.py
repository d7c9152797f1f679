"""Accounts, memberships, devices and consents."""

from backend.accounts.models import ApiKey, Consent, Device, Membership, OneTimeCode, Token, User
from tests.core.constraints.breaking import EMPTY, Break, changed, doubled
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "one_resident_a_phone": doubled(User, {"username": "resident:1"}, username="resident:other"),
    "membership_once_at_a_time": doubled(Membership, {"area__isnull": False}),
    "department_member_has_department": changed(Membership, {"role": "department"}, department=None),
    "membership_has_area": changed(Membership, {"role": "street"}, area=None),
    "membership_lasts": changed(Membership, valid=EMPTY),
    "device_once_a_user": doubled(Device),
}


def add_rows(scene: Scene) -> None:
    now, leader = scene.now, scene.leader
    device = Device.objects.create(user=leader, client_id="d", created_at=now, last_seen_at=now)
    Token.objects.create(device=device, kind="access", digest=b"x", created_at=now, expires_at=now)
    OneTimeCode.objects.create(phone_index=b"x", digest=b"x", created_at=now, expires_at=now)
    Consent.objects.create(user=leader, purpose="patrol_track", notice_version="1", granted=True, at=now)
    ApiKey.objects.create(user=leader, digest=b"x", created_at=now)
