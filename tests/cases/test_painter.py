"""A picture is decoded by a limited process: a hostile one ends in its named error and takes nothing with it."""

import io

import pytest
from django.test import override_settings
from PIL import Image

from backend.cases import photos
from backend.cases.errors import BadPhoto


def png(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(content, "PNG")
    return content.getvalue()


def reason_of(content: bytes) -> object:
    with pytest.raises(BadPhoto) as caught:
        photos._repaint(content)
    return caught.value.facts["reason"]


def test_only_the_pixels_come_back() -> None:
    painted, width, height = photos._repaint(png(64, 48))
    with Image.open(io.BytesIO(painted)) as picture:
        assert (picture.format, picture.size, (width, height)) == ("JPEG", (64, 48), (64, 48))


def test_a_bomb_is_refused_by_its_header() -> None:
    assert reason_of(png(13_000, 4_000)) == "too_many_pixels"


@override_settings(PHOTO_MAX_PIXELS=400_000_000)
def test_a_bomb_that_passes_the_header_dies_in_the_child() -> None:
    assert reason_of(png(15_000, 11_000)) == "not_a_picture"  # 1.3 GB when decoded and converted


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "PAINT_S", 0.001)
    assert reason_of(png(64, 48)) == "not_a_picture"
