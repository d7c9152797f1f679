"""Deadlines of four units: the test vectors of the standard, and what must hold for every calendar."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.clock import LOCAL, Lamp, Unit, WorkCalendar, deadline, lamp, lamp_cuts, week_start_of

# State Council holidays of autumn 2025: 1 to 8 October off, 28 September and 11 October worked.
AUTUMN_2025 = WorkCalendar(
    {**{date(2025, 10, day): False for day in range(1, 9)}, date(2025, 9, 28): True, date(2025, 10, 11): True}
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        ("09-26 16:30", 2, "UH", "09-26 18:30"),
        ("09-26 16:30", 4, "WH", "09-28 10:30"),
        ("09-26 16:30", 2, "WD", "09-29 16:30"),
        ("09-30 17:00", 4, "WH", "10-09 11:00"),
        ("09-30 17:00", 1, "ND", "10-01 17:00"),
        ("09-27 09:00", 1, "WD", "09-28 18:00"),
        ("09-26 13:00", 2, "WH", "09-26 16:00"),
    ],
)
def test_the_vectors_of_the_standard(start: str, amount: int, unit: str, due: str) -> None:
    assert deadline(AUTUMN_2025, at(start), amount, Unit(unit)) == at(due)


days = st.dates(date(2024, 1, 1), date(2026, 12, 31))
calendars = st.dictionaries(days, st.booleans(), max_size=30).map(WorkCalendar)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2026, 11, 1), timezones=st.just(LOCAL))  # noqa: DTZ001
spans = st.integers(0, 60 * 80).map(lambda minutes: timedelta(minutes=minutes))


@given(calendars, moments, spans, spans)
def test_working_time_adds_up(calendar: WorkCalendar, moment: datetime, first: timedelta, second: timedelta) -> None:
    in_two_steps = calendar.add_working_time(calendar.add_working_time(moment, first), second)
    at_once = calendar.add_working_time(moment, first + second)
    # The end of one shift and the start of the next are the same instant of working time.
    assert calendar.working_time_between(min(at_once, in_two_steps), max(at_once, in_two_steps)) == timedelta(0)


@given(calendars, moments, spans)
def test_between_is_the_inverse_of_adding(calendar: WorkCalendar, moment: datetime, amount: timedelta) -> None:
    assert calendar.working_time_between(moment, calendar.add_working_time(moment, amount)) == amount


@given(calendars, moments, spans, spans)
def test_a_longer_limit_never_ends_earlier(
    calendar: WorkCalendar, moment: datetime, amount: timedelta, more: timedelta
) -> None:
    assert calendar.add_working_time(moment, amount) <= calendar.add_working_time(moment, amount + more)


def test_the_lamp_goes_by_working_time() -> None:
    due = deadline(AUTUMN_2025, at("09-30 17:00"), 4, Unit.WORK_HOUR)  # over the holidays to 9 October, 11:00
    colours = [
        lamp(AUTUMN_2025, amount=Decimal(4), unit=Unit.WORK_HOUR, due=due, now=now)
        for now in (at("10-05 12:00"), at("10-09 09:30"), at("10-09 10:30"), at("10-09 11:00"))
    ]
    assert colours == [Lamp.GREEN, Lamp.YELLOW, Lamp.ORANGE, Lamp.RED]


amounts = st.integers(1, 6_000).map(lambda hundredths: Decimal(hundredths) / 100)


@given(calendars, moments, amounts, st.sampled_from(Unit), spans)
def test_cuts_part_the_lamps_exactly(
    calendar: WorkCalendar, now: datetime, amount: Decimal, unit: Unit, more: timedelta
) -> None:
    cuts = lamp_cuts(calendar, amount=amount, unit=unit, now=now)
    edges = [edge + timedelta(microseconds=step) for edge in (cuts.green, cuts.yellow, now) for step in (-1, 0, 1)]
    for due in (now + more, *edges):
        by_cut = (
            Lamp.GREEN if due > cuts.green else Lamp.YELLOW if due > cuts.yellow
            else Lamp.ORANGE if due > cuts.orange else Lamp.RED
        )  # fmt: skip
        assert by_cut is lamp(calendar, amount=amount, unit=unit, due=due, now=now)


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        ("2026-12-28T00:00:00+08:00", date(2026, 12, 28)),
        ("2027-01-03T23:59:59.999+08:00", date(2026, 12, 28)),
        ("2027-01-03T16:00:00+00:00", date(2027, 1, 4)),
    ],
)
def test_a_week_is_named_by_its_local_monday(moment: str, monday: date) -> None:
    assert week_start_of(datetime.fromisoformat(moment)) == monday
