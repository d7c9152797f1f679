"""Refusals around the matter list."""

from backend.core.errors import Invalid, NotFound


class MatterNotFound(NotFound):
    """No admitted matter has this id."""

    code = "matter_not_found"


class UnknownMatter(Invalid):
    """No admitted matter has this id; the list of `/api/v1/matters` names those that can be chosen."""

    code = "unknown_matter"


class BadAnswer(Invalid):
    """An answer does not fit the form of the matter; `field` names it."""

    code = "bad_answer"


class UnknownCondition(Invalid):
    """The filing condition does not belong to the matter."""

    code = "unknown_condition"
