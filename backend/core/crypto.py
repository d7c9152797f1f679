"""Personal data at rest: AES-256-GCM columns and an HMAC blind index for look-up.

The key lives outside the database (`GRIDWARD_FIELD_KEY`). The stored form is version byte, 12-byte nonce, ciphertext.
"""

import hashlib
import hmac
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

_VERSION = b"\x01"


class CannotDecrypt(Exception):
    """The row was written with another key, or was damaged."""


def encrypt(text: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return _VERSION + nonce + AESGCM(settings.FIELD_KEY).encrypt(nonce, text.encode(), None)


def decrypt(stored: bytes) -> str:
    """Raises CannotDecrypt when the key or the content does not fit."""
    if stored[:1] != _VERSION:
        raise CannotDecrypt("unknown version of the stored form")
    try:
        return AESGCM(settings.FIELD_KEY).decrypt(stored[1:13], stored[13:], None).decode()
    except InvalidTag as error:
        raise CannotDecrypt("wrong key or damaged content") from error


def blind_index(text: str) -> bytes:
    """HMAC-SHA-256 of the normalised text: equal for equal input, useless without the key."""
    key = hashlib.sha256(b"blind index" + settings.FIELD_KEY).digest()
    return hmac.new(key, "".join(text.split()).lower().encode(), hashlib.sha256).digest()


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text that is stored encrypted; an empty text is stored as empty bytes. Look up by a `blind_index` column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """For migrations this is a plain binary column, so that they import none of our code."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def get_prep_value(self, value: str | None) -> bytes | None:
        if value is None:
            return None
        return encrypt(value) if value else b""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        stored = value if prepared else self.get_prep_value(value)
        return super().get_db_prep_value(stored, connection, prepared=True)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return decrypt(bytes(value)) if len(value) else ""

    def to_python(self, value: Any) -> Any:
        return value

    def get_default(self) -> Any:
        return "" if not self.has_default() else super().get_default()


def mask_name(name: str) -> str:
    """张三 → 张**; empty stays empty."""
    return f"{name[0]}**" if name else ""


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678; anything short is hidden whole."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else ("****" if phone else "")
