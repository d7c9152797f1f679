"""The load client and the tables."""

import contextlib
import doctest
import socket
import threading
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest

from benchmarks import figures, turns
from benchmarks.load import LoadFailed, drive, get, post


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Path]:
    """Answers every request on a Unix socket: POST echoes its body in two parts, /teapot is 418, /bye hangs up."""
    listener = socket.socket(socket.AF_UNIX)
    address = tmp_path / "server.sock"
    listener.bind(str(address))
    listener.listen()

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while request := client.recv(65_536):
                head, _, body = request.partition(b"\r\n\r\n")
                if b"/bye" in head:
                    return
                status = b"418 Teapot" if b"/teapot" in head else b"200 OK"
                client.sendall(b'HTTP/1.1 %s\r\nETag: "one"\r\nContent-Length: %d\r\n\r\n' % (status, len(body)))
                client.sendall(body)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield address
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_lanes_share_one_line_of_requests_and_all_are_answered(server: Path) -> None:
    requests = iter([post("/echo", str(number).encode()) for number in range(50)])
    answers = drive(server, [requests] * 4, limit_s=10, keep_bodies=True)
    assert sorted(int(body) for body in answers.bodies) == list(range(50))
    assert answers.statuses == {200: 50}
    assert answers.tags[0] == '"one"'
    assert answers.percentile_ms(50) > 0


def test_it_ends_when_the_time_is_up(server: Path) -> None:
    answers = drive(server, [repeat(get("/for-ever"))], limit_s=0.2)
    assert 0 < answers.seconds < 2
    assert answers.per_second > 0


@pytest.mark.parametrize(("path", "words"), [("/teapot", "status 418"), ("/bye", "hung up")])
def test_an_answer_that_nobody_expects_ends_it(server: Path, path: str, words: str) -> None:
    with pytest.raises(LoadFailed, match=words):
        drive(server, [iter([get(path)])], limit_s=5)


@pytest.mark.parametrize("module", [figures, turns])
def test_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
