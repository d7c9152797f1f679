"""The doors of dispatch: deciding, keeping what was decided, and telling it."""

from backend.dispatch.deciding import decide, decide_located, decide_many, decide_ruled, locate_at
from backend.dispatch.decisions import (
    DutyPerson,
    Explanation,
    decisions_of,
    duty_people,
    explain,
    keep,
    keep_many,
    latest,
)
from backend.dispatch.verdicts import Ask, Verdict

__all__ = [
    "Ask",
    "DutyPerson",
    "Explanation",
    "Verdict",
    "decide",
    "decide_located",
    "decide_many",
    "decide_ruled",
    "decisions_of",
    "duty_people",
    "explain",
    "keep",
    "keep_many",
    "latest",
    "locate_at",
]
