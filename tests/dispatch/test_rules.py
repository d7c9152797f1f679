"""The rule table: what fits, what wins, what is refused, what the history keeps."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from backend.accounts.actor import Actor
from backend.core.clock import LOCAL
from backend.core.errors import IdReused, StaleVersion
from backend.core.ids import uuid7
from backend.core.models import AuditEntry
from backend.dispatch import past_rules, rules, services
from backend.dispatch.errors import BadRule, RuleEnded, RuleNotFound, RuleOfOthers
from backend.dispatch.matching import Question, fitting_rules
from backend.dispatch.models import Decision, Rule, RuleVersion
from backend.dispatch.rules import RuleChange
from backend.dispatch.services import Ask, Verdict
from gis.coordinates import geodesic_m
from tests.conftest import NOON
from tests.dispatch.wishes import creation, grid_wish, made, river, wish
from tests.world import SIDE, SOUTH, WEST, World, make_world

GRID = "002011001"
LEAP, LEAP_END = date(2028, 1, 1), date(2028, 12, 31)


@pytest.fixture
def street(world: World) -> Actor:
    return world.actor("street:002")


def decided(
    world: World, now: datetime, *, grid: str = GRID, matter: str = "exposed_garbage", north: float = 0.0
) -> Verdict:
    lon, lat = world.middle_of(grid)
    return services.decide(lon=lon, lat=lat + north, accuracy_m=None, matter=world.matters[matter], now=now)


def test_a_river_belongs_to_its_department_within_its_reach(world: World, now: datetime, street: Actor) -> None:
    made(street, wish(world, shape=river(), reach_m=20, ground="市河道管理条例"), now)
    near = decided(world, now, north=0.0001)
    assert (near.rule, near.department, near.worker) == ("rule_department", world.departments["sanitation"], None)
    assert (near.grid, near.located_grid) == (world.grid(GRID), world.grid(GRID))
    assert "环卫代管" in near.text_zh
    assert "市河道管理条例" in near.text_zh
    assert "330281002011001" in near.text_en
    assert "Sanitation takes it" in near.text_en
    assert decided(world, now, north=0.0003).rule == "duty_leader"


def test_a_market_is_served_by_its_own_grid_and_the_ground_is_still_named(
    world: World, now: datetime, street: Actor
) -> None:
    lon, lat = world.middle_of(GRID)
    market = {"type": "Polygon", "coordinates": [_ring(lon, lat, 0.0003)]}
    made(street, grid_wish(world, "002012002", shape=market), now)
    verdict = decided(world, now)
    assert (verdict.rule, verdict.worker) == ("rule_grid", world.people["leader:002012002"])
    assert (verdict.grid, verdict.located_grid) == (world.grid("002012002"), world.grid(GRID))
    assert decided(world, now, north=0.0004).grid == world.grid(GRID)


def polygon(ring: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def _ring(lon: float, lat: float, half: float) -> list[list[float]]:
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    return [[lon + x * half, lat + y * half] for x, y in corners]


def test_a_desk_takes_over_at_night(world: World, now: datetime, street: Actor) -> None:
    night = wish(
        world, target="desk", department_id=None, target_code="330281002", hours_from=time(22), hours_until=time(6),
        weekdays=[5],
    )  # fmt: skip
    made(street, night, now)
    rules_at = {
        at: decided(world, datetime.fromisoformat(at).replace(tzinfo=LOCAL)).rule
        for at in ("2026-11-20T21:59", "2026-11-20T22:00", "2026-11-21T05:59", "2026-11-21T06:00", "2026-11-20T03:00")
    }
    # A night belongs to the Friday that it began on.
    assert list(rules_at.values()) == ["duty_leader", "rule_desk", "rule_desk", "duty_leader", "duty_leader"]


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"category_prefix": "01"}, True),
        ({"category_prefix": "0"}, True),
        ({"weekdays": [3]}, True),
        ({"weekdays": [1, 2]}, False),
        ({"hours_from": time(9), "hours_until": time(10)}, False),
        ({"hours_from": time(10), "hours_until": time(11)}, True),
        ({"area_code": "330281002011"}, True),
        ({"area_code": "330281002012"}, False),
        ({"valid_from": NOON}, True),
        ({"valid_from": NOON + timedelta(seconds=1)}, False),
        ({"valid_until": NOON}, False),
    ],
    ids=str,
)
def test_every_condition_counts(
    world: World, now: datetime, street: Actor, conditions: dict[str, Any], fits: bool
) -> None:
    made(street, wish(world, **conditions), now)
    assert (decided(world, now).rule == "rule_department") is fits


@pytest.mark.parametrize(
    ("season", "more", "days"),
    [
        # Both days belong to it, every year.
        (
            ("06-01", "09-30"),
            {},
            {"2026-05-31T23:59": False, "2026-06-01T00:00": True, "2027-09-30T23:59": True, "2026-10-01T00:00": False},
        ),
        # Over New Year.
        (
            ("11-15", "03-15"),
            {},
            {"2026-11-14T12:00": False, "2026-11-15T00:00": True, "2026-12-31T23:59": True, "2027-01-01T00:00": True,
             "2027-03-15T23:59": True, "2027-03-16T00:00": False},
        ),
        # 29 February: without one it ends the day before, or begins the day after.
        (("02-01", "02-29"), {}, {"2028-02-29T12:00": True, "2027-02-28T12:00": True, "2027-03-01T00:00": False}),
        (
            ("02-29", "04-01"),
            {},
            {"2028-02-29T12:00": True, "2027-02-28T23:59": False, "2027-03-01T00:00": True},
        ),
        (("12-01", "02-28"), {}, {"2028-02-28T12:00": True, "2028-02-29T12:00": False}),
        (("06-18", "06-18"), {}, {"2026-06-17T12:00": False, "2026-06-18T12:00": True, "2026-06-19T00:00": False}),
        # A night belongs to the day that it began on.
        (
            ("06-01", "09-30"),
            {"hours_from": time(22), "hours_until": time(6)},
            {"2026-06-01T03:00": False, "2026-06-01T22:00": True, "2026-10-01T05:59": True, "2026-10-01T22:00": False},
        ),
        # And a day off the season is not in it on the right weekday.
        (("06-01", "09-30"), {"weekdays": [1]}, {"2026-06-01T12:00": True, "2026-06-02T12:00": False}),
    ],
    ids=lambda value: "–".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_season_comes_every_year(
    world: World, street: Actor, *, season: tuple[str, str], more: dict[str, Any], days: dict[str, bool]
) -> None:
    since = datetime(2026, 1, 1, tzinfo=LOCAL)
    made(street, wish(world, season_from=season[0], season_until=season[1], valid_from=since, **more), since)
    garbage, (lon, lat), path = world.matters["exposed_garbage"], world.middle_of(GRID), world.grid(GRID).path
    asked = [Question(lon, lat, garbage, path, datetime.fromisoformat(at).replace(tzinfo=LOCAL)) for at in days]
    assert [bool(found) for found in fitting_rules(asked)] == list(days.values())


def test_a_rule_from_before_there_were_seasons_is_repeated_and_put_back(
    world: World, now: datetime, street: Actor
) -> None:
    change = creation(wish(world))
    rule, _ = rules.put(actor=street, change=change, now=now)
    old = {name: value for name, value in rules.content_of(rule).items() if not name.startswith("season")}
    first = RuleVersion.objects.create(
        rule=rule, n=1, at=now, actor_id=street.user_id, actor_role=street.role.value, action="created", content=old
    )
    assert rules.write(actor=street, change=change, now=now) == first
    summer, later = wish(world, season_from="06-01", season_until="09-30"), now + timedelta(hours=1)
    rules.write(actor=street, change=RuleChange(RuleVersion.Action.CHANGED, rule.pk, 1, summer), now=later)
    for at, season in ((later, (601, 930)), (now, (None, None)), (later, (601, 930))):
        past_rules.put_back(at)
        rule.refresh_from_db()
        assert (rule.season_from, rule.season_until) == season


def test_a_rule_of_another_matter_does_not_fit(world: World, now: datetime, street: Actor) -> None:
    made(street, wish(world, matter_id=world.matters["graffiti_removal"].pk), now)
    assert decided(world, now).rule == "duty_leader"
    assert decided(world, now, matter="graffiti_removal").rule == "rule_department"


def test_priority_then_the_narrower_area_then_the_older_rule_wins_and_the_others_are_named(
    world: World, now: datetime, street: Actor
) -> None:
    names = {}
    for name, more in (
        ("older", {}),
        ("younger", {}),
        ("narrower", {"area_code": "330281002011"}),
        ("stronger", {"priority": 101}),
    ):
        names[made(street, wish(world, name_zh=name, **more), now).pk] = name
    verdict = decided(world, now)
    assert verdict.applied is not None
    order = [verdict.applied, *verdict.beaten]
    assert [names[one.rule.pk] for one in order] == ["stronger", "narrower", "older", "younger"]
    assert all(name in verdict.text_zh for name in names.values())


def test_a_switched_off_rule_and_an_ended_one_fit_no_more(world: World, now: datetime, street: Actor) -> None:
    off, ended = made(street, wish(world), now), made(street, wish(world), now)
    later = now + timedelta(minutes=1)
    rules.write(actor=street, change=RuleChange(RuleVersion.Action.SWITCHED_OFF, off.pk, 1), now=now)
    assert decided(world, later).applied is not None
    rules.write(actor=street, change=RuleChange(RuleVersion.Action.ENDED, ended.pk, 1), now=now)
    assert decided(world, later).applied is None
    with pytest.raises(RuleEnded):
        rules.write(actor=street, change=RuleChange(RuleVersion.Action.SWITCHED_ON, ended.pk, 2), now=later)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"name_zh": " "}, ("name_zh", "required")),
        ({"area_code": "330281003"}, ("area_code", "unknown")),
        ({"shape": {"type": "Nothing"}}, ("shape", "unreadable")),
        ({"shape": {"type": "MultiPoint", "coordinates": [[121.17, 30.05]]}, "reach_m": 5}, ("shape", "wrong_type")),
        ({"shape": {"type": "Point", "coordinates": [30.05, 121.17]}, "reach_m": 5}, ("shape", "elsewhere")),
        ({"shape": {"type": "Point", "coordinates": [121.17, 30.05]}}, ("reach_m", "out_of_range")),
        ({"shape": polygon(_ring(121.17, 30.05, 0.1)), "reach_m": 5}, ("reach_m", "of_an_area")),
        ({"shape": polygon([[121, 30], [121.1, 30.1], [121.1, 30], [121, 30.1], [121, 30]])}, ("shape", "invalid")),
        ({"reach_m": 5}, ("reach_m", "without_shape")),
        ({"reach_m": 501, "shape": {"type": "Point", "coordinates": [121.17, 30.05]}}, ("reach_m", "out_of_range")),
        ({"matter_id": uuid7()}, ("matter_id", "unknown")),
        ({"category_prefix": "99"}, ("category_prefix", "unknown")),
        ({"weekdays": [8]}, ("weekdays", "out_of_range")),
        ({"hours_from": time(8)}, ("hours_until", "required")),
        ({"hours_from": time(8), "hours_until": time(8)}, ("hours_until", "same")),
        ({"season_from": "06-31", "season_until": "09-30"}, ("season_from", "no_such_day")),
        ({"season_from": "06-01", "season_until": "9-30"}, ("season_until", "no_such_day")),
        ({"season_from": "06-01"}, ("season_until", "required")),
        ({"season_until": "06-01"}, ("season_from", "required")),
        ({"priority": 1001}, ("priority", "out_of_range")),
        ({"valid_until": NOON - timedelta(days=40)}, ("valid_until", "not_after")),
        ({"department_id": uuid7()}, ("department_id", "unknown")),
        ({"target_code": "330281002011001"}, ("target_code", "not_with_department")),
        ({"target": "grid", "department_id": None, "target_code": "330281002011"}, ("target_code", "wrong_level")),
        ({"target": "grid", "department_id": None, "target_code": "330281003001001"}, ("target_code", "unknown")),
    ],
)  # fmt: skip
def test_a_bad_rule_is_refused_with_its_field(
    world: World, now: datetime, street: Actor, wrong: dict[str, Any], fault: tuple[str, str]
) -> None:
    with pytest.raises(BadRule) as refused:
        made(street, wish(world, **wrong), now)
    assert fault in {(one["field"], one["reason"]) for one in refused.value.facts["problems"]}
    assert not Rule.objects.exists()
    assert not RuleVersion.objects.exists()


def test_who_may_see_and_who_may_change(world: World, now: datetime, street: Actor) -> None:
    rule = made(street, wish(world), now)
    off = RuleChange(RuleVersion.Action.SWITCHED_OFF, rule.pk, 1)
    assert rules.rules_of(world.actor("community:002011")) == [rule]
    assert rules.rules_of(world.actor("street:003")) == []
    with pytest.raises(RuleOfOthers):
        rules.write(actor=world.actor("community:002011"), change=off, now=now)
    with pytest.raises(RuleNotFound):
        rules.write(actor=world.actor("street:003"), change=off, now=now)


def test_each_change_is_numbered_kept_and_audited(world: World, now: datetime, street: Actor) -> None:
    rule = made(street, wish(world), now)
    change = RuleChange(RuleVersion.Action.CHANGED, rule.pk, 1, wish(world, priority=7))
    rules.write(actor=street, change=change, now=now)
    with pytest.raises(StaleVersion):
        rules.write(actor=street, change=change, now=now)
    assert [(one.n, one.action, one.content["priority"]) for one in rules.history_of(rule)] == [
        (2, "changed", 7),
        (1, "created", 100),
    ]
    audited = AuditEntry.objects.filter(subject_kind="rule", subject_id=str(rule.pk)).values_list("action", flat=True)
    assert list(audited) == ["rule_created", "rule_changed"]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        RuleVersion.objects.filter(rule=rule).update(n=9)


def test_a_repeated_creation_is_one_rule_and_another_content_is_refused(
    world: World, now: datetime, street: Actor
) -> None:
    change = creation(wish(world))
    first = rules.write(actor=street, change=change, now=now)
    assert rules.write(actor=street, change=change, now=now + timedelta(minutes=1)) == first
    with pytest.raises(IdReused):
        rules.write(actor=street, change=creation(wish(world, priority=1), change.rule_id), now=now)
    assert RuleVersion.objects.count() == 1


def test_the_decision_keeps_the_version_that_applied(world: World, now: datetime, street: Actor) -> None:
    from backend.cases.services import report_case
    from tests.cases.test_spine import ANONYMOUS, report

    loser = made(street, wish(world, name_zh="弱", priority=1), now)
    rule = made(street, wish(world), now)
    case = report_case(actor=ANONYMOUS, report=report(world), now=now).case
    kept = Decision.objects.get(case=case)
    assert kept.rule_version == rule.versions.get(n=1)
    assert [one["id"] for one in kept.beaten] == [str(loser.pk)]
    assert (case.department, case.responsible, case.grid) == (rule.department, None, world.grid(GRID))


def test_rules_of_a_whole_year_are_three_statements(world: World, now: datetime, street: Actor) -> None:
    for _ in range(3):
        made(street, wish(world), now)
    question = Question(*world.middle_of(GRID), world.matters["exposed_garbage"], world.grid(GRID).path, now)
    with CaptureQueriesContext(connection) as caught:
        answers = fitting_rules([question] * 500)
    assert len(caught) == 3
    assert {len(one) for one in answers} == {3}


def test_rules_with_and_without_a_shape_keep_their_order(world: World, now: datetime, street: Actor) -> None:
    """They are found by two statements, the second for each point; many questions and each alone agree."""
    for priority in (300, 100, 100):
        made(street, wish(world, priority=priority), now)
        made(street, wish(world, priority=priority - 50, area_code=f"330281{GRID}"), now)
        made(street, wish(world, priority=priority, shape=river(), reach_m=40), now)
    asked = [
        Question(lon, lat, world.matters[matter], world.grid(grid).path, now)
        for grid in (GRID, "002011002", "002012001")
        for lon, lat in (world.middle_of(grid), (world.middle_of(grid)[0], world.middle_of(grid)[1] + 0.0006))
        for matter in ("exposed_garbage", "dirty_road")
    ]
    together = fitting_rules(asked)
    assert [[one.rule.pk for one in fits] for fits in together] == [
        [one.rule.pk for one in fitting_rules([question])[0]] for question in asked
    ]
    assert {len(fits) for fits in together} == {3, 6, 9}
    for fits in together:
        order = [(-one.rule.priority, -len(one.rule.area.path), one.rule.pk) for one in fits]
        assert order == sorted(order)


class RulesOverRandomPoints(TestCase):
    """The statement and a plain reading of the conditions agree; many questions and one agree."""

    @settings(max_examples=40, deadline=None)
    @given(
        lons=st.lists(st.floats(WEST - 0.001, WEST + 0.007), min_size=1, max_size=8),
        reach_m=st.integers(1, 300),
        hour=st.integers(0, 23),
        weekdays=st.sets(st.integers(1, 7)),
        season=st.none() | st.tuples(st.dates(LEAP, LEAP_END), st.dates(LEAP, LEAP_END)),
        hours=st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    )
    def test_the_statement_is_right(
        self, *, lons: list[float], reach_m: int, hour: int, weekdays: set[int],
        season: tuple[date, date] | None, hours: tuple[int, int] | None,
    ) -> None:  # fmt: skip
        world = make_world(NOON)
        spot = (WEST + SIDE, SOUTH + SIDE / 2)
        conditions = {
            "shape": {"type": "Point", "coordinates": list(spot)}, "reach_m": reach_m, "weekdays": sorted(weekdays),
            "hours_from": time(hours[0]) if hours else None, "hours_until": time(hours[1]) if hours else None,
            "season_from": f"{season[0]:%m-%d}" if season else "",
            "season_until": f"{season[1]:%m-%d}" if season else "",
        }  # fmt: skip
        made(world.actor("street:002"), wish(world, **conditions), NOON)
        at = NOON.astimezone(LOCAL).replace(hour=hour)
        asked = [Ask(round(lon, 7), SOUTH + SIDE / 2, None, world.matters["exposed_garbage"]) for lon in lons]
        verdicts = services.decide_many(asked, now=at)
        for one, verdict in zip(asked, verdicts, strict=True):
            if verdict is None or verdict.kind.value == "outside":
                continue
            away_m = geodesic_m((one.lon, one.lat), spot)
            if abs(away_m - reach_m) < 0.01:
                continue
            expected = away_m <= reach_m and _in_time(at, weekdays, season, hours)
            assert (verdict.rule == "rule_department") is expected
            alone = services.decide(lon=one.lon, lat=one.lat, accuracy_m=None, matter=one.matter, now=at)
            assert (alone.holder, alone.text_zh) == (verdict.holder, verdict.text_zh)


def _in_time(at: datetime, weekdays: set[int], season: tuple[date, date] | None, hours: tuple[int, int] | None) -> bool:
    day = at
    if hours:
        start, end = hours
        past_midnight = start > end
        inside = (at.hour >= start or at.hour < end) if past_midnight else start <= at.hour < end
        if not inside:
            return False
        if past_midnight and at.hour < end:
            day -= timedelta(days=1)
    if season:
        first, last, today = *((one.month, one.day) for one in season), (day.month, day.day)
        if not (first <= today <= last if first <= last else today >= first or today <= last):
            return False
    return not weekdays or day.isoweekday() in weekdays


def test_a_shape_is_kept_as_it_was_drawn(world: World, now: datetime, street: Actor) -> None:
    spot = {"type": "Point", "coordinates": [121.1712345, 30.0512345]}
    rule = made(street, wish(world, shape=spot, reach_m=10), now)
    rule.refresh_from_db()
    assert rule.shape == Point(121.1712345, 30.0512345, srid=4326)
    assert rules.content_of(rule)["shape"] == spot
