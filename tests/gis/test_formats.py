import doctest
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import gpxpy
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from gis import formats
from gis.formats import PlannedWay, PlanStop, WalkedWay, feature, feature_collection, geometry_json, plan_gpx, track_gpx
from gis.geometry import parse_polygon
from gis.tracks import Fix, clean_track
from tests.gis.gpx_grammar import faults_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=8)))
PATH = LineString([(121.17, 30.05), (121.171, 30.05), (121.171, 30.051)])


def tracked():
    """Two stretches of three fixes, an hour apart."""
    return clean_track(
        [
            Fix(NOW + timedelta(minutes=minute), 121.17 + minute * 1e-5 + 1e-12, 30.05)
            for minute in (0, 1, 2, 60, 61, 62)
        ],
        now=NOW,
    )


def test_a_walked_track_keeps_its_gap_and_its_times_in_utc():
    text = track_gpx([WalkedWay("凤山 <1>", tracked())], name="day", made_at=NOW)
    [walked] = gpxpy.parse(text).tracks
    assert faults_of(text) == []
    assert [len(segment.points) for segment in walked.segments] == [3, 3]
    assert walked.name == "凤山 <1>"
    assert (walked.segments[0].points[1].longitude, walked.segments[0].points[1].latitude) == (121.17001, 30.05)
    assert walked.segments[0].points[0].time == NOW
    assert "<time>2026-03-02T04:00:00Z</time>" in text


def test_a_plan_is_a_route_with_its_stops():
    stops = [PlanStop(121.17, 30.05, "1 季卫桥", NOW, "敲门"), PlanStop(121.171, 30.051, "2 Market")]
    ways = [PlannedWay("morning", PATH, stops), PlannedWay("afternoon", None)]
    text = plan_gpx(ways, name="Monday", made_at=NOW)
    book = gpxpy.parse(text)
    assert faults_of(text) == []
    assert [(stop.name, stop.description) for stop in book.waypoints] == [("1 季卫桥", "敲门"), ("2 Market", None)]
    assert book.waypoints[0].time == NOW
    assert [(point.longitude, point.latitude) for point in book.routes[0].points] == list(PATH.coords)
    assert re.findall(r"<(metadata|wpt|rte|trk)\b", text) == ["metadata", "wpt", "wpt", "rte", "rte"]
    assert [(route.name, len(route.points)) for route in book.routes] == [("morning", 3), ("afternoon", 0)]
    assert text.count("<time>2026-03-02T04:00:00Z</time>") == 2
    assert 'xmlns="http://www.topografix.com/GPX/1/1"' in text


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ('version="1.1"', 'version="1.0"', "version 1.1"),
        ("<rte>", "<rte><number>1</number>", "name comes too late"),
        ('lat="30.05"', 'lat="91"', "no place"),
        ("04:00:00Z", "12:00:00+08:00", "no UTC"),
        ("<name>morning</name>", "<name>a</name><name>b</name>", "more than 1 name"),
        ("</gpx>", "<extra/></gpx>", "no {"),
    ],
)
def test_the_grammar_of_the_tests_is_strict(was, becomes, fault):
    text = plan_gpx([PlannedWay("morning", PATH, [PlanStop(121.17, 30.05, "1")])], name="x", made_at=NOW)
    assert was in text
    assert any(fault in one for one in faults_of(text.replace(was, becomes, 1)))


def test_what_xml_cannot_hold_is_left_out_of_names():
    assert gpxpy.parse(plan_gpx([PlannedWay("x", PATH)], name="a\x00b\x1f]]>&", made_at=NOW)).name == "ab]]>&"


def test_a_time_without_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        plan_gpx([PlannedWay("x", PATH)], name="x", made_at=NOW.replace(tzinfo=None))


def test_geojson_has_seven_decimals_and_two_dimensions():
    assert geometry_json(Point(121.123456789, -0.0, 5)) == {"type": "Point", "coordinates": [121.1234568, 0.0]}
    assert json.dumps(geometry_json(Point(-0.0, 0))["coordinates"]) == "[0.0, 0.0]"
    with pytest.raises(ValueError, match="empty"):
        geometry_json(Polygon())


@given(st.booleans(), st.booleans())
def test_shells_run_left_and_holes_run_right(turn_shell, turn_hole):
    shell, hole = box(0, 0, 9, 9).exterior, box(1, 1, 2, 2).exterior
    odd = Polygon(shell.reverse() if turn_shell else shell, [hole.reverse() if turn_hole else hole])
    for geometry in (odd, MultiPolygon([odd])):
        members = geometry_json(geometry)
        rings = members["coordinates"] if members["type"] == "Polygon" else members["coordinates"][0]
        assert [shapely.LinearRing(ring).is_ccw for ring in rings] == [True, False]
        assert shapely.equals(parse_polygon(members), geometry)


def test_features_are_plain_json():
    body = feature_collection(
        [
            feature(Point(121.17, 30.05), properties={"code": "011001"}, feature_id="011001"),
            feature(None, properties={}),
        ]
    )
    assert json.loads(json.dumps(body)) == {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "011001",
                "geometry": {"type": "Point", "coordinates": [121.17, 30.05]},
                "properties": {"code": "011001"},
            },
            {"type": "Feature", "geometry": None, "properties": {}},
        ],
    }


def test_a_track_without_fixes_is_an_empty_track():
    empty = clean_track([], now=datetime(2026, 3, 2, tzinfo=UTC))
    assert gpxpy.parse(track_gpx([WalkedWay("x", empty)], name="x", made_at=NOW)).tracks[0].segments == []
    assert np.isclose(empty.distance_m, 0)


def test_examples():
    assert doctest.testmod(formats).failed == 0
