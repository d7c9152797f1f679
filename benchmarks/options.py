"""Options of single benchmarks; those that take none are not here."""

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """All options, each under the name of its benchmark."""
    rounds = parser.add_argument_group("rounds")
    rounds.add_argument("--instances", type=Path, metavar="DIR", help="folder of published planning problems (*.txt)")
    rounds.add_argument("--seconds", type=float, default=5.0, metavar="N", help="CPU seconds a problem (default 5)")
    rounds.add_argument("--seed", type=int, default=1, metavar="N", help="of the search (default 1)")
    rounds.add_argument("--workers", type=int, default=1, metavar="N", help="problems at the same time (default 1)")
    rounds.add_argument("--scale", action="store_true", help="many teams through the queue instead of problems")
    rounds.add_argument(
        "--teams", type=int, nargs="+", default=[84, 840, 8400], metavar="N", help="how many (default 84 840 8400)"
    )
    rounds.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2, 4], metavar="N", help="of the Celery worker (default 1 2 4)"
    )
    rounds.add_argument(
        "--steps", type=int, default=2000, metavar="N", help="of search a team (default 2000; the product takes 20000)"
    )
    rounds.add_argument(
        "--limit-seconds", type=float, default=240, metavar="N", help="a row; what is planned by then counts (240)"
    )
    division = parser.add_argument_group("division")
    division.add_argument(
        "--osm", type=Path, metavar="FILE", action="append", help="divide the middle of this extract too (*.osm.pbf)"
    )
    division.add_argument(
        "--peer-seconds", type=float, metavar="N", help="CPU time of every peer (default 30; 240 for 1,000 grids)"
    )
    division.add_argument("--town-only", action="store_true", help="leave out ten times the town")
    network = parser.add_argument_group("network")
    network.add_argument("--extract", type=Path, metavar="FILE", help="the extract to walk in (*.osm.pbf)")
