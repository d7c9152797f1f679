"""A repair beside each fault that has an obvious one; what is left without one, a person must draw."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import shapely
from shapely import MultiPolygon, Polygon, STRtree

from gis.coverage.model import TOUCH_DEG, Fault, FaultKind, Repair, RepairKind, best_neighbour, measure, polygons_of
from gis.locate import GridId, GridShape

# A gap larger than this share of the neighbour is a missing grid, not a fault of drawing.
GAP_SHARE: Final = 0.5
# A grid keeps at least this share of itself, or the repair is not proposed.
KEPT_SHARE: Final = 0.5
# A part larger than this share of its grid may be meant.
TINY_PART_SHARE: Final = 0.05


def with_repairs(faults: Sequence[Fault], shapes: Sequence[GridShape], tree: STRtree) -> list[Fault]:
    """The faults, each with its proposal. Deterministic: sizes decide, then codes."""
    proposals = _Proposals(shapes, tree)
    return [replace(fault, repair=proposals.propose(fault)) for fault in faults]


def stays_whole(polygon: Polygon | MultiPolygon, region: Polygon) -> bool:
    """Whether the polygon keeps most of itself and falls into no further parts when it gives up the region."""
    left = polygons_of(shapely.difference(polygon, region))
    crumb = 1e-6 * polygon.area
    kept = [part for part in left if part.area > crumb]
    return sum(part.area for part in kept) > KEPT_SHARE * polygon.area and len(kept) <= len(polygons_of(polygon))


class _Proposals:
    def __init__(self, shapes: Sequence[GridShape], tree: STRtree) -> None:
        self._shapes, self._tree = shapes, tree
        self._by_id: dict[GridId, GridShape] = {shape.id: shape for shape in shapes}

    def propose(self, fault: Fault) -> Repair | None:
        match fault.kind:
            case FaultKind.OVERLAP | FaultKind.SLIVER_OVERLAP:
                return self._take_overlap(fault)
            case FaultKind.GAP | FaultKind.SLIVER_GAP:
                return self._give_gap(fault)
            case FaultKind.OUTSIDE_PARENT:
                return self._clip(fault)
            case FaultKind.MULTIPART:
                return self._give_part(fault)
            case FaultKind.SPIKE:
                return self._pass_on(fault, RepairKind.CUT_SPIKE)
            case _:
                return None

    def _take_overlap(self, fault: Fault) -> Repair | None:
        """The smaller grid keeps it, for it is the larger share of that one; unless the other would fall apart."""
        members = sorted((self._by_id[member] for member in fault.ids), key=self._size)
        choices = [(winner, loser) for winner, loser in (members, members[::-1])]
        sound = [pair for pair in choices if stays_whole(pair[1].polygon, fault.outline)]
        if not sound:
            sound = [pair for pair in choices if self._leaves_most(pair[1], fault)]
        if not sound:
            return None
        winner, loser = sound[0]
        return self._repair(RepairKind.TAKE_OVERLAP, fault, winner, (loser,))

    def _give_gap(self, fault: Fault) -> Repair | None:
        winner = best_neighbour(fault.outline, [self._by_id[member] for member in fault.ids])
        if winner is None or fault.area_m2 > GAP_SHARE * measure(winner.polygon)[0]:
            return None
        return self._repair(RepairKind.GIVE_GAP, fault, winner, ())

    def _clip(self, fault: Fault) -> Repair | None:
        [loser] = (self._by_id[member] for member in fault.ids)
        return (
            self._repair(RepairKind.CLIP_TO_PARENT, fault, None, (loser,)) if self._leaves_most(loser, fault) else None
        )

    def _give_part(self, fault: Fault) -> Repair | None:
        [loser] = (self._by_id[member] for member in fault.ids)
        if fault.outline.area > TINY_PART_SHARE * loser.polygon.area:
            return None
        return self._pass_on(fault, RepairKind.GIVE_PART)

    def _pass_on(self, fault: Fault, kind: RepairKind) -> Repair:
        [loser] = (self._by_id[member] for member in fault.ids)
        near = self._tree.query(fault.outline, predicate="dwithin", distance=TOUCH_DEG).tolist()
        others = [self._shapes[position] for position in near if self._shapes[position].id != loser.id]
        return self._repair(kind, fault, best_neighbour(fault.outline, others), (loser,))

    @staticmethod
    def _leaves_most(loser: GridShape, fault: Fault) -> bool:
        return fault.outline.area < (1 - KEPT_SHARE) * loser.polygon.area

    @staticmethod
    def _size(shape: GridShape) -> tuple[float, str]:
        return round(shape.polygon.area, 12), shape.code

    @staticmethod
    def _repair(kind: RepairKind, fault: Fault, winner: GridShape | None, losers: tuple[GridShape, ...]) -> Repair:
        return Repair(
            kind=kind,
            region=fault.outline,
            winner=None if winner is None else winner.id,
            winner_code="" if winner is None else winner.code,
            losers=tuple(shape.id for shape in losers),
            loser_codes=tuple(shape.code for shape in losers),
            area_m2=fault.area_m2,
        )
