"""Reports over HTTP: `POST /api/v1/reports` against bare views under the same gunicorn."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from django.db import connection

from backend.cases.models import Case
from backend.core.ids import uuid7
from backend.matters.models import Matter
from backend.places.models import Address
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.load import Answers, drive, post
from benchmarks.stage import Server, Stage, say
from benchmarks.turns import interleave, middle

_COLUMNS = (
    Column("what", "what"),
    Column("per_s", "reports/s"),
    Column("cpu_ms", "CPU ms each", 2),
    Column("p50_ms", "p50 ms", 1),
    Column("p95_ms", "p95 ms", 1),
    Column("p99_ms", "p99 ms", 1),
    Column("times_bare_drf", "× bare DRF", 2),
    Column("times_one_row", "× one-row DRF", 2),
)
BARE_DRF, ONE_ROW, PRODUCT = "bare DRF view", "DRF serializer, one row stored", "POST /api/v1/reports"


@dataclass(frozen=True, slots=True)
class Size:
    """Connections at a time, rounds, and the end of each contender's turn: in seconds and in requests."""

    connections: int
    rounds: int
    turn_s: float
    most: int


FULL = Size(connections=16, rounds=5, turn_s=4.0, most=4_000)
QUICK = Size(connections=4, rounds=2, turn_s=0.5, most=40)


@dataclass(frozen=True, slots=True)
class Turn:
    """Answers, and the CPU milliseconds that the web processes and the database spent on each."""

    answers: Answers
    cpu_ms: float


def run(stage: Stage) -> Table:
    """Raises CheckFailed when not every report that was answered is a case of its own, located and decided."""
    size = QUICK if stage.quick else FULL
    product, peers = stage.product, stage.peers
    bodies = _bodies()
    contenders: dict[str, Callable[[], Turn]] = {
        "bare Django view": partial(_turn, stage, peers, "/bare", bodies, size),
        BARE_DRF: partial(_turn, stage, peers, "/drf", bodies, size),
        ONE_ROW: partial(_turn, stage, peers, "/drf/reports", bodies, size),
        PRODUCT: partial(_turn, stage, product, "/api/v1/reports", bodies, size),
    }
    before = Case.objects.count()
    for turn in contenders.values():
        turn()
    warmed = Case.objects.count() - before
    say("intake: warm, measuring")
    measured = interleave(contenders, rounds=size.rounds)
    sent = warmed + sum(len(turn.answers.latencies_s) for turn in measured[PRODUCT])
    facts = {
        "body_bytes": len(next(bodies)),
        "connections": size.connections,
        "server": f"gunicorn gthread, processes × threads: {stage.workers} × 4, the same for each",
        "reports_stored": _check(before, sent),
    }
    return Table(
        "intake", "reports over HTTP, each located, dispatched, dated and owed", _COLUMNS, _rows(measured), facts
    )


def _rows(measured: dict[str, list[Turn]]) -> list[dict[str, Any]]:
    rates = {name: middle([turn.answers.per_second for turn in found]) for name, found in measured.items()}
    rows = []
    for name, found in measured.items():
        latencies_ms = np.concatenate([turn.answers.latencies_s for turn in found]) * 1000
        p50, p95, p99 = (float(np.percentile(latencies_ms, percent)) for percent in (50, 95, 99))
        rows.append(
            {
                "what": name, "per_s": rates[name], "cpu_ms": middle([turn.cpu_ms for turn in found]),
                "p50_ms": p50, "p95_ms": p95, "p99_ms": p99,
                "times_bare_drf": rates[name] / rates[BARE_DRF], "times_one_row": rates[name] / rates[ONE_ROW],
            }
        )  # fmt: skip
    return rows


def _turn(stage: Stage, server: Server, path: str, bodies: Iterator[bytes], size: Size) -> Turn:
    requests = iter([post(path, body) for body in islice(bodies, size.most)])
    before = stage.cpu_s(server)
    answers = drive(server.address, [requests] * size.connections, limit_s=size.turn_s)
    return Turn(answers, (stage.cpu_s(server) - before) / len(answers.latencies_s) * 1000)


def _bodies() -> Iterator[bytes]:
    """Reports at addresses all over the town, without end: a photo-less report as the resident page sends it."""
    rng = random.Random(7)
    incidents = list(Matter.objects.filter(kind=Matter.Kind.INCIDENT, public=True, is_active=True).order_by("code"))
    addresses = list(Address.objects.exclude(grid=None).order_by("code"))
    while True:
        address, matter = rng.choice(addresses), rng.choice(incidents)
        report = {
            "id": str(uuid7()),
            "matter": str(matter.pk),
            "description": f"{address.text}附近{matter.name_zh}，请尽快处理，已经影响居民出行。",
            "location": {"lon": address.location.x, "lat": address.location.y, "crs": "wgs84", "accuracy_m": 8.0},
            "address": address.text,
            "contact": {"name": "陈女士", "phone": "19900010001"},
            "photos": [],
        }
        yield json.dumps(report, ensure_ascii=False).encode()


def _check(before: int, sent: int) -> str:
    stored = Case.objects.count() - before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT case_id) FROM dispatch_decision")
        decided = cursor.fetchone()[0]
    undecided = Case.objects.filter(channel="resident_web", grid=None).count()
    if stored != sent or decided < stored:
        raise CheckFailed(f"{sent} reports were answered, {stored} cases and {decided} decisions are stored")
    return f"{stored:,} of {sent:,} answered, every one with its decision; {undecided} in no grid"
