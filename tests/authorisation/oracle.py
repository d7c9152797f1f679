"""What docs/authorisation.yaml expects. Reads nothing of the application."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

FILE = Path(__file__).resolve().parents[2] / "docs" / "authorisation.yaml"

# Where an object lies, seen from an actor of grid 002011001, community 002011 or street 002.
Where = Literal["own", "sibling", "community", "street"]
WHERES: tuple[Where, ...] = ("own", "sibling", "community", "street")
REACH: dict[str, tuple[Where, ...]] = {
    "everything": WHERES,
    "signed": ("own",),
    "own": ("own",),
    "grids": ("own",),
    "community": ("own", "sibling"),
    "street": ("own", "sibling", "community"),
    "district": WHERES,
    "city": WHERES,
}


@dataclass(frozen=True)
class Grant:
    """A role may use a verb on a resource within a scope."""

    scope: str

    @property
    def reaches(self) -> tuple[Where, ...]:
        return REACH[self.scope]


@lru_cache
def matrix() -> dict[str, Any]:
    with FILE.open(encoding="utf-8") as file:
        return dict(yaml.safe_load(file))


def roles() -> list[str]:
    return list(matrix()["roles"])


def serves(path: str, role: str) -> bool:
    """Whether the address is meant for the role at all; the first prefix that fits decides."""
    for side in matrix()["sides"]:
        if path.startswith(side["prefix"]):
            return side["serves"] == "everybody" or role in side["serves"]
    return False


def grant(path: str, resource: str, verb: str, role: str) -> Grant | None:
    """What the role may do at this address; None: nothing."""
    if not serves(path, role):
        return None
    grants = matrix()["resources"][resource]["grants"]
    names = [role, "everybody"] + ([] if role == "anonymous" else ["signed_in"])
    for name in names:
        if verb in grants.get(name, {}):
            return Grant(grants[name][verb])
    return None


def contact_shown(role: str) -> str:
    return str(matrix()["contact_shown"].get(role, "absent"))
