"""SMS by provider. `console` writes to the log, `file` appends to `GRIDWARD_SMS_FILE`: both for demo and test."""

import logging
import os
from datetime import datetime
from pathlib import Path

from django.conf import settings

from backend.core.clock import LOCAL

log = logging.getLogger(__name__)


def send(*, phone: str, text: str, key: str, kind: str) -> None:
    """Sends one message; `key` lets a provider drop a repeat. Raises OSError when the file can't be written."""
    if settings.SMS_PROVIDER == "console":
        log.warning("SMS to %s: %s", phone, text)
        return
    line = f"{datetime.now(LOCAL).isoformat(timespec='seconds')}\t{kind}\t{key}\t{phone}\t{text}\n"
    path = Path(settings.SMS_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write of one line in append mode, readable by the operator only.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
