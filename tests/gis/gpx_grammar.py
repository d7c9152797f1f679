"""The grammar of GPX 1.1, as strict as its schema: order and number of elements, attributes, values."""

import re
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

NAMESPACE: Final = "http://www.topografix.com/GPX/1/1"
_MANY: Final = 10**9
# Element → (child, most of it) in the order of the schema; () for text alone. Only what Gridward writes is known here,
# so that anything else is a fault.
_POINT: Final = (("ele", 1), ("time", 1), ("name", 1), ("cmt", 1), ("desc", 1), ("src", 1), ("sym", 1), ("type", 1))
CHILDREN: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "gpx": (("metadata", 1), ("wpt", _MANY), ("rte", _MANY), ("trk", _MANY)),
    "metadata": (("name", 1), ("desc", 1), ("time", 1)),
    "wpt": _POINT,
    "rtept": _POINT,
    "trkpt": _POINT,
    "rte": (("name", 1), ("cmt", 1), ("desc", 1), ("src", 1), ("number", 1), ("type", 1), ("rtept", _MANY)),
    "trk": (("name", 1), ("cmt", 1), ("desc", 1), ("src", 1), ("number", 1), ("type", 1), ("trkseg", _MANY)),
    "trkseg": (("trkpt", _MANY),),
}
_PLACED: Final = {"wpt", "rtept", "trkpt"}
_UTC: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def faults_of(text: str) -> list[str]:
    """What a strict reader of GPX 1.1 would refuse, each with its place; empty for a sound file."""
    root = fromstring(text.encode(), forbid_dtd=True)
    if root.tag != f"{{{NAMESPACE}}}gpx":
        return [f"the root is {root.tag}"]
    faults = [] if root.get("version") == "1.1" and root.get("creator") else ["gpx needs version 1.1 and a creator"]
    return faults + _faults(root, "gpx")


def _faults(element: Element, path: str) -> list[str]:
    name = path.rsplit("/", 1)[-1].split("[", maxsplit=1)[0]
    if name not in CHILDREN:
        return _text_faults(element, name, path)
    faults = _place_faults(element, path) if name in _PLACED else []
    allowed = [child for child, _ in CHILDREN[name]]
    most = dict(CHILDREN[name])
    seen: dict[str, int] = {}
    reached = 0
    for child in element:
        kind = child.tag.removeprefix(f"{{{NAMESPACE}}}")
        if kind not in allowed:
            faults.append(f"{path}: no {child.tag} here")
            continue
        if allowed.index(kind) < reached:
            faults.append(f"{path}: {kind} comes too late")
        reached = max(reached, allowed.index(kind))
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > most[kind]:
            faults.append(f"{path}: more than {most[kind]} {kind}")
        faults += _faults(child, f"{path}/{kind}[{seen[kind]}]")
    return faults


def _place_faults(element: Element, path: str) -> list[str]:
    try:
        lat, lon = float(element.attrib["lat"]), float(element.attrib["lon"])
    except (KeyError, ValueError):
        return [f"{path}: lat and lon are decimal numbers"]
    return [] if -90 <= lat <= 90 and -180 <= lon < 180 else [f"{path}: {lat}, {lon} is no place"]


def _text_faults(element: Element, name: str, path: str) -> list[str]:
    if len(element):
        return [f"{path}: has elements"]
    if name == "time":
        written = element.text or ""
        return [] if _UTC.fullmatch(written) and datetime.fromisoformat(written) else [f"{path}: {written} is no UTC"]
    return [] if (element.text or "").strip() or name == "desc" else [f"{path}: is empty"]
