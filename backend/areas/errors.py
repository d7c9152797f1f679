"""Refusals around areas and roles."""

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable


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


class DivisionNotFound(NotFound):
    """No such division, or outside the actor's areas."""

    code = "division_not_found"


class MayNotDivide(NotAllowed):
    """This role reads divisions but doesn't draw or publish them."""

    code = "may_not_divide"


class BadEdit(Invalid):
    """The edit can't be made; `reason` says why, `area_code` where."""

    code = "bad_edit"


class NoBoundaries(Invalid):
    """Nothing is drawn yet under this parent that a draft could begin with."""

    code = "no_boundaries"


class DivisionNotDraft(Conflict):
    """Published divisions are never edited again; `state` says what this one is."""

    code = "division_not_draft"


class DivisionNotChecked(Conflict):
    """A draft is published only after a check of exactly this version that found nothing in the way."""

    code = "division_not_checked"


class DivisionStale(Conflict):
    """Other boundaries were published under this parent since the draft was begun: begin again from those."""

    code = "division_stale"


class BadMoment(Invalid):
    """The moment lies in the past, or before boundaries that are to end by then have begun."""

    code = "bad_moment"


class NotUndoable(Conflict):
    """Something has happened since; `reason` names it, `count` says how often."""

    code = "division_not_undoable"


class CodesUsedUp(Conflict):
    """All three-digit numbers of the community have been given away."""

    code = "codes_used_up"


class BadDutyChange(Invalid):
    """A change of duty that can't be: `field` names what to correct."""

    code = "bad_duty_change"


class BadLayer(Invalid):
    """A layer file that can't be used: `reason` says why, `field` what to change, `faults` names each bad feature."""

    code = "bad_layer"


class LayersBusy(Unavailable):
    """Other layer files are being read just now; the same file may be sent again in a moment."""

    code = "layers_busy"


class DutyChangeOver(Conflict):
    """The change of duty that somebody wants to end is over: by its own end, or because somebody ended it before."""

    code = "duty_change_over"


class DutyOverlaps(Conflict):
    """Somebody holds this post, or is away or at a desk, in the same period already."""

    code = "duty_overlaps"


class DutyChangeNotFound(NotFound):
    """No such change of duty, or outside the actor's areas."""

    code = "duty_change_not_found"


class ProposalNotFound(NotFound):
    """No such proposal, or for an area outside the actor's."""

    code = "proposal_not_found"


class ProposalUnderWay(Conflict):
    """The engine works on this area already; `proposal_id` names that request."""

    code = "proposal_under_way"


class ProposalBegun(Conflict):
    """Only a request that nobody works on yet is cancelled; `state` says where this one is."""

    code = "proposal_begun"


class CannotPropose(Invalid):
    """No division can be proposed; `field` names what has to change, `reason` is a code of `gis.division`."""

    code = "cannot_propose"
