"""A short queue before heavy work in processes of its own: few at once, few that wait, the others are told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backend.core.errors import DomainError


class Queue:
    """In one web process `workers` work at once; with those that wait, at most `places` threads are taken.

    Raises what `busy` makes: at once when no place is free, and after `wait_s` when no worker has become free.
    """

    def __init__(self, *, workers: int, places: int, wait_s: float, busy: Callable[[], DomainError]) -> None:
        self._workers = threading.BoundedSemaphore(workers)
        self._places = threading.BoundedSemaphore(places)
        self._wait_s = wait_s
        self._busy = busy

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One's turn to work."""
        if not self._places.acquire(blocking=False):
            raise self._busy()
        try:
            if not self._workers.acquire(timeout=self._wait_s):
                raise self._busy()
            try:
                yield
            finally:
                self._workers.release()
        finally:
            self._places.release()
