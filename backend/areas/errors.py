"""Refusals around areas and roles."""

from backend.core.errors import Invalid, NotAllowed, NotFound


class RoleNotHeld(NotAllowed):
    """The person does not hold this role at this moment."""

    code = "role_not_held"


class AreaNotFound(NotFound):
    """No such area, or outside the actor's areas."""

    code = "area_not_found"


class BadDivision(Invalid):
    """The boundaries overlap, leave gaps or leave their parent; `faults` names each."""

    code = "bad_division"


class WorkerNotFound(NotFound):
    """Nobody with this id is on duty in the actor's areas."""

    code = "worker_not_found"
