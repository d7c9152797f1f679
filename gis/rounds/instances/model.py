"""A published problem as it stands in its file: plane coordinates, equal vehicles, days from 0."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

# More customers would need a matrix of over 2 GB.
MOST_CUSTOMERS: Final = 10_000


class InstanceError(ValueError):
    """A file that is no such problem; the text names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Customer:
    """`patterns`: sets of days of which exactly one is served; `window`: first and last start, None for any time."""

    number: int
    x: float
    y: float
    service: float
    demand: float
    patterns: tuple[frozenset[int], ...]
    window: tuple[float, float] | None = None


@dataclass(frozen=True)
class Instance:
    """`vehicles` start and end at the depot on each of `days`; 0 in `longest` or `capacity` (per day) means no limit.

    `longest` counts from the departure, which is free: waiting for a window counts, waiting at the depot doesn't.

    `truncated`: distances are cut to one decimal, as the publications of these files do; otherwise they are exact.
    `closing`: when the depot closes, None for never.
    """

    name: str
    vehicles: int
    days: int
    longest: tuple[float, ...]
    capacity: tuple[float, ...]
    depot: tuple[float, float]
    customers: tuple[Customer, ...]
    closing: float | None = None
    truncated: bool = False

    @property
    def has_windows(self) -> bool:
        """Whether some customer can't be served at any time."""
        return any(customer.window for customer in self.customers)

    @cached_property
    def distances(self) -> npt.NDArray[np.float64]:
        """Square matrix over the depot (row 0) and the customers in their order."""
        places = np.array([self.depot, *((customer.x, customer.y) for customer in self.customers)])
        apart = places[:, None, :] - places[None, :, :]
        exact: npt.NDArray[np.float64] = np.hypot(apart[:, :, 0], apart[:, :, 1])
        return np.floor(exact * 10 + 1e-9) / 10 if self.truncated else exact
