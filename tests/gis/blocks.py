"""A small made-up quarter for the division: crooked streets, houses beside them, doors with households."""

import numpy as np
import shapely
from shapely import LineString, Polygon

from gis.coordinates import MetricZone
from gis.division import Demand, Ground, Street

ZONE = MetricZone.at(121.17, 30.05)
BLOCK_M = 100.0


def quarter(
    columns: int, rows: int, *, seed: int, houses: int = 3, straddling: bool = True, crooked_m: float = 12.0
) -> Ground:
    """columns x rows blocks of about 100 m; `houses` in each; with `straddling` one house stands on a street."""
    random = np.random.default_rng(seed)
    x0, y0 = ZONE.project_points([121.17], [30.05])
    corner = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * BLOCK_M
    corner = corner + random.uniform(-crooked_m, crooked_m, corner.shape) + (x0[0], y0[0])
    rim = [*corner[0], *corner[1:, -1], *corner[-1, -2::-1], *corner[-2:0:-1, 0]]
    streets = [Street(_degrees(LineString(corner[j])), "residential") for j in range(1, rows)]
    streets += [
        Street(_degrees(LineString(corner[:, i])), "primary" if i == columns // 2 else "footway")
        for i in range(1, columns)
    ]
    buildings, doors, households, compounds = [], [], [], []
    for j in range(rows):
        for i in range(columns):
            middle = corner[j : j + 2, i : i + 2].reshape(-1, 2).mean(axis=0)
            for k in range(houses):
                spot = middle + np.array([-28 + 56 * k / max(1, houses - 1), random.uniform(-15, 15)])
                buildings.append(shapely.box(spot[0] - 6, spot[1] - 5, spot[0] + 6, spot[1] + 5))
                doors.append(spot)
                households.append(float(random.integers(2, 12)))
                compounds.append(f"{i // 2}.{j}")
    if straddling and columns > 1:
        middle = (corner[0, 1] + corner[1, 1]) / 2
        buildings.append(shapely.box(middle[0] - 10, middle[1] - 10, middle[0] + 10, middle[1] + 10))
        doors.append(middle)
        households.append(5.0)
        compounds.append("bridge")
    lons, lats = ZONE.unproject_points(*np.array(doors).T)
    return Ground(
        parent=_degrees(Polygon(rim)),
        streets=streets,
        buildings=[_degrees(house) for house in buildings],
        demand=Demand(lons, lats, households, [3 * one for one in households], compounds),
    )


def _degrees(shape):  # type: ignore[no-untyped-def]
    return shapely.transform(ZONE.unproject(shape), lambda xy: np.round(xy, 7))
