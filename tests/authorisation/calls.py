"""How each operation of the interface is called: its example body, and which of its parameters names an object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework.response import Response

from backend.core.clock import LOCAL
from backend.core.ids import uuid7
from tests.authorisation.stage import Stage
from tests.mobile_api.conftest import picture, report_of

# Parameter in path or query → kind of object; the sweep calls with an object at each place of the town.
OBJECTS = {
    "case_id": "case", "stop_id": "stop", "session_id": "session", "tracker_id": "tracker",
    "appointment_id": "appointment", "plan_id": "plan", "replan_id": "replan",
    "job_id": "job", "dispute_id": "dispute", "division_id": "division", "rule_id": "rule", "worker": "worker",
    "proposal_id": "proposal", "entry_id": "entry", "code": "code", "area": "code", "map_id": "coverage_map",
    "community": "community",
}  # fmt: skip
# The same parameter means another object here.
KINDS = {"console_plans_by_plan_id_publish_post": "draft", "field_disputes_by_dispute_id_accept_post": "asked"}
NO_OBJECT = {"reports_track_get"}

Body = Callable[[Stage], dict[str, Any]]


def _op() -> dict[str, str]:
    return {"op_id": str(uuid7())}


def _booking(stage: Stage) -> dict[str, Any]:
    start = (stage.now.astimezone(LOCAL) + timedelta(days=1)).replace(hour=8, minute=30, second=0, microsecond=0)
    return {
        **report_of(stage.world, matter="pension_life_proof"),
        "address": "测试路 1 号",
        "slot": {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()},
        "contact": {"name": "王小明", "phone": "13800009999"},
    }


def _week(stage: Stage) -> str:
    today = stage.now.astimezone(LOCAL).date()
    return str(today - timedelta(days=today.weekday()))


def _absence(stage: Stage) -> dict[str, Any]:
    return {
        "id": str(uuid7()), "kind": "absence", "worker_id": str(stage.world.people["leader:002011001"].pk),
        "starts": stage.now.isoformat(), "reason": "年休假", "absence_kind": "annual",
    }  # fmt: skip


def _rule(stage: Stage) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "rule": {
            "name_zh": "环卫代管", "area_code": "330281002011", "target": "department",
            "department_id": str(stage.world.departments["sanitation"].pk), "valid_from": stage.now.isoformat(),
        },
    }  # fmt: skip


def _place(stage: Stage) -> dict[str, Any]:
    lon, lat = stage.world.middle_of("002011002")
    return {"location": {"lon": lon, "lat": lat, "crs": "wgs84"}}


def _entry(stage: Stage) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "stamp": "none",
        "entry": {
            "department_id": str(stage.world.departments["sanitation"].pk), "area_code": "330281002011",
            "person": "值班甲", "phone": "0574-1", "starts": stage.now.isoformat(),
        },
    }  # fmt: skip


_RATING = {"responded": True, "solved": True, "satisfied": 4}
BODIES: dict[str, Body] = {
    "appointments_post": _booking,
    "appointments_by_appointment_id_move_post": lambda stage: {"slot": _booking(stage)["slot"]},
    "appointments_by_appointment_id_cancel_post": lambda stage: {"reason": "改期"},
    "auth_codes_post": lambda stage: {"phone": "19912345678"},
    "auth_codes_verify_post": lambda stage: {"phone": "19912345678", "code": "000000", "device": {"id": "d"}},
    "auth_session_post": lambda stage: {"username": "city", "password": "wrong"},
    "auth_token_post": lambda stage: {"username": "city", "password": "wrong", "device": {"id": "d"}},
    "auth_token_refresh_post": lambda stage: {"refresh": "none"},
    "auth_token_revoke_post": lambda stage: {"refresh": "none"},
    "console_cases_by_case_id_actions_post": lambda stage: {
        **_op(), "action": "note", "version": 3, "note": "已电话核实",
    },
    "console_cases_by_case_id_correct_post": lambda stage: {**_op(), "version": 3, "note": "门牌写错", **_place(stage)},
    "field_cases_by_case_id_correct_post": lambda stage: {**_op(), "version": 3, "note": "门牌写错", **_place(stage)},
    "console_cases_by_case_id_return_post": lambda stage: {"version": 3, "note": "部门来函：不属我所管辖"},
    "console_disputes_by_dispute_id_ruling_post": lambda stage: {
        "version": 1, "outcome": "stays", "words": "以围墙为界，维持原责任",
    },
    "field_cases_by_case_id_return_post": lambda stage: {**_op(), "note": "不在本网格范围之内"},
    "field_disputes_by_dispute_id_accept_post": lambda stage: _op(),
    "field_disputes_by_dispute_id_withdraw_post": lambda stage: _op(),
    "console_cases_by_case_id_reveal_post": lambda stage: {"reason": "回访需要联系"},
    "notices_read_post": lambda stage: {"ids": []},
    "console_duty_changes_post": _absence,
    "console_duty_preview_post": _absence,
    "console_duty_departments_post": _entry,
    "console_duty_departments_preview_post": lambda stage: {**_entry(stage), "step": "added"},
    "console_duty_departments_by_entry_id_changes_post": lambda stage: {"step": "ended", "version": 1, "stamp": "none"},
    "console_duty_policies_post": lambda stage: {"area_code": "330281002", "returns_work": True, "seen": None},
    "console_duty_sheet_post": lambda stage: {"file": picture()},
    "console_plans_post": lambda stage: {"week_start": _week(stage)},
    "console_plans_by_plan_id_publish_post": lambda stage: {},
    "console_plans_by_plan_id_replans_post": lambda stage: {
        "kind": "absence", "worker_id": str(stage.world.people["leader:002011001"].pk), "until": "week",
    },
    "console_replans_by_replan_id_accept_post": lambda stage: {},
    "console_plans_by_plan_id_round_post": lambda stage: {"reason": "入户走访需要"},
    "console_tracks_look_post": lambda stage: {
        "worker": str(stage.world.people["leader:002011001"].pk), "date": str(stage.now.astimezone(LOCAL).date()),
        "verdict": "fine",
    },
    "console_maps_coverage_post": lambda stage: {"area": "330281002011", "week_start": _week(stage)},
    "console_divisions_post": lambda stage: {"parent": "330281002011", "name": "秋季调整"},
    "console_divisions_propose_post": lambda stage: {"area": "330281002011", "grids": 2, "name": "建议划分"},
    "console_divisions_proposals_by_proposal_id_cancel_post": lambda stage: {},
    "console_divisions_by_division_id_edits_post": lambda stage: {
        "version": 1, "kind": "rename", "code": "330281002011001", "name": "新名",
    },
    "console_divisions_by_division_id_check_post": lambda stage: {"version": 1},
    "console_divisions_by_division_id_repairs_post": lambda stage: {"version": 1},
    "console_divisions_by_division_id_publish_post": lambda stage: {"version": 1},
    "console_divisions_by_division_id_undo_post": lambda stage: {},
    "console_rules_post": _rule,
    "console_rules_preview_post": lambda stage: {**_rule(stage), "action": "created"},
    "console_rules_trial_post": lambda stage: {
        **_rule(stage), "action": "created", "start": (stage.now - timedelta(days=2)).isoformat(),
        "end": stage.now.isoformat(),
    },
    "console_rules_by_rule_id_changes_post": lambda stage: {"action": "switched_off", "version": 1},
    "console_divisions_layers_post": lambda stage: {"parent": "330281002011", "file": picture()},
    "console_divisions_layers_draft_post": lambda stage: {"parent": "330281002011", "name": "图层", "file": picture()},
    "field_cases_by_case_id_actions_post": lambda stage: {**_op(), "action": "note", "note": "到过现场"},
    "field_consents_post": lambda stage: {"purpose": "patrol_track", "notice_version": "1", "granted": True},
    "field_trackers_post": lambda stage: {"name": "OwnTracks"},
    "field_trackers_by_tracker_id_revoke_post": lambda stage: {},
    "field_operations_post": lambda stage: {"operations": []},
    "field_plans_by_plan_id_seen_post": lambda stage: _op(),
    "field_reports_post": lambda stage: report_of(stage.world),
    "field_sessions_post": lambda stage: {"id": str(uuid7()), "started_at": stage.now.isoformat(), "purpose": "patrol"},
    "field_sessions_by_session_id_end_post": lambda stage: {"ended_at": stage.now.isoformat()},
    "field_sessions_by_session_id_positions_post": lambda stage: {"points": []},
    "field_stops_by_stop_id_skip_post": lambda stage: {**_op(), "reason": "道路封闭"},
    "field_stops_by_stop_id_visit_post": lambda stage: {
        **_op(), "id": str(uuid7()), "outcome": "done", "at": stage.now.isoformat(),
    },
    "live_ticket_post": lambda stage: {},
    "my_requests_by_case_id_cancel_post": lambda stage: {"reason": "已解决"},
    "my_requests_by_case_id_rate_post": lambda stage: dict(_RATING),
    "my_requests_by_case_id_reopen_post": lambda stage: {"reason": "没有解决"},
    "photos_post": lambda stage: {"id": str(uuid7()), "file": picture()},
    "reports_post": lambda stage: report_of(stage.world),
    "reports_track_rate_post": lambda stage: {**stage.tracked, **_RATING},
}  # fmt: skip
FILES = {
    "photos_post", "console_duty_sheet_post", "console_divisions_layers_post", "console_divisions_layers_draft_post",
}  # fmt: skip
# Public doors that answer 401 to wrong credentials: there it doesn't mean "not for you".
CREDENTIALS_NEEDED = {"auth_token_post", "auth_session_post", "auth_token_refresh_post"}
# The small world has no streets: an open door answers 503 `no_network` there.
NEED_STREETS = {
    "slots_get", "appointments_post", "appointments_by_appointment_id_slots_get",
    "appointments_by_appointment_id_move_post", "console_plans_by_plan_id_replans_post",
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One method of one address, as the published description has it."""

    id: str
    method: str
    path: str
    resource: str
    verb: str
    parameters: tuple[str, ...]

    @property
    def object_name(self) -> str | None:
        """The parameter that names an object of the town."""
        if self.id in NO_OBJECT:
            return None
        return next((name for name in self.parameters if name in OBJECTS), None)

    def call(self, stage: Stage, role: str, where: str) -> Response:
        """Calls it as `role`, with the object at `where`."""
        values = self._values(stage, role, where)
        path = self.path
        for name in self.parameters:
            path = path.replace("{" + name + "}", str(values[name]))
        query = {name: values[name] for name in self.parameters if "{" + name + "}" not in self.path}
        client = stage.clients[role]
        if self.method == "get":
            return client.get(path, query)
        body = BODIES[self.id](stage) if self.id in BODIES else {}
        kind = "multipart" if self.id in FILES else "json"
        return client.generic("DELETE", path) if self.method == "delete" else client.post(path, body, format=kind)

    def _values(self, stage: Stage, role: str, where: str) -> dict[str, Any]:
        lon, lat = stage.world.middle_of("002011001")
        day = str(stage.now.astimezone(LOCAL).date())
        values: dict[str, Any] = {
            "lon": lon, "lat": lat, "crs": "wgs84", "day": day, "date": day, "since": day, "until": day,
            "z": 14, "x": 13706, "y": 6749,
            "matter": stage.world.matters["pension_life_proof"].pk, "matter_id": stage.world.matters["dirty_road"].pk,
            "token": stage.photo_path.rsplit("/", 1)[-1], **stage.tracked,
        }  # fmt: skip
        name = self.object_name
        if name in ("code", "area"):
            values[name] = stage.codes.get(where, "330281999999999")
        elif name == "community":
            values["community"] = stage.codes.get(where, "330281999999999")[:12]
        elif name is not None:
            values[name] = stage.id_of(KINDS.get(self.id, OBJECTS[name]), role, where)
        return values


def operations() -> list[Operation]:
    """Every operation of the published description."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = []
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            authz = operation.get("x-authz", {})
            names = [one["name"] for one in operation.get("parameters", []) if one.get("required")]
            found.append(
                Operation(
                    id=operation["operationId"],
                    method=method,
                    path=path,
                    resource=authz.get("resource", ""),
                    verb=authz.get("verb", ""),
                    parameters=tuple(names),
                )
            )
    return found
