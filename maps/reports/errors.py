"""Refusals of map products."""

from backend.core.errors import Invalid


class NotInPlan(Invalid):
    """The plan has no such day, or nothing for that worker; `field` names which."""

    code = "not_in_plan"
