"""What a division is made from, what is wished of it, and what it turned out to be."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from shapely import LineString, MultiLineString, MultiPolygon, Polygon

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shapes = npt.NDArray[Any]
Region = Polygon | MultiPolygon

# What a metre of border costs along each class of line: a big street or water is where a border belongs.
BORDER_PRICE: Final[Mapping[str, float]] = {
    "water": 0.8,
    "motorway": 0.8,
    "trunk": 0.8,
    "primary": 0.8,
    "secondary": 0.85,
    "tertiary": 0.9,
    "street": 1.0,
    "path": 1.1,
}
OPEN_PRICE: Final = 1.4
STREETS: Final = frozenset({"unclassified", "residential", "living_street", "pedestrian", "road", "service", "track"})
LEAST_TOLERANCE: Final = 0.005
MOST_GRIDS: Final = 5_000


class DivisionError(ValueError):
    """Why no division can be proposed: `code` for programs, `field` names what has to change.

    Codes: bad_parent, bad_region, bad_grids, bad_tolerance, bad_share, bad_effort, bad_demand, nothing_to_divide,
    too_few_blocks, too_few_grids.
    """

    def __init__(self, code: str, detail: str, *, field: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field


@dataclass(frozen=True, slots=True)
class Street:
    """A line along which a border may run, WGS84. `kind`: an OSM highway value, or "water"."""

    line: LineString | MultiLineString
    kind: str

    @property
    def border_class(self) -> str:
        """The key of BORDER_PRICE.

        >>> Street(LineString([(0, 0), (1, 0)]), "secondary_link").border_class
        'secondary'
        """
        kind = self.kind.removesuffix("_link")
        if kind in BORDER_PRICE:
            return kind
        return "street" if kind in STREETS else "path"


@dataclass(frozen=True)
class Demand:
    """Doors with what is behind them, one entry each: WGS84 position, households, minutes of duty a week.

    `compounds`: a name shared by the doors of one compound, None outside of any.
    """

    lons: npt.ArrayLike
    lats: npt.ArrayLike
    households: npt.ArrayLike
    minutes: npt.ArrayLike
    compounds: Sequence[Hashable | None] = ()


@dataclass(frozen=True)
class Ground:
    """The land to be divided, WGS84.

    `regions` must not be cut through by a grid (communities under a street office); they tile the parent. `existing`:
    grids of today, whose borders are kept where that is wished. `dedicated`: grids that stay as they are (a school, a
    market); their land and doors are no part of what is divided, counted or measured.
    """

    parent: Region
    streets: Sequence[Street]
    buildings: Sequence[Region]
    demand: Demand
    regions: Sequence[Region] = ()
    existing: Sequence[Region] = ()
    dedicated: Sequence[Region] = ()


@dataclass(frozen=True)
class Wish:
    """What the division should be.

    `grids`: how many; None makes them of about `households` each. `tolerance`: how far a grid's households may be from
    the mean, as a share of it. `minutes_share`: weight of the duty minutes in the balance beside the households (0:
    none, 1: the same). `keeps_borders`: today's borders cost a third of new ones. `effort`: search steps, 1 is the
    usual number; the same seed and effort give the same division.
    """

    grids: int | None = None
    households: float = 400.0
    tolerance: float = 0.1
    minutes_share: float = 0.25
    keeps_borders: bool = False
    seed: int = 1
    effort: float = 1.0

    def __post_init__(self) -> None:
        if self.grids is not None and not 1 <= self.grids <= MOST_GRIDS:
            raise DivisionError("bad_grids", f"a division has 1 to {MOST_GRIDS} grids, not {self.grids}", field="grids")
        if not self.households >= 1:
            raise DivisionError("bad_share", "a grid has at least one household", field="households")
        if not LEAST_TOLERANCE <= self.tolerance <= 1:
            raise DivisionError("bad_tolerance", f"the tolerance lies in {LEAST_TOLERANCE} to 1", field="tolerance")
        if not 0 <= self.minutes_share <= 1:
            raise DivisionError("bad_share", "the share of duty minutes lies in 0 to 1", field="minutes_share")
        if not 0 < self.effort <= 100:
            raise DivisionError("bad_effort", "the effort is above 0 and at most 100", field="effort")


@dataclass(frozen=True)
class Figures:
    """Quality of a division.

    Imbalances are shares of the mean (0.1: 10 % above or below it), the worst of all grids. `cut_m`: metres of border
    between grids. Compactness is Polsby and Popper's 4πA/P² (1991), 1 for a circle. `street_share`: part of `cut_m`
    that runs along streets or water. `kept_share`: part of today's borders that are borders again, None without any.
    """

    grids: int
    households_worst: float
    minutes_worst: float | None
    households_least: float
    households_most: float
    cut_m: float
    compactness_mean: float
    compactness_least: float
    is_contiguous: bool
    street_share: float
    buildings_cut: int
    compounds: int
    compounds_cut: int
    kept_share: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class GridDraft:
    """One proposed grid: outline WGS84 with 7 decimals, the region it lies in, and what it holds."""

    outline: Region
    region: int
    households: float
    minutes: float
    compactness: float


@dataclass(frozen=True)
class Proposal:
    """The proposed grids, from north to south, region by region, with the figures of the whole.

    `dedicated`: outlines of the ground's dedicated grids in their order, with every vertex of their new neighbours.
    """

    grids: Sequence[GridDraft]
    figures: Figures
    atoms: int
    home: Ints = field(repr=False)
    dedicated: Sequence[Region] = ()
