"""Asking a worker to hurry is a courtesy: it never makes anybody wait."""

import time
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from backend.notify.tasks import relay_outbox


def test_a_broker_that_is_away_is_not_waited_for(tmp_path: Path) -> None:
    """The transport's own pauses between its tries (two and four seconds) would hold back the answer to a report."""
    began = time.monotonic()
    away = relay_outbox.app.connection_for_write(f"redis+socket://{tmp_path}/none.sock")
    with away as connection, pytest.raises(OperationalError):
        relay_outbox.apply_async(retry=False, connection=connection)
    assert time.monotonic() - began < 3
