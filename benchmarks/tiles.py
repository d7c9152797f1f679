"""Vector tiles over HTTP, cold and warm, against raw ST_AsMVT in one connection."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.utils import timezone

from backend.places import ground
from benchmarks.figures import CheckFailed, Column, Table
from benchmarks.load import drive, get
from benchmarks.stage import Stage, say
from benchmarks.turns import interleave, middle, seconds_of
from maps.tiles import layers
from maps.tiles.layers import TileAsked

ZOOMS = (13, 14, 15)
LAYERS = ("base", "grids")
RAW, COLD, WARM, UNCHANGED = "raw ST_AsMVT, one connection", "HTTP cold", "HTTP warm", "HTTP unchanged (304)"

_COLUMNS = (
    Column("layer", "layer"),
    Column("zoom", "zoom"),
    Column("tiles", "tiles"),
    Column("kb", "kB a tile", 1),
    Column("what", "what"),
    Column("per_s", "tiles/s"),
    Column("times_raw", "× raw", 2),
)


@dataclass(frozen=True, slots=True)
class Size:
    """Connections at a time, rounds, and how often a warm turn asks for the whole set of tiles."""

    connections: int
    rounds: int
    repeats: int


FULL = Size(connections=8, rounds=7, repeats=8)
QUICK = Size(connections=4, rounds=2, repeats=2)


def run(stage: Stage) -> Table:
    """Raises CheckFailed when a tile over HTTP is not the tile that the database made."""
    size = QUICK if stage.quick else FULL
    address = stage.product.address
    rows: list[dict[str, Any]] = []
    for layer in LAYERS:
        for zoom in ZOOMS:
            say(f"tiles: {layer}, zoom {zoom}")
            rows += _measure(stage, address, layer, _tiles(zoom), size)
    facts = {"connections": size.connections, "tiles_compared": "every tile over HTTP equals the raw one"}
    return Table("tiles", "vector tiles of the demo town", _COLUMNS, rows, facts)


def _tiles(zoom: int) -> list[TileAsked]:
    """Every tile of the zoom that touches the town, in a random order."""
    extent = ground.extent()
    if extent is None:
        raise CheckFailed("the town has no base map")
    west, south, east, north = extent
    left, top = _tile_at(west, north, zoom)
    right, bottom = _tile_at(east, south, zoom)
    found = [TileAsked(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
    random.Random(zoom).shuffle(found)
    return found


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon / 360 + 0.5) * 2**zoom), int(y * 2**zoom)


def _raw(layer: str, tile: TileAsked) -> bytes:
    return layers.base_tile(tile) if layer == "base" else layers.grids_tile(tile, now=timezone.now())


def _measure(stage: Stage, address: Path, layer: str, tiles: list[TileAsked], size: Size) -> list[dict[str, Any]]:
    paths = [f"/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt" for tile in tiles]
    made = [_raw(layer, tile) for tile in tiles]
    tags = [_check(address, path, raw) for path, raw in zip(paths, made, strict=True)]
    plain = [get(path) for path in paths]
    tagged = [get(path, If_None_Match=tag) if tag else get(path) for path, tag in zip(paths, tags, strict=True)]

    def over_http(requests: list[bytes], repeats: int) -> float:
        lane = iter(requests * repeats)
        answers = drive(address, [lane] * size.connections, limit_s=60, expected=(200, 204, 304))
        return answers.per_second

    def cold() -> float:
        stage.empty_cache()
        return over_http(plain, 1)

    contenders: dict[str, Callable[[], float]] = {
        RAW: lambda: len(tiles) / seconds_of(lambda: [_raw(layer, tile) for tile in tiles]),
        COLD: cold,
        WARM: partial(over_http, plain, size.repeats),
        UNCHANGED: partial(over_http, tagged, size.repeats),
    }
    over_http(plain, 1)
    rates = {name: middle(found) for name, found in interleave(contenders, rounds=size.rounds).items()}
    kb = sum(len(raw) for raw in made) / len(made) / 1000
    return [
        {
            "layer": layer, "zoom": str(tiles[0].z), "tiles": len(tiles), "kb": kb, "what": name, "per_s": rate,
            "times_raw": rate / rates[RAW],
        }
        for name, rate in rates.items()
    ]  # fmt: skip


def _check(address: Path, path: str, raw: bytes) -> str:
    """The ETag of the tile (empty where nothing is). Raises CheckFailed for other bytes than the database makes."""
    answers = drive(address, [iter([get(path)])], limit_s=30, expected=(200, 204), keep_bodies=True)
    if answers.bodies[0] != raw:
        raise CheckFailed(f"{path} has {len(answers.bodies[0])} bytes over HTTP, {len(raw)} in the database")
    return answers.tags[0]
