"""Refusals of offline operations."""

from backend.core.errors import Invalid


class UnknownOperation(Invalid):
    """No operation has this kind."""

    code = "unknown_operation"


class OperationReused(Invalid):
    """This operation id was used before with another content."""

    code = "op_id_reused"


class BadCursor(Invalid):
    """The cursor is not one of ours, or belongs to another person or scope; start again without one."""

    code = "bad_cursor"
