"""Proposals that a person asks for: refused at once or stored, computed by one worker, ended as a draft or a reason."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas import access
from backend.areas.errors import CannotPropose, MayNotDivide, ProposalBegun, ProposalUnderWay
from backend.areas.models import Area, Proposal
from backend.core import outbox
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from backend.places import proposing
from gis.division import DivisionError, Wish, measure_today
from gis.division import Proposal as Answer

log = logging.getLogger(__name__)

# A worker that computes renews its claim this often; one that was killed is replaced when the claim has run out.
RENEW = timedelta(seconds=20)
CLAIM = timedelta(seconds=90)
RETRY_AFTER = timedelta(seconds=20)
MOST_ATTEMPTS = 3
_TASK = "backend.places.tasks.compute_proposal"


@dataclass(frozen=True, slots=True)
class ProposalWish:
    """What is asked for: a number of grids, or households of a grid; exactly one of the two."""

    grids: int | None = None
    households: int | None = None
    keeps_borders: bool = False
    keeps_dedicated: bool = True


@transaction.atomic
def ask(*, actor: Actor, area_code: str, wish: ProposalWish, name: str, now: datetime) -> Proposal:
    """Stores the request; a worker takes it. What can be seen to be impossible is refused at once, by field.

    A community asks for its own ground. Raises MayNotDivide, AreaNotFound, CannotPropose, ProposalUnderWay.
    """
    access.refuse_strangers(actor)
    area = access.get_area(actor, area_code)
    _refuse_impossible(area, wish, now=now)
    try:
        with transaction.atomic():
            proposal = Proposal.objects.create(
                id=uuid7(),
                area=area,
                grids=wish.grids,
                households=wish.households,
                keeps_borders=wish.keeps_borders,
                keeps_dedicated=wish.keeps_dedicated,
                name=name,
                asked_at=now,
                asked_by_id=actor.user_id,
            )
    except IntegrityError as error:
        under_way = Proposal.objects.filter(area=area, ended_at=None).first()
        raise ProposalUnderWay(
            "a proposal for this area is being made; wait for it or cancel it",
            proposal_id=str(under_way.pk) if under_way else None,
        ) from error
    send_after_commit(proposal.pk)
    return proposal


def _refuse_impossible(area: Area, wish: ProposalWish, *, now: datetime) -> None:
    """Raises CannotPropose with the field, a reason and the figure that would do."""
    if area.level == Area.Level.GRID:
        raise CannotPropose("a grid is not cut any further; name its community", field="area", reason="bad_level")
    try:
        Wish(grids=wish.grids, households=float(wish.households or 1))
    except DivisionError as error:
        raise CannotPropose(error.detail, field=error.field, reason=error.code) from error
    held = proposing.homes_of(area, keeps_dedicated=wish.keeps_dedicated, now=now)
    if not held.households:
        raise CannotPropose("no home is known in this area; import its addresses", field="area", reason="no_homes")
    if wish.households is not None and wish.households > held.households:
        raise CannotPropose(
            f"the area holds {held.households} households; name fewer for a grid",
            field="households", reason="too_few_homes", homes=held.households,
        )  # fmt: skip
    grids = wish.grids or max(held.regions, round(held.households / (wish.households or 1)))
    if grids > held.households:
        raise CannotPropose(
            f"the area holds {held.households} households; ask for fewer grids",
            field="grids", reason="too_few_homes", homes=held.households,
        )  # fmt: skip
    if grids < held.regions:
        raise CannotPropose(
            f"{held.regions} communities need at least as many grids",
            field="grids", reason="too_few_grids", least=held.regions,
        )  # fmt: skip


def cancel(*, actor: Actor, proposal_id: UUID, now: datetime) -> Proposal:
    """Takes back a request that nobody works on yet; a community only what that person asked for.

    Raises ProposalNotFound, MayNotDivide, ProposalBegun.
    """
    found = access.get_proposal(actor, proposal_id)
    if not may_cancel(found, actor):
        raise MayNotDivide("whoever asked for it cancels it, or the street", role=actor.role)
    waiting = Proposal.objects.filter(pk=proposal_id, state=Proposal.State.QUEUED)
    is_cancelled = waiting.update(state=Proposal.State.CANCELLED, ended_at=now)
    proposal = access.get_proposal(actor, proposal_id)
    if not is_cancelled and proposal.state != Proposal.State.CANCELLED:
        raise ProposalBegun("only a request that nobody works on yet is cancelled", state=proposal.state)
    return proposal


def may_cancel(proposal: Proposal, actor: Actor) -> bool:
    """Whether the request is the actor's to take back: those who may draw, and whoever asked."""
    return actor.role in access.EDITORS or (actor.role in access.ASKERS and proposal.asked_by_id == actor.user_id)


def compute(*, proposal_id: UUID, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Makes the draft of one request, once. False: somebody else has it, it ended, or it has no draft.

    The engine works outside of any transaction; the draft and the end of the request are one. A worker whose claim was
    taken over meanwhile writes nothing.
    """
    proposal = _claim(proposal_id, clock())
    if proposal is None:
        return False
    try:
        with _renewed(proposal, clock):
            land = proposing.land_of(proposal.area, keeps_dedicated=proposal.keeps_dedicated, now=clock())
            before = measure_today(land.ground)
            made = proposing.solve(land, _wish_of(proposal))
        return _store(proposal, land, made, before=before.as_json() if before else None, now=clock())
    except DomainError as error:
        _fail(proposal, {"code": error.code, "detail": error.detail, **error.facts}, now=clock())
        return False
    except Exception:
        _fail(proposal, {"code": "cannot_propose", "reason": "engine_failed"}, now=clock())
        raise


def _wish_of(proposal: Proposal) -> Wish:
    if proposal.grids is not None:
        return Wish(grids=proposal.grids, keeps_borders=proposal.keeps_borders)
    return Wish(households=float(proposal.households or 0), keeps_borders=proposal.keeps_borders)


def _claim(proposal_id: UUID, now: datetime) -> Proposal | None:
    """Takes the request when it waits or its worker was lost; None when somebody else has it."""
    free = Q(state=Proposal.State.QUEUED) | Q(state=Proposal.State.RUNNING, claimed_until__lt=now)
    claimed = Proposal.objects.filter(free, pk=proposal_id, attempts__lt=MOST_ATTEMPTS).update(
        state=Proposal.State.RUNNING,
        begun_at=Coalesce("begun_at", now),
        claimed_until=now + CLAIM,
        attempts=F("attempts") + 1,
    )
    return Proposal.objects.select_related("area").get(pk=proposal_id) if claimed else None


def _mine(proposal: Proposal) -> Any:
    """The row, as long as nobody else has taken it over."""
    return Proposal.objects.filter(pk=proposal.pk, state=Proposal.State.RUNNING, attempts=proposal.attempts)


@contextmanager
def _renewed(proposal: Proposal, clock: Callable[[], datetime]) -> Iterator[None]:
    """Renews the claim from a thread of its own while the engine computes (it lets other threads run)."""
    is_over = threading.Event()

    def renew() -> None:
        try:
            while not is_over.wait(RENEW.total_seconds()):
                if not _mine(proposal).update(claimed_until=clock() + CLAIM):
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"renew-{proposal.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@transaction.atomic
def _store(
    proposal: Proposal, land: proposing.Land, made: Answer, *, before: dict[str, Any] | None, now: datetime
) -> bool:
    """The draft and the end of the request. False when the claim is lost: then another worker writes them."""
    ended = _mine(proposal).update(
        state=Proposal.State.DONE, claimed_until=None, ended_at=now, before=before, after=made.figures.as_json()
    )
    if not ended:
        return False
    # Rights were looked at when it was asked for; the draft is made in that person's name, within the area.
    asker = Actor(proposal.asked_by_id, Role.SYSTEM, area_paths=(proposal.area.path,))
    division = proposing.write_draft(actor=asker, land=land, proposal=made, name=proposal.name, now=now)
    Proposal.objects.filter(pk=proposal.pk).update(division=division)
    _tell_asker(proposal, Proposal.State.DONE, now=now)
    return True


@transaction.atomic
def _fail(proposal: Proposal, problem: dict[str, Any], *, now: datetime) -> None:
    ended = _mine(proposal).update(state=Proposal.State.FAILED, claimed_until=None, ended_at=now, problem=problem)
    if ended:
        _tell_asker(proposal, Proposal.State.FAILED, now=now)


def give_up_lost(*, now: datetime) -> int:
    """Ends requests whose workers were lost again and again; how many."""
    lost = Proposal.objects.filter(state=Proposal.State.RUNNING, claimed_until__lt=now, attempts__gte=MOST_ATTEMPTS)
    return sum(_give_up(one, now) for one in lost.select_related("area").order_by("asked_at"))


@transaction.atomic
def _give_up(proposal: Proposal, now: datetime) -> bool:
    """Once: another sweep may have been first, or its worker was only slow. Nobody takes it over by now."""
    ended = Proposal.objects.filter(pk=proposal.pk, claimed_until__lt=now).update(
        state=Proposal.State.FAILED,
        claimed_until=None,
        ended_at=now,
        problem={"code": "cannot_propose", "reason": "worker_lost"},
    )
    if ended:
        _tell_asker(proposal, Proposal.State.FAILED, now=now)
    return bool(ended)


def _tell_asker(proposal: Proposal, state: Proposal.State, *, now: datetime) -> None:
    """Owes a notice to whoever asked. In the transaction that ends the request, so there is one and only one."""
    if proposal.asked_by_id is not None:
        outbox.owe(
            "proposal_ended", proposal.pk, now=now, area_path=proposal.area.path, state=state.value,
            name=proposal.name, person_id=str(proposal.asked_by_id),
        )  # fmt: skip


def waiting(*, now: datetime, limit: int = 100) -> list[UUID]:
    """Requests that nobody works on: never sent, or lost with a worker."""
    hanging = Q(state=Proposal.State.RUNNING, claimed_until__lt=now) | Q(
        state=Proposal.State.QUEUED, asked_at__lt=now - RETRY_AFTER
    )
    return list(Proposal.objects.filter(hanging).order_by("asked_at").values_list("pk", flat=True)[:limit])


def send_after_commit(proposal_id: UUID) -> None:
    """Hurries a worker once the request is stored. A courtesy: when the broker is away, the sweep finds what waits."""

    def hurry() -> None:
        send([proposal_id])

    transaction.on_commit(hurry, robust=True)


def send(proposal_ids: list[UUID]) -> int:
    """Sends the tasks; how many the broker took. Never raises for a broker that is away."""
    sent = 0
    for proposal_id in proposal_ids:
        try:
            current_app.send_task(_TASK, args=[str(proposal_id)], retry=False, time_limit=settings.PROPOSE_LIMIT_S)
        except (OperationalError, OSError) as error:
            log.warning("proposal not sent: %s", type(error).__name__)
            break
        sent += 1
    return sent
