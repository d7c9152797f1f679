"""Secrets of this checkout: made once, readable by their owner only."""

import base64
import os
import secrets
from pathlib import Path


def ensure_keys(folder: Path) -> None:
    """Create the signing key and the column-encryption key (32 bytes, base64) where they are missing."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    _keep(folder / "secret_key", secrets.token_urlsafe(64))
    _keep(folder / "field_key", base64.b64encode(secrets.token_bytes(32)).decode())


def _keep(path: Path, value: str) -> None:
    if path.exists():
        return
    waiting = path.with_suffix(".new")
    waiting.unlink(missing_ok=True)
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value)
    waiting.rename(path)
