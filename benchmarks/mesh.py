"""Irregular grids for measurements and tests: a mesh of jittered cells with crooked, shared edges and no gaps."""

import numpy as np
import numpy.typing as npt
import shapely
from shapely import Polygon

Bounds = tuple[float, float, float, float]
FloatArray = npt.NDArray[np.float64]


def jittered_mesh(columns: int, rows: int, *, bounds: Bounds, seed: int, bends: int = 6) -> list[Polygon]:
    """columns x rows valid cells, row by row from the south-west; each side has `bends` vertices between its corners.

    `bounds` are west, south, east, north in degrees. Vertices have 7 decimals and are shared exactly by neighbours.
    """
    west, south, east, north = bounds
    random = np.random.default_rng(seed)
    width, height = (east - west) / columns, (north - south) / rows
    corner_x, corner_y = np.meshgrid(np.arange(columns + 1) * width + west, np.arange(rows + 1) * height + south)
    corners = np.stack([corner_x, corner_y], axis=-1)
    corners += random.uniform(-0.2, 0.2, corners.shape) * (width, height)
    corners = np.round(corners, 7)
    swing = (0.04 * width, 0.04 * height)
    flat = _crooked(corners[:, :-1], corners[:, 1:], bends, swing, random)
    upright = _crooked(corners[:-1], corners[1:], bends, swing, random)
    rings = [
        np.vstack(
            [
                corners[j, i],
                flat[j, i],
                corners[j, i + 1],
                upright[j, i + 1],
                corners[j + 1, i + 1],
                flat[j + 1, i][::-1],
                corners[j + 1, i],
                upright[j, i][::-1],
                corners[j, i],
            ]
        )
        for j in range(rows)
        for i in range(columns)
    ]
    cells = [Polygon(ring) for ring in rings]
    if not shapely.is_valid(cells).all():
        raise ValueError(f"seed {seed} makes an invalid cell")
    return cells


def _crooked(
    start: FloatArray, end: FloatArray, bends: int, swing: tuple[float, float], random: np.random.Generator
) -> FloatArray:
    """Inner vertices of the sides between two arrays of corners: shape (..., bends, 2)."""
    steps = np.linspace(0, 1, bends + 2)[1:-1, None]
    line = start[..., None, :] + (end - start)[..., None, :] * steps
    return np.round(line + random.uniform(-1, 1, line.shape) * swing, 7)
