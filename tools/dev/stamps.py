"""Stamps: what a finished step was made from, so that the next run may skip it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest_of(paths: Iterable[Path], *words: str) -> str:
    """Digest over names and contents of files (folders are walked) and further words; a missing path adds nothing."""
    total = hashlib.sha256()
    for word in words:
        total.update(f"{len(word)}:{word}".encode())
    for path in paths:
        for file in _files_below(path):
            body = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file}:{body}\n".encode())
    return total.hexdigest()


def _files_below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    skipped = {"node_modules", "dist", "__pycache__", ".vite", "coverage"}
    found: list[Path] = []
    for entry in sorted(path.iterdir()) if path.is_dir() else []:
        if entry.name not in skipped and not entry.is_symlink():
            found += _files_below(entry)
    return found


class Stamps:
    """One small file for each step, below the state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def is_fresh(self, name: str, digest: str) -> bool:
        """True when step `name` was finished with exactly this digest."""
        path = self.folder / name
        return path.is_file() and path.read_text() == digest

    def set(self, name: str, digest: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        waiting = self.folder / f"{name}.new"
        waiting.write_text(digest)
        waiting.replace(self.folder / name)

    def forget(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)
