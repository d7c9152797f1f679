"""A small load client for servers on Unix sockets of this machine: one process, one thread, many connections.

Requests are made beforehand as bytes, so that the client spends its time on sending and reading. It ends by itself:
with the last request, or when the time is up.
"""

import re
import selectors
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

HEAD_END = b"\r\n\r\n"
SILENCE_S = 30.0
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ETAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)
_BODILESS = {204, 304}


class LoadFailed(Exception):
    """The server answered what nobody expects, or not at all. The text holds the beginning of the answer."""


@dataclass(frozen=True)
class Answers:
    """What came back: `latencies_s` of every request, the wall seconds from the first byte to the last answer.

    `bodies` and their ETags in `tags` (empty without one) are kept when asked for, in the order of arrival.
    """

    seconds: float
    latencies_s: npt.NDArray[np.float64]
    statuses: Counter[int]
    bodies: list[bytes]
    tags: list[str]

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """Milliseconds within which this share of the requests was answered."""
        return float(np.percentile(self.latencies_s, percent)) * 1000


def get(path: str, **headers: str) -> bytes:
    """The bytes of a GET request."""
    return _request("GET", path, b"", headers)


def post(path: str, body: bytes, **headers: str) -> bytes:
    """The bytes of a POST request with a JSON body; further headers in words, `_` for `-`."""
    return _request("POST", path, body, {"Content_Type": "application/json", **headers})


def _request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
    ]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + HEAD_END + body


def drive(
    address: Path,
    lanes: Sequence[Iterator[bytes]],
    *,
    limit_s: float,
    expected: Collection[int] = (200, 201),
    keep_bodies: bool = False,
) -> Answers:
    """Sends the requests of each lane over a connection of its own, one after the other, all lanes at once.

    Lanes may share one iterator. After `limit_s` no more requests begin. Raises LoadFailed for a status that is not
    expected, for a broken answer and for SILENCE_S without any answer.
    """
    poll = selectors.DefaultSelector()
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    bodies: list[bytes] = []
    tags: list[str] = []
    begun = perf_counter()
    until = begun + limit_s
    open_lanes = [_Lane(address, lane) for lane in lanes]
    try:
        for lane in open_lanes:
            if lane.send_next(until):
                poll.register(lane.wire, selectors.EVENT_READ, lane)
        while poll.get_map():
            ready = poll.select(SILENCE_S)
            if not ready:
                raise LoadFailed(f"no answer for {SILENCE_S:.0f} s")
            for key, _ in ready:
                lane = key.data
                answer = lane.read()
                if answer is None:
                    continue
                status, head, body = answer
                latencies.append(perf_counter() - lane.sent_at)
                statuses[status] += 1
                if status not in expected:
                    raise LoadFailed(f"status {status}: {body[:300]!r}")
                if keep_bodies:
                    bodies.append(body)
                    tags.append(_tag(head))
                if not lane.send_next(until):
                    poll.unregister(lane.wire)
    finally:
        poll.close()
        for lane in open_lanes:
            lane.wire.close()
    return Answers(perf_counter() - begun, np.array(latencies), statuses, bodies, tags)


@dataclass
class _Lane:
    address: Path
    requests: Iterator[bytes]
    wire: socket.socket = field(init=False)
    sent_at: float = 0.0
    buffer: bytes = b""
    whole: int | None = None

    def __post_init__(self) -> None:
        self.wire = socket.socket(socket.AF_UNIX)
        self.wire.connect(str(self.address))

    def send_next(self, until: float) -> bool:
        """False: nothing is left to send, or the time is up."""
        if perf_counter() >= until:
            return False
        request = next(self.requests, None)
        if request is None:
            return False
        self.sent_at = perf_counter()
        self.wire.sendall(request)
        return True

    def read(self) -> tuple[int, bytes, bytes] | None:
        """Status, head and body when the whole answer is here. Raises LoadFailed when the server hangs up."""
        part = self.wire.recv(262_144)
        if not part:
            raise LoadFailed(f"the server hung up after {self.buffer[:200]!r}")
        self.buffer += part
        if self.whole is None:
            head_end = self.buffer.find(HEAD_END)
            if head_end < 0:
                return None
            self.whole = head_end + len(HEAD_END) + _body_length(self.buffer[: head_end + 2])
        if len(self.buffer) < self.whole:
            return None
        status = int(self.buffer[9:12])
        head, _, body = self.buffer[: self.whole].partition(HEAD_END)
        self.buffer, self.whole = self.buffer[self.whole :], None
        return status, head, body


def _tag(head: bytes) -> str:
    found = _ETAG.search(head)
    return found[1].decode() if found else ""


def _body_length(head: bytes) -> int:
    status, length = _STATUS.match(head), _LENGTH.search(head)
    if status is None:
        raise LoadFailed(f"no HTTP answer: {head[:200]!r}")
    if length is not None:
        return int(length[1])
    if int(status[1]) in _BODILESS:
        return 0
    raise LoadFailed(f"an answer without its length: {head[:300]!r}")
