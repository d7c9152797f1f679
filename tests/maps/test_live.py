"""The live stream over its real ASGI door and a real Redis: scope, resume, resync, renewal."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from backend.accounts.actor import Actor
from backend.accounts.roles import Role
from backend.core import live as core_live
from backend.core.ids import uuid7
from maps import live
from maps.tickets import issue_ticket

MINE, NEXT_DOOR = "3302.81.002.011.001.", "3302.81.002.012.001."
DESK = Actor(user_id=uuid7(), role=Role.COMMUNITY, area_paths=("3302.81.002.011.",))


@pytest.fixture(autouse=True)
def _fresh_stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(settings.REDIS_LIVE_URL)
    # A stream of its own for each test: those of another process run beside it on the same Redis.
    stream = f"gridward:live:{uuid7()}"
    monkeypatch.setattr(core_live, "STREAM", stream)
    monkeypatch.setattr(live, "STREAM", stream)
    monkeypatch.setattr(live, "_hub", None)
    yield client
    client.delete(stream)


def say(number: int, path: str = MINE) -> None:
    assert core_live.publish("case", area_path=path, payload={"id": number})


class Listener:
    """A client of the stream: what it was sent, parsed into events."""

    def __init__(self, since: str = "", ticket: str = "", last_event_id: str = "") -> None:
        self.status = 0
        self.raw = b""
        self.hung_up = asyncio.Event()
        self.held: asyncio.Event | None = None
        query = f"ticket={ticket or issue_ticket(DESK)}&since={since}"
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/stream",
            "headers": [(b"Last-Event-ID", last_event_id.encode())] if last_event_id else [],
            "query_string": query.encode(),
        }
        self.task = asyncio.create_task(live.application(self.scope, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.held is not None:
            await self.held.wait()
        self.status = message.get("status", self.status)
        self.raw += message.get("body", b"")

    def events(self) -> list[tuple[str, Any]]:
        found = []
        for block in self.raw.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
        return found

    def last_id(self) -> str:
        return self.raw.decode().rsplit("id: ", 1)[1].splitlines()[0]

    async def until(self, count: int) -> list[tuple[str, Any]]:
        for _ in range(200):
            if len(self.events()) >= count:
                break
            await asyncio.sleep(0.02)
        return self.events()

    async def close(self) -> None:
        self.hung_up.set()
        await asyncio.wait_for(self.task, 5)


def test_only_what_lies_in_the_tickets_areas_arrives() -> None:
    async def story() -> None:
        listener = Listener()
        await listener.until(1)
        await asyncio.to_thread(say, 1)
        await asyncio.to_thread(say, 2, NEXT_DOOR)
        await asyncio.to_thread(say, 3)
        events = await listener.until(3)
        assert [body.get("id") for kind, body in events if kind == "case"] == [1, 3]
        await listener.close()

    asyncio.run(story())


def test_a_client_that_comes_back_gets_what_it_missed_once() -> None:
    async def story() -> None:
        first = Listener()
        await first.until(1)
        await asyncio.to_thread(say, 1)
        await first.until(2)
        await first.close()
        for number in (2, 3):
            await asyncio.to_thread(say, number)
        second = Listener(since=first.last_id())
        await second.until(2)
        await asyncio.to_thread(say, 4)
        assert [body["id"] for _, body in await second.until(3)] == [2, 3, 4]
        await second.close()

    asyncio.run(story())


def test_what_was_missed_comes_from_the_tickets_areas_only_and_by_either_way_of_asking() -> None:
    async def story() -> None:
        await asyncio.to_thread(say, 0)
        first = Listener()
        await first.until(1)
        for number, path in ((1, MINE), (2, NEXT_DOOR), (3, MINE)):
            await asyncio.to_thread(say, number, path)
        await first.until(3)
        started = first.raw.decode().split("id: ", 1)[1].splitlines()[0]
        for second in (Listener(since=started), Listener(last_event_id=started)):
            await second.until(2)
            await asyncio.sleep(0.1)
            assert [body.get("id") for _, body in second.events()] == [1, 3]
            await second.close()
        await first.close()

    asyncio.run(story())


def test_what_happens_while_a_client_catches_up_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is read from the stream and put into the client's queue: it may be neither lost nor doubled."""
    plain = live.Hub.missed

    async def slowly(hub: live.Hub, since: str, ticket: live.Ticket) -> Any:
        await asyncio.to_thread(say, 2)
        await asyncio.sleep(0.2)
        found = await plain(hub, since, ticket)
        await asyncio.to_thread(say, 3)
        await asyncio.sleep(0.2)
        return found

    async def story() -> None:
        first = Listener()
        await first.until(1)
        await asyncio.to_thread(say, 1)
        await first.until(2)
        monkeypatch.setattr(live.Hub, "missed", slowly)
        second = Listener(since=first.last_id())
        await second.until(2)
        await asyncio.to_thread(say, 4)
        await second.until(3)
        await asyncio.sleep(0.1)
        assert [body["id"] for _, body in second.events()] == [2, 3, 4]
        for one in (first, second):
            await one.close()

    asyncio.run(story())


def test_a_client_that_missed_too_much_starts_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REPLAY_MOST", 2)

    async def story() -> None:
        first = Listener()
        await first.until(1)
        await asyncio.to_thread(say, 1)
        await first.until(2)
        await first.close()
        for number in (2, 3, 4):
            await asyncio.to_thread(say, number)
        second = Listener(since=first.last_id())
        assert [kind for kind, _ in await second.until(1)] == ["resync"]
        await second.close()

    asyncio.run(story())


def test_a_client_that_reads_too_slowly_starts_over_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "QUEUE_MESSAGES", 2)

    async def story() -> None:
        slow, quick = Listener(), Listener()
        await slow.until(1)
        await quick.until(1)
        slow.held = asyncio.Event()
        for number in range(8):
            await asyncio.to_thread(say, number)
            await quick.until(2 + number)
        slow.held.set()
        for _ in range(100):
            if slow.events()[-1][0] == "resync":
                break
            await asyncio.sleep(0.02)
        assert "resync" in [kind for kind, _ in slow.events()]
        assert [body["id"] for kind, body in quick.events() if kind == "case"] == list(range(8))
        for one in (slow, quick):
            await one.close()

    asyncio.run(story())


def test_an_id_that_the_stream_forgot_asks_for_everything_anew() -> None:
    async def story() -> None:
        await asyncio.to_thread(say, 1)
        listener = Listener(since="1-0")
        assert (await listener.until(1))[0][0] == "resync"
        await listener.close()

    asyncio.run(story())


def test_the_stream_ends_with_its_ticket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LASTS_S", 0.2)
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)

    async def story() -> None:
        listener = Listener()
        await asyncio.wait_for(listener.task, 5)
        assert listener.events()[-1][0] == "renew"

    asyncio.run(story())


@pytest.mark.parametrize("ticket", ["forged", "eyJ1IjoxfQ:1:x"])
def test_without_a_ticket_there_is_no_stream(ticket: str) -> None:
    async def story() -> None:
        listener = Listener(ticket=ticket)
        await listener.task
        assert listener.status == 401

    asyncio.run(story())
