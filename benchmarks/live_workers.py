"""Thousands of workers on patrol at once, each sending one position now and then: from sending to the live stream."""

import json
import random
import socket
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import numpy as np
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from backend.accounts.access import digest_of_token
from backend.accounts.models import Consent, Device, Membership, Token, User
from backend.accounts.roles import Role
from backend.areas.models import Area
from backend.core import live
from backend.core.ids import uuid7
from backend.patrols.models import PatrolSession
from backend.patrols.services import CONSENT_PURPOSE
from benchmarks.figures import CheckFailed
from benchmarks.load import HEAD_END, LoadFailed, post
from benchmarks.stage import Server, say

EVERY_S = 10.0
SENDERS = 24
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Worker:
    """Signed in, consented, with an open session."""

    user_id: UUID
    session_id: UUID
    token: str


def workers_on_patrol(count: int, *, now: datetime) -> list[Worker]:
    """So many people of a grid with an open session each, made row by row in bulk; the sign-in is not measured here."""
    area = Area.objects.filter(level=Area.Level.GRID).select_related("parent").order_by("code").first()
    if area is None:
        raise CheckFailed("the town has no grid")
    found = [Worker(uuid7(), uuid7(), f"live-{number}-{random.random()}") for number in range(count)]
    User.objects.bulk_create(User(id=w.user_id, username=f"live:{w.user_id}") for w in found)
    lasting = (now - timedelta(days=1), None)
    Membership.objects.bulk_create(
        Membership(user_id=w.user_id, role=Role.GRID_WORKER, area=area.parent, valid=lasting) for w in found
    )
    consents = Consent.objects.bulk_create(
        Consent(user_id=w.user_id, purpose=CONSENT_PURPOSE, notice_version="1", granted=True, at=now) for w in found
    )
    devices = Device.objects.bulk_create(
        Device(user_id=w.user_id, client_id="live", created_at=now, last_seen_at=now) for w in found
    )
    Token.objects.bulk_create(
        Token(
            device=device, kind=Token.Kind.ACCESS, digest=digest_of_token(w.token), created_at=now, used_at=now,
            expires_at=now + timedelta(hours=1),
        )
        for w, device in zip(found, devices, strict=True)
    )  # fmt: skip
    PatrolSession.objects.bulk_create(
        PatrolSession(
            id=w.session_id, worker_id=w.user_id, consent=consent, area_path=area.path, day=timezone.localdate(now),
            started_at=now, received_at=now,
        )
        for w, consent in zip(found, consents, strict=True)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as a morning's worth of sign-ins has been looked at
    return found


def measure(server: Server, *, count: int, lasts_s: float) -> dict[str, Any]:
    """`count` workers send a position every EVERY_S for `lasts_s`: seconds until the stream has it, and the answer.

    Each position is due at its own moment, whether or not the ones before are answered. It counts as shown when the
    stream has it or a newer one of its worker: a marker never goes back, so what was overtaken is not shown. Raises
    CheckFailed when a position is never shown.
    """
    workers = workers_on_patrol(count, now=timezone.now())
    say(f"tracks: {count} workers live")
    ear = _Ear()
    ear.start()
    begun = monotonic() + 0.5
    spacing_s = EVERY_S / count
    due = [(begun + number * spacing_s, number) for number in range(int(lasts_s / spacing_s))]
    senders = [_Sender(server.address, workers, due[first::SENDERS]) for first in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    failed = [sender.failure for sender in senders if sender.failure]
    if failed:
        raise LoadFailed(failed[0])
    sent = {key: moment for sender in senders for key, moment in sender.sent.items()}
    overtaken = ear.wait_for(sent.keys(), limit_s=SETTLE_S)
    ear.stop()
    shown = {key: ear.shown_at(*key) for key in sent}
    missing = [key for key, at in shown.items() if at is None]
    if missing:
        raise CheckFailed(f"{len(missing)} of {len(sent)} positions never came to the live stream")
    delays_s = [at - sent[key] for key, at in shown.items() if at is not None]
    answers_s = [answer_s for sender in senders for answer_s in sender.answers_s]
    return {
        "live_workers": count,
        "live_positions_per_s": len(sent) / lasts_s,
        "live_overtaken_by_a_newer": overtaken,
        "live_p50_due_to_stream_ms": float(np.percentile(delays_s, 50)) * 1000,
        "live_p95_due_to_stream_ms": float(np.percentile(delays_s, 95)) * 1000,
        "live_p95_answer_ms": float(np.percentile(answers_s, 95)) * 1000,
    }


class _Ear(threading.Thread):
    """Listens to the live stream: when which position (worker and moment) was heard."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.heard: dict[tuple[str, str], float] = {}
        self._of_worker: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._is_done = threading.Event()
        self._client: Any = redis.Redis.from_url(settings.REDIS_LIVE_URL)
        newest: Any = self._client.xrevrange(live.STREAM, count=1)
        self._last = newest[0][0].decode() if newest else "0"

    def run(self) -> None:
        while not self._is_done.is_set():
            for _, messages in self._client.xread({live.STREAM: self._last}, block=200, count=500) or []:
                at = monotonic()
                for message_id, fields in messages:
                    self._last = message_id.decode()
                    body = json.loads(fields[b"body"])
                    moment = _in_utc(datetime.fromisoformat(body["at"]))
                    self.heard.setdefault((body["worker_id"], moment), at)
                    self._of_worker[body["worker_id"]].append((moment, at))

    def stop(self) -> None:
        self._is_done.set()
        self.join()

    def shown_at(self, worker_id: str, moment: str) -> float | None:
        """When this position of the worker, or a newer one, was first heard."""
        return min((at for heard, at in self._of_worker[worker_id] if heard >= moment), default=None)

    def wait_for(self, keys: Any, *, limit_s: float) -> int:
        """How many are still unheard when all are heard or the time is up."""
        until = monotonic() + limit_s
        while monotonic() < until and not self.heard.keys() >= keys:
            sleep(0.05)
        return sum(key not in self.heard for key in keys)


class _Sender(threading.Thread):
    """One connection; sends each position at its moment."""

    def __init__(self, address: Path, workers: Sequence[Worker], due: list[tuple[float, int]]) -> None:
        super().__init__(daemon=True)
        self.address, self.workers, self.due = address, workers, due
        self.sent: dict[tuple[str, str], float] = {}
        self.answers_s: list[float] = []
        self.failure = ""

    def run(self) -> None:
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(30)
            wire.connect(str(self.address))
            for moment, number in self.due:
                sleep(max(0.0, moment - monotonic()))
                begun = monotonic()
                if not self._send(wire, self.workers[number % len(self.workers)], number, moment):
                    return
                self.answers_s.append(monotonic() - begun)

    def _send(self, wire: socket.socket, worker: Worker, number: int, due_at: float) -> bool:
        at = _in_utc(timezone.now())
        point = {
            "seq": number // len(self.workers), "at": at, "lon": round(121.17 + 1e-5 * (number % 97), 6), "lat": 30.05,
            "crs": "wgs84", "accuracy_m": 5.5, "speed_mps": 1.1, "bearing_deg": 90.5, "battery": 0.8,
        }  # fmt: skip
        path = f"/api/v1/field/sessions/{worker.session_id}/positions"
        wire.sendall(post(path, json.dumps({"points": [point]}).encode(), Authorization=f"Bearer {worker.token}"))
        answer = b""
        while HEAD_END not in answer or b"}" not in answer:
            part = wire.recv(65_536)
            if not part:
                break
            answer += part
        if not answer.startswith(b"HTTP/1.1 200") or b'"accepted":1,' not in answer:
            self.failure = f"a live position was not taken: {answer[:400]!r}"
            return False
        self.sent[(str(worker.user_id), at)] = due_at
        return True


def _in_utc(moment: datetime) -> str:
    """One spelling of a moment, so that texts compare as their moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
