"""Who may walk or ride where: the OSM tags that decide it.

Source of the keys: the OpenStreetMap tagging documentation for `highway`, `access`, `foot`, `barrier`, `oneway` and
`bicycle`. Where a tag leaves room, the choice is the one a grid worker makes on the ground and is named beside the
table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Tags = Mapping[str, str]

WALKABLE: Final = frozenset(
    {
        "bridleway",
        "corridor",
        "cycleway",
        "footway",
        "living_street",
        "path",
        "pedestrian",
        "platform",
        "primary",
        "primary_link",
        "residential",
        "road",
        "secondary",
        "secondary_link",
        "service",
        "steps",
        "tertiary",
        "tertiary_link",
        "track",
        "unclassified",
    }
)
# Walked only where a tag says so: fast roads without a pavement are no way to a door.
WALKABLE_IF_TAGGED: Final = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})
# Ridden by an e-bike without a further tag; elsewhere the e-bike is pushed at walking speed.
RIDEABLE: Final = frozenset(
    {
        "cycleway",
        "living_street",
        "primary",
        "primary_link",
        "residential",
        "road",
        "secondary",
        "secondary_link",
        "service",
        "tertiary",
        "tertiary_link",
        "track",
        "trunk",
        "trunk_link",
        "unclassified",
    }
)
ALLOWED: Final = frozenset(
    {"customers", "delivery", "designated", "destination", "official", "permissive", "permit", "yes"}
)
REFUSED: Final = frozenset({"agricultural", "emergency", "forestry", "military", "no", "private", "use_sidepath"})
SIDEWALK: Final = frozenset({"both", "left", "right", "yes"})
# Barriers nobody walks through unless a tag opens them. A gate, bollard, stile or kerb is passed.
CLOSED_BARRIERS: Final = frozenset({"debris", "ditch", "fence", "hedge", "jersey_barrier", "retaining_wall", "wall"})
ONE_WAY: Final = frozenset({"1", "true", "yes"})


@dataclass(frozen=True, slots=True)
class Speeds:
    """Speeds in km/h along the ground; `steps_kmh` along the horizontal length of a flight of steps."""

    walk_kmh: float = 4.0
    steps_kmh: float = 2.0
    ebike_kmh: float = 12.0

    def __post_init__(self) -> None:
        for name in ("walk_kmh", "steps_kmh", "ebike_kmh"):
            value = getattr(self, name)
            if not 0 < value < 100:
                raise ValueError(f"{name} is {value}; it must lie between 0 and 100 km/h")


@dataclass(frozen=True, slots=True)
class WayUse:
    """How one way may be used. `ride_forward` and `ride_backward`: ridden in that direction; otherwise pushed, and
    never on steps.
    """

    highway: str
    is_steps: bool
    ride_forward: bool
    ride_backward: bool


def way_use(tags: Tags) -> WayUse | None:
    """Use of a way on foot, or None when nobody walks there.

    >>> way_use({"highway": "residential"}).ride_backward
    True
    >>> way_use({"highway": "trunk"}) is None
    True
    >>> way_use({"highway": "trunk", "sidewalk": "both"}).highway
    'trunk'
    """
    highway = _kind(tags)
    if highway is None or not _walked(highway, tags):
        return None
    is_steps = highway == "steps"
    forward, backward = _ridden(highway, tags)
    return WayUse(highway, is_steps, forward and not is_steps, backward and not is_steps)


def node_is_closed(tags: Tags) -> bool:
    """True when a node (gate, wall, barrier) cannot be passed on foot."""
    barrier = tags.get("barrier")
    foot = tags.get("foot")
    if foot is not None:
        return foot in REFUSED
    if barrier is None:
        return False
    if tags.get("locked") == "yes" or tags.get("access") in REFUSED:
        return True
    return barrier in CLOSED_BARRIERS and tags.get("access") not in ALLOWED


def _kind(tags: Tags) -> str | None:
    highway = tags.get("highway")
    if highway is not None:
        return highway
    if tags.get("railway") == "platform" or tags.get("public_transport") == "platform":
        return "platform"
    return "footway" if tags.get("man_made") == "pier" else None


def _walked(highway: str, tags: Tags) -> bool:
    foot = tags.get("foot")
    if foot in REFUSED:
        return False
    says_yes = foot in ALLOWED
    if tags.get("access") in REFUSED and not says_yes:
        return False
    if highway in WALKABLE_IF_TAGGED or tags.get("motorroad") == "yes":
        return says_yes or any(tags.get(key) in SIDEWALK for key in SIDEWALK_KEYS)
    return highway in WALKABLE


SIDEWALK_KEYS: Final = ("sidewalk", "sidewalk:left", "sidewalk:right", "sidewalk:both")


def _ridden(highway: str, tags: Tags) -> tuple[bool, bool]:
    bicycle = tags.get("bicycle")
    if bicycle in REFUSED or bicycle == "dismount":
        return False, False
    if highway not in RIDEABLE and bicycle not in ALLOWED:
        return False, False
    one_way = tags.get("oneway:bicycle", tags.get("oneway", "yes" if tags.get("junction") == "roundabout" else "no"))
    contraflow = any(
        tags.get(key, "").startswith("opposite") for key in ("cycleway", "cycleway:left", "cycleway:right")
    )
    if one_way == "-1":
        return contraflow, True
    return True, contraflow or one_way not in ONE_WAY
