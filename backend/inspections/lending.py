"""Who goes to a booked visit when nobody of the grid's team walks then: one of its chain is lent for the half day.

A resident was promised a window. When the leader is away and the part-time worker walks another grid in that half day,
the next person of the grid's chain (workers, then A and B deputy) leaves the own round for it, unless that would break
a promise there. A pure table of one half day; `shifts` reads what goes in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Call:
    """A booked visit of a grid: it begins in the window and takes `minutes`."""

    grid_id: UUID
    start: datetime
    end: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Walker:
    """One person's half day, absences cut out, and the grid that is walked by turn; None: a deputy without a round."""

    worker_id: UUID
    grid_id: UUID | None
    start: datetime
    end: datetime

    def can_make(self, call: Call) -> bool:
        """Whether the visit fits into the part of its window in which this person is there."""
        together = min(self.end, call.end) - max(self.start, call.start)
        return together >= timedelta(minutes=call.minutes)


def lend(
    walkers: Mapping[UUID, Walker], calls: Sequence[Call], chains: Mapping[UUID, Sequence[UUID]]
) -> dict[UUID, UUID]:
    """Worker → grid they are lent to in this half day. `calls` in the order in which they are helped.

    `chains`: the people of each calling grid in the order in which they answer. Nobody is lent twice, and nobody whose
    own grid has a call that nobody else there could make. A call that no one can make is left as it is.
    """
    lent: dict[UUID, UUID] = {}
    for call in calls:
        if any(walker.can_make(call) for walker in _there(walkers, lent, call.grid_id)):
            continue
        for worker_id in chains.get(call.grid_id, ()):
            walker = walkers.get(worker_id)
            if walker is None or worker_id in lent or not walker.can_make(call):
                continue
            if _is_bound(walker, walkers, lent, calls):
                continue
            lent[worker_id] = call.grid_id
            break
    return lent


def _there(walkers: Mapping[UUID, Walker], lent: Mapping[UUID, UUID], grid_id: UUID) -> list[Walker]:
    return [walker for walker in walkers.values() if lent.get(walker.worker_id, walker.grid_id) == grid_id]


def _is_bound(walker: Walker, walkers: Mapping[UUID, Walker], lent: Mapping[UUID, UUID], calls: Sequence[Call]) -> bool:
    """Whether the own grid has a call that only this person can make."""
    if walker.grid_id is None:
        return False
    others = [other for other in _there(walkers, lent, walker.grid_id) if other.worker_id != walker.worker_id]
    own = [call for call in calls if call.grid_id == walker.grid_id and walker.can_make(call)]
    return any(not any(other.can_make(call) for other in others) for call in own)
