"""The one member of a source that is a single file."""

from pathlib import PurePosixPath


def only(members: dict[str, bytes]) -> tuple[str, bytes]:
    """Name without folder and ending, and content."""
    ((path, content),) = members.items()
    return PurePosixPath(path).stem, content
