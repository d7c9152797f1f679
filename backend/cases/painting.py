"""Runs the painter: one limited process for each photo, few of them at once, and a short queue."""

import json
import signal
import subprocess
import sys

from django.conf import settings

from backend.cases import painter
from backend.cases.errors import BadPhoto, PaintersBusy, PhotoTooHeavy
from backend.core.queueing import Queue

LONG_EDGE_PX = 2560
JPEG_QUALITY = 85
PAINT_S = 30.0
PAINTERS = 1
PLACES = 2
WAIT_S = 10.0
_KILLED_BY_A_LIMIT = (-signal.SIGXCPU, -signal.SIGKILL)


def _busy() -> PaintersBusy:
    return PaintersBusy("too many photos at once; send this one again in a moment")


_queue = Queue(workers=PAINTERS, places=PLACES, wait_s=WAIT_S, busy=_busy)


def repaint(content: bytes) -> tuple[bytes, int, int]:
    """The JPEG, its width and its height. Raises BadPhoto, PhotoTooHeavy, PaintersBusy; never takes the caller down."""
    with _queue.turn():
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
