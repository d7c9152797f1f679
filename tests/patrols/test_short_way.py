"""The short way of a batch stores and answers what the long way does, and takes nothing that the long way refuses."""

import gzip
import json
import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from rest_framework.test import APIClient

from backend.accounts.models import Consent, Device, Membership, Token, User
from backend.accounts.services import DeviceSeen, sign_in
from backend.core.ids import uuid7
from backend.patrols import services
from backend.patrols.columns import array_texts, columns_of, read_plain
from backend.patrols.models import LivePosition, PatrolSession, TrackPoint
from backend.patrols.points import Span, sort_points
from backend.patrols.taking import take_plain
from gis.coordinates import from_wgs84
from mobile_api.field.positions_view import PositionsView
from tests.patrols.test_sessions import agree, start, walk
from tests.world import PASSWORD, World

LEADER = "leader:002011001"
LON, LAT = 121.1705, 30.0505
BEGAN = datetime.fromisoformat("2026-11-18T10:00:00+08:00")
SPAN = Span(BEGAN - timedelta(minutes=5), BEGAN + timedelta(minutes=5))


def point(seq: int, **more: Any) -> dict[str, Any]:
    at = BEGAN + timedelta(seconds=seq)
    return {"seq": seq, "at": at.isoformat(), "lon": LON, "lat": LAT, "crs": "wgs84", "accuracy_m": 6.0, **more}


def body_of(*points: Any) -> bytes:
    return json.dumps({"points": points}).encode()


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**31),
    st.floats(-200, 500),
    st.sampled_from(["", "x", "1", "wgs84", "gcj02", "bd09"]),
)
_MOMENTS = st.sampled_from(
    ["2026-11-18T10:00:01+08:00", "2026-11-18 02:00:01Z", "2026-11-18T10:00:01.1234567+08:00", "2026-11-18T10:00:01",
     "2026-11-18T10:20:01+08:00", "2026-11-18T24:00:00+08:00", "2026-11-18T02:00:01z", "20261118T020001Z"]
)  # fmt: skip
_RIGHT = st.fixed_dictionaries(
    {"seq": st.integers(0, 5), "at": _MOMENTS, "lon": st.floats(72, 137), "lat": st.floats(2, 55),
     "crs": st.sampled_from(["wgs84", "gcj02"])},
    optional={"accuracy_m": st.floats(-1, 99), "speed_mps": _ODD, "bearing_deg": st.integers(0, 360), "battery": _ODD},
)  # fmt: skip
_CHANGED = st.dictionaries(st.sampled_from(["seq", "lon", "crs", "at", "accuracy_m", "note"]), _ODD, max_size=1)
_FIELDS = st.tuples(_RIGHT, _CHANGED).map(lambda parts: {**parts[0], **parts[1]})


@given(st.lists(_FIELDS, min_size=1, max_size=4))
@examples(deadline=None, max_examples=300)
def test_what_is_read_at_once_is_what_is_read_point_by_point(points: list[dict[str, Any]]) -> None:
    plain = read_plain(body_of(*points), most=1000)
    slow = sort_points(points, span=SPAN)
    if plain is None or any(
        not SPAN.earliest.timestamp() <= at_s <= SPAN.latest.timestamp() for at_s in plain.columns.at_s
    ):
        return
    assert slow.rejected == []
    assert plain.repeats == slow.repeats
    assert array_texts(plain.columns) == array_texts(columns_of(slow.fixes))


@pytest.mark.parametrize("crs", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_a_plain_batch_is_read_at_once(crs: str) -> None:
    lon, lat = from_wgs84(LON, LAT, crs)
    points = [point(seq, lon=lon, lat=lat, crs=crs, speed_mps=-1, battery=None) for seq in (3, 1, 1, 2)]
    plain = read_plain(body_of(*points), most=1000)
    assert plain is not None
    assert (plain.columns.seq.tolist(), plain.repeats) == ([1, 2, 3], 1)
    assert plain.columns.lons.tolist() == pytest.approx([LON] * 3, abs=2e-7)


BAD_BODIES = {
    "empty": body_of(),
    "too many": body_of(*[point(seq) for seq in range(4)]),
    "doubled key": body_of(point(1)).replace(b'"seq": 1', b'"seq": 1, "seq": 1'),
    "doubled key, an optional one": body_of(point(1)).replace(b'"accuracy_m"', b'"accuracy_m": 5, "accuracy_m"'),
    "doubled list": b'{"points": [], ' + body_of(point(1))[1:],
    "escape": body_of(point(1)).replace(b"wgs84", b"wgs\\u00384"),
    "not a number": body_of(point(1)).replace(b"6.0", b"NaN"),
    "no JSON": body_of(point(1))[:-1],
    "more around it": body_of(point(1)).replace(b'{"points"', b'{"device": 1, "points"'),
    "two systems": body_of(point(1), point(2, crs="gcj02")),
    "outside": body_of(point(1, lon=2.35, lat=48.85)),
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
def test_what_needs_a_second_look_is_left_to_the_long_way(body: bytes) -> None:
    assert read_plain(body, most=3) is None


class Phone:
    """A signed-in leader with an open session, who may forget the short way."""

    def __init__(self, world: World) -> None:
        seen = DeviceSeen(client_id="phone of the leader")
        username = world.people[LEADER].username
        tokens = sign_in(username=username, password=PASSWORD, device=seen, address="here", now=timezone.now())
        self.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
        consent = {"purpose": "patrol_track", "notice_version": "1", "granted": True}
        assert self.client.post("/api/v1/field/consents", consent, format="json").status_code == 201
        self.began = timezone.now() - timedelta(minutes=30)
        self.session_id = uuid7()
        start = {"id": str(self.session_id), "started_at": self.began.isoformat(), "purpose": "patrol"}
        assert self.client.post("/api/v1/field/sessions", start, format="json").status_code == 201

    def points(self, count: int, *, first: int = 0) -> list[dict[str, Any]]:
        return [
            point(seq, at=(self.began + timedelta(seconds=10 * seq)).isoformat()) for seq in range(first, first + count)
        ]

    def send(self, *points: Any, session_id: UUID | None = None, **headers: str) -> Any:
        path = f"/api/v1/field/sessions/{session_id or self.session_id}/positions"
        return self.client.generic("POST", path, body_of(*points), content_type="application/json", **headers)


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each call, whether the short way answered it."""
    seen: list[bool] = []
    short_way = PositionsView.short_way

    def watched(view: PositionsView, *args: Any) -> Any:
        answer = short_way(view, *args)
        seen.append(answer is not None)
        return answer

    monkeypatch.setattr(PositionsView, "short_way", watched)
    return seen


@pytest.mark.django_db
def test_both_ways_answer_and_store_alike(phone: Phone, ways: list[bool]) -> None:
    points = phone.points(20)
    short = phone.send(*points[:10], points[3])
    again = phone.send(*points[:10])
    long = phone.send(*points[10:], points[13], HTTP_X_GRIDWARD_ROLE="grid_leader")
    assert ways == [True, True, False]
    assert short.json() == long.json() == {"accepted": 10, "duplicates": 1, "rejected": [], "visited": []}
    assert (again.json()["accepted"], again.json()["duplicates"]) == (0, 10)
    assert short.headers["Cache-Control"] == long.headers["Cache-Control"]
    assert short.headers["Content-Type"] == long.headers["Content-Type"]
    rows = TrackPoint.objects.filter(session_id=phone.session_id).order_by("seq")
    stored = [
        (row.recorded_at.isoformat(), row.location.coords, row.accuracy_m, row.speed_mps, row.raw_crs) for row in rows
    ]
    assert [row[1:] for row in stored] == [((LON, LAT), 6.0, None, "wgs84")] * 20
    assert [datetime.fromisoformat(row[0]) for row in stored] == [datetime.fromisoformat(p["at"]) for p in points]
    session = PatrolSession.objects.get()
    assert (session.point_count, session.last_point_at) == (20, rows.last().recorded_at)
    assert LivePosition.objects.get().recorded_at == rows.last().recorded_at


@pytest.mark.django_db
def test_packed_bodies_go_the_short_way_too(phone: Phone, ways: list[bool]) -> None:
    path = f"/api/v1/field/sessions/{phone.session_id}/positions"
    for packed, encoding in ((gzip.compress(body_of(*phone.points(5))), "gzip"), (b"no gzip", "gzip")):
        phone.client.generic("POST", path, packed, content_type="application/json", HTTP_CONTENT_ENCODING=encoding)
    assert ways == [True, False]
    assert TrackPoint.objects.count() == 5


REFUSED = {
    "token ended": (lambda: Token.objects.all().delete(), 401, "token_not_valid"),
    "token expired": (lambda: Token.objects.update(expires_at=timezone.now()), 401, "token_not_valid"),
    "device revoked": (lambda: Device.objects.update(revoked_at=timezone.now()), 401, "token_not_valid"),
    "account closed": (lambda: User.objects.update(is_active=False), 401, "token_not_valid"),
    "no role left": (
        lambda: Membership.objects.update(valid=(BEGAN - timedelta(days=900), BEGAN - timedelta(days=800))),
        403, "role_not_held",
    ),
    "another's session": (lambda: None, 404, "session_not_found"),
    "over": (
        lambda: PatrolSession.objects.update(
            started_at=timezone.now() - timedelta(days=6), ended_at=timezone.now() - timedelta(days=5, seconds=1)
        ), 409, "session_over",
    ),
    "raw points deleted": (lambda: PatrolSession.objects.update(raw_dropped_at=timezone.now()), 409, "session_over"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("change", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_the_short_way_refuses_at_once_what_the_long_way_refuses(
    phone: Phone, ways: list[bool], change: Any, status: int, code: str
) -> None:
    assert phone.send(*phone.points(1)).status_code == 200
    change()
    foreign = uuid7() if code == "session_not_found" else None
    refused = phone.send(*phone.points(3, first=1), session_id=foreign)
    assert (refused.status_code, refused.json()["code"], ways) == (status, code, [True, False])
    assert TrackPoint.objects.count() == 1


@pytest.mark.django_db
def test_another_workers_session_is_not_to_be_written_into(world: World, phone: Phone, ways: list[bool]) -> None:
    PatrolSession.objects.update(worker=world.people["leader:002011002"])
    assert phone.send(*phone.points(3)).json()["code"] == "session_not_found"
    assert ways == [False]
    assert not TrackPoint.objects.exists()


@pytest.mark.django_db
def test_who_may_no_longer_patrol_is_refused(phone: Phone, ways: list[bool]) -> None:
    Membership.objects.filter(user=Device.objects.get().user).update(role="resident")
    assert phone.send(*phone.points(3)).json()["code"] == "role_may_not"
    assert ways == [False]


@pytest.mark.django_db
@pytest.mark.parametrize("after_minutes", [-6, 36])
def test_what_lies_outside_the_session_is_left_to_the_long_way(
    phone: Phone, ways: list[bool], after_minutes: int
) -> None:
    odd = point(9, at=(phone.began + timedelta(minutes=after_minutes)).isoformat())
    sent = phone.send(*phone.points(3), odd).json()
    assert (sent["accepted"], [row["code"] for row in sent["rejected"]]) == (3, ["outside_session"])
    assert (ways, TrackPoint.objects.count()) == ([False], 3)


@pytest.mark.django_db
def test_after_the_no_nothing_is_recorded(phone: Phone, ways: list[bool]) -> None:
    user = Device.objects.get().user
    no = phone.began + timedelta(seconds=95)
    Consent.objects.all().update(at=phone.began - timedelta(hours=1))
    Consent.objects.create(user=user, purpose="patrol_track", notice_version="1", granted=False, at=no)
    sent = phone.send(*phone.points(20)).json()
    assert (sent["accepted"], {row["code"] for row in sent["rejected"]}) == (10, {"outside_session"})
    assert ways == [False]


@pytest.mark.django_db
def test_a_no_to_something_else_ends_no_patrol(phone: Phone, ways: list[bool]) -> None:
    Consent.objects.update(at=phone.began - timedelta(hours=1))
    user, no = Device.objects.get().user, phone.began + timedelta(seconds=95)
    Consent.objects.create(user=user, purpose="another", notice_version="1", granted=False, at=no)
    assert (phone.send(*phone.points(20)).json()["accepted"], ways) == (20, [True])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_short", [True, False])
def test_a_batch_behind_the_end_of_its_session_shows_nobody(
    request: pytest.FixtureRequest, now: datetime, is_short: bool
) -> None:
    """It waits for the end and reads it then; else the worker would stand on the map for ever."""
    world: World = request.getfixturevalue("world")
    agree(world, LEADER, now)
    session, actor, ended = start(world, now), world.actor(LEADER), threading.Event()
    points, later = walk(now, 5), now + timedelta(minutes=1)
    accepted = []

    def end() -> None:
        with transaction.atomic():
            services.end_session(actor=actor, session_id=session.pk, ended_at=later, now=later)
            ended.set()
            sending.join(0.5)
        connection.close()

    def send() -> None:
        ended.wait(10)
        if is_short:
            taken = take_plain(user_id=session.worker_id, session_id=session.pk, body=body_of(*points), now=later)
        else:
            taken = services.take_positions(actor=actor, session_id=session.pk, points=points, now=later)
        accepted.append(taken.accepted if taken else None)
        connection.close()

    ending, sending = threading.Thread(target=end), threading.Thread(target=send)
    sending.start()
    ending.start()
    ending.join()
    sending.join()
    assert (accepted, LivePosition.objects.count()) == ([5], 0)


@pytest.mark.django_db
def test_batches_are_counted_whichever_way_they_go(
    phone: Phone, ways: list[bool], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: dict[str, int] = {}

    def count(key: str, *, window_s: int) -> int:
        counts[key] = counts.get(key, 0) + 1
        return counts[key]

    monkeypatch.setattr("mobile_api.common.throttles.rates.count", count)
    settings.POSITION_BATCHES_PER_MINUTE = 3
    bad = point(9, lon="x")
    assert [phone.send(*batch).status_code for batch in (phone.points(2), [bad], phone.points(2))] == [200] * 3
    refused = phone.send(*phone.points(2))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert ways == [True, False, True, False]
