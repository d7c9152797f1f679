"""The only way to fetch a case for somebody."""

import hashlib
import hmac
from uuid import UUID

from django.conf import settings

from backend.accounts.actor import Actor
from backend.cases.errors import CaseMovedAway, CaseNotFound
from backend.cases.models import Case
from backend.core.rows import lock_rows

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8


def get_case(actor: Actor, case_id: UUID, *, lock: bool = False) -> Case:
    """The case when the actor may see it. Missing and foreign raise the same CaseNotFound.

    With `lock` a step that is under way is waited for; when that one takes the case out of the actor's sight, who
    waited hears CaseMovedAway with the version and state that the case has now.
    """
    visible = Case.objects.visible_to(actor)
    if lock:
        if not visible.filter(pk=case_id).exists():
            raise CaseNotFound("no such case")
        if not lock_rows(visible.filter(pk=case_id)):
            now = Case.objects.values("version", "state").get(pk=case_id)
            raise CaseMovedAway("somebody was faster, and the case is no longer one of yours", **now)
    case = visible.select_related("matter", "grid", "responsible", "department", "condition").filter(pk=case_id).first()
    if case is None:
        raise CaseNotFound("no such case")
    return case


def tracking_code(case_id: UUID) -> str:
    """The code that its reporter follows a case with: derived, so that a repeated report gets the same answer.

    Eight letters and digits without look-alikes (about 39 bits), from HMAC-SHA-256 of the case's id.
    """
    digest = hmac.new(settings.SECRET_KEY.encode(), b"tracking" + case_id.bytes, hashlib.sha256).digest()
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def tracking_digest(code: str) -> bytes:
    return hashlib.sha256(code.strip().upper().encode()).digest()


def find_tracked(number: str, code: str) -> Case:
    """The case with this number and tracking code. A wrong code and a missing number look the same."""
    case = (
        Case.objects.select_related("matter", "grid", "responsible", "department", "condition")
        .filter(number=number.strip())
        .first()
    )
    given = tracking_digest(code)
    if case is None or not hmac.compare_digest(given, bytes(case.tracking_digest)):
        raise CaseNotFound("no case has this number and code")
    return case
