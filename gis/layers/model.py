"""What every reader gives and every writer takes, and how a file is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeAlias

from shapely import MultiPolygon, Polygon

from gis.coordinates import Position

Value: TypeAlias = str | int | float | bool | None
Shape: TypeAlias = Polygon | MultiPolygon
Bounds: TypeAlias = tuple[float, float, float, float]
FAULTS_MOST: Final = 2_000


# Begin of a refusal's code -> what it is about.
_SUBJECTS: Final = {
    "crs": "crs", "axes": "crs", "far": "crs", "layer": "layer", "format": "format", "bad_encoding": "encoding",
    "unknown_encoding": "encoding", "bad_mapping": "fields",
}  # fmt: skip


class Format(StrEnum):
    """File formats of layers."""

    GEOPACKAGE = "gpkg"
    SHAPEFILE = "shp"
    GEOJSON = "geojson"
    KML = "kml"
    CSV = "csv"


class LayerError(ValueError):
    """A file that is refused as a whole.

    `code` for programs, `detail` says what to do next; `facts` may name the choices (`layers`, `declared` …).
    """

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts

    @property
    def subject(self) -> str:
        """The choice to change: crs, layer, format, encoding, fields; empty where it is the file itself."""
        return next((subject for start, subject in _SUBJECTS.items() if self.code.startswith(start)), "")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. Vertices count every ring of every feature; bytes are those of the file, then unpacked."""

    file_bytes: int = 50_000_000
    unpacked_bytes: int = 200_000_000
    members: int = 100
    features: int = 20_000
    vertices: int = 500_000
    feature_vertices: int = 10_000
    fields: int = 200
    text: int = 10_000
    preview_rows: int = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a feature is refused. `row` counts from 1, `place` is its name in the file, `spot` WGS84 to look at."""

    row: int
    place: str
    code: str
    detail: str
    field: str = "geometry"
    spot: Position | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was changed or guessed while reading; never silent. `place` is the first of `count` features."""

    code: str
    detail: str
    count: int = 1
    place: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """One row: its attributes by field name and its outline in WGS84; None where the file has none."""

    row: int
    place: str
    attributes: Mapping[str, Value]
    shape: Shape | None


@dataclass(frozen=True)
class Layer:
    """A layer of areas, read and checked. Features with a fault are not among `features`.

    `crs` names the system that the file's numbers were taken to be in; `encoding` that of its texts, empty where the
    format knows only one. `layers` are all layers of the file, of which `name` was read.
    """

    name: str
    format: Format
    crs: str
    fields: tuple[str, ...]
    features: tuple[Feature, ...]
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()
    encoding: str = ""
    layers: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person says that the file is to be read; empty means: find out.

    `near` is a box in WGS84 degrees that the layer has to meet: the ground that it is meant for.
    """

    format: str = ""
    layer: str = ""
    crs: str = ""
    encoding: str = ""
    near: Bounds | None = None


@dataclass
class Remarks:
    """Faults and notes that gather while a file is read."""

    faults: list[Fault] = field(default_factory=list)
    notes: dict[str, Note] = field(default_factory=dict)

    def refuse(self, fault: Fault) -> None:
        """Raises LayerError (too_many_faults) when nobody would read on."""
        self.faults.append(fault)
        if len(self.faults) >= FAULTS_MOST:
            raise LayerError(
                "too_many_faults",
                f"more than {FAULTS_MOST} faults, the first in {self.faults[0].place}: {self.faults[0].detail}",
            )

    def note(self, code: str, detail: str, place: str = "") -> None:
        seen = self.notes.get(code)
        self.notes[code] = (
            Note(code, detail, 1, place) if seen is None else Note(code, seen.detail, seen.count + 1, seen.place)
        )


@dataclass
class Raw:
    """What a reader found, numbers still in the file's own system. `crs` is what the file itself declares."""

    name: str
    crs: str
    fields: Sequence[str]
    rows: list["RawFeature"]
    encoding: str = ""
    layers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RawFeature:
    row: int
    place: str
    attributes: dict[str, Value]
    shape: Shape | None
    is_bad: bool = False
