"""Tracks of phones: cleaning, distance, what was visited and what was seen.

Nothing here judges a person. What looks odd becomes a flag for somebody to look at; what cannot be walked is left out
of the figures; what is missing stays missing (a gap is a gap, never a straight line).

Cleaning: a fix is kept when its accuracy is 50 m or better; a spike that jumps there and back faster than the speed
limit is dropped; legs faster than the limit (15 km/h on foot), sustained or single, are cut out; a silence of 5 minutes
ends a segment. Distance: jitter is smoothed over 15 s, sideways wobble within the accuracy is taken off, and a stand of
a minute or more counts as one place. Segments under 10 m count as none.
"""

from gis.tracks.cleaning import (
    BY_E_BIKE,
    ON_FOOT,
    CleanTrack,
    DropReason,
    Fix,
    Flag,
    FlagKind,
    Segment,
    TrackRules,
    clean_columns,
    clean_track,
    flag_columns,
)
from gis.tracks.ground import GroundSeen, PartShare, Trodden, ground_seen
from gis.tracks.reached import Target, Visit, coverage_share, houses_of, stood_at, with_neighbours
from gis.tracks.replay import is_replayed

__all__ = [
    "BY_E_BIKE",
    "ON_FOOT",
    "CleanTrack",
    "DropReason",
    "Fix",
    "Flag",
    "FlagKind",
    "GroundSeen",
    "PartShare",
    "Segment",
    "Target",
    "TrackRules",
    "Trodden",
    "Visit",
    "clean_columns",
    "clean_track",
    "coverage_share",
    "flag_columns",
    "ground_seen",
    "houses_of",
    "is_replayed",
    "stood_at",
    "with_neighbours",
]
