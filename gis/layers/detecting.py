"""Which format a file is: its bytes decide, and its name must not say otherwise."""

from pathlib import PurePosixPath
from typing import Final

from gis.layers import archive
from gis.layers.model import Format, LayerError, Limits
from gis.layers.readers import geopackage

_ENDINGS: Final = {
    ".gpkg": Format.GEOPACKAGE, ".shp": Format.SHAPEFILE, ".geojson": Format.GEOJSON, ".json": Format.GEOJSON,
    ".kml": Format.KML, ".csv": Format.CSV, ".txt": Format.CSV, ".tsv": Format.CSV,
}  # fmt: skip
_ZIPPED: Final = frozenset({".zip", ".kmz", ".shz"})
_HEAD: Final = 4_000


def members_of(content: bytes, *, name: str, wanted: str, limits: Limits) -> tuple[Format, dict[str, bytes]]:
    """The format and the files to read: one, or the parts of a shapefile.

    Raises LayerError: empty, too_large, format_unknown, format_differs, shp_incomplete, and those of `archive`.
    """
    if not content:
        raise LayerError("empty", "the file is empty")
    if len(content) > limits.file_bytes:
        raise LayerError("too_large", f"{len(content)} bytes, at most {limits.file_bytes} are read")
    asked = _asked(wanted)
    ending = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    if content.startswith((archive.MAGIC, b"PK\x05\x06")):
        if ending and ending not in _ZIPPED:
            raise LayerError(
                "format_differs", f"the file is named {ending[:20]}, but it is a zip archive; name it .zip"
            )
        members = _useful(archive.unpack(content, limits))
    else:
        if ending in _ZIPPED:
            raise LayerError("format_differs", f"the file is named {ending}, but it is no zip archive")
        members = {PurePosixPath(name.replace("\\", "/")).name or "layer": content}
    if any(path.lower().endswith(".shp") for path in members):
        if len(members) == 1 and not content.startswith(archive.MAGIC):
            raise LayerError(
                "shp_incomplete", "a shapefile is several files; pack .shp, .shx, .dbf and .prj into a zip"
            )
        return _agreed(Format.SHAPEFILE, asked), members
    if len(members) != 1:
        raise LayerError(
            "format_unknown", f"the archive holds {len(members)} layer files and no shapefile; pack one layer"
        )
    ((path, inner),) = members.items()
    named = _ENDINGS.get(PurePosixPath(path).suffix.lower())
    found = _by_bytes(inner)
    if found is None and named is Format.CSV and b"\x00" not in inner[:_HEAD]:
        found = Format.CSV  # a table of one column has no separator to tell it by
    if found is None or (named is not None and named is not found):
        says = f"the file is named {PurePosixPath(path).suffix[:20]}" if named else "the file has an unknown name"
        raise LayerError(
            "format_differs" if found and named else "format_unknown",
            f"{says}, but it holds {found.value if found else 'none of gpkg, shp in a zip, geojson, kml, csv'}",
        )
    return _agreed(found, asked), members


def _asked(wanted: str) -> Format | None:
    try:
        return Format(wanted) if wanted else None
    except ValueError:
        raise LayerError("format_unknown", f"format {wanted[:20]!r} is none of {', '.join(Format)}") from None


def _agreed(found: Format, asked: Format | None) -> Format:
    if asked is not None and asked is not found:
        raise LayerError("format_differs", f"the file is {found.value}, not {asked.value}")
    return found


def _useful(members: dict[str, bytes]) -> dict[str, bytes]:
    """Layer files without what was packed beside them; all parts where a shapefile is among them."""
    if any(path.lower().endswith(".shp") for path in members):
        return members
    found = {path: content for path, content in members.items() if PurePosixPath(path).suffix.lower() in _ENDINGS}
    if not found:
        raise LayerError("format_unknown", "the archive holds no layer: no .shp, .gpkg, .geojson, .kml or .csv")
    return found


def _by_bytes(content: bytes) -> Format | None:
    if content.startswith(geopackage.MAGIC):
        return Format.GEOPACKAGE
    head = content[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = content[:_HEAD].decode("utf-16", "ignore").encode().lstrip()
    if head.startswith((b"{", b"[")):
        return Format.GEOJSON
    if head.startswith(b"<"):
        return Format.KML if b"<kml" in content[:_HEAD].lower() or b"<!" in head or b"<?xml" in head else None
    if b"\x00" not in head and any(sign in head.split(b"\n", 1)[0] for sign in (b",", b";", b"\t")):
        return Format.CSV
    return None
