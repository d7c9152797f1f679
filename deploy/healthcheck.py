"""Health of one container: `python deploy/healthcheck.py web|live|worker|beat`; exit code 0 when it serves."""

import http.client
import os
import sys
import time
from pathlib import Path

WEB = (8000, "/readyz")
LIVE = (8001, "/live/")
BEAT_SCHEDULE = Path("/tmp/beat-schedule")  # noqa: S108 - the container's own memory folder
LONGEST_SILENCE_S = 600


def status_of(port: int, path: str) -> int:
    """HTTP status, asked under the first name that the server allows itself."""
    host = os.environ.get("GRIDWARD_ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
    return connection.getresponse().status


def worker_answers() -> bool:
    """True when this container's Celery worker answers a ping over the broker."""
    from backend.config.celery import app  # noqa: PLC0415 - only this role needs Celery

    name = f"celery@{os.uname().nodename}"
    return bool(app.control.inspect(destination=[name], timeout=5).ping())


def main(role: str) -> bool:
    if role == "web":
        return status_of(*WEB) == 200
    if role == "live":
        # Without a ticket it refuses, and a refusal is an answer.
        return status_of(*LIVE) < 500
    if role == "worker":
        return worker_answers()
    if role == "beat":
        files = list(BEAT_SCHEDULE.parent.glob(f"{BEAT_SCHEDULE.name}*"))
        return bool(files) and time.time() - max(path.stat().st_mtime for path in files) < LONGEST_SILENCE_S
    raise SystemExit(f"unknown role {role!r}: web, live, worker or beat")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
