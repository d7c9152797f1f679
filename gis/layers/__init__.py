"""Layers of areas in and out: GeoPackage, Shapefile, GeoJSON, KML, CSV with WKT.

A file from outside is hostile until it is read: `bounded.read_in_child` gives it to a process with little memory and
time, no format is left to a driver that opens other files or addresses, and nothing is repaired in silence. One
interface for all: `reading.read_layer` gives a `Layer` in WGS84 whose faults name feature and place,
`writing.write_layer` takes one.
"""

from gis.layers.bounded import read_in_child
from gis.layers.mapping import Mapping, suggest_mapping
from gis.layers.model import Fault, Feature, Format, Layer, LayerError, Limits, Note, Value, Wish
from gis.layers.reading import read_layer
from gis.layers.writing import Written, write_layer

__all__ = [
    "Fault",
    "Feature",
    "Format",
    "Layer",
    "LayerError",
    "Limits",
    "Mapping",
    "Note",
    "Value",
    "Wish",
    "Written",
    "read_in_child",
    "read_layer",
    "suggest_mapping",
    "write_layer",
]
