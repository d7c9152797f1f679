"""Refusals of dispatch."""

from backend.core.errors import Invalid


class OutsideServedArea(Invalid):
    """The point lies far outside every boundary in force."""

    code = "outside_served_area"
