"""Reads of places: visit duties that a week has to look at, and the walking network in force."""

import logging
import threading
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import shapely
from django.conf import settings
from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Concat, Replace

from backend.places.errors import NoNetwork
from backend.places.models import Address, NetworkImport, VisitDuty, VisitTarget
from gis.network import NetworkError, WalkingNetwork

log = logging.getLogger(__name__)

_EDGES = (
    "SELECT tail_id, head_id, length_m, walk_s, ebike_s, ebike_back_s, highway, name, osm_way, ST_AsBinary(line) "
    "FROM places_networkedge ORDER BY number"
)
_NODES = "SELECT number, ST_X(location), ST_Y(location) FROM places_networknode ORDER BY number"

_kept: tuple[int, WalkingNetwork] | None = None
_keeping = threading.Lock()


def duties_in_week(grid_id: UUID, week_start: date) -> list[VisitDuty]:
    """Visit duties of the grid's active places that are in force at some time of the week, in a fixed order."""
    week_end = week_start + timedelta(days=6)
    return list(
        VisitDuty.objects.filter(place__grid_id=grid_id, place__is_active=True, starts_on__lte=week_end)
        .filter(Q(ends_on=None) | Q(ends_on__gte=week_start))
        .select_related("place")
        .order_by("place__code", "target")
    )


def find_address(*, code: str = "", text: str = "") -> Address | None:
    """The door plate with this code, or the only one that is written like this (blanks don't count)."""
    if code:
        return Address.objects.filter(code=code).first()
    written = "".join(text.split())
    for parts in (("street", "plate", "building"), ("street", "plate")):
        spelled = Replace(Concat(*parts), Value(" "), Value(""))
        found = list(Address.objects.alias(spelled=spelled).filter(spelled=written)[:2])
        if found:
            return found[0] if len(found) == 1 else None
    return None


def visit_targets() -> dict[str, VisitTarget]:
    """The visit catalogue by code."""
    return {target.code: target for target in VisitTarget.objects.all()}


def network_stamp() -> int:
    """Number of the network import in force. Raises NoNetwork before the first one."""
    newest = NetworkImport.objects.order_by("-id").values_list("id", flat=True).first()
    if newest is None:
        raise NoNetwork("import the walking network first (import_network)")
    return newest


def walking_network() -> WalkingNetwork:
    """The walking network in force, ready for matrices and paths.

    One copy per process and import. Its contraction order, slow to compute, is kept as a file in the data directory,
    so that other processes start at once. Raises NoNetwork.
    """
    global _kept
    stamp = network_stamp()
    held = _kept
    if held is not None and held[0] == stamp:
        return held[1]
    with _keeping:
        if _kept is None or _kept[0] != stamp:
            _kept = (stamp, _prepared(stamp))
        return _kept[1]


def _prepared(stamp: int) -> WalkingNetwork:
    """From the file when it holds the network of the rows, else from the rows."""
    file = _cache_file(stamp)
    network = _from_rows()
    try:
        stored = WalkingNetwork.load(file)
        if stored.order is not None and stored.fingerprint == network.fingerprint:
            return stored
    except (OSError, NetworkError, ValueError, KeyError):
        pass
    prepared = network.prepare()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        prepared.save(file)
    except OSError as error:
        log.warning("the prepared network was not kept in %s: %s", file.parent, error)
    return prepared


def _cache_file(stamp: int) -> Path:
    database = connection.settings_dict["NAME"]
    return Path(settings.DATA_DIR) / "network" / f"{database}-{stamp}.npz"


def _from_rows() -> WalkingNetwork:
    with connection.cursor() as cursor:
        cursor.execute(_NODES)
        nodes = cursor.fetchall()
        cursor.execute(_EDGES)
        edges = cursor.fetchall()
    if not edges:
        raise NoNetwork("the imported network is empty; import it again (import_network)")
    numbers = np.array([row[0] for row in nodes], np.int64)
    lines = shapely.from_wkb([bytes(row[9]) for row in edges])
    return WalkingNetwork.from_arrays(
        {
            "node_osm_id": numbers,
            "node_lon": [row[1] for row in nodes],
            "node_lat": [row[2] for row in nodes],
            "edge_source": np.searchsorted(numbers, [row[0] for row in edges]),
            "edge_target": np.searchsorted(numbers, [row[1] for row in edges]),
            "edge_way_id": [row[8] for row in edges],
            "edge_length_m": [row[2] for row in edges],
            "edge_walk_s": [row[3] for row in edges],
            "edge_ebike_forward_s": [np.inf if row[4] is None else row[4] for row in edges],
            "edge_ebike_backward_s": [np.inf if row[5] is None else row[5] for row in edges],
            "edge_highway": [row[6] for row in edges],
            "edge_name": [row[7] for row in edges],
            "geometry_start": np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(lines))]),
            "geometry_lonlat": shapely.get_coordinates(lines),
        }
    )
