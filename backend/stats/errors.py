"""Refusals of maps of statistics."""

from backend.core.errors import Conflict, Invalid, NotFound


class NoGround(Invalid):
    """No boundary of a grid is in force in the area; `field` names it."""

    code = "no_ground"


class CellsTooSmall(Invalid):
    """Cells of this size are too many for the area; `least_m` says which size would do."""

    code = "cells_too_small"


class MatterUnknown(Invalid):
    """No matter has this code; `field` names it."""

    code = "matter_unknown"


class CoverageMapNotFound(NotFound):
    """No such coverage map, or one that somebody else asked for."""

    code = "coverage_map_not_found"


class CoverageNotReady(Conflict):
    """The map is still being computed, or failed; `state` says which."""

    code = "coverage_not_ready"
