"""Photos: checked by their header, repainted, stored privately, handed out by short-lived signed addresses."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.contrib.gis.geos import Point
from django.core import signing
from django.db import IntegrityError, transaction

from backend.accounts.actor import Actor
from backend.cases import painting
from backend.cases.errors import BadPhoto, PhotoNotYours, TooManyPhotos
from backend.cases.models import Case, CaseEvent, Photo
from backend.core.errors import IdReused, NotFound
from backend.core.ids import uuid7

PHOTOS_AT_ONCE = 9
_CLAIM_SALT = "gridward.photo.claim"
_VIEW_SALT = "gridward.photo.view"


@dataclass(frozen=True, slots=True)
class PhotoClaim:
    """A photo that was uploaded before, and the proof that this client uploaded it."""

    photo_id: UUID
    claim: str


def store_photo(
    *,
    actor: Actor | None,
    photo_id: UUID,
    file: BinaryIO,
    now: datetime,
    taken_at: datetime | None = None,
    taken_location: Point | None = None,
) -> Photo:
    """Takes one picture. The same id with the same bytes again gives the stored photo; other bytes raise IdReused.

    JPEG, PNG or WebP, at most 10 MB and 40 megapixels by its header (nothing larger is decoded). Orientation is
    applied, then only the pixels are kept: no EXIF, no place, no comment survives.
    Raises BadPhoto, PhotoTooHeavy, PaintersBusy.
    """
    content = _read(file)
    digest = hashlib.sha256(content).digest()
    existing = Photo.objects.filter(pk=photo_id).first()
    if existing is not None and existing.state == Photo.State.READY:
        return _same_photo(existing, digest)
    painted, width, height = painting.repaint(content)
    photo = existing or _pending_row(
        actor, photo_id, digest=digest, now=now, taken_at=taken_at, taken_location=taken_location
    )
    _same_photo(photo, digest)
    _write_whole(file_path(photo), painted)
    Photo.objects.filter(pk=photo.pk).update(
        state=Photo.State.READY, width=width, height=height, size_bytes=len(painted)
    )
    photo.refresh_from_db()
    return photo


def _pending_row(actor: Actor | None, photo_id: UUID, *, digest: bytes, now: datetime, **taken: Any) -> Photo:
    key = uuid7()
    try:
        with transaction.atomic():
            return Photo.objects.create(
                id=photo_id,
                file_key=f"{key.hex[-2:]}/{key.hex}.jpg",
                sha256=digest,
                width=0,
                height=0,
                size_bytes=0,
                uploaded_by_id=actor.user_id if actor else None,
                uploaded_at=now,
                **taken,
            )
    except IntegrityError:
        return Photo.objects.get(pk=photo_id)


def _same_photo(photo: Photo, digest: bytes) -> Photo:
    if bytes(photo.sha256) != digest:
        raise IdReused("this id was used for another photo; take a new id", field="id")
    return photo


def _read(file: BinaryIO) -> bytes:
    content = file.read(settings.PHOTO_MAX_BYTES + 1)
    if len(content) > settings.PHOTO_MAX_BYTES:
        raise BadPhoto(f"larger than {settings.PHOTO_MAX_BYTES} bytes", field="file", reason="too_many_bytes")
    if not content:
        raise BadPhoto("the file is empty", field="file", reason="empty")
    return content


def file_path(photo: Photo) -> Path:
    return Path(settings.MEDIA_ROOT) / "photos" / photo.file_key


def _write_whole(path: Path, content: bytes) -> None:
    """The file is there whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).chmod(0o640)
    Path(draft.name).replace(path)


def claim_of(photo: Photo) -> str:
    """The proof that lets its uploader hang the photo on a case."""
    return signing.dumps(str(photo.pk), salt=_CLAIM_SALT)


def attach(
    claims: Iterable[PhotoClaim],
    *,
    now: datetime,
    case: Case | None = None,
    event: CaseEvent | None = None,
    visit_id: UUID | None = None,
    purpose: Photo.Purpose,
) -> int:
    """Hangs uploaded photos on a case and its event, or on a visit. Raises PhotoNotYours, TooManyPhotos."""
    wanted = list(claims)
    if len(wanted) > PHOTOS_AT_ONCE:
        raise TooManyPhotos(f"at most {PHOTOS_AT_ONCE} photos at once", field="photos")
    for wish in wanted:
        if not _claim_fits(wish):
            raise PhotoNotYours("upload the photo again", field="photos", photo=str(wish.photo_id))
        taken = Photo.objects.filter(pk=wish.photo_id, state=Photo.State.READY, case=None, visit=None).update(
            case=case, event=event, visit_id=visit_id, purpose=purpose
        )
        if not taken:
            raise PhotoNotYours("the photo is missing or in use", field="photos", photo=str(wish.photo_id))
    return len(wanted)


def _claim_fits(wish: PhotoClaim) -> bool:
    try:
        named = signing.loads(wish.claim, salt=_CLAIM_SALT, max_age=timedelta(days=30))
    except signing.BadSignature:
        return False
    return bool(named == str(wish.photo_id))


def signed_path(photo: Photo, *, viewer: UUID | None) -> str:
    """Address of the picture for five minutes; whom it was given to is inside."""
    token = signing.dumps({"photo": str(photo.pk), "viewer": str(viewer) if viewer else None}, salt=_VIEW_SALT)
    return f"/media/photos/{token}"


def open_signed(token: str, *, viewer: UUID | None) -> Photo:
    """The photo that a signed address names. Raises NotFound for a forged or outdated one, and for another person.

    A picture in a page is fetched without a token, so nobody signed in (`viewer` None) is let through by the address
    alone; it was handed out over a signed-in or tracked request at most five minutes ago.
    """
    try:
        said = signing.loads(token, salt=_VIEW_SALT, max_age=settings.PHOTO_URL_SECONDS)
    except signing.BadSignature as error:
        raise NotFound("this address has run out; load the page again") from error
    if viewer is not None and said["viewer"] not in (None, str(viewer)):
        raise NotFound("this address has run out; load the page again")
    photo = Photo.objects.filter(pk=said["photo"], state=Photo.State.READY).first()
    if photo is None:
        raise NotFound("no such photo")
    return photo


def drop_unclaimed(*, now: datetime) -> int:
    """Removes photos that nobody hung on anything within a day, rows first so that no row lacks its file."""
    cutoff = now - timedelta(hours=settings.UNCLAIMED_PHOTO_HOURS)
    with transaction.atomic():
        stale = list(
            Photo.objects.select_for_update(skip_locked=True).filter(case=None, visit=None, uploaded_at__lt=cutoff)[
                :500
            ]
        )
        Photo.objects.filter(pk__in=[photo.pk for photo in stale]).delete()
    for photo in stale:
        file_path(photo).unlink(missing_ok=True)
    return len(stale)
