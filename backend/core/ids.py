"""Identifiers: UUIDv7 (RFC 9562), made by the phone where the phone makes the row."""

import hashlib
import json
import secrets
import time
from typing import Any
from uuid import UUID


def uuid7() -> UUID:
    """A UUID of version 7: 48 bits of milliseconds since 1970, then 74 random bits (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return UUID(int=value)


def digest_of(payload: Any) -> bytes:
    """SHA-256 of the canonical JSON of `payload`: tells whether a repeated id carries the same content."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).digest()
