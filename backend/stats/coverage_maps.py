"""Coverage maps that a person asks for: stored, computed by one worker, kept for some days, then cleared away."""

import gzip
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.areas import access as areas
from backend.core import audit
from backend.core.errors import DomainError
from backend.core.ids import uuid7
from backend.patrols.models import PatrolSession
from backend.stats.coverage import CoverageFacts, coverage_of
from backend.stats.errors import CoverageMapNotFound, CoverageNotReady
from backend.stats.hotspots import ground_of
from backend.stats.models import CoverageMap

log = logging.getLogger(__name__)

# A worker renews its claim as it goes; one that was killed is replaced when the claim has run out.
CLAIM: Final = timedelta(seconds=120)
RENEW: Final = timedelta(seconds=2)
RETRY_AFTER: Final = timedelta(seconds=20)
KEPT_FOR: Final = timedelta(days=3)
MOST_ATTEMPTS: Final = 3
LIMIT_S: Final = 1200
STATES: Final = [state.value for state in CoverageMap.State]
_TASK: Final = "backend.stats.tasks.compute_coverage_map"


@transaction.atomic
def ask(*, actor: Actor, area_code: str, week_start: date, weeks: int, unseen_days: int, now: datetime) -> CoverageMap:
    """Stores the request; a worker takes it. The same request under way is given again.

    Raises AreaNotFound, NoGround.
    """
    area = areas.get_area(actor, area_code)
    ground_of(actor, area, now=now)
    asked = {
        "area": area,
        "week_start": week_start,
        "weeks": weeks,
        "unseen_days": unseen_days,
        "asked_by_id": actor.user_id,
        "role": actor.role.value,
    }
    try:
        with transaction.atomic():
            made = CoverageMap.objects.create(id=uuid7(), area_paths=list(actor.area_paths), asked_at=now, **asked)
    except IntegrityError:
        under_way = CoverageMap.objects.select_related("area").filter(ended_at=None, **asked).first()
        # It may have ended between the two statements.
        return under_way or ask(
            actor=actor, area_code=area_code, week_start=week_start, weeks=weeks, unseen_days=unseen_days, now=now
        )
    audit.record(
        "export_coverage",
        actor_id=actor.user_id,
        role=actor.role.value,
        subject_kind="area",
        subject_id=area.pk,
        now=now,
        week_start=str(week_start),
        weeks=weeks,
    )
    _send_after_commit(made.pk)
    return made


def coverage_map(actor: Actor, map_id: UUID) -> CoverageMap:
    """One request of the actor's own. Raises CoverageMapNotFound."""
    found = CoverageMap.objects.visible_to(actor).select_related("area").filter(pk=map_id).first()
    if found is None:
        raise CoverageMapNotFound("no such coverage map; ask for it again")
    return found


def facts_of(actor: Actor, map_id: UUID) -> CoverageFacts:
    """The kept answer. Raises CoverageMapNotFound, CoverageNotReady."""
    found = coverage_map(actor, map_id)
    if found.answer is None:
        raise CoverageNotReady("the map is not ready; look at its state and come back", state=found.state)
    told: dict[str, Any] = json.loads(gzip.decompress(bytes(found.answer)))
    return CoverageFacts.from_json(told)


def compute(*, map_id: UUID, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Computes one request, once. False: somebody else has it, it ended, or it failed.

    The work is done outside of any transaction; a worker whose claim was taken over meanwhile writes nothing.
    """
    asked = _claim(map_id, clock())
    if asked is None:
        return False
    actor = Actor(asked.asked_by_id, Role(asked.role), area_paths=tuple(asked.area_paths))
    try:
        facts = coverage_of(
            actor,
            area=asked.area,
            week_start=asked.week_start,
            weeks=asked.weeks,
            unseen_days=asked.unseen_days,
            now=clock(),
            watch=_watch(asked, clock),
        )
    except DomainError as error:
        _end(asked, CoverageMap.State.FAILED, clock(), problem={"code": error.code, "detail": error.detail})
        return False
    except Exception:
        _end(asked, CoverageMap.State.FAILED, clock(), problem={"code": "server_error", "detail": ""})
        raise
    return bool(_end(asked, CoverageMap.State.DONE, clock(), answer=packed(facts)))


def packed(facts: CoverageFacts) -> bytes:
    """The answer as it is kept."""
    return gzip.compress(json.dumps(facts.as_json(), ensure_ascii=False, separators=(",", ":")).encode())


def _claim(map_id: UUID, now: datetime) -> CoverageMap | None:
    free = Q(state=CoverageMap.State.QUEUED) | Q(state=CoverageMap.State.RUNNING, claimed_until__lt=now)
    claimed = CoverageMap.objects.filter(free, pk=map_id, attempts__lt=MOST_ATTEMPTS).update(
        state=CoverageMap.State.RUNNING, claimed_until=now + CLAIM, attempts=F("attempts") + 1, patrols_done=0
    )
    return CoverageMap.objects.select_related("area__parent").get(pk=map_id) if claimed else None


def _mine(asked: CoverageMap) -> Any:
    """The row, as long as nobody else has taken it over."""
    return CoverageMap.objects.filter(pk=asked.pk, state=CoverageMap.State.RUNNING, attempts=asked.attempts)


def _watch(
    asked: CoverageMap, clock: Callable[[], datetime]
) -> Callable[[Sequence[PatrolSession]], Iterator[PatrolSession]]:
    """Hands the patrols on one by one; every few seconds it says how far it is and renews the claim."""

    def watched(sessions: Sequence[PatrolSession]) -> Iterator[PatrolSession]:
        said_at = clock()
        _mine(asked).update(patrols=len(sessions))
        for done, session in enumerate(sessions):
            yield session
            if clock() - said_at >= RENEW:
                said_at = clock()
                _mine(asked).update(patrols_done=done + 1, claimed_until=said_at + CLAIM)
        _mine(asked).update(patrols_done=len(sessions), claimed_until=clock() + CLAIM)

    return watched


def _end(asked: CoverageMap, state: CoverageMap.State, now: datetime, **told: Any) -> int:
    return int(_mine(asked).update(state=state, claimed_until=None, ended_at=now, **told))


def tend(*, now: datetime) -> int:
    """Ends requests whose workers were lost again and again, clears old ones away, sends what waits; how many sent."""
    lost = CoverageMap.objects.filter(
        state=CoverageMap.State.RUNNING, claimed_until__lt=now, attempts__gte=MOST_ATTEMPTS
    )
    lost.update(
        state=CoverageMap.State.FAILED, claimed_until=None, ended_at=now, problem={"code": "worker_lost", "detail": ""}
    )
    CoverageMap.objects.filter(ended_at__lt=now - KEPT_FOR).delete()
    hanging = Q(state=CoverageMap.State.RUNNING, claimed_until__lt=now) | Q(
        state=CoverageMap.State.QUEUED, asked_at__lt=now - RETRY_AFTER
    )
    return _send(list(CoverageMap.objects.filter(hanging).order_by("asked_at").values_list("pk", flat=True)[:100]))


def _send_after_commit(map_id: UUID) -> None:
    """Hurries a worker once the request is stored. A courtesy: when the broker is away, the sweep finds what waits."""

    def hurry() -> None:
        _send([map_id])

    transaction.on_commit(hurry, robust=True)


def _send(map_ids: list[UUID]) -> int:
    """Sends the tasks; how many the broker took. Never raises for a broker that is away."""
    sent = 0
    for map_id in map_ids:
        try:
            current_app.send_task(_TASK, args=[str(map_id)], retry=False, time_limit=LIMIT_S)
        except (OperationalError, OSError) as error:
            log.warning("coverage map not sent: %s", type(error).__name__)
            break
        sent += 1
    return sent
