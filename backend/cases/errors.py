"""Refusals around cases."""

from backend.core.errors import Conflict, Invalid, NotFound, TooMany, Unavailable


class CaseNotFound(NotFound):
    """No such case, or outside the actor's scope."""

    code = "case_not_found"


class NoteNeeded(Invalid):
    """This step has to say why."""

    code = "note_needed"


class EvidenceMissing(Invalid):
    """The matter asks for a photo before the work counts as done."""

    code = "evidence_missing"


class BadPoint(Invalid):
    """The location can't be used; `reason` says how."""

    code = "bad_point"


class BadPhoto(Invalid):
    """The file is no picture that we take; `reason` says why."""

    code = "bad_photo"


class PhotoTooHeavy(Invalid):
    """Decoding the picture takes more memory or time than one photo gets; a smaller picture helps."""

    code = "photo_too_heavy"


class PaintersBusy(Unavailable):
    """More photos arrive at once than are worked on; the same photo may be sent again in a moment."""

    code = "busy"


class PhotoNotYours(Invalid):
    """The claim does not fit the photo, or the photo hangs on another case."""

    code = "photo_not_claimable"


class TooManyPhotos(TooMany):
    """A case takes nine photos at once."""

    code = "too_many_photos"


class UnknownAssignee(Invalid):
    """The worker or department can't take this case."""

    code = "unknown_assignee"


class NotInOwnGrid(Invalid):
    """Handled-on-the-spot counts inside one's own grid only."""

    code = "not_in_own_grid"


class AlreadyRated(Conflict):
    """A case is rated once."""

    code = "already_rated"


class TooLateToReopen(Conflict):
    """The time for reopening is over; a new report is welcome."""

    code = "too_late_to_reopen"
