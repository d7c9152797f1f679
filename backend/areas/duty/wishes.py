"""What somebody wants to change about duty, before anything is written."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from backend.areas.models import Duty, DutyChange

TRANSFER_POSTS = (Duty.Post.LEADER.value, Duty.Post.WORKER.value)


@dataclass(frozen=True, slots=True)
class AbsenceWish:
    """A worker is away from `starts` until `ends` (not included); without `ends` until somebody ends it."""

    kind_of_change: ClassVar = DutyChange.Kind.ABSENCE

    worker_id: UUID
    kind: str
    starts: datetime
    ends: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CoverWish:
    """A worker answers first for several grids during a period."""

    kind_of_change: ClassVar = DutyChange.Kind.COVER

    worker_id: UUID
    grid_codes: Sequence[str]
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class TransferWish:
    """A worker leaves one grid and begins in another at the same moment."""

    kind_of_change: ClassVar = DutyChange.Kind.TRANSFER

    worker_id: UUID
    from_code: str
    to_code: str
    post: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeskWish:
    """Somebody sits at the desk of a community or street during a period."""

    kind_of_change: ClassVar = DutyChange.Kind.DESK

    worker_id: UUID
    desk_code: str
    starts: datetime
    ends: datetime
    phone: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalWish:
    """An absence, cover or desk shift ends now; one that has not begun is taken back."""

    kind_of_change: ClassVar = DutyChange.Kind.WITHDRAWAL

    change_id: UUID


Wish = AbsenceWish | CoverWish | TransferWish | DeskWish | WithdrawalWish


def digest_of(wish: Wish) -> bytes:
    """Equal for equal wishes: tells a repeat from another wish under the same id."""
    said = {"change": wish.kind_of_change.value, **asdict(wish)}
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).digest()
