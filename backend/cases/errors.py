"""Refusals around cases."""

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany, Unavailable


class CaseNotFound(NotFound):
    """No such case, or outside the actor's scope."""

    code = "case_not_found"


class CaseMovedAway(Conflict):
    """While this step waited its turn, another one brought the case out of the actor's sight."""

    code = "case_moved_away"


class NothingToCorrect(Invalid):
    """The case lies there and is of that matter already."""

    code = "nothing_to_correct"


class VisitBooked(Conflict):
    """A home visit was booked for this case while it was being corrected."""

    code = "visit_booked"


class WithADepartment(Conflict):
    """The case has gone to a department meanwhile; its grid no longer takes it on."""

    code = "with_a_department"


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


class DisputeNotFound(NotFound):
    """No such dispute, or outside the actor's scope."""

    code = "dispute_not_found"


class AlreadyReturned(Conflict):
    """A decision is disputed once; this one was."""

    code = "already_returned"


class AlreadyRuled(Conflict):
    """A ruling made this decision; whoever it names may not send the case back again."""

    code = "already_ruled"


class NothingToDispute(Conflict):
    """No decision of dispatch stands behind this case."""

    code = "nothing_to_dispute"


class NotYoursToReturn(NotAllowed):
    """Only the grid or department that answers for a case sends it back."""

    code = "not_yours_to_return"


class GroundTooShort(Invalid):
    """The ground is what others rule on; it takes a few words."""

    code = "ground_too_short"


class UnknownOwner(Invalid):
    """No such grid or department, or outside the reach of who names it."""

    code = "unknown_owner"


class DisputeSettled(Conflict):
    """Somebody was faster: the dispute is agreed, ruled or withdrawn by now."""

    code = "dispute_settled"


class NotTheArbiter(NotAllowed):
    """The dispute is visible from here, but a level above rules on it."""

    code = "not_the_arbiter"


class NotTheNeighbour(NotAllowed):
    """Only the grid or department that is asked may take the case."""

    code = "not_the_neighbour"


class BadPeriod(Invalid):
    """The period ends before it begins, or holds too many cases."""

    code = "bad_period"


class NoLimit(Conflict):
    """The case has no deadline."""

    code = "no_limit"


class PastTheDeadline(Conflict):
    """More time is asked for before the deadline."""

    code = "past_the_deadline"


class ExtensionAsked(Conflict):
    """A request for more time waits for its answer."""

    code = "extension_asked"


class NothingAsked(Conflict):
    """Nothing waits for an answer: it was given, taken back with another step, or never asked."""

    code = "nothing_asked"


class TooManyExtensions(Conflict):
    """The case has been extended as often as the table allows."""

    code = "too_many_extensions"


class TooManySuspensions(Conflict):
    """The case has been suspended as often as the table allows."""

    code = "too_many_suspensions"


class BadUntil(Invalid):
    """A suspension ends after it begins, and within a year."""

    code = "bad_until"


class NotLate(Conflict):
    """The case was handled in time."""

    code = "not_late"


class AlreadyAppealed(Conflict):
    """A case is appealed against once."""

    code = "already_appealed"
