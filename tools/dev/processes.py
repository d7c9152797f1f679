"""Small questions about processes and their logs."""

from pathlib import Path


def is_process(pid: int, name: str) -> bool:
    """True when `pid` runs a program of that name now; a number that somebody else got since does not count."""
    try:
        pid_name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return pid_name.startswith(name[:15]) and rest.split()[0] not in {"Z", "X"}


def keep_small(log: Path, limit: int = 10_000_000) -> None:
    """Start a new log file when this one has grown; one older is kept."""
    if log.exists() and log.stat().st_size > limit:
        log.replace(log.with_name(log.name + ".1"))
