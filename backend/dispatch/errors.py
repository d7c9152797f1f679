"""Refusals of dispatch."""

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound


class OutsideServedArea(Invalid):
    """The point lies far outside every boundary in force."""

    code = "outside_served_area"


class BadRule(Invalid):
    """The rule can't be kept; `problems` names each field with its reason, `field` the first."""

    code = "bad_rule"


class RuleNotFound(NotFound):
    """No such rule, or outside the actor's areas."""

    code = "rule_not_found"


class RuleOfOthers(NotAllowed):
    """The rule is that of an area above: it holds here, but is changed there."""

    code = "rule_of_others"


class RuleEnded(Conflict):
    """A rule that has ended stays as it is; make a new one."""

    code = "rule_ended"


class ClosedAreaNamed(Conflict):
    """Rules or department duty name areas that the division closes without one heir; `named` lists each and why."""

    code = "closed_area_named"


class BadEntry(Invalid):
    """The entry of the duty directory can't be kept; every refused field is named."""

    code = "bad_department_duty"


class EntryNotFound(NotFound):
    """No such entry of the duty directory, or outside the actor's areas."""

    code = "department_duty_not_found"


class EntryOfOthers(NotAllowed):
    """The entry is that of an area above: it holds here, but is changed there."""

    code = "department_duty_of_others"


class EntryEnded(Conflict):
    """An entry that has ended stays as it is; make a new one."""

    code = "department_duty_ended"
