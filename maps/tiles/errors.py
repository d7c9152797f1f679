"""Refusals of the tile routes."""

from backend.core.errors import Invalid


class TileOutOfRange(Invalid):
    """No map has a tile at this address."""

    code = "tile_out_of_range"
