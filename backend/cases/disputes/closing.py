"""Ends of a dispute: with a ruling, or without one because there is nothing left to rule on."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from backend.accounts.actor import Actor
from backend.cases.models import Case, Dispute
from backend.core.rows import among
from backend.dispatch.models import Ruling


def close_with(dispute: Dispute, ruling: Ruling, *, state: Dispute.State, actor: Actor, now: datetime) -> None:
    """The dispute is locked and open."""
    dispute.ruling = ruling
    _close(dispute, state=state, actor=actor, now=now)


def close_without_ruling(dispute: Dispute, *, actor: Actor, now: datetime) -> None:
    """The dispute is locked and open."""
    _close(dispute, state=Dispute.State.WITHDRAWN, actor=actor, now=now)


def _close(dispute: Dispute, *, state: Dispute.State, actor: Actor, now: datetime) -> None:
    dispute.state, dispute.version = state, dispute.version + 1
    dispute.settled_at, dispute.settled_by_id = now, actor.user_id
    dispute.save(update_fields=["state", "version", "settled_at", "settled_by", "ruling"])


def drop_open(case: Case, *, actor: Actor, now: datetime) -> None:
    """Another step has settled what an open dispute was about (taken on, given away, ended). The case is locked."""
    drop_all_open([case.pk], actor=actor, now=now)


def drop_all_open(case_ids: Collection[UUID | str], *, actor: Actor, now: datetime) -> None:
    """`drop_open` for many locked cases; few of them are disputed."""
    found = Dispute.objects.select_for_update(of=("self",)).filter(among("case", case_ids), state=Dispute.State.OPEN)
    for dispute in found.order_by("case"):
        close_without_ruling(dispute, actor=actor, now=now)
