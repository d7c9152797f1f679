"""The worker's word on being recorded: the newest row counts."""

from uuid import UUID

from backend.accounts.models import Consent

CONSENT_PURPOSE = "patrol_track"


def newest_consent(worker_id: UUID) -> Consent | None:
    return Consent.objects.filter(user_id=worker_id, purpose=CONSENT_PURPOSE).order_by("-at", "-id").first()
