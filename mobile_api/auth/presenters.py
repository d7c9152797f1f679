"""What is said about the person who is signed in."""

from datetime import datetime
from typing import Any

from backend.accounts import access, queries
from backend.accounts.actor import Actor
from backend.accounts.services import Tokens
from backend.areas import queries as areas
from backend.areas.actors import actor_for
from backend.core.crypto import mask_phone


def actor_facts(actor: Actor, *, now: datetime) -> dict[str, Any]:
    """The content of `ActorOut` for a signed-in person."""
    if actor.user_id is None:
        raise ValueError("nobody is signed in")
    user = access.get_user(actor.user_id)
    phone = str(user.phone)
    return {
        "user_id": user.pk,
        "name": str(user.name),
        "role": actor.role.value,
        "roles": queries.roles_held(user, now=now),
        "areas": areas.areas_at(actor.area_paths),
        "phone_masked": mask_phone(phone) if phone else None,
    }


def token_facts(tokens: Tokens, *, now: datetime) -> dict[str, Any]:
    """The content of `TokensOut`."""
    actor = actor_for(tokens.user, role=None, now=now)
    return {
        "access": tokens.access,
        "refresh": tokens.refresh,
        "expires_in": tokens.expires_in_s,
        "actor": actor_facts(actor, now=now),
    }
