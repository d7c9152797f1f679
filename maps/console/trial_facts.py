"""What the console is told of a draft tried on the past."""

from typing import Any

from backend.areas.models import Boundary
from backend.areas.shapes import shape_of
from backend.cases.division_trials import DivisionTrial, PastMove
from maps.console.division_facts import collection, geojson
from maps.console.rule_facts import answering_facts, load_facts
from mobile_api.common.localised import localised


def trial_facts(trial: DivisionTrial, *, show: str, offset: int, limit: int) -> dict[str, Any]:
    """The content of `DivisionTrialOut`."""
    shown = _shown(trial, show)
    loads = {load.code: (load.before, load.after) for load in trial.loads if load.kind == "grid"}
    return {
        "version": trial.division.version,
        "rules": trial.rules_of,
        "cases": trial.cases,
        "elsewhere": len(trial.elsewhere),
        "other_grid": trial.other_grid,
        "other_person": trial.other_person,
        "nobody": len(trial.nobody),
        "nobody_before": trial.nobody_before,
        "show": show,
        "offset": offset,
        "listed": len(shown),
        "moved": [_move_facts(one) for one in shown[offset : offset + limit]],
        "loads": [load_facts(load) for load in trial.loads],
        "features": collection(_feature(one, loads.get(one.area.code, (0, 0))) for one in trial.outlines),
    }


def _shown(trial: DivisionTrial, show: str) -> list[PastMove]:
    if show == "nobody":
        return trial.nobody
    if show == "grid":
        return [one for one in trial.elsewhere if one.to_other_grid]
    return [one for one in trial.elsewhere if show == "elsewhere" or one.to_other_person]


def _move_facts(move: PastMove) -> dict[str, Any]:
    case, after = move.case, move.after
    return {
        "id": case.id,
        "number": case.number,
        "matter": localised(case.matter.name_zh, case.matter.name_en),
        "state": case.state,
        "reported_at": case.reported_at,
        "spot": [case.lon, case.lat],
        "before": answering_facts(move.before) if move.before else None,
        "after": answering_facts(after) if after else None,
        "why": localised(after.text_zh, after.text_en) if after else None,
    }


def _feature(boundary: Boundary, load: tuple[int, int]) -> dict[str, Any]:
    before, after = load
    return {
        "type": "Feature",
        "geometry": geojson(shape_of(boundary.outline)),
        "properties": {
            "code": boundary.area.code, "name": boundary.name, "name_en": boundary.name_en, "before": before,
            "after": after,
        },
    }  # fmt: skip
