"""Writes map products of whole areas as files: round sheets and walked ways."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from backend.accounts.actor import SYSTEM
from backend.accounts.models import User
from backend.core.clock import LOCAL, week_start_of
from backend.inspections import overview
from backend.inspections.walked_ways import take_walked
from backend.patrols import queries as patrols
from maps.management.arguments import a_day, a_monday, add_formats
from maps.reports.files import ROUND_FORMATS, WALKED_FORMATS, ReportFile, round_file, walked_file
from maps.reports.rounds import NO_CONTACTS, narrowed

Made = Iterator[ReportFile]


class Command(BaseCommand):
    help = "Writes round sheets or walked ways as files; pages open without internet. Nothing private is in them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="kind", required=True)
        rounds = kinds.add_parser("rounds", help="the newest plan of each grid in a week")
        rounds.add_argument("--week", type=a_monday, help="a Monday; this week without")
        rounds.add_argument("--grid", default="", help="code of one grid; all without")
        rounds.add_argument(
            "--each", choices=["week", "day"], default="week", help="a file a week, or a file a worker and day"
        )
        add_formats(rounds, ROUND_FORMATS)
        rounds.add_argument("--language", choices=["zh", "en"], default="zh")
        walked = kinds.add_parser("walked", help="what was walked on a day; each file is kept in the audit trail")
        walked.add_argument("--day", type=a_day, help="YYYY-MM-DD; today without")
        walked.add_argument("--worker", default="", help="user name of one worker; all on duty without")
        add_formats(walked, WALKED_FORMATS)
        for one in (rounds, walked):
            one.add_argument("--out", type=Path, required=True, help="folder for the files; made when missing")

    def handle(self, *args: Any, **options: Any) -> None:
        total, made = _KINDS[options["kind"]](options)
        out: Path = options["out"]
        out.mkdir(parents=True, exist_ok=True)
        count = 0
        for files in tqdm(made, total=total, unit="sheet", disable=not sys.stderr.isatty()):
            for file in files:
                (out / file.name).write_bytes(file.content)
                count += 1
        self.stdout.write(f"{count} files in {out}")


def _rounds(said: dict[str, Any]) -> tuple[int, Iterable[Made]]:
    week = said["week"] or week_start_of(timezone.now())
    lines = overview.plan_lines(SYSTEM, week_start=week, grid_code=said["grid"])
    if not lines:
        raise CommandError(f"no plan of the week of {week}; make one with plan_week --week {week}")

    def made(plan_id: Any) -> Made:
        detail = overview.plan_detail(SYSTEM, plan_id)
        parts: set[tuple[date | None, User | None]] = {(None, None)}
        if said["each"] == "day":
            parts = {(route.day, route.worker) for route in narrowed(detail, day=None, worker=None).routes}
        for day, worker in sorted(parts, key=str):
            shown = narrowed(detail, day=day, worker=worker.pk if worker else None)
            for kind in said["format"] or ["html"]:
                yield round_file(
                    shown, file_format=kind, language=said["language"], contacts=NO_CONTACTS, day=day, worker=worker
                )

    return len(lines), (made(line.plan.pk) for line in lines)


def _walked(said: dict[str, Any]) -> tuple[int, Iterable[Made]]:
    now = timezone.now()
    day = said["day"] or now.astimezone(LOCAL).date()
    workers = [row.worker for row in patrols.live_workers(SYSTEM, now=now)]
    if said["worker"]:
        workers = [worker for worker in workers if worker.username == said["worker"]]
        if not workers:
            raise CommandError(f"nobody on duty now has the user name {said['worker']}")

    def made(worker: Any) -> Made:
        sessions = take_walked(actor=SYSTEM, worker_id=worker.pk, day=day, now=now)
        for kind in (said["format"] or ["gpx"]) if sessions else []:
            yield walked_file(sessions, worker=worker, day=day, file_format=kind, now=now)

    return len(workers), (made(worker) for worker in workers)


_KINDS: Final[dict[str, Callable[[dict[str, Any]], tuple[int, Iterable[Made]]]]] = {
    "rounds": _rounds,
    "walked": _walked,
}
