"""Kill -9 of web, worker, Redis and PostgreSQL under load: what was acknowledged is there, once.

`GRIDWARD_FAULT_KILLS` sets how many kills (8 in the short form of every test run).
"""

import http.client
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from backend.core.ids import uuid7
from tests.faults.stack import Stack
from tests.world import PASSWORD, SOUTH, WEST

KILLS = int(os.environ.get("GRIDWARD_FAULT_KILLS", "8"))
CLIENTS = 3
PARTS = ("web", "postgres", "redis", "worker")
pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

Send = Callable[[], tuple[int, Any]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    one = Stack(tmp_path_factory.mktemp("faults"))
    try:
        one.begin()
        yield one
    finally:
        one.end()


def until_acknowledged(send: Send, stop: threading.Event) -> Any:
    """Sends the same thing again and again, as a phone would; None when the test ended first."""
    while not stop.is_set():
        try:
            status, answer = send()
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.05)
            continue
        if status < 300:
            return answer
        assert status >= 500 or status == 429, (status, answer)
        time.sleep(0.1)
    return None


class Ledger:
    """What the clients were told is stored."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reports: list[str] = []
        self.positions: list[int] = []
        self.errors: list[BaseException] = []

    def watch(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # told to the test after the join
                self.errors.append(error)

        return threading.Thread(target=run, daemon=True)


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(stack: Stack) -> None:
    stop, ledger, chance = threading.Event(), Ledger(), random.Random(11)
    matter = stack.count("SELECT id FROM matters_matter WHERE slug = 'exposed_garbage'")[0]
    token = sign_in(stack)
    session = str(uuid7())
    began = datetime.now(UTC)
    body = {"id": session, "started_at": began.isoformat(), "purpose": "patrol"}
    assert stack.ask("POST", "/api/v1/field/sessions", body, token=token)[0] == 201

    def report() -> None:
        while not stop.is_set():
            new = {
                "id": str(uuid7()), "matter": matter, "description": "x",
                "location": {"lon": WEST + chance.uniform(0, 0.005), "lat": SOUTH + 0.001, "crs": "wgs84"},
            }  # fmt: skip
            if until_acknowledged(partial(stack.ask, "POST", "/api/v1/reports", new), stop) is not None:
                with ledger.lock:
                    ledger.reports.append(new["id"])

    path = f"/api/v1/field/sessions/{session}/positions"

    def walk() -> None:
        seq = 0
        while not stop.is_set():
            points = [
                {"seq": seq + step, "at": (began + timedelta(milliseconds=10 * (seq + step))).isoformat(),
                 "lon": WEST + 0.001, "lat": SOUTH + 0.001, "crs": "wgs84", "accuracy_m": 5}
                for step in range(10)
            ]  # fmt: skip
            body = {"points": points}
            if until_acknowledged(partial(stack.ask, "POST", path, body, token=token), stop) is not None:
                ledger.positions.extend(range(seq, seq + 10))
                seq += 10
            time.sleep(0.05)

    threads = [ledger.watch(report) for _ in range(CLIENTS)] + [ledger.watch(walk)]
    for thread in threads:
        thread.start()
    try:
        for number in range(KILLS):
            time.sleep(chance.uniform(0.4, 1.2))
            stack.kill(PARTS[number % len(PARTS)])
            stack.wait_until_serving()
        # A busy machine gets less done between the kills.
        until = time.monotonic() + 150
        while len(ledger.reports) <= 20 and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(1)
    finally:
        stop.set()
    for thread in threads:
        thread.join()
    assert ledger.errors == []
    assert len(ledger.reports) > 20

    stored = stack.count("SELECT id FROM cases_case")
    assert len(stored) == len(set(stored))
    assert set(ledger.reports) <= set(stored)
    holes = "SELECT count(*) FROM (SELECT case_id FROM cases_caseevent GROUP BY 1 HAVING max(n) <> count(*)) AS broken"
    assert stack.count(holes) == ["0"]
    seqs = {int(line) for line in stack.count(f"SELECT seq FROM patrols_trackpoint WHERE session_id = '{session}'")}
    assert set(ledger.positions) <= seqs
    effects_arrive(stack)


def effects_arrive(stack: Stack) -> None:
    """Every owed message goes out in the end, though worker and broker were killed."""
    until = time.monotonic() + 150
    while time.monotonic() < until:
        if stack.count("SELECT count(*) FROM core_outboxmessage WHERE sent_at IS NULL") == ["0"]:
            return
        stack.revive()
        time.sleep(0.5)
    raise AssertionError(
        stack.count("SELECT topic, attempts, last_error FROM core_outboxmessage WHERE sent_at IS NULL")
    )


def test_a_report_is_taken_while_redis_is_away(stack: Stack) -> None:
    matter = stack.count("SELECT id FROM matters_matter WHERE slug = 'exposed_garbage'")[0]

    def report() -> float:
        new = {
            "id": str(uuid7()), "matter": matter, "description": "ohne Redis",
            "location": {"lon": WEST + 0.001, "lat": SOUTH + 0.001, "crs": "wgs84"},
        }  # fmt: skip
        began = time.monotonic()
        status, answer = stack.ask("POST", "/api/v1/reports", new)
        assert status == 201, answer
        return time.monotonic() - began

    for _ in range(6):  # whichever process answers has its grids in memory by then
        report()
    stack.redis.stop()
    try:
        assert max(report() for _ in range(6)) < 4
    finally:
        stack.redis.start()
    effects_arrive(stack)


def test_a_visit_survives_a_kill_between_storing_and_answering(stack: Stack) -> None:
    """The same visit again after PostgreSQL was killed is the same visit."""
    token = sign_in(stack)
    stack.manage("plan_week", "--grid", "330281002011001", "--workers", "1")
    (stop, lon, lat), *_ = (
        line.split("|")
        for line in stack.count(
            "SELECT stop.id, ST_X(stop.location), ST_Y(stop.location) FROM inspections_stop AS stop "
            "JOIN inspections_route AS route ON route.id = stop.route_id "
            "JOIN inspections_weeklyplan AS plan ON plan.id = route.plan_id "
            "JOIN accounts_user AS worker ON worker.id = route.worker_id "
            "WHERE plan.state = 'published' AND worker.username = 'leader-002011001' LIMIT 1"
        )
    )
    visit = {
        "id": str(uuid7()), "op_id": str(uuid7()), "outcome": "done", "note": "", "photos": [], "checks": {},
        "location": {"lon": float(lon), "lat": float(lat), "crs": "wgs84"},
        "at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    stop_never = threading.Event()
    killer = threading.Timer(0.05, lambda: stack.kill("postgres"))
    killer.start()
    first = until_acknowledged(
        lambda: stack.ask("POST", f"/api/v1/field/stops/{stop}/visit", visit, token=token), stop_never
    )
    killer.join()
    stack.wait_until_serving()
    again = until_acknowledged(
        lambda: stack.ask("POST", f"/api/v1/field/stops/{stop}/visit", visit, token=token), stop_never
    )
    assert first["id"] == again["id"] == visit["id"]
    assert stack.count("SELECT count(*) FROM inspections_visit") == ["1"]


def sign_in(stack: Stack) -> str:
    device = {"id": "fault", "name": "fault", "platform": "test"}
    body = {"username": "leader-002011001", "password": PASSWORD, "device": device}
    status, answer = stack.ask("POST", "/api/v1/auth/token", body)
    assert status == 200, answer
    return str(answer["access"])
