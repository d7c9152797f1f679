"""Stock tracker apps, as they send: their answers to the letter, their fixes in the worker's own patrols only."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from backend.accounts.models import Consent, User
from backend.core.ids import uuid7
from backend.core.models import AuditEntry
from backend.patrols import trackers
from backend.patrols.errors import TooManyTrackers, TrackerNotFound
from backend.patrols.models import LivePosition, PatrolSession, Tracker, TrackPoint
from backend.patrols.services import start_session
from tests.world import World

LEADER = "leader:002011001"
LON, LAT = 121.1705, 30.0505


class Tracked:
    """A leader on patrol for half an hour whose tracker app has a token."""

    def __init__(self, world: World) -> None:
        self.now = timezone.now()
        self.began = (self.now - timedelta(minutes=30)).replace(microsecond=0)
        self.actor = world.actor(LEADER, now=self.now)
        Consent.objects.create(
            user=world.people[LEADER], purpose="patrol_track", notice_version="1", granted=True,
            at=self.now - timedelta(days=1),
        )  # fmt: skip
        self.session = start_session(
            actor=self.actor, session_id=uuid7(), started_at=self.began, purpose="patrol", now=self.now
        )
        self.token = trackers.issue_tracker(actor=self.actor, name="App", now=self.now).token
        self.web = Client()

    def at(self, seconds: int) -> datetime:
        return self.began + timedelta(seconds=seconds)

    def owntracks(self, message: Any, *, token: str | None = None) -> Any:
        packed = base64.b64encode(f"anybody:{self.token if token is None else token}".encode()).decode()
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.web.post(
            "/trackers/owntracks?u=a&d=b",
            body,
            content_type="application/json",
            headers={"Authorization": f"Basic {packed}"},
        )

    def overland(self, message: Any, *, token: str | None = None) -> Any:
        said = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.web.post("/trackers/overland", json.dumps(message), content_type="application/json", headers=said)

    def location(self, seconds: int, **more: Any) -> dict[str, Any]:
        return {
            "_type": "location",
            "lat": LAT,
            "lon": LON,
            "tst": int(self.at(seconds).timestamp()),
            "tid": "ab",
            **more,
        }

    def feature(self, seconds: int, **more: Any) -> dict[str, Any]:
        said = {"timestamp": self.at(seconds).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), **more}
        return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [LON, LAT]}, "properties": said}


@pytest.fixture
def tracked(world: World) -> Tracked:
    return Tracked(world)


def stored() -> list[tuple[Any, ...]]:
    rows = TrackPoint.objects.order_by("seq")
    return [
        (row.recorded_at, row.location.coords, row.accuracy_m, row.speed_mps, row.bearing_deg, row.battery)
        for row in rows
    ]


@pytest.mark.django_db
def test_owntracks(tracked: Tracked) -> None:
    sent = tracked.location(60, acc=7, vel=36, cog=90, batt=80, bs=1, conn="m", _id="1", topic="owntracks/a/b", vac=3)
    for _ in range(2):
        answer = tracked.owntracks(sent)
        assert (answer.status_code, answer.json()) == (200, [])
    assert stored() == [(tracked.at(60), (LON, LAT), 7.0, 10.0, 90.0, 0.8)]
    assert LivePosition.objects.get().recorded_at == tracked.at(60)
    for other in (
        {"_type": "lwt", "tst": 1},
        {"_type": "waypoint", "lat": 1},
        {"_type": "encrypted", "data": "x"},
        b"",
    ):
        assert tracked.owntracks(other).json() == []
    assert tracked.owntracks(b"{").status_code == 400
    refused = tracked.owntracks(sent, token="wrong")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Basic realm="gridward"')
    assert len(stored()) == 1


@pytest.mark.django_db
def test_overland(tracked: Tracked) -> None:
    one = tracked.feature(
        60, speed=1.5, altitude=5, horizontal_accuracy=6, motion=["walking"], battery_level=0.5,
        battery_state="charging", device_id="x", wifi="home",
    )  # fmt: skip
    unknown = tracked.feature(70, speed=-1, horizontal_accuracy=-1, course=-1)
    broken = [{"type": "Feature"}, 5, tracked.feature(80) | {"geometry": None}]
    for _ in range(2):
        answer = tracked.overland({"locations": [one, unknown, *broken], "current": {}, "trip": {"mode": "walk"}})
        assert (answer.status_code, answer.content) == (200, b'{"result":"ok"}')
    assert stored() == [
        (tracked.at(60), (LON, LAT), 6.0, 1.5, None, 0.5), (tracked.at(70), (LON, LAT), None, None, None, None),
    ]  # fmt: skip
    assert tracked.overland({"locations": []}).content == b'{"result":"ok"}'
    assert tracked.overland({}).status_code == 400
    assert tracked.overland({"locations": [one]}, token="wrong").status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["id", "deviceid"])
@pytest.mark.parametrize("in_body", [False, True])
def test_traccar_query_and_form(tracked: Tracked, name: str, in_body: bool) -> None:
    at = tracked.at(60)
    times = [
        int(at.timestamp()),
        int(at.timestamp() * 1000),
        at.isoformat(),
        at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    ]
    place = {"lat": LAT, "lon": LON, "speed": 2, "bearing": 10, "accuracy": 5, "batt": 55, "altitude": 3, "hdop": 1}
    forms = [{name: tracked.token, "timestamp": time, **place, "odd": "x"} for time in times]
    forms.append({name: tracked.token, "timestamp": times[0], "location": f"{LAT},{LON}", "valid": "true"})
    for form in forms:
        if in_body:
            kind = "application/x-www-form-urlencoded"
            answer = tracked.web.post("/trackers/traccar", urlencode(form), content_type=kind)
        else:
            answer = tracked.web.get("/trackers/traccar", form)
        assert (answer.status_code, answer.content) == (200, b"")
    assert stored() == [(at, (LON, LAT), 5.0, pytest.approx(1.0289), 10.0, 0.55)]
    assert tracked.web.get("/trackers/traccar", {**forms[0], name: "wrong"}).status_code == 400
    assert (
        tracked.web.get("/trackers/traccar", {**forms[0], "timestamp": times[0] + 9, "valid": "false"}).status_code
        == 200
    )
    assert len(stored()) == 1


@pytest.mark.django_db
def test_traccar_json(tracked: Tracked) -> None:
    coords = {"latitude": LAT, "longitude": LON, "accuracy": 4, "speed": 1.5, "heading": -1, "altitude": -1}
    location = {
        "timestamp": tracked.at(60).isoformat(), "coords": coords, "is_moving": True, "odometer": 1, "event": "motion",
        "battery": {"level": 0.4, "is_charging": False}, "activity": {"type": "walking"}, "mock": False, "extras": {},
    }  # fmt: skip

    def send(token: str) -> Any:
        said = {"device_id": token, "location": location}
        return tracked.web.post("/trackers/traccar", json.dumps(said), content_type="application/json")

    assert [send(tracked.token).status_code for _ in range(2)] == [200, 200]
    assert send(tracked.token).content == b""
    assert send("wrong").status_code == 404
    assert stored() == [(tracked.at(60), (LON, LAT), 4.0, 1.5, None, 0.4)]


@pytest.mark.django_db
def test_outside_a_patrol_nothing_is_kept_and_the_app_is_content(tracked: Tracked) -> None:
    before, after = tracked.location(-1), tracked.location(1801)
    assert tracked.owntracks(before).json() == []
    PatrolSession.objects.update(ended_at=tracked.at(1800), ended_by="worker")
    assert tracked.owntracks([after, tracked.location(1800)]).json() == []
    assert [row[0] for row in stored()] == [tracked.at(1800)]
    assert not LivePosition.objects.exists()


@pytest.mark.django_db
def test_after_the_no_a_tracker_stores_nothing(tracked: Tracked) -> None:
    Consent.objects.create(
        user_id=tracked.actor.user_id, purpose="patrol_track", notice_version="1", granted=False, at=tracked.at(90)
    )
    assert tracked.owntracks([tracked.location(90), tracked.location(91)]).json() == []
    assert [row[0] for row in stored()] == [tracked.at(90)]


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["revoked", "account closed"])
def test_an_ended_tracker_is_refused_at_once(tracked: Tracked, how: str) -> None:
    assert tracked.owntracks(tracked.location(60)).status_code == 200
    if how == "revoked":
        for _ in range(2):
            trackers.revoke_tracker(actor=tracked.actor, tracker_id=Tracker.objects.get().pk, now=timezone.now())
    else:
        User.objects.filter(pk=tracked.actor.user_id).update(is_active=False)
    assert tracked.owntracks(tracked.location(70)).status_code == 401
    assert len(stored()) == 1


@pytest.mark.django_db
def test_a_tracker_belongs_to_its_worker(world: World, tracked: Tracked) -> None:
    for name in ("leader:002011002", "worker:002011001", "street:002"):
        with pytest.raises(TrackerNotFound):
            trackers.revoke_tracker(actor=world.actor(name), tracker_id=Tracker.objects.get().pk, now=tracked.now)
        assert trackers.trackers_of(world.actor(name)) == []
    assert [row.name for row in trackers.trackers_of(tracked.actor)] == ["App"]
    trackers.revoke_tracker(actor=tracked.actor, tracker_id=Tracker.objects.get().pk, now=timezone.now())
    assert trackers.trackers_of(tracked.actor) == []
    assert list(AuditEntry.objects.order_by("seq").values_list("action", flat=True)) == [
        "tracker_issued",
        "tracker_revoked",
    ]


@pytest.mark.django_db
def test_a_worker_has_five_trackers_at_most(tracked: Tracked) -> None:
    for _ in range(4):
        trackers.issue_tracker(actor=tracked.actor, name="App", now=tracked.now)
    with pytest.raises(TooManyTrackers):
        trackers.issue_tracker(actor=tracked.actor, name="App", now=tracked.now)


@pytest.mark.django_db
def test_the_token_is_kept_as_a_digest_only(tracked: Tracked) -> None:
    row = Tracker.objects.values().get()
    assert tracked.token not in repr(row)
    assert len(bytes(row["digest"])) == 32
