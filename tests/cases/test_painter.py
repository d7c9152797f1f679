"""A picture is decoded by a limited process: a hostile one ends in its named error and takes nothing with it."""

import io
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.test import override_settings
from PIL import Image

from backend.cases import painter, painting
from backend.cases.errors import BadPhoto, PaintersBusy, PhotoTooHeavy
from backend.core.queueing import Queue


def drawn(width: int, height: int, *, kind: str = "PNG", mode: str = "RGB", turned: bool = False) -> bytes:
    content, exif = io.BytesIO(), Image.Exif()
    if turned:
        exif[0x0112] = 6
    Image.new(mode, (width, height), "red").save(content, kind, exif=exif)
    return content.getvalue()


def reason_of(content: bytes) -> object:
    with pytest.raises(BadPhoto) as caught:
        painting.repaint(content)
    return caught.value.facts["reason"]


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB")])
def test_only_the_pixels_come_back_upright(kind: str, mode: str) -> None:
    painted, width, height = painting.repaint(drawn(64, 48, kind=kind, mode=mode, turned=True))
    with Image.open(io.BytesIO(painted)) as picture:
        assert (picture.format, picture.size, (width, height)) == ("JPEG", (48, 64), (48, 64))
        assert not picture.getexif()
        assert picture.getpixel((20, 20))[0] > 240  # type: ignore[index]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_forty_megapixels_fit_into_the_memory_of_a_painter(kind: str) -> None:
    assert painting.repaint(drawn(8_000, 5_000, kind=kind))[1:] == (2560, 1600)


def test_a_bomb_is_refused_by_its_header() -> None:
    assert reason_of(drawn(13_000, 4_000)) == "too_many_pixels"


@override_settings(PHOTO_MAX_PIXELS=400_000_000)
def test_a_picture_beyond_the_memory_is_too_heavy() -> None:
    with pytest.raises(PhotoTooHeavy):
        painting.repaint(drawn(15_000, 11_500, mode="P"))  # 860 MB when decoded and converted


def test_a_picture_that_takes_too_long_is_too_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "PAINT_S", 0.001)
    with pytest.raises(PhotoTooHeavy):
        painting.repaint(drawn(64, 48))


@pytest.mark.parametrize(
    ("end", "error"), [("SIGXCPU", PhotoTooHeavy), ("SIGKILL", PhotoTooHeavy), ("SIGSEGV", BadPhoto)]
)
def test_a_painter_that_was_killed_is_an_error_of_the_photo(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, end: str, error: type[Exception]
) -> None:
    falling = tmp_path_factory.mktemp("painter") / "painter.py"
    falling.write_text(f"import os, signal, sys\nsys.stdin.buffer.read()\nos.kill(os.getpid(), signal.{end})\n")
    monkeypatch.setattr(painter, "__file__", str(falling))
    with pytest.raises(error):
        painting.repaint(drawn(64, 48))


def test_the_painter_sets_its_own_limits() -> None:
    asked = "import painter, resource, sys; sys.argv = ['', '9', '9', '9']"
    told = "print(resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_CPU)[0])"
    place = str(painting.painter.__file__).rsplit("/", 1)[0]
    done = subprocess.run(
        [sys.executable, "-c", f"{asked}; painter.main(); {told}"],
        input="",
        capture_output=True,
        text=True,
        cwd=place,
        check=True,
    )
    assert done.stdout.splitlines()[-1].split() == [str(painter.MEMORY_BYTES), str(painter.CPU_S)]


def painters(*, places: int, wait_s: float = 0.05) -> Queue:
    return Queue(workers=1, places=places, wait_s=wait_s, busy=PaintersBusy)


def held(queue: Queue) -> Callable[[], None]:
    """A thread works at a photo in this queue, until the returned function is called."""
    begun, done = threading.Event(), threading.Event()

    def work() -> None:
        with queue.turn():
            begun.set()
            done.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)

    def end() -> None:
        done.set()
        thread.join(10)

    return end


def test_a_photo_waits_for_a_painter_and_is_told_when_none_gets_free() -> None:
    queue = painters(places=2)
    end = held(queue)
    begun = time.monotonic()
    with pytest.raises(PaintersBusy), queue.turn():
        pass
    assert time.monotonic() - begun < 2
    end()
    with queue.turn():  # every place and painter was given back
        pass


def test_a_full_queue_turns_away_at_once() -> None:
    queue = painters(places=1, wait_s=60)
    end = held(queue)
    try:
        with pytest.raises(PaintersBusy), queue.turn():
            pass
    finally:
        end()


def test_a_painter_is_given_back_after_a_refused_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "_queue", painters(places=1))
    for _ in range(3):
        assert reason_of(b"no picture") == "not_a_picture"


def test_every_upload_goes_through_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = painters(places=1)
    monkeypatch.setattr(painting, "_queue", queue)
    with queue.turn(), pytest.raises(PaintersBusy):
        painting.repaint(drawn(64, 48))
