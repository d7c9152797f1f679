"""What commands that write files understand: days, weeks, formats."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date


def add_formats(parser: ArgumentParser, known: tuple[str, ...]) -> None:
    """Adds `--format`, which may be given again; the first known one without."""
    parser.add_argument("--format", action="append", choices=known, help=f"may be given again; {known[0]} without")


def a_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; write YYYY-MM-DD") from None


def a_monday(text: str) -> date:
    found = a_day(text)
    if found.weekday() != 0:
        raise ArgumentTypeError(f"{text} is no Monday; a week is named by its Monday")
    return found
