"""Refusals of map products."""

from backend.core.errors import Invalid, Unavailable


class NotInPlan(Invalid):
    """The plan has no such day, or nothing for that worker; `field` names which."""

    code = "not_in_plan"


class NoFont(Unavailable):
    """The server has no font for Chinese sheets on paper; `detail` says what to install."""

    code = "no_pdf_font"
