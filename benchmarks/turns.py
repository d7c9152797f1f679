"""Fair comparison on a machine that others use too: contenders take turns, and the median of the rounds counts."""

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


def interleave(contenders: Mapping[str, Callable[[], T]], *, rounds: int) -> dict[str, list[T]]:
    """What each contender measured in each round; every second round goes through them backwards.

    >>> interleave({"a": lambda: 1, "b": lambda: 2}, rounds=2)
    {'a': [1, 1], 'b': [2, 2]}
    """
    names = list(contenders)
    measured: dict[str, list[T]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            measured[name].append(contenders[name]())
    return measured


def middle(values: list[float]) -> float:
    """The median. Raises statistics.StatisticsError without values."""
    return float(median(values))


def seconds_of(task: Callable[[], object]) -> float:
    """Wall seconds that the task takes."""
    begun = perf_counter()
    task()
    return perf_counter() - begun
