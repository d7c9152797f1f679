import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.hours import ANY_TIME, HoursError, Window, format_hours, merge_windows, parse_hours

H = 3600


@st.composite
def windows(draw):
    start_min = draw(st.integers(0, 1439))
    return Window(draw(st.integers(0, 6)), start_min * 60, draw(st.integers(start_min + 1, 1440)) * 60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Mo-Tu 08:30-11:30,14:00-17:00; Sa 09:00-12:00",
            [(0, 8.5, 11.5), (0, 14, 17), (1, 8.5, 11.5), (1, 14, 17), (5, 9, 12)],
        ),
        ("Mo,We 9:00 - 10:00", [(0, 9, 10), (2, 9, 10)]),
        ("Sa-Mo 10:00-11:00", [(0, 10, 11), (5, 10, 11), (6, 10, 11)]),
        ("08:00-09:00; We off", [(day, 8, 9) for day in (0, 1, 3, 4, 5, 6)]),
        ("Mo-Tu 08:00-18:00; Tu 10:00-12:00", [(0, 8, 18), (1, 10, 12)]),
        ("Su 22:00-02:00", [(0, 0, 2), (6, 22, 24)]),
        ("Fr 22:00-26:00", [(4, 22, 24), (5, 0, 2)]),
        ("Mo 08:00-12:00,11:00-14:00", [(0, 8, 14)]),
        ("Mo 08:00-12:00,12:00-14:00", [(0, 8, 14)]),
        ("Mo 00:00-24:00", [(0, 0, 24)]),
        ("off", []),
        ("", ANY_TIME),
        ("24/7", ANY_TIME),
        ("00:00-24:00", ANY_TIME),
    ],
)
def test_hours_are_read(text, expected):
    if expected is not ANY_TIME:
        expected = [Window(day, int(start * H), int(end * H)) for day, start, end in expected]
    assert parse_hours(text) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Mo", "bad_rule"),
        ("sometimes", "bad_rule"),
        ('Mo 08:00-09:00 "by call"', "bad_rule"),
        ("周一 08:00-09:00", "bad_rule"),
        ("PH off", "bad_day"),
        ("Jan-Mar 08:00-09:00", "bad_day"),
        ("Mo-We-Fr 08:00-09:00", "bad_day"),
        ("Mo 8-9", "bad_time"),
        ("Mo 08:60-09:00", "bad_time"),
        ("Mo 25:00-26:00", "bad_time"),
        ("Mo 08:00-49:00", "bad_time"),
        ("Mo 08:00", "bad_time"),
        ("Mo 08:00-09:00;" * 40, "bad_rule"),
    ],
)
def test_other_hours_are_refused_by_name(text, code):
    with pytest.raises(HoursError) as refused:
        parse_hours(text)
    assert refused.value.code == code


@given(st.lists(windows(), max_size=12))
def test_written_hours_read_back_the_same(week):
    assert parse_hours(format_hours(week)) == merge_windows(week)


def test_hours_are_written_short():
    assert format_hours(ANY_TIME) == "24/7"
    assert format_hours([]) == "off"
    assert format_hours(parse_hours("Mo-Fr 08:00-09:00; We off")) == "Mo-Tu 08:00-09:00; Th-Fr 08:00-09:00"


@pytest.mark.parametrize("broken", [Window(7, 0, 60), Window(0, 60, 60), Window(0, 0, 90), Window(0, 0, 86_460)])
def test_broken_windows_are_not_written(broken):
    with pytest.raises(ValueError, match="window"):
        format_hours([broken])
