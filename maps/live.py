"""The `live` process: server-sent events from the Redis stream, scoped by a signed ticket. ASGI, no ORM.

`GET /live/stream?ticket=…` with `Last-Event-ID` (or `?since=`) resumes; an id that the stream has forgotten gets one
`resync` event, and the client loads everything anew. A comment line every 15 s keeps proxies from closing the line.
After `tickets.LASTS_S` the stream says `renew` and ends: the client asks for a new ticket, which reads its rights anew,
and resumes. So a person who loses an area hears nothing more of it within a minute.
"""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

import redis.asyncio as redis
from django.conf import settings

from backend.core.live import STREAM
from maps.tickets import LASTS_S, Ticket, TicketRefused, read_ticket

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
RETRY_MS = 3_000
QUEUE_MESSAGES = 500
REPLAY_MOST = 5_000

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the stream."""

    id: str
    kind: str
    path: str
    body: str

    def as_event(self) -> bytes:
        return f"id: {self.id}\nevent: {self.kind}\ndata: {self.body}\n\n".encode()


RESYNC = b"event: resync\ndata: {}\n\n"


class Hub:
    """Reads the stream once for all clients and puts each message into the queues of those who may see it."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.listeners: dict[asyncio.Queue[Message | None], Ticket] = {}
        self._reader: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_for_ever())

    async def _read_for_ever(self) -> None:
        last = "$"
        while True:
            try:
                if last == "$":
                    last = await self.newest_id()
                answer: Any = await self.client.xread({STREAM: last}, count=500, block=5_000)
                for entry_id, fields in answer[0][1] if answer else []:
                    last = entry_id.decode()
                    self._fan_out(_message(entry_id, fields))
            except (redis.RedisError, OSError) as error:
                log.warning("live stream not read: %s", type(error).__name__)
                await asyncio.sleep(1.0)

    async def newest_id(self) -> str:
        newest: Any = await self.client.xrevrange(STREAM, count=1)
        return str(newest[0][0].decode()) if newest else "0-0"

    def _fan_out(self, message: Message) -> None:
        for queue, ticket in self.listeners.items():
            if not ticket.covers(message.path):
                continue
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                # A client that reads too slowly starts over rather than slowing the others.
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    async def missed(self, since: str, ticket: Ticket) -> list[Message] | None:
        """What the client has not seen, oldest first; None when the stream no longer holds it all."""
        oldest: Any = await self.client.xrange(STREAM, count=1)
        if oldest and _order(since) < _order(oldest[0][0].decode()):
            return None
        rows: Any = await self.client.xrange(STREAM, min=f"({since}", count=REPLAY_MOST + 1)
        if len(rows) > REPLAY_MOST:
            return None
        messages = (_message(entry_id, fields) for entry_id, fields in rows)
        return [message for message in messages if ticket.covers(message.path)]


def _message(entry_id: bytes, fields: dict[bytes, bytes]) -> Message:
    return Message(entry_id.decode(), fields[b"kind"].decode(), fields[b"path"].decode(), fields[b"body"].decode())


def _order(entry_id: str) -> tuple[int, int]:
    """Raises ValueError for a text that is no stream id."""
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)


_hub: Hub | None = None


def hub() -> Hub:
    global _hub
    if _hub is None:
        _hub = Hub(redis.Redis.from_url(settings.REDIS_LIVE_URL, socket_timeout=None))
    _hub.start()
    return _hub


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if scope["path"] == "/live/healthz":
        await _answer(send, 200, {"status": "ok"})
        return
    if scope["path"] != "/live/stream" or scope["method"] != "GET":
        await _answer(send, 404, _problem(404, "not_found"))
        return
    try:
        ticket = read_ticket(query.get("ticket", [""])[0])
    except TicketRefused as error:
        await _answer(send, 401, _problem(401, "bad_ticket", detail=str(error)))
        return
    headers = {name.lower(): value for name, value in scope["headers"]}
    since = headers.get(b"last-event-id", b"").decode("latin-1") or query.get("since", [""])[0]
    await _stream(ticket, since, receive, send)


def _problem(status: int, code: str, detail: str = "") -> dict[str, Any]:
    title = code.replace("_", " ")
    return {"type": f"/problems/{code}", "title": title, "status": status, "code": code, "detail": detail}


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    kind = b"application/json" if status == 200 else b"application/problem+json"
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


async def _stream(ticket: Ticket, since: str, receive: Receive, send: Send) -> None:
    current = hub()
    queue: asyncio.Queue[Message | None] = asyncio.Queue(QUEUE_MESSAGES)
    current.listeners[queue] = ticket
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.create_task(_until_gone(receive))
    try:
        seen = await _catch_up(current, ticket, since, send)
        ends_at = asyncio.get_running_loop().time() + LASTS_S
        while not gone.done() and asyncio.get_running_loop().time() < ends_at:
            await _send_next(queue, seen, gone, send)
        if not gone.done():
            await send({"type": "http.response.body", "body": b"event: renew\ndata: {}\n\n", "more_body": False})
    finally:
        gone.cancel()
        del current.listeners[queue]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _catch_up(current: Hub, ticket: Ticket, since: str, send: Send) -> tuple[int, int]:
    """Sends what was missed; returns the order of the newest message that the client has now."""
    opening = f"retry: {RETRY_MS}\n".encode()
    try:
        newest = _order(since) if since else _order(await current.newest_id())
        missed = await current.missed(since, ticket) if since else []
    except (redis.RedisError, OSError, ValueError):
        missed, newest = None, (0, 0)
    if missed is None:
        await _write(send, opening + RESYNC)
        return newest
    # The opening names the newest id, so that a client which hears nothing can still resume from here.
    if not since:
        opening += f"id: {newest[0]}-{newest[1]}\nevent: hello\ndata: {{}}\n\n".encode()
    await _write(send, opening + b"\n" + b"".join(message.as_event() for message in missed))
    return _order(missed[-1].id) if missed else newest


async def _send_next(
    queue: "asyncio.Queue[Message | None]", seen: tuple[int, int], gone: "asyncio.Task[None]", send: Send
) -> None:
    waiting = asyncio.create_task(queue.get())
    done, _ = await asyncio.wait({waiting, gone}, timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
    if waiting not in done:
        waiting.cancel()
        if gone not in done:
            await _write(send, b": still here\n\n")
        return
    message = waiting.result()
    if message is None:
        await _write(send, RESYNC)
    elif _order(message.id) > seen:
        await _write(send, message.as_event())


async def _write(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
