"""The area tree, dated boundaries that are published as divisions, and duty: who answers for which grid when."""

from backend.areas.models.boundaries import (
    Boundary,
    BoundaryQuerySet,
    Division,
    DivisionQuerySet,
    DraftOutline,
    Lineage,
)
from backend.areas.models.duty import Absence, DeskShift, Duty, DutyAlarm, DutyChange, DutyPolicy
from backend.areas.models.proposals import Proposal, ProposalQuerySet
from backend.areas.models.tree import Area, AreaQuerySet, within

__all__ = [
    "Absence",
    "Area",
    "AreaQuerySet",
    "Boundary",
    "BoundaryQuerySet",
    "DeskShift",
    "Division",
    "DivisionQuerySet",
    "DraftOutline",
    "Duty",
    "DutyAlarm",
    "DutyChange",
    "DutyPolicy",
    "Lineage",
    "Proposal",
    "ProposalQuerySet",
    "within",
]
