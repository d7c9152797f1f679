"""The walk of the README, run as it stands there against a served demo town: on a working day and on a day off."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from backend.cases.models import Case
from backend.inspections import reminders, tasks
from backend.inspections.models import Appointment, Visit
from backend.notify.relay import relay
from backend.patrols.models import TrackPoint
from backend.places import queries as places

README = Path(__file__).resolve().parents[2] / "README.md"
DATE = """#!/bin/sh
# `date -u -d WHEN FORMAT` by the clock of the test.
exec {date} -u -d "@$(( $({date} -d "$3" +%s) + {ahead_s} ))" "$4"
"""


def walk_of_the_readme(*, api: str, sms: Path, folder: Path) -> str:
    """The commands with the address, the folder and the SMS of this town; nobody types and nothing is waited for."""
    blocks = re.findall(r"```bash\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (walk,) = [block for block in blocks if block.startswith("api=")]
    read_sms = f"sleep 2; sms=$(tail -n 1 {sms} | grep -o '[0-9]\\{{6\\}}' | tail -n 1)"
    for written, meant in (
        ("api=http://127.0.0.1:8000/api/v1", f"api={api}/api/v1"),
        ("read -rp 'code: ' sms", read_sms),
        ("; sleep 15", ""),
        ("/tmp/photo.png", f"{folder}/photo.png"),  # noqa: S108 - as written there
        ("jar=/tmp/gridward-cookies", f"jar={folder}/cookies"),
    ):
        assert written in walk, f"the README no longer says {written!r}; this test has to follow"
        walk = walk.replace(written, meant)
    return f"set -eo pipefail\n{walk}"


@contextmanager
def relaying() -> Iterator[None]:
    """What a worker does in a running town: sends what is owed, again and again."""
    over = threading.Event()

    def send() -> None:
        while not over.wait(0.3):
            relay(now=timezone.now)
        connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def demo(transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders, limits and prepared network of the test's own; plans are made at once."""
    monkeypatch.setattr(places, "_kept", None)
    monkeypatch.setattr(reminders, "send", lambda ids: [tasks.plan_grid(one) for one in ids])
    cache.clear()
    settings.PLAN_STEPS = 300
    settings.DATA_DIR = tmp_path
    settings.PHOTO_SENDFILE_PREFIX = ""
    settings.SMS_PROVIDER = "file"


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    "moment", ["2026-11-18T10:00:00+08:00", "2026-11-21T10:00:00+08:00"], ids=["Wednesday", "Saturday"]
)
def test_the_walk_of_the_readme(moment: str, live_server: Any, settings: Any, tmp_path: Path) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
    begun = datetime.fromisoformat(moment)
    ahead_s = int(begun.timestamp() - datetime.now().astimezone().timestamp())
    date = shutil.which("date")
    assert date is not None
    shim = tmp_path / "bin" / "date"
    shim.parent.mkdir()
    shim.write_text(DATE.format(date=date, ahead_s=ahead_s))
    shim.chmod(0o755)
    script = walk_of_the_readme(api=live_server.url, sms=Path(settings.SMS_FILE), folder=tmp_path)
    with time_machine.travel(begun, tick=True):
        call_command("load_town", scale=0.1, verbosity=0)
        # Loading took its time: the town's clock is ahead of the moment by as much as the one of the script.
        with relaying():
            walked = subprocess.run(
                ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False,
                env={**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}", "no_proxy": "*"},
            )  # fmt: skip
    assert walked.returncode == 0, f"{walked.stdout[-3000:]}\n{walked.stderr[-3000:]}"
    assert_the_story_is_told(walked.stdout)
    assert b"<html" in (tmp_path / "round.html").read_bytes()[:2000].lower()


def assert_the_story_is_told(said: str) -> None:
    """In the words of the walk and in the database: reported, booked, visited, handled, closed, rated."""
    case = Case.objects.get(description="三楼楼道堆满纸箱")
    assert (case.state, case.satisfied) == ("closed", 5)
    assert case.number in said
    assert {"handling", "pending_check", "closed"} <= set(re.findall(r"\w+", said))
    assert Appointment.objects.filter(case__contact_name__isnull=False, case__reporter__isnull=False).exists()
    assert Visit.objects.get().outcome == "done"
    assert TrackPoint.objects.count() == 10
