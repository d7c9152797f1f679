"""Zip archives: a few plain members of bounded size, unpacked into memory, never onto the disk."""

import io
import stat
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from gis.layers.model import LayerError, Limits

MAGIC: Final = b"PK\x03\x04"
RATIO_MOST: Final = 200
RATIO_FROM_BYTES: Final = 1_000_000
_NESTED: Final = frozenset({".zip", ".7z", ".rar", ".gz", ".tar", ".bz2", ".xz"})
_IGNORED_FOLDERS: Final = frozenset({"__MACOSX"})
_CHUNK: Final = 1 << 16


def unpack(content: bytes, limits: Limits) -> dict[str, bytes]:
    """Members by path.

    Raises LayerError: bad_zip, zip_encrypted, zip_too_many_members, zip_bad_path, zip_link, zip_nested, zip_doubled,
    zip_bomb.
    """
    try:
        book = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise LayerError("bad_zip", f"the zip archive cannot be opened: {str(error)[:80]}") from None
    with book:
        entries = [entry for entry in book.infolist() if not entry.is_dir()]
        if len(book.infolist()) > limits.members:
            raise LayerError("zip_too_many_members", f"{len(book.infolist())} members, at most {limits.members}")
        for entry in entries:
            _refuse_odd(entry)
        if sum(entry.file_size for entry in entries) > limits.unpacked_bytes:
            raise LayerError("zip_bomb", f"unpacks to more than {limits.unpacked_bytes} bytes")
        files: dict[str, bytes] = {}
        left = limits.unpacked_bytes
        for entry in entries:
            if PurePosixPath(entry.filename).parts[0] in _IGNORED_FOLDERS:
                continue
            if entry.filename.lower() in {name.lower() for name in files}:
                raise LayerError("zip_doubled", f"{entry.filename[:80]!r} is in the archive twice")
            files[entry.filename] = _member(book, entry, left)
            left -= len(files[entry.filename])
    return files


def _refuse_odd(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if not name or path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in entry.orig_filename:
        raise LayerError("zip_bad_path", f"the member {name[:80]!r} points outside the archive")
    if len(name) > 255 or any(ord(sign) < 32 for sign in name):
        raise LayerError("zip_bad_path", f"the member {name[:80]!r} has an unusable name")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise LayerError("zip_link", f"the member {name[:80]!r} is a link; pack the file itself")
    if entry.flag_bits & 1:
        raise LayerError("zip_encrypted", "the archive is encrypted; pack it without a password")
    if path.suffix.lower() in _NESTED:
        raise LayerError("zip_nested", f"the member {name[:80]!r} is an archive again; pack its files directly")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > RATIO_MOST * max(1, entry.compress_size):
        raise LayerError("zip_bomb", f"the member {name[:80]!r} unpacks to more than {RATIO_MOST} times its size")


def _member(book: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """The header may lie about the size: what is unpacked is counted."""
    parts: list[bytes] = []
    size = 0
    try:
        with book.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > left:
                    raise LayerError("zip_bomb", "unpacks to more than its header says")
                parts.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise LayerError("bad_zip", f"the member {entry.filename[:80]!r} is damaged: {str(error)[:80]}") from None
    return b"".join(parts)
