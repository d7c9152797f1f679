"""Each bound on a hostile file by itself: names, sums, vertices, memory and processor time of the child."""

import time
from typing import Any

import pytest

from gis.layers import LayerError, Limits, Wish, read_in_child, read_layer, write_layer
from tests.gis.layers.files import features, zipped_paths

CSV = write_layer(features(), fields=["name"], name="g", file_format="csv").content
KML = write_layer(features(), fields=["name"], name="g", file_format="kml").content
# The child with another reader in place of ours.
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from gis.layers import child; {}; child.main()"


def refused(content: bytes, name: str, **limits: Any) -> LayerError:
    with pytest.raises(LayerError) as caught:
        read_layer(content, name=name, wish=Wish(), limits=Limits(**limits))
    return caught.value


def in_child(monkeypatch: pytest.MonkeyPatch, change: str) -> LayerError:
    monkeypatch.setattr("gis.layers.bounded._START", _CHILD.format(change))
    with pytest.raises(LayerError) as caught:
        read_in_child(CSV, name="g.csv", wish=Wish())
    return caught.value


@pytest.mark.parametrize("sign", [b"\x00", b"\x01", b"\n"])
def test_a_member_with_a_sign_that_is_none_in_its_name(sign: bytes) -> None:
    content = zipped_paths({"gXg.kml": KML}).replace(b"gXg.kml", b"g" + sign + b"g.kml")
    assert refused(content, "g.zip").code == "zip_bad_path"


def test_members_that_are_small_alone_and_too_large_together() -> None:
    content = zipped_paths({f"{number}.kml": b"x" * 400 for number in range(3)})
    error = refused(content, "g.zip", unpacked_bytes=1_000)
    assert (error.code, error.detail) == ("zip_bomb", "unpacks to more than 1000 bytes")


def test_the_vertices_of_all_features_are_counted_together() -> None:
    assert refused(CSV, "g.csv", vertices=14).code == "too_many_vertices"
    assert len(read_layer(CSV, name="g.csv", wish=Wish(), limits=Limits(vertices=15)).features) == 3


def test_a_child_has_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_child(monkeypatch, "child.read_layer = lambda *_, **__: bytearray(3 << 30)").code == "too_heavy"


def test_a_child_has_little_time_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before the clock on the wall ends it."""
    began = time.monotonic()
    change = "child.CPU_S = 1; child.read_layer = lambda *_, **__: sum(iter(int, 1))"
    assert in_child(monkeypatch, change).code == "too_heavy"
    assert time.monotonic() - began < 50


def test_a_file_above_the_limit_reaches_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("gis.layers.bounded.subprocess.run")
    with pytest.raises(LayerError) as caught:
        read_in_child(CSV, name="g.csv", wish=Wish(), limits=Limits(file_bytes=10))
    assert caught.value.code == "too_large"
