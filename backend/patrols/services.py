"""Writes of patrols: sessions begin and end here; `taking` takes the positions that a phone sends from them."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.actor import Actor
from backend.accounts.models import User
from backend.core import live
from backend.core.clock import LOCAL
from backend.core.errors import IdReused
from backend.core.ids import digest_of
from backend.patrols import access
from backend.patrols.consent import CONSENT_PURPOSE, newest_consent
from backend.patrols.errors import (
    ConsentMissing,
    NotOnDuty,
    SessionOpen,
    TimeNotPlausible,
)
from backend.patrols.models import LivePosition, PatrolSession
from backend.patrols.points import CLOCK_SKEW
from backend.patrols.storing import LATE_LIMIT
from backend.patrols.taking import MOST_POINTS, Taken, take_plain, take_positions
from backend.patrols.trackers import take_fixes

__all__ = [
    "CONSENT_PURPOSE",
    "LATE_LIMIT",
    "LONGEST_SESSION",
    "MOST_POINTS",
    "Taken",
    "close_forgotten_session",
    "end_session",
    "start_session",
    "take_fixes",
    "take_plain",
    "take_positions",
]

# No duty lasts longer; what is still open then was forgotten.
LONGEST_SESSION = timedelta(hours=14)


@transaction.atomic
def start_session(
    *, actor: Actor, session_id: UUID, started_at: datetime, purpose: str, now: datetime
) -> PatrolSession:
    """Opens a patrol session; the same id and content again gives the same session.

    Raises NotOnDuty, ConsentMissing, SessionOpen (another is open), TimeNotPlausible, IdReused.
    """
    if actor.user_id is None or not actor.is_field or not actor.area_paths:
        raise NotOnDuty("only a worker on duty in a grid records patrols")
    # Serialises the starts of one worker; the unique constraint is the last word.
    User.objects.select_for_update(no_key=True).get(pk=actor.user_id)
    digest = digest_of([started_at.timestamp(), purpose])
    known = PatrolSession.objects.filter(pk=session_id).first()
    if known is not None:
        if known.worker_id != actor.user_id or bytes(known.payload_digest) != digest:
            raise IdReused("this session id was used before", id=str(session_id))
        return known
    _check_moment(started_at, now)
    consent = newest_consent(actor.user_id)
    if consent is None or not consent.granted:
        raise ConsentMissing("agree to the recording of patrols first", purpose=CONSENT_PURPOSE)
    still_open = PatrolSession.objects.filter(worker_id=actor.user_id, ended_at=None).first()
    if still_open is not None:
        raise SessionOpen("end the open session first", session_id=str(still_open.pk))
    try:
        with transaction.atomic():
            return PatrolSession.objects.create(
                id=session_id,
                worker_id=actor.user_id,
                consent=consent,
                area_path=actor.area_paths[0],
                purpose=purpose,
                day=started_at.astimezone(LOCAL).date(),
                started_at=started_at,
                received_at=now,
                payload_digest=digest,
            )
    except IntegrityError as error:
        raise IdReused("this session id was used before", id=str(session_id)) from error


@transaction.atomic
def end_session(*, actor: Actor, session_id: UUID, ended_at: datetime, now: datetime) -> PatrolSession:
    """Ends the actor's own session. A repeat gives the first end; one that was closed as forgotten takes the true end.

    Raises SessionNotFound, TimeNotPlausible.
    """
    session = access.lock_own_session(actor, session_id)
    if session.ended_by == "worker":
        return session
    _check_moment(ended_at, now)
    if ended_at < session.started_at:
        raise TimeNotPlausible("the end lies before the start", field="ended_at")
    session.ended_at, session.ended_by = ended_at, "worker"
    session.save(update_fields=["ended_at", "ended_by"])
    _leave_map(session)
    return session


@transaction.atomic
def close_forgotten_session(*, session_id: UUID, now: datetime) -> bool:
    """Closes a session that is open for too long. False: another run was first, or the worker has ended it."""
    claimed = PatrolSession.objects.filter(
        pk=session_id, ended_at=None, started_at__lte=now - LONGEST_SESSION
    ).select_for_update(no_key=True)
    session = claimed.first()
    if session is None:
        return False
    session.ended_at, session.ended_by = session.started_at + LONGEST_SESSION, "forgotten"
    session.save(update_fields=["ended_at", "ended_by"])
    _leave_map(session)
    return True


def _leave_map(session: PatrolSession) -> None:
    """Takes the worker off the live map: nobody is shown outside a session."""
    LivePosition.objects.filter(session=session).delete()
    payload = {"worker_id": session.worker_id, "session_id": session.pk, "at": session.ended_at, "ended": True}

    def tell() -> None:
        live.publish("position", area_path=session.area_path, payload=payload)

    transaction.on_commit(tell, robust=True)


def _check_moment(moment: datetime, now: datetime) -> None:
    if moment > now + CLOCK_SKEW:
        raise TimeNotPlausible("the phone's clock is ahead; correct it", field="at")
    if moment < now - LATE_LIMIT:
        raise TimeNotPlausible("too long ago to be taken now", field="at")
