"""Hurries the relay after a commit. A courtesy: when the broker is away, the sweep finds the message."""

import logging
import time

from kombu.exceptions import OperationalError

from backend.notify.tasks import relay_outbox

log = logging.getLogger(__name__)

# After a failure the broker is left alone for a while, so that intake stays fast while Redis is down.
PAUSE_AFTER_FAILURE_S = 10.0
# One nudge a fifth of a second is enough: the relay takes everything that waits.
PAUSE_S = 0.2
_next_at = 0.0


def nudge() -> None:
    """Asks a worker to relay soon; never raises for a broker that is away."""
    global _next_at
    moment = time.monotonic()
    if moment < _next_at:
        return
    _next_at = moment + PAUSE_S
    try:
        relay_outbox.apply_async(retry=False, countdown=PAUSE_S, expires=60)
    except (OperationalError, OSError) as error:
        _next_at = time.monotonic() + PAUSE_AFTER_FAILURE_S
        log.warning("relay not nudged: %s", type(error).__name__)
