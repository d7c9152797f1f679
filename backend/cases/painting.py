"""Runs the painter: one limited process for each photo, few of them at once, and a short queue."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from backend.cases import painter
from backend.cases.errors import BadPhoto, PaintersBusy, PhotoTooHeavy

LONG_EDGE_PX = 2560
JPEG_QUALITY = 85
PAINT_S = 30.0
PAINTERS = 1
PLACES = 2
WAIT_S = 10.0
_KILLED_BY_A_LIMIT = (-signal.SIGXCPU, -signal.SIGKILL)


class Queue:
    """In one web process `painters` work at once; with those that wait, at most `places` threads are taken.

    Raises PaintersBusy at once when no place is free, and after `wait_s` when no painter has become free.
    """

    def __init__(self, *, painters: int, places: int, wait_s: float) -> None:
        self._painters = threading.BoundedSemaphore(painters)
        self._places = threading.BoundedSemaphore(places)
        self._wait_s = wait_s

    @contextmanager
    def painter(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise PaintersBusy("too many photos at once; send this one again in a moment")
        try:
            if not self._painters.acquire(timeout=self._wait_s):
                raise PaintersBusy("too many photos at once; send this one again in a moment")
            try:
                yield
            finally:
                self._painters.release()
        finally:
            self._places.release()


_queue = Queue(painters=PAINTERS, places=PLACES, wait_s=WAIT_S)


def repaint(content: bytes) -> tuple[bytes, int, int]:
    """The JPEG, its width and its height. Raises BadPhoto, PhotoTooHeavy, PaintersBusy; never takes the caller down."""
    with _queue.painter():
        done = _run(content)
    if done.returncode in _KILLED_BY_A_LIMIT:
        raise _too_heavy()
    if done.returncode != 0:
        raise BadPhoto("this picture cannot be decoded", field="file", reason="not_a_picture")
    head, _, painted = done.stdout.partition(b"\n")
    told = json.loads(head)
    if told.get("reason") == "too_heavy":
        raise _too_heavy()
    if told.get("reason") == "too_many_pixels":
        raise BadPhoto(f"at most {settings.PHOTO_MAX_PIXELS} pixels", field="file", reason="too_many_pixels")
    if "reason" in told:
        raise BadPhoto("not a whole JPEG, PNG or WebP picture", field="file", reason="not_a_picture")
    return painted, told["width"], told["height"]


def _run(content: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", painter.__file__]
    figures = (settings.PHOTO_MAX_PIXELS, LONG_EDGE_PX, JPEG_QUALITY)
    try:
        return subprocess.run(  # noqa: S603  (our own file and figures; the picture is only input)
            [*command, *map(str, figures)], input=content, capture_output=True, timeout=PAINT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _too_heavy() from error


def _too_heavy() -> PhotoTooHeavy:
    return PhotoTooHeavy("this picture takes too much memory or time; take a smaller one", field="file")
