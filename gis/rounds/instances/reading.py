"""Reads the two formats; what does not fit is refused with its line."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Final

from gis.rounds.instances.model import MOST_CUSTOMERS, Customer, Instance, InstanceError

PERIODIC: Final = 1
PERIODIC_WITH_WINDOWS: Final = 5
MOST_BYTES: Final = 5_000_000
MOST_DAYS: Final = 30
SOLOMON_FIELDS: Final = 7

Line = tuple[int, list[str]]


def read_instance(path: Path) -> Instance:
    """The problem in a file. Raises InstanceError for any other content, OSError when it cannot be read."""
    if path.stat().st_size > MOST_BYTES:
        raise InstanceError(f"{path.name}: over {MOST_BYTES} bytes")
    try:
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise InstanceError(f"{path.name}: byte {error.start} is not ASCII") from None
    lines = [(number, words) for number, line in enumerate(text.splitlines(), 1) if (words := line.split())]
    if any(words[0].upper() == "VEHICLE" for _, words in lines[:5]):
        return _one_day(path.stem, lines)
    return _periodic(path.stem, lines)


def _periodic(name: str, lines: Sequence[Line]) -> Instance:
    """`type m n t`, t lines `D Q`, the depot, n lines `i x y d q f a list`; frequency 0 means no customer.

    With windows (type 5) the depot and the customers end with two more numbers, the first and last start.
    """
    kind, vehicles, count, days = (int(value) for value in _numbers(name, lines, 0, least=4)[:4])
    if kind not in (PERIODIC, PERIODIC_WITH_WINDOWS):
        raise InstanceError(f"{name}: type {kind}; only periodic problems (type 1, with windows type 5) are read")
    has_windows = kind == PERIODIC_WITH_WINDOWS
    if not (vehicles > 0 and 0 < count <= MOST_CUSTOMERS and 0 < days <= MOST_DAYS):
        raise InstanceError(f"{name}: {vehicles} vehicles, {count} customers, {days} days")
    limits = [_numbers(name, lines, 1 + day, least=2) for day in range(days)]
    depot = _numbers(name, lines, 1 + days, least=9 if has_windows else 3)
    customers = []
    for row in range(count):
        at = 2 + days + row
        values = _numbers(name, lines, at, least=7)
        visits, offered = int(values[5]), int(values[6])
        if visits == 0:
            continue
        masks = [int(value) for value in values[7 : 7 + offered]]
        patterns = tuple(_days_of(mask, days) for mask in masks)
        if len(masks) != offered or any(len(chosen) != visits for chosen in patterns):
            raise InstanceError(f"{name} line {lines[at][0]}: {visits} visits, patterns {masks}")
        window = None
        if has_windows:
            window = _window(name, lines[at], values[7 + offered :])
        customers.append(Customer(int(values[0]), values[1], values[2], values[3], values[4], patterns, window))
    return Instance(
        name=name,
        vehicles=vehicles,
        days=days,
        longest=tuple(limit[0] for limit in limits),
        capacity=tuple(limit[1] for limit in limits),
        depot=(depot[1], depot[2]),
        customers=tuple(customers),
        closing=depot[-1] if has_windows else None,
    )


def _window(name: str, line: Line, values: Sequence[float]) -> tuple[float, float]:
    if len(values) != 2 or values[0] > values[1]:
        raise InstanceError(f"{name} line {line[0]}: wants the first and last start after the patterns")
    return values[0], values[1]


def _days_of(mask: int, days: int) -> frozenset[int]:
    """The days whose bit is set; day 0 is the leftmost of `days` bits."""
    if mask >> days:
        raise InstanceError(f"pattern {mask} has more than {days} bits")
    return frozenset(day for day in range(days) if mask >> (days - 1 - day) & 1)


def _one_day(name: str, lines: Sequence[Line]) -> Instance:
    """Name, VEHICLE with number and capacity, CUSTOMER with the depot first: `i x y demand ready due service`."""
    rows = [index for index, (_, words) in enumerate(lines) if _is_number(words[0])]
    if len(rows) < 3:
        raise InstanceError(f"{name}: no vehicles, depot and customers")
    vehicles, capacity = _numbers(name, lines, rows[0], least=2)[:2]
    depot = _numbers(name, lines, rows[1], least=SOLOMON_FIELDS)
    if vehicles < 1 or len(rows) > MOST_CUSTOMERS:
        raise InstanceError(f"{name}: {vehicles} vehicles, {len(rows) - 2} customers")
    customers = []
    for row in rows[2:]:
        values = _numbers(name, lines, row, least=SOLOMON_FIELDS)
        number, x, y, demand, ready, due, service = values[:SOLOMON_FIELDS]
        customers.append(Customer(int(number), x, y, service, demand, (frozenset({0}),), (ready, due)))
    return Instance(
        name=name,
        vehicles=int(vehicles),
        days=1,
        longest=(0.0,),
        capacity=(capacity,),
        depot=(depot[1], depot[2]),
        customers=tuple(customers),
        closing=depot[5],
        truncated=True,
    )


def _numbers(name: str, lines: Sequence[Line], at: int, *, least: int) -> list[float]:
    if at >= len(lines):
        raise InstanceError(f"{name}: ends after {len(lines)} lines")
    number, words = lines[at]
    if len(words) < least or not all(_is_number(word) for word in words):
        raise InstanceError(f"{name} line {number}: wants {least} numbers, has {' '.join(words)[:60]!r}")
    return [float(word) for word in words]


def _is_number(word: str) -> bool:
    try:
        return isfinite(float(word))
    except ValueError:
        return False
