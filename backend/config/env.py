"""Reads `GRIDWARD_*` variables; a wrong or missing one is refused by its name."""

import base64
import binascii
import math
import os
from collections.abc import Iterable
from pathlib import Path


class SettingRefused(Exception):
    """A variable is missing or wrong. The text names it and says what to do."""


def _read(name: str) -> str | None:
    """The variable, or the content of the file that `<name>_FILE` names; None when neither is set."""
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingRefused(f"{name}_FILE={path!r} cannot be read: {error.strerror}") from error


def text(name: str, *, default: str | None = None) -> str:
    value = _read(name)
    if value is not None:
        return value
    if default is None:
        raise SettingRefused(f"{name} is not set")
    return default


def secret(name: str, *, minimum_length: int = 32) -> str:
    """A secret without a default; it or `<name>_FILE` must be set."""
    value = _read(name)
    if value is None:
        raise SettingRefused(f"{name} is not set (or name a file that holds it in {name}_FILE)")
    if len(value) < minimum_length:
        raise SettingRefused(f"{name} is shorter than {minimum_length} characters")
    return value


def key_bytes(name: str) -> bytes:
    """32 bytes, written in base64."""
    value = secret(name)
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise SettingRefused(f"{name} is not base64") from error
    if len(raw) != 32:
        raise SettingRefused(f"{name} holds {len(raw)} bytes, 32 are needed")
    return raw


def integer(name: str, *, default: int, minimum: int | None = None, maximum: int | None = None) -> int:
    value = _read(name)
    if value is None:
        return default
    try:
        number = int(value)
    except ValueError as error:
        raise SettingRefused(f"{name}={value!r} is not a whole number") from error
    _in_range(name, number, minimum, maximum)
    return number


def number(name: str, *, default: float, minimum: float | None = None, maximum: float | None = None) -> float:
    value = _read(name)
    if value is None:
        return default
    try:
        parsed = float(value)
    except ValueError as error:
        raise SettingRefused(f"{name}={value!r} is not a number") from error
    if not math.isfinite(parsed):
        raise SettingRefused(f"{name}={value!r} is not a number")
    _in_range(name, parsed, minimum, maximum)
    return parsed


def _in_range(name: str, value: float, minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and value < minimum:
        raise SettingRefused(f"{name}={value} is below {minimum}")
    if maximum is not None and value > maximum:
        raise SettingRefused(f"{name}={value} is above {maximum}")


def boolean(name: str, *, default: bool) -> bool:
    value = _read(name)
    if value is None:
        return default
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise SettingRefused(f"{name}={value!r} is neither true nor false")


def choice(name: str, *, among: Iterable[str], default: str | None = None) -> str:
    value = text(name, default=default)
    allowed = tuple(among)
    if value not in allowed:
        raise SettingRefused(f"{name}={value!r} is not one of {', '.join(allowed)}")
    return value


def path(name: str, *, default: Path) -> Path:
    return Path(_read(name) or default).expanduser()


def names(name: str, *, default: str) -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [part.strip() for part in text(name, default=default).split(",") if part.strip()]
