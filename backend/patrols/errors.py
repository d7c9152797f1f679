"""Refusals of patrol sessions and positions."""

from backend.core.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound, TooMany


class SessionNotFound(NotFound):
    """No such session, or another worker's."""

    code = "session_not_found"


class ConsentMissing(NotAllowed):
    """The worker has not agreed to be recorded on patrol, or has withdrawn."""

    code = "consent_missing"


class NotOnDuty(NotAllowed):
    """Only a worker who is on duty in a grid may record a patrol."""

    code = "not_on_duty"


class SessionOpen(Conflict):
    """Another session of this worker is still open; `session_id` names it."""

    code = "session_open"


class SessionOver(Conflict):
    """The session ended too long ago to take positions, or its raw track is already deleted."""

    code = "session_over"


class TimeNotPlausible(Invalid):
    """A start or end lies in the future, too far back, or the end before the start."""

    code = "time_not_plausible"


class BatchTooLarge(TooMany):
    """More points in one batch than are taken at once; `most` says how many may come."""

    code = "batch_too_large"


class TrackerUnknown(NotAuthenticated):
    """No working tracker has this token."""

    code = "tracker_unknown"


class TrackerNotFound(NotFound):
    """No such tracker, or another worker's."""

    code = "tracker_not_found"


class TooManyTrackers(Conflict):
    """The worker has as many working trackers as one may have; `most` says how many."""

    code = "too_many_trackers"


class NothingToLookAt(Conflict):
    """The day's track has no hint, so there is nothing to say about it."""

    code = "nothing_to_look_at"


class TrackLookNotAllowed(NotAllowed):
    """The role sees figures of a walk only."""

    code = "track_look_not_allowed"
