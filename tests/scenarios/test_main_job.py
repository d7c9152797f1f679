"""The main job from end to end through the public interfaces alone: report, booking, round, patrol, visit, closing.

A week of the small world: booked on Monday morning, walked on Wednesday afternoon.
"""

import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image

from backend.core.ids import uuid7
from backend.inspections import reminders
from backend.inspections import tasks as inspection_tasks
from backend.notify.relay import relay
from backend.places import queries as places
from gis.coordinates import from_wgs84
from tests.streets import lay_streets, spot_in
from tests.world import PASSWORD, World, make_world

GRID = "002011001"
MONDAY = datetime.fromisoformat("2026-11-16T08:00:00+08:00")
pytestmark = pytest.mark.django_db(transaction=True)


class Phone:
    """Somebody's HTTP client: JSON in, JSON out, a bearer token or a session."""

    def __init__(self) -> None:
        self.client = Client()
        self.headers: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        said = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        answer = getattr(self.client, method)(f"/api/v1{path}", headers=self.headers, **said)
        assert answer.status_code == expect, (path, answer.status_code, answer.content[:600])
        return answer.json() if answer.content else None

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("get", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("post", path, {} if body is None else body, **more)

    def photo(self) -> dict[str, str]:
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), (90, 120, 60)).save(picture, "JPEG")
        picture.seek(0)
        picture.name = "street.jpg"
        said = {"id": str(uuid7()), "file": picture}
        answer = self.client.post("/api/v1/photos", said, headers=self.headers)
        assert answer.status_code == 201, answer.content
        return {"id": answer.json()["id"], "claim": answer.json()["claim"]}


def device(name: str) -> dict[str, str]:
    return {"id": f"test-{name}", "name": name, "platform": "test"}


def resident(phone_number: str) -> Phone:
    phone = Phone()
    phone.post("/auth/codes", {"phone": phone_number}, expect=202)
    relay(now=timezone.now)
    sent = Path(settings.SMS_FILE).read_text(encoding="utf-8").splitlines()[-1]
    found = re.search(r"验证码 (\d+)", sent)
    assert found is not None
    body = {"phone": phone_number, "code": found[1], "device": device("resident")}
    phone.headers["Authorization"] = f"Bearer {phone.post('/auth/codes/verify', body)['access']}"
    return phone


def worker(username: str) -> Phone:
    phone = Phone()
    body = {"username": username, "password": PASSWORD, "device": device(username)}
    phone.headers["Authorization"] = f"Bearer {phone.post('/auth/token', body)['access']}"
    return phone


def desk(username: str) -> Phone:
    console = Phone()
    console.post("/auth/session", {"username": username, "password": PASSWORD})
    return console


def point(world: World, *, east: float = 0.5, north: float = 0.5) -> dict[str, Any]:
    lon, lat = spot_in(world, GRID, east=east, north=north)
    return {"lon": lon, "lat": lat, "crs": "wgs84", "accuracy_m": 6.0}


@pytest.fixture
def town(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setattr(places, "_kept", None)
    monkeypatch.setattr(reminders, "send", lambda ids: [inspection_tasks.plan_grid(one) for one in ids])
    settings.PLAN_STEPS = 500
    settings.DATA_DIR = tmp_path
    world = make_world(MONDAY)
    lay_streets(world)
    for number in range(4):
        world.add_place(f"P{number}", grid=GRID, at=spot_in(world, GRID, east=0.2 + 0.2 * number, north=0.3))
    with time_machine.travel(MONDAY, tick=True):
        yield world


def test_from_report_to_rating(town: World) -> None:  # noqa: PLR0915 - one story, told in order
    someone, leader, community = resident("19900000077"), worker("leader-002011001"), desk("community-002011")
    garbage, pension = (str(town.matters[slug].pk) for slug in ("exposed_garbage", "pension_life_proof"))

    # 1 A resident reports with a photo and a point in another declared system, and books a home visit.
    lon, lat = from_wgs84(*spot_in(town, GRID, east=0.4, north=0.6), "gcj02")
    told = someone.post(
        "/reports",
        {
            "id": str(uuid7()), "matter": garbage, "description": "桶边堆着垃圾袋", "address": "测试路口",
            "location": {"lon": lon, "lat": lat, "crs": "gcj02", "accuracy_m": 8}, "photos": [someone.photo()],
        },
        expect=201,
    )  # fmt: skip
    # 2 Grid, responsible, deadline and reason are there at once.
    assert told["grid"]["code"] == f"330281{GRID}"
    assert told["responsible"]["post"] == "leader"
    assert told["due_at"] is not None
    assert told["decision"]["kind"] == "inside"
    spot = point(town, east=0.7, north=0.7)
    slots = someone.get(f"/slots?matter={pension}&lon={spot['lon']}&lat={spot['lat']}&crs=wgs84")["items"]
    wednesday = next(slot for slot in slots if slot["start"].startswith("2026-11-18T14") and slot["left"] > 0)
    booked = someone.post(
        "/appointments",
        {
            "id": str(uuid7()), "matter": pension, "location": spot, "address": "测试路1号2幢101",
            "slot": {"start": wednesday["start"], "end": wednesday["end"]},
            "contact": {"name": "测试人", "phone": "19900000077"}, "note": "门铃坏了", "answers": {},
        },
        expect=201,
    )  # fmt: skip

    # 3 The leader's phone shows the case; the planned week holds the visit inside its window.
    cases = {row["id"]: row for row in leader.get("/field/cases")["items"]}
    assert {told["id"], booked["id"]} <= set(cases)
    job = community.post("/console/plans", {"week_start": "2026-11-16", "grids": [f"330281{GRID}"]}, expect=202)
    assert community.get(f"/console/jobs/{job['job_id']}")["finished"] is True
    (line,) = community.get(f"/console/plans?week=2026-11-16&grid=330281{GRID}")["items"]
    if line["state"] == "draft":
        community.post(f"/console/plans/{line['id']}/publish")
    week = leader.get("/field/week?start=2026-11-16")
    stops = [stop for day in week["days"] for stop in day["stops"]]
    visit_stop = next(stop for stop in stops if stop["case_id"] == booked["id"])
    assert wednesday["start"] <= visit_stop["planned"]["leave"] <= wednesday["end"]
    planned = community.get(f"/console/plans/{line['id']}")
    kinds = [stop["kind"] for route in planned["routes"] for stop in route["stops"]]
    assert (kinds.count("duty"), kinds.count("appointment"), planned["unserved"]) == (4, 1, [])

    # 4 On Wednesday the leader walks: the stop is recognised, the visit recorded, the case handled.
    with time_machine.travel(datetime.fromisoformat(visit_stop["planned"]["arrive"]) + timedelta(minutes=2), tick=True):
        someone, leader, community = resident("19900000077"), worker("leader-002011001"), desk("community-002011")
        leader.post("/field/consents", {"purpose": "patrol_track", "notice_version": "1", "granted": True}, expect=201)
        session = str(uuid7())
        began = timezone.now() - timedelta(minutes=2)
        leader.post(
            "/field/sessions", {"id": session, "started_at": began.isoformat(), "purpose": "patrol"}, expect=201
        )
        points = [
            {
                "seq": number, "crs": "wgs84", "accuracy_m": 6,
                "at": (began + timedelta(seconds=10 * number)).isoformat(),
                "lon": visit_stop["location"]["lon"] + 2e-5 * (number % 2), "lat": visit_stop["location"]["lat"],
            }
            for number in range(12)
        ]  # fmt: skip
        batch = leader.post(f"/field/sessions/{session}/positions", {"points": points})
        assert (batch["accepted"], batch["duplicates"]) == (12, 0)
        assert visit_stop["id"] in batch["visited"]
        again = leader.post(f"/field/sessions/{session}/positions", {"points": points})
        assert (again["accepted"], again["duplicates"]) == (0, 12)

        here = {"lon": points[0]["lon"], "lat": points[0]["lat"], "crs": "wgs84", "accuracy_m": 6}
        visit = {
            "id": str(uuid7()), "op_id": str(uuid7()), "outcome": "done", "note": "已核验", "location": here,
            "photos": [leader.photo()], "at": timezone.now().isoformat(), "checks": {},
        }  # fmt: skip
        leader.post(f"/field/stops/{visit_stop['id']}/visit", visit, expect=201)
        live = community.get("/console/workers")["items"]
        assert any(row["live"] for row in live)
        leader.post(f"/field/sessions/{session}/end", {"ended_at": timezone.now().isoformat()})
        for step in ("accept", "submit"):
            body = {"op_id": str(uuid7()), "action": step, "note": "已清理"}
            leader.post(f"/field/cases/{told['id']}/actions", body)

        # The desk checks and closes both; the resident follows every step and rates.
        for case_id in (told["id"], booked["id"]):
            case = community.get(f"/console/cases/{case_id}")
            assert case["state"] == "pending_check"
            closed = community.post(
                f"/console/cases/{case_id}/actions", {"action": "close", "version": case["version"], "note": "核查通过"}
            )
            assert closed["state"] == "closed"
        mine = someone.get(f"/my/requests/{told['id']}")
        assert [line["kind"] for line in mine["timeline"]] == [
            "report",
            "file",
            "dispatch",
            "accept",
            "submit",
            "close",
        ]
        tracked = Phone().get(f"/reports/track?number={told['number']}&code={told['tracking_code']}")
        assert tracked["state"] == "closed"
        rating = {"responded": True, "solved": True, "satisfied": 5, "comment": "很快"}
        assert someone.post(f"/my/requests/{told['id']}/rate", rating)["rating"]["satisfied"] == 5

        # 5 The command centre sees planned beside walked, and takes the round along as one page that loads nothing.
        leader_id = str(town.people["leader:002011001"].pk)
        track = community.get(f"/console/tracks?worker={leader_id}&date=2026-11-18")
        assert track["stops_visited"] >= 1
        assert track["walked"] is not None
        (line,) = community.get(f"/console/plans?week=2026-11-16&grid=330281{GRID}")["items"]
        page = community.client.get(f"/api/v1/console/plans/{line['id']}/round", headers={"Accept-Language": "en"})
        text = page.content.decode()
        assert page.status_code == 200
        assert "Weekly round" in text
        assert not re.findall(r"""(?:src=|<link[^>]*href=|url\()["']?https?:""", text)
        assert "19900000077" not in text
        assert "2幢101" not in text
