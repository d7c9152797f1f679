"""A layer file that somebody sends: read behind a wall, few at once, told before anything is made of it."""

from dataclasses import dataclass
from typing import Final

import shapely

from backend.areas.errors import BadLayer, LayersBusy
from backend.areas.layers.drafting import Ground, Sketch, sketch
from backend.core.queueing import Queue
from gis.layers import Layer, LayerError, Mapping, Wish, read_in_child
from gis.layers.mapping import said_mapping
from gis.layers.model import Limits, Shape

MOST_BYTES: Final = 10_000_000
LIMITS: Final = Limits(file_bytes=MOST_BYTES, unpacked_bytes=100_000_000, features=5_000, vertices=300_000)
READERS: Final = 1
PLACES: Final = 2
WAIT_S: Final = 20.0
# More vertices than these are thinned for the map of the preview; what becomes a draft is never thinned.
SHOWN_VERTICES: Final = 40_000
THINNED_DEG: Final = 5e-6


def _busy() -> LayersBusy:
    return LayersBusy("other layer files are being read; send this one again in a moment")


_queue = Queue(workers=READERS, places=PLACES, wait_s=WAIT_S, busy=_busy)


@dataclass(frozen=True)
class Upload:
    """A file as it was read: the layer, what its fields mean, and the outlines that a draft would have."""

    layer: Layer
    mapping: Mapping
    found: Sketch


def read_upload(content: bytes, *, name: str, wish: Wish, fields: str, ground: Ground) -> Upload:
    """Raises BadLayer (`field` names the choice to change), LayersBusy."""
    try:
        with _queue.turn():
            layer = read_in_child(content, name=name, wish=wish, limits=LIMITS)
        mapping = said_mapping(fields, layer.fields)
    except LayerError as error:
        field = error.subject if error.subject not in ("", "format") else "file"
        facts = {key: value for key, value in error.facts.items() if key not in ("field", "reason")}
        raise BadLayer(error.detail, field=field, reason=error.code, **facts) from error
    return Upload(layer, mapping, sketch(layer, mapping, ground))


def shown_shapes(layer: Layer) -> tuple[dict[int, Shape], bool]:
    """Outlines by row for the map of the preview, and whether they were thinned."""
    shapes = {one.row: one.shape for one in layer.features if one.shape is not None}
    if sum(shapely.get_num_coordinates(shape) for shape in shapes.values()) <= SHOWN_VERTICES:
        return shapes, False
    return {row: shapely.simplify(shape, THINNED_DEG) for row, shape in shapes.items()}, True
