"""Patrols, their points, tracker apps, and looks at a track."""

import math
from datetime import timedelta

from backend.accounts.models import Consent
from backend.patrols.models import LivePosition, PatrolSession, Tracker, TrackLook, TrackPoint
from tests.core.constraints.breaking import NOWHERE, Break, changed, doubled, row_of
from tests.core.constraints.scene import Scene

BREAKS: dict[str, Break] = {
    "one_open_session_a_worker": doubled(PatrolSession),
    "session_ends_after_start": changed(PatrolSession, ended_at=lambda row: row.started_at - timedelta(seconds=1)),
    "tracker_revoked_after_issue": changed(Tracker, revoked_at=lambda row: row.created_at - timedelta(seconds=1)),
    "one_look_a_worker_and_day": doubled(TrackLook),
    "track_look_verdict_known": changed(TrackLook, verdict="bad"),
    "live_position_on_earth": changed(LivePosition, location=NOWHERE),
    "live_position_accuracy": changed(LivePosition, accuracy_m=math.inf),
    "track_point_counted": changed(TrackPoint, seq=-1),
    "track_point_on_earth": changed(TrackPoint, location=NOWHERE),
    "track_point_raw_pair": changed(TrackPoint, raw_lon=math.inf),
    "track_point_accuracy": changed(TrackPoint, accuracy_m=math.nan),
}


def add_rows(scene: Scene) -> None:
    """After those of accounts: a patrol needs a consent."""
    now, leader, at = scene.now, scene.leader, scene.at
    session = PatrolSession.objects.create(
        worker=leader, consent=row_of(Consent), area_path="x.", day=now.date(), started_at=now, received_at=now
    )
    Tracker.objects.create(worker=leader, name="OwnTracks", digest=b"x", created_at=now)
    LivePosition.objects.create(worker=leader, session=session, location=at, recorded_at=now)
    TrackPoint.objects.create(
        session_day=session.day, session=session, seq=0, recorded_at=now, received_at=now, location=at, raw_lon=at.x,
        raw_lat=at.y, raw_crs="wgs84",
    )  # fmt: skip
    TrackLook.objects.create(
        worker=leader, day=now.date(), area_path="x.", verdict="fine", looked_by=leader, looked_at=now
    )
