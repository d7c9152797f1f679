"""The only way to fetch a patrol session for somebody."""

from uuid import UUID

from backend.accounts.actor import Actor
from backend.patrols.errors import SessionNotFound
from backend.patrols.models import PatrolSession


def get_session(actor: Actor, session_id: UUID) -> PatrolSession:
    """A session that the actor may see. Raises SessionNotFound."""
    session = PatrolSession.objects.visible_to(actor).filter(pk=session_id).first()
    if session is None:
        raise SessionNotFound("no such patrol session")
    return session


def lock_own_session(actor: Actor, session_id: UUID) -> PatrolSession:
    """The actor's own session, locked until the transaction ends. Raises SessionNotFound."""
    session = (
        PatrolSession.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=session_id, worker_id=actor.user_id)
        .first()
    )
    if session is None or actor.user_id is None:
        raise SessionNotFound("no such patrol session")
    return session
