"""Values that cannot be, at every door that takes such a value: named, and nothing is changed."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.authorisation.calls import BODIES
from tests.authorisation.stage import Stage
from tests.corpus.calling import BY_ID, asked, named, sent
from tests.tables import unchanged

pytestmark = pytest.mark.django_db

WAY_OUT = {"lon": 2.3522, "lat": 48.8566, "crs": "wgs84"}
POINTS: dict[str, tuple[dict[str, Any], str]] = {
    "another country": (WAY_OUT, "outside_china"),
    "zero": ({"lon": 0, "lat": 0, "crs": "wgs84"}, "outside_china"),
    "beyond 180": ({"lon": 180.0000001, "lat": 30, "crs": "wgs84"}, "out_of_range"),
    "swapped axes": ({"lon": 30.05, "lat": 121.17, "crs": "wgs84"}, "axes_swapped"),
    "swapped axes in range": ({"lon": 43.8, "lat": 87.6, "crs": "wgs84"}, "axes_swapped"),
    "swapped axes, BD-09": ({"lon": 30.05, "lat": 121.17, "crs": "bd09"}, "axes_swapped"),
    "undeclared system": ({"lon": 121.17, "lat": 30.05}, "crs_missing"),
    "unknown system": ({"lon": 121.17, "lat": 30.05, "crs": "EPSG:4549"}, "unknown_crs"),
    "metres as degrees": ({"lon": 516000, "lat": 3325000, "crs": "wgs84"}, "out_of_range"),
    "degrees and minutes": ({"lon": "121°10′12″", "lat": 30.05, "crs": "wgs84"}, "not_a_number"),
    "full-width digits": ({"lon": "１２１．１７", "lat": 30.05, "crs": "wgs84"}, "not_a_number"),
    "decimal comma": ({"lon": "121,17", "lat": 30.05, "crs": "wgs84"}, "not_a_number"),
    "negative accuracy": ({"lon": 121.171, "lat": 30.051, "crs": "wgs84", "accuracy_m": -1}, "min_value"),
    "accuracy of a country": ({"lon": 121.171, "lat": 30.051, "crs": "wgs84", "accuracy_m": 1_000_000}, "max_value"),
}  # fmt: skip
# Which field of the body is the point.
TAKE_A_POINT = ("reports_post", "field_reports_post", "appointments_post", "field_stops_by_stop_id_visit_post")
ASK_BY_POINT = ("locate_get", "slots_get")


@pytest.mark.parametrize("operation_id", TAKE_A_POINT)
def test_a_point_that_cannot_be(operation_id: str, stage: Stage) -> None:
    operation = BY_ID[operation_id]
    with unchanged():
        answers = {
            name: named(sent(operation, stage, {**BODIES[operation_id](stage), "location": point}))
            for name, (point, _) in POINTS.items()
        }
    for name, (status, _, errors) in answers.items():
        assert (name, status, [code for _, code in errors]) == (name, 422, [POINTS[name][1]])
        assert errors[0][0].startswith("#/location")


@pytest.mark.parametrize("operation_id", ASK_BY_POINT)
def test_asking_about_a_point_that_cannot_be(operation_id: str, stage: Stage) -> None:
    operation = BY_ID[operation_id]
    more = {"matter": stage.world.matters["pension_life_proof"].pk} if operation_id == "slots_get" else {}
    for name, (point, code) in POINTS.items():
        client = stage.clients["anonymous"]
        status, _, errors = named(client.get(operation.path, {**more, **point}))
        assert (name, status, [one for _, one in errors]) == (name, 422, [code])


def body(operation_id: str, **changed: Any) -> Callable[[Stage], Any]:
    """The example body of the operation with other values; a dotted path is written with two underscores."""

    def made(stage: Stage) -> Any:
        said = BODIES[operation_id](stage)
        for path, value in changed.items():
            inner, *names = said, *path.split("__")
            for name in names[:-1]:
                inner = inner[name]
            inner[names[-1]] = value
        return said

    return made


TIMES: dict[str, tuple[Any, str]] = {
    "year 9999": ("9999-12-31T23:59:59-14:00", "time_out_of_range"),
    "year 1": ("0001-01-01T00:00:00+14:00", "time_out_of_range"),
    "1970": ("1970-01-01T00:00:00Z", "time_out_of_range"),
    "no offset": ("2026-11-25T10:00:00", "offset_missing"),
    "24 o'clock": ("2026-11-25T24:00:00Z", "invalid"),
    "leap second": ("2026-12-31T23:59:60Z", "invalid"),
    "a day only": ("2026-11-25", "invalid"),
    "a day of a week": ("2026-W53-7", "invalid"),
    "29 February of 2027": ("2027-02-29T10:00:00Z", "invalid"),
    "seconds since 1970": (1_764_000_000, "invalid"),
    "full-width digits": ("２０２６-11-25T10:00:00Z", "invalid"),
    "words": ("tomorrow", "invalid"),
    "true": (True, "invalid"),
    "a list": ([], "invalid"),
}
TAKE_A_MOMENT = [
    ("field_sessions_post", "started_at"),
    ("field_sessions_by_session_id_end_post", "ended_at"),
    ("field_stops_by_stop_id_visit_post", "at"),
    ("console_duty_changes_post", "starts"),
    ("console_duty_changes_post", "ends"),
    ("console_duty_preview_post", "starts"),
    ("console_divisions_by_division_id_publish_post", "effective_at"),
    ("appointments_post", "slot__start"),
    ("appointments_post", "slot__end"),
    ("appointments_by_appointment_id_move_post", "slot__start"),
]


@pytest.mark.parametrize(("operation_id", "field"), TAKE_A_MOMENT, ids=lambda part: part)
def test_a_moment_that_cannot_be(operation_id: str, field: str, stage: Stage) -> None:
    with unchanged():
        answers = {
            name: named(sent(BY_ID[operation_id], stage, body(operation_id, **{field: value})(stage)))
            for name, (value, _) in TIMES.items()
        }
    pointer = "#/" + field.replace("__", "/")
    assert {name: (status, errors) for name, (status, _, errors) in answers.items()} == {
        name: (422, [(pointer, code)]) for name, (_, code) in TIMES.items()
    }


DAYS: dict[str, tuple[str, str]] = {
    "year 9999": ("9999-12-31", "time_out_of_range"),
    "year 1": ("0001-01-01", "time_out_of_range"),
    "a day of a week": ("2026-W53-7", "invalid"),
    "29 February of 2027": ("2027-02-29", "invalid"),
    "basic form": ("20261125", "invalid"),
    "U+0000": ("2026-11-25\0", "invalid"),
    "words": ("today", "invalid"),
}
ASK_BY_DAY = [
    ("field_today_get", "date"),
    ("field_week_get", "start"),
    ("console_plans_get", "week"),
    ("console_routes_get", "day"),
    ("console_tracks_get", "date"),
    ("console_indicators_get", "since"),
    ("console_indicators_get", "until"),
    ("console_duty_calendar_get", "start"),
]
ASK_BY_MOMENT = [("console_grids_get", "at"), ("tiles_grids_by_z_by_x_by_y_mvt_get", "at")]


@pytest.mark.parametrize(("operation_id", "name"), ASK_BY_DAY + ASK_BY_MOMENT, ids=lambda part: part)
def test_asking_about_a_time_that_cannot_be(operation_id: str, name: str, stage: Stage) -> None:
    by_day = (operation_id, name) in ASK_BY_DAY
    wrong: dict[str, tuple[str, str]] = DAYS if by_day else {k: v for k, v in TIMES.items() if isinstance(v[0], str)}
    for said, (value, code) in wrong.items():
        status, _, errors = named(asked(BY_ID[operation_id], stage, **{name: value}))
        assert (said, status, errors) == (said, 422, [(f"#/{name}", code)])


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("9999-12-27", "time_out_of_range"),
        ("0001-01-01", "time_out_of_range"),
        ("2026-11-24", "not_a_monday"),
        ("2026-W48", "invalid"),
    ],
)
def test_a_week_that_cannot_be_planned(day: str, code: str, stage: Stage) -> None:
    with unchanged():
        status, problem, errors = named(sent(BY_ID["console_plans_post"], stage, {"week_start": day}))
    assert (status, errors[0][1] if errors else problem) == (422, code)


RING = [[121.170, 30.050], [121.172, 30.050], [121.172, 30.052], [121.170, 30.052], [121.170, 30.050]]
STAR = [[121.17 + 0.001 * (n % 2), 30.05 + 0.00001 * n] for n in range(2000)]
OUTLINES: dict[str, tuple[Any, str]] = {
    "null": (None, "null"),
    "no type": ({}, "bad_geometry"),
    "a list": ([], "bad_geometry"),
    "lower case": ({"type": "polygon", "coordinates": [RING]}, "bad_geometry"),
    "a feature": ({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [RING]}}, "bad_geometry"),
    "a point": ({"type": "Point", "coordinates": RING[0]}, "bad_geometry"),
    "a collection": ({"type": "GeometryCollection", "geometries": []}, "bad_geometry"),
    "no coordinates": ({"type": "Polygon", "coordinates": []}, "bad_geometry"),
    "open ring": ({"type": "Polygon", "coordinates": [RING[:4]]}, "bad_geometry"),
    "two points": ({"type": "Polygon", "coordinates": [RING[:2]]}, "bad_geometry"),
    "texts": ({"type": "Polygon", "coordinates": [[["121", "30"]] * 4]}, "bad_geometry"),
    "heights": ({"type": "Polygon", "coordinates": [[[*at, 5] for at in RING]]}, "bad_geometry"),
    "metres": ({"type": "Polygon", "coordinates": [[[at[0] * 4000, at[1] * 100_000] for at in RING]]}, "bad_geometry"),
    "swapped axes": ({"type": "Polygon", "coordinates": [[at[::-1] for at in RING]]}, "bad_geometry"),
    "declared system": (
        {"type": "Polygon", "coordinates": [RING], "crs": {"type": "name", "properties": {"name": "EPSG:4549"}}},
        "crs_not_taken",
    ),
    "WKT": ("SRID=999999;POLYGON((0 0,1 0,1 1,0 0))", "bad_geometry"),
    "TopoJSON": ({"type": "Topology", "objects": {}, "arcs": []}, "bad_geometry"),
    "Esri": ({"rings": [RING], "spatialReference": {"wkid": 4490}}, "bad_geometry"),
    "bow-tie": ({"type": "Polygon", "coordinates": [[RING[0], RING[2], RING[1], RING[3], RING[0]]]}, "bad_edit"),
    "star": ({"type": "Polygon", "coordinates": [[*STAR, STAR[0]]]}, "bad_edit"),
    "no area": ({"type": "Polygon", "coordinates": [[RING[0], RING[1], RING[1], RING[0]]]}, "bad_edit"),
    "in another country": (
        {"type": "Polygon", "coordinates": [[[at[0] - 119, at[1] + 18] for at in RING]]}, "bad_edit",
    ),
    "20,001 vertices": (
        {"type": "Polygon", "coordinates": [[*([RING[0], RING[1]] * 10_000), RING[0]]]}, "too_many_vertices",
    ),
}  # fmt: skip


def test_an_outline_that_cannot_be(stage: Stage) -> None:
    operation = BY_ID["console_divisions_by_division_id_edits_post"]
    said = {"version": 1, "kind": "set_outline", "code": "330281002011001"}
    with unchanged():
        answers = {
            name: named(sent(operation, stage, {**said, "outline": value})) for name, (value, _) in OUTLINES.items()
        }
    for name, (status, problem, errors) in answers.items():
        code = OUTLINES[name][1]
        # A shape that may be drawn but does not fit the draft is refused as an edit, not as a field.
        assert (name, status, errors) == (name, 422, [] if code == "bad_edit" else [("#/outline", code)])
        assert problem in (code, "invalid")


NAUGHTY = {
    "limit": ["0", "-1", "1000000000", "9" * 5000, "abc", ""],
    "cursor": ["x", "eyJvZiI6IiJ9:1:1", "0" * 5000, "a\0b"],
    "state": ["lost", "x" * 5000, "a\0b"],
    "order": ["password", "-owner__password", "a\0b"],
    "lamp": ["purple", "a\0b"],
    "matter": ["x", "0", "a\0b"],
    "bbox": ["nan,1,2,3", "1,2,3", "3,2,1,4", "-180,-90,180,90", "inf,inf,inf,inf", "1e400,1,2,3", "a\0b"],
    "q": ["x" * 5000, "a\0b"],
    "kind": ["x", "a\0b"],
    "group": ["owner__password", "a\0b"],
    "days": ["0", "-1", "1000000000", "x"],
    "accuracy_m": ["-1", "nan", "inf", "1e400", "9" * 5000],
    "lon": ["nan", "inf", "-inf", "1e400", "１２１", "0x79", "a\0b", "9" * 5000],
}


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("console_cases_get", "limit"), ("console_cases_get", "cursor"), ("console_cases_get", "state"),
        ("console_cases_get", "order"), ("console_cases_get", "lamp"), ("console_cases_get", "matter"),
        ("console_cases_get", "bbox"), ("console_cases_get", "q"), ("console_cases_geojson_get", "bbox"),
        ("console_grids_get", "limit"), ("console_grids_get", "cursor"), ("console_indicators_get", "group"),
        ("console_divisions_get", "state"), ("console_duty_calendar_get", "days"),
        ("grids_get", "limit"), ("grids_get", "cursor"), ("grids_get", "q"), ("matters_get", "kind"),
        ("matters_get", "q"), ("my_requests_get", "cursor"),
        ("field_cases_get", "cursor"), ("field_cases_get", "state"),
        ("field_changes_get", "cursor"), ("locate_get", "accuracy_m"), ("locate_get", "lon"), ("slots_get", "lon"),
    ],
    ids=lambda part: part,
)  # fmt: skip
def test_a_question_that_cannot_be_answered(operation_id: str, name: str, stage: Stage) -> None:
    for value in NAUGHTY[name]:
        status, code, errors = named(asked(BY_ID[operation_id], stage, **{name: value}))
        assert (value[:20], status) == (value[:20], 422)
        assert code in ("cursor_not_valid", "bad_cursor") or {pointer for pointer, _ in errors} == {f"#/{name}"}


RAW_QUERIES = [
    "q=%ED%A0%80",
    "q=%ff%fe",
    "q=%00",
    "cursor=%ED%A0%80",
    "%00=1",
    "limit=1&limit=x",
    "bbox=%EF%BC%91,2,3,4",
]


@pytest.mark.parametrize("query", RAW_QUERIES)
def test_a_query_of_odd_bytes_breaks_nothing(query: str, stage: Stage) -> None:
    answer = stage.clients["street"].get("/api/v1/console/cases?" + query)
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    "path", ["/api/v1/matters/%00", "/api/v1/console/cases/%ED%A0%80", "/api/v1/matters/..%2f..", "/%ff"]
)
def test_an_address_of_odd_bytes_is_not_found(path: str, stage: Stage) -> None:
    assert named(stage.clients["street"].get(path))[0] == 404
