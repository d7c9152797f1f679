"""Identifiers: UUIDv7 (RFC 9562), made by the phone where the phone makes the row."""

import hashlib
import json
import secrets
import time
from typing import Any
from uuid import UUID

# The first digit after the version's group: 10 in its upper bits.
_VARIANT = {f"{digit:x}": "89ab"[digit % 4] for digit in range(16)}


def uuid7() -> UUID:
    """A UUID of version 7: 48 bits of milliseconds since 1970, then 74 random bits (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return UUID(int=value)


def uuid7_texts(count: int) -> list[str]:
    """Many `uuid7` of one moment as text, for rows that are written in SQL; several times as fast as one by one.

    >>> [UUID(one).version for one in uuid7_texts(2)]
    [7, 7]
    """
    begin = f"{time.time_ns() // 1_000_000 & (2**48 - 1):012x}"
    head, noise = f"{begin[:8]}-{begin[8:]}-7", secrets.token_hex(10 * count)
    parts = (noise[at : at + 20] for at in range(0, 20 * count, 20))
    return [f"{head}{one[:3]}-{_VARIANT[one[3]]}{one[4:7]}-{one[7:19]}" for one in parts]


def digest_of(payload: Any) -> bytes:
    """SHA-256 of the canonical JSON of `payload`: tells whether a repeated id carries the same content."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).digest()
