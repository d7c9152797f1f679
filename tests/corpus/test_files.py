"""Files that nobody means: at both doors that take one they are refused by name, quickly, and nothing is kept."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable

import pytest
from django.conf import settings
from PIL import Image
from rest_framework.response import Response

from backend.core.ids import uuid7
from tests.authorisation.stage import Stage
from tests.corpus.calling import named
from tests.mobile_api.conftest import picture
from tests.tables import unchanged

pytestmark = pytest.mark.django_db

SLOWEST_S = 10.0


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png_of(width: int, height: int, *, more: bytes = b"", body: bytes = b"\0" * 100) -> bytes:
    """A PNG whose header claims a size; there is nearly nothing behind it."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def jpeg(width: int = 400, height: int = 300) -> bytes:
    return picture(width, height).getvalue()


def with_segments(marker: int, content: bytes, count: int) -> bytes:
    """A JPEG with many application segments in front of its picture."""
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content
    plain = jpeg()
    return plain[:2] + segment * count + plain[2:]


def many_frames() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("P", (8, 8), number) for number in range(50)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "x")
    return file.getvalue()


BAD_PHOTOS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "no picture": (lambda: b"x" * 2000, "not_a_picture"),
    "200 megapixels": (lambda: png_of(20_000, 10_000), "too_many_pixels"),
    "900 megapixels": (lambda: png_of(30_000, 30_000), "too_many_pixels"),
    "four thousand million pixels high": (lambda: png_of(1, 2**31 - 1), "too_many_pixels"),
    "no pixels": (lambda: png_of(0, 0), "not_a_picture"),
    "half a JPEG": (lambda: jpeg()[:700], "not_a_picture"),
    "a JPEG of its first bytes": (lambda: jpeg()[:3], "not_a_picture"),
    "a PNG without its end": (lambda: png_of(400, 300)[:60], "not_a_picture"),
    "a PNG that lacks its rows": (lambda: png_of(400, 300), "not_a_picture"),
    "a GIF of many frames": (many_frames, "not_a_picture"),
    "SVG with a script": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not_a_picture"),
    "a page": (lambda: b"<!doctype html><script>alert(1)</script>", "not_a_picture"),
    "an archive": (zipped, "not_a_picture"),
    "HEIC by its header": (lambda: b"\0\0\0\x18ftypheic" + b"\0" * 200, "not_a_picture"),
    "TIFF": (lambda: b"II*\0" + b"\0" * 200, "not_a_picture"),
    "BMP": (lambda: b"BM" + b"\0" * 200, "not_a_picture"),
}


def sent(stage: Stage, content: bytes, *, name: str = "a.jpg") -> Response:
    file = io.BytesIO(content)
    file.name = name
    return stage.clients["anonymous"].post("/api/v1/photos", {"id": str(uuid7()), "file": file}, format="multipart")


@pytest.mark.parametrize("kind", sorted(BAD_PHOTOS))
def test_a_photo_that_cannot_be_taken(kind: str, stage: Stage) -> None:
    make, code = BAD_PHOTOS[kind]
    began = time.monotonic()
    with unchanged():
        status, problem, errors = named(sent(stage, make()))
    assert (status, errors[0][1] if errors else problem) == (422, code)
    assert time.monotonic() - began < SLOWEST_S


# What is odd beside the picture: it is taken, and only its pixels are kept.
ODD_PHOTOS: dict[str, Callable[[], bytes]] = {
    "EXIF of megabytes": lambda: with_segments(0xE1, b"Exif\0\0" + b"\x41" * 65_000, 100),
    "EXIF that points at itself": lambda: with_segments(
        0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0", 1
    ),
    "comments": lambda: with_segments(0xFE, b"secret comment", 2000),
    "a page behind it": lambda: jpeg() + b"<script>secret</script>",
    "an archive behind it": lambda: jpeg() + zipped(),
    "a text that inflates": lambda: (
        picture(64, 48, "PNG").getvalue()[:33]
        + chunk(b"zTXt", b"k\0\0" + zlib.compress(b"secret" * 1_000_000))
        + picture(64, 48, "PNG").getvalue()[33:]
    ),
}


@pytest.mark.parametrize("kind", sorted(ODD_PHOTOS))
def test_what_hangs_on_a_photo_is_not_kept(kind: str, stage: Stage) -> None:
    began = time.monotonic()
    answer = sent(stage, ODD_PHOTOS[kind]())
    assert answer.status_code in (201, 422), answer.content
    assert time.monotonic() - began < SLOWEST_S
    if answer.status_code == 201:
        shown = b"".join(stage.clients["anonymous"].get(answer.json()["url"]).streaming_content)
        assert len(shown) < 100_000
        assert not any(trace in shown for trace in (b"Exif", b"secret", b"PK\x03\x04", b"script"))


NAMES = [
    "../../etc/passwd",
    "..\\..\\x.jpg",
    "C:\\x.jpg",
    "con",
    "x" * 300 + ".jpg",
    "a\u202egpj.exe",
    "a\r\nSet-Cookie: x",
    "",
]


@pytest.mark.parametrize("name", NAMES, ids=[repr(name)[:20] for name in NAMES])
def test_the_name_of_a_file_is_never_used(name: str, stage: Stage) -> None:
    before = set(settings.MEDIA_ROOT.rglob("*"))
    answer = sent(stage, jpeg(), name=name or "x")
    if len(name) > 255:
        assert named(answer) == (422, "invalid", [("#/file", "max_length")])
        return
    assert answer.status_code == 201, answer.content
    new = [path for path in set(settings.MEDIA_ROOT.rglob("*")) - before if path.is_file()]
    assert [path.suffix for path in new] == [".jpg"]
    assert len(new[0].stem) == 32
    assert "Set-Cookie" not in answer.headers


MULTIPART = "multipart/form-data; boundary=x"
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
PART = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
TEN_THOUSAND = b"".join(PART % (b"f%d" % number, b"1") for number in range(10_000)) + b"--x--\r\n"
BROKEN_FORMS: dict[str, tuple[bytes, str]] = {
    "no boundary": (HEAD + b"abc\r\n--x--\r\n", "multipart/form-data"),
    "another boundary": (HEAD + b"abc\r\n--x--\r\n", "multipart/form-data; boundary=y"),
    "empty": (b"", MULTIPART),
    "cut off in the file": (HEAD + jpeg()[:500], MULTIPART),
    "cut off in the head": (HEAD[:40], MULTIPART),
    "ten thousand parts": (
        TEN_THOUSAND,
        MULTIPART,
    ),
    "U+0000 in the id": (PART % (b"id", b"a\0b") + HEAD + jpeg() + b"\r\n--x--\r\n", MULTIPART),
    "a text for the file": (PART % (b"file", b"abc") + b"--x--\r\n", MULTIPART),
    "JSON": (b'{"file": "abc"}', "application/json"),
}  # fmt: skip


@pytest.mark.parametrize("door", ["/api/v1/photos", "/api/v1/console/duty/sheet"])
@pytest.mark.parametrize("kind", sorted(BROKEN_FORMS))
def test_a_form_that_is_none(kind: str, door: str, stage: Stage) -> None:
    body, content_type = BROKEN_FORMS[kind]
    with unchanged():
        status, _, _ = named(stage.clients["community"].generic("POST", door, body, content_type=content_type))
    assert status in ((403,) if door.endswith("photos") else (400, 413, 415, 422))
    with unchanged():
        status, _, _ = named(stage.clients["anonymous"].generic("POST", door, body, content_type=content_type))
    assert status in ((400, 413, 415, 422) if door.endswith("photos") else (401,))


def workbook_like(*entries: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
BAD_SHEETS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no archive": lambda: b"x" * 3000,
    "a photo": jpeg,
    "an archive of something else": zipped,
    "cut off": lambda: workbook_like(("xl/workbook.xml", b"x" * 5000))[:100],
    "a bomb": lambda: workbook_like(("xl/worksheets/sheet1.xml", b"\0" * 70_000_000)),
    "many entries": lambda: workbook_like(*((f"xl/{number}.xml", b"") for number in range(5000))),
    "above": lambda: workbook_like(("../../etc/x.xml", b"x")),
    "absolute": lambda: workbook_like(("/etc/x.xml", b"x")),
    "an archive inside": lambda: workbook_like(("xl/a.zip", zipped())),
    "macros": lambda: workbook_like(("xl/vbaProject.bin", b"x")),
    "entities": lambda: workbook_like(("xl/workbook.xml", ENTITIES)),
    "above five megabytes": lambda: b"PK\x03\x04" + b"\0" * 5_100_000,
}


@pytest.mark.parametrize("kind", sorted(BAD_SHEETS))
def test_a_sheet_that_cannot_be_read(kind: str, stage: Stage) -> None:
    file = io.BytesIO(BAD_SHEETS[kind]())
    file.name = "staff.xlsx"
    began = time.monotonic()
    with unchanged():
        answer = stage.clients["community"].post("/api/v1/console/duty/sheet", {"file": file}, format="multipart")
        status, _, _ = named(answer)
    assert status in (413, 422)
    assert time.monotonic() - began < SLOWEST_S
