"""The area tree, dated boundaries that are published as divisions, and duty: who answers for which grid when."""

from backend.areas.models.boundaries import (
    Boundary,
    BoundaryQuerySet,
    Division,
    DivisionQuerySet,
    DraftOutline,
    Lineage,
)
from backend.areas.models.duty import Absence, Duty
from backend.areas.models.tree import Area, AreaQuerySet, within

__all__ = [
    "Absence",
    "Area",
    "AreaQuerySet",
    "Boundary",
    "BoundaryQuerySet",
    "Division",
    "DivisionQuerySet",
    "DraftOutline",
    "Duty",
    "Lineage",
    "within",
]
