"""Positions over HTTP with sign-in, validation and idempotency: against the first version one writes, and raw COPY."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from io import StringIO
from time import perf_counter, process_time
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from backend.accounts.models import User
from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from backend.inspections.models import Stop
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.live_workers import measure
from benchmarks.load import drive, post
from benchmarks.phones import BATCH, Phone, Point, past_day, workers_on_duty
from benchmarks.stage import Server, Stage, say
from benchmarks.turns import interleave, middle

WALKED_EVERY_S = 5

COPY_100, COPY_1000, PEER = (
    "raw staged COPY, 100 a batch",
    "raw staged COPY, 1,000 a batch",
    "DRF ListSerializer + bulk_create",
)
PRODUCT, REPLAY, RECOGNISED = (
    "POST positions",
    "POST positions, replayed",
    "POST positions, stops of the day recognised",
)

_COLUMNS = (
    Column("what", "what"),
    Column("points_per_s", "points/s"),
    Column("points_per_cpu_s", "points/CPU s"),
    Column("p95_ms", "p95 ms a batch", 1),
    Column("times_peer", "× bulk_create", 2),
    Column("times_copy", "× raw COPY (100)", 2),
)
_STAGE = """
CREATE TEMP TABLE staged (seq integer, recorded_at timestamptz, lon float8, lat float8, accuracy_m float8,
    speed_mps float8, bearing_deg float8, battery float8) ON COMMIT DELETE ROWS"""
_INSERT = """
INSERT INTO peers_copied (session_day, session_id, seq, recorded_at, received_at, location, accuracy_m, speed_mps,
    bearing_deg, battery, raw_lon, raw_lat, raw_crs)
SELECT %s, %s, seq, recorded_at, now(), ST_SetSRID(ST_MakePoint(lon, lat), 4326), accuracy_m, speed_mps, bearing_deg,
    battery, lon, lat, 'wgs84'
FROM staged ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Size:
    """Phones that send at once, rounds, batches of a phone in a turn; workers live at once, and for how long."""

    phones: int
    rounds: int
    batches: int
    walked_batches: int
    live_workers: int
    live_s: float


FULL = Size(phones=8, rounds=5, batches=60, walked_batches=15, live_workers=5_000, live_s=30.0)
QUICK = Size(phones=2, rounds=2, batches=4, walked_batches=3, live_workers=100, live_s=2.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a contender came to; CPU seconds are those of the server's side, the database included."""

    points: int
    seconds: float
    cpu_s: float
    latencies_s: list[float]


def run(stage: Stage) -> Table:
    """Raises CheckFailed when an accepted position is not stored, or a replay adds one."""
    size = QUICK if stage.quick else FULL
    product, peers = stage.product, stage.peers
    now = timezone.now()
    day, walkers = past_day(now, walkers=size.phones)
    taken = {walker.pk for walker in walkers}
    others = [worker for worker in workers_on_duty(now) if worker.pk not in taken][: size.phones]
    say(f"tracks: {len(others)} phones, {len(walkers)} more with a round on {day}")
    plain = [Phone(worker, day, every_s=1, now=now) for worker in others]
    walking = [Phone(worker, day, every_s=WALKED_EVERY_S, now=now) for worker in walkers]
    contenders: dict[str, Callable[[], Turn]] = {
        PRODUCT: partial(_send, stage, product, plain, size.batches),
        PEER: partial(_send_to_peer, stage, peers, len(others), size.batches),
        COPY_100: partial(_copy, stage, len(others) * size.batches, BATCH),
        COPY_1000: partial(_copy, stage, max(1, len(others) * size.batches // 10), 10 * BATCH),
    }
    if walking:
        contenders[RECOGNISED] = partial(_send, stage, product, walking, size.walked_batches)
    _send(stage, product, plain, 1)
    measured = interleave(contenders, rounds=size.rounds)
    measured[REPLAY], facts = _replay(stage, product, plain, size)
    facts |= {"phones": len(others), "batch": BATCH, "stops_recognised": _recognised(walkers, day)}
    facts |= measure(product, count=size.live_workers, lasts_s=size.live_s)
    return Table("tracks", "positions over HTTP in batches of 100", _COLUMNS, _rows(measured), facts)


def _rows(measured: dict[str, list[Turn]]) -> list[dict[str, Any]]:
    rates = {name: middle([turn.points / turn.seconds for turn in turns]) for name, turns in measured.items()}
    order = (PRODUCT, REPLAY, RECOGNISED, PEER, COPY_100, COPY_1000)
    return [
        {
            "what": name,
            "points_per_s": rates[name],
            "points_per_cpu_s": middle([turn.points / max(turn.cpu_s, 1e-2) for turn in measured[name]]),
            "p95_ms": float(np.percentile(np.concatenate([turn.latencies_s for turn in measured[name]]), 95)) * 1000,
            "times_peer": rates[name] / rates[PEER],
            "times_copy": rates[name] / rates[COPY_100],
        }
        for name in order
        if name in measured
    ]


def _request(phone: Phone, points: list[Point]) -> bytes:
    body = json.dumps({"points": points}).encode()
    return post(f"/api/v1/field/sessions/{phone.session_id}/positions", body, Authorization=f"Bearer {phone.token}")


def _sent(stage: Stage, server: Server, lanes: Sequence[Iterator[bytes]]) -> tuple[Turn, list[bytes]]:
    """All batches of all lanes, and what was answered."""
    before = stage.cpu_s(server)
    answers = drive(server.address, lanes, limit_s=60, keep_bodies=True)
    points = len(answers.bodies) * BATCH
    turn = Turn(points, answers.seconds, stage.cpu_s(server) - before, answers.latencies_s.tolist())
    return turn, answers.bodies


def _send(stage: Stage, server: Server, phones: list[Phone], count: int) -> Turn:
    lanes = [iter([_request(phone, points) for points in phone.batches(count)]) for phone in phones]
    turn, bodies = _sent(stage, server, lanes)
    accepted = sum(json.loads(body)["accepted"] for body in bodies)
    if accepted != turn.points:
        raise CheckFailed(f"{accepted} of {turn.points} positions were accepted: {bodies[0]!r}")
    return turn


def _replay(stage: Stage, server: Server, phones: list[Phone], size: Size) -> tuple[list[Turn], dict[str, Any]]:
    """Sends the same batches again and again; the first time does not count."""
    lanes = [[_request(phone, points) for points in phone.batches(size.batches)] for phone in phones]
    _sent(stage, server, [iter(lane) for lane in lanes])
    before = _stored()
    turns = [_sent(stage, server, [iter(lane) for lane in lanes])[0] for _ in range(size.rounds)]
    added = _stored() - before
    if added:
        raise CheckFailed(f"a replay added {added} positions")
    return turns, {"rows_added_by_replay": added}


def _stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patrols_trackpoint")
        return int(cursor.fetchone()[0])


def _send_to_peer(stage: Stage, server: Server, phones: int, count: int) -> Turn:
    lanes = []
    for session in [uuid7() for _ in range(phones)]:
        bodies = [json.dumps({"points": points}).encode() for points in _synthetic(count, BATCH)]
        lanes.append(iter([post(f"/drf/sessions/{session}/positions", body) for body in bodies]))
    return _sent(stage, server, lanes)[0]


def _synthetic(count: int, batch: int) -> Iterator[list[Point]]:
    """Batches of positions as a phone sends them, without a town."""
    random = np.random.default_rng(11)
    begun = datetime(2026, 3, 2, 8, tzinfo=LOCAL)
    for number in range(count):
        lons, lats = (121.17 + random.normal(0, 1e-3, batch)).round(7), (30.05 + random.normal(0, 1e-3, batch)).round(7)
        measures = random.random((batch, 3)).round(2)
        yield [
            {
                "seq": number * batch + row, "at": (begun + timedelta(seconds=number * batch + row)).isoformat(),
                "lon": float(lons[row]), "lat": float(lats[row]), "crs": "wgs84",
                "accuracy_m": float(4 + measures[row, 0]), "speed_mps": float(measures[row, 1]),
                "bearing_deg": float(measures[row, 2]), "battery": 0.8,
            }
            for row in range(batch)
        ]  # fmt: skip


def _copy(stage: Stage, count: int, batch: int) -> Turn:
    """One connection, the text made beforehand: what PostgreSQL can take when nobody asks anything."""
    session, day = str(uuid7()), date(2026, 3, 2)
    texts = ["".join(_line(point) for point in points) for points in _synthetic(count, batch)]
    latencies = []
    with stage.connect() as raw, raw.cursor() as cursor:
        cursor.execute(_STAGE)
        raw.commit()
        cpu_before, begun = stage.cpu_s(None) + process_time(), perf_counter()
        for text in texts:
            started = perf_counter()
            cursor.copy_expert("COPY staged FROM STDIN", StringIO(text))
            cursor.execute(_INSERT, (day, session))
            raw.commit()
            latencies.append(perf_counter() - started)
        seconds = perf_counter() - begun
        cpu_s = stage.cpu_s(None) + process_time() - cpu_before
    return Turn(count * batch, seconds, cpu_s, latencies)


def _line(point: Point) -> str:
    names = ("seq", "at", "lon", "lat", "accuracy_m", "speed_mps", "bearing_deg", "battery")
    return "\t".join(str(point[name]) for name in names) + "\n"


def _recognised(walkers: list[User], day: date) -> str:
    stops = Stop.objects.published().filter(route__worker__in=walkers, route__day=day)
    reached = stops.filter(state=Stop.State.ARRIVED).count()
    return f"{reached} of {stops.count()} planned for the phones with a round"
