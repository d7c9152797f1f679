"""What a week asks for: shifts less absences, visits by interval, merged at one door. Pure rules, no database."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.inspections.demand import Week, _spaced, due_on, needs_of
from backend.inspections.shifts import SHORTEST_SHIFT, longest_left
from backend.places.models import Place, VisitDuty, VisitTarget

MONDAY = date(2026, 11, 16)
MORNING = (datetime.fromisoformat("2026-11-16T08:30:00+08:00"), datetime.fromisoformat("2026-11-16T11:30:00+08:00"))
WEEK = Week(MONDAY, (0, 1, 2, 3, 4), {})


def duty(interval_days: int, last: date | None, *, place: Place | None = None, **more: object) -> VisitDuty:
    place = place or Place(code="X", kind="premise", opening_hours=str(more.pop("opening_hours", "")))
    fields = {"dwell_minutes": 10, "weight": 1.0, "starts_on": date(2026, 1, 1), **more}
    return VisitDuty(place=place, target="fire_key", interval_days=interval_days, last_visit_on=last, **fields)


def only(one: VisitDuty, week: Week = WEEK) -> object:
    needs, refused = needs_of([one], targets={}, week=week)
    assert not refused
    return needs[0] if needs else None


@pytest.mark.parametrize(
    ("interval", "last", "expected"),
    [
        (7, date(2026, 11, 13), ("required", 1)),
        (30, date(2026, 10, 20), ("required", 1)),
        (30, date(2026, 10, 24), ("soft", 1)),
        (30, date(2026, 11, 10), None),
        (91, None, ("required", 1)),
        (1, date(2026, 11, 13), ("required", 5)),
        (2, date(2026, 11, 13), ("required", 3)),
        (3, date(2026, 11, 13), ("required", 2)),
        (4, date(2026, 11, 13), ("required", 1)),
    ],
)
def test_interval_and_last_visit_say_what_is_due(
    interval: int, last: date | None, expected: tuple[str, int] | None
) -> None:
    need = only(duty(interval, last))
    found = None if need is None else ("required" if need.required else "soft", need.visits)
    assert found == expected


def test_the_longer_it_is_ago_the_more_an_optional_visit_is_worth() -> None:
    prizes = [only(duty(90, MONDAY - timedelta(days=days))).prize_s for days in (50, 60, 70, 80)]
    assert prizes == sorted(set(prizes))


def test_what_is_overdue_comes_before_what_is_due() -> None:
    overdue, due = only(duty(7, date(2026, 11, 1))), only(duty(7, date(2026, 11, 12)))
    assert overdue.delay_cost_s > due.delay_cost_s
    assert (overdue.reason.code, due.reason.code) == ("due_since", "due_this_week")


def test_a_covered_week_asks_for_nothing_and_a_covered_day_for_less() -> None:
    weekly, every_third = duty(7, date(2026, 11, 9)), duty(3, date(2026, 11, 13))
    week = Week(MONDAY, (2, 3, 4), {weekly.pk: frozenset({0}), every_third.pk: frozenset({0})})
    assert only(weekly, week) is None
    need = only(every_third, week)
    assert (need.visits, need.earliest_day) == (1, 3)


def test_places_that_are_shut_are_named() -> None:
    closed, broken = duty(7, None, opening_hours="Su 10:00-11:00"), duty(7, None, opening_hours="whenever")
    for one, code in ((closed, "never_open"), (broken, "bad_hours")):
        needs, refused = needs_of([one], targets={}, week=WEEK)
        assert (needs, [row.reason.code for row in refused]) == ([], [code])


def test_windows_of_duty_and_place_meet() -> None:
    one = duty(7, None, opening_hours="Mo-We 08:00-12:00", windows="Tu-Th 09:00-10:00")
    assert [tuple(window) for window in only(one).windows] == [(1, 32400, 36000), (2, 32400, 36000)]


def test_the_targets_hours_count_where_the_duty_has_none() -> None:
    target = VisitTarget(code="fire_key", dwell_minutes=10, windows="Mo 09:00-10:00")
    needs, _ = needs_of([duty(7, None)], targets={"fire_key": target}, week=WEEK)
    assert [tuple(window) for window in needs[0].windows] == [(0, 32400, 36000)]


def test_duties_of_one_door_are_one_call_when_their_hours_meet() -> None:
    place = Place(code="Y", kind="residence")
    together = [duty(7, None, place=place), duty(30, None, place=place)]
    needs, _ = needs_of(together, targets={}, week=WEEK)
    assert [(len(need.duties), need.dwell_s, need.household_call) for need in needs] == [(2, 1200, True)]
    hours = {7: "Mo 09:00-10:00", 30: "Tu 09:00-10:00"}
    apart = [duty(days, None, place=place, windows=text) for days, text in hours.items()]
    needs, _ = needs_of(apart, targets={}, week=WEEK)
    assert [len(need.duties) for need in needs] == [1, 1]


@given(st.sets(st.integers(0, 6)), st.integers(1, 7))
def test_spaced_days_keep_their_gap_and_are_as_many_as_can_be(days: set[int], gap: int) -> None:
    chosen = _spaced(sorted(days), gap)
    assert set(chosen) <= days
    assert all(b - a >= gap for a, b in pairwise(chosen))
    most = max((mask.bit_count() for mask in range(128) if _fits(mask, days, gap)), default=0)
    assert len(chosen) == most


def _fits(mask: int, days: set[int], gap: int) -> bool:
    picked = [day for day in range(7) if mask >> day & 1]
    return set(picked) <= days and all(b - a >= gap for a, b in pairwise(picked))


@given(st.lists(st.tuples(st.integers(-60, 240), st.integers(1, 120)), max_size=4))
def test_what_an_absence_leaves_is_inside_the_shift_and_outside_the_absence(spans: list[tuple[int, int]]) -> None:
    away = [(MORNING[0] + timedelta(minutes=a), MORNING[0] + timedelta(minutes=a + b)) for a, b in spans]
    left = longest_left(*MORNING, away)
    if left is None:
        return
    assert MORNING[0] <= left[0] < left[1] <= MORNING[1]
    assert left[1] - left[0] >= SHORTEST_SHIFT
    assert all(ends <= left[0] or left[1] <= begins for begins, ends in away)


def test_due_on_is_never_before_the_duty_begins() -> None:
    assert due_on(duty(7, date(2026, 1, 1), starts_on=date(2026, 11, 1))) == date(2026, 11, 1)
    assert due_on(duty(7, None, starts_on=date(2026, 11, 1))) == date(2026, 11, 1)
