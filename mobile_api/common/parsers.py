"""JSON as RFC 8259 means it, and nothing that a database or a person would read differently."""

import json
import math
import zlib
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import JSONParser

MAX_DEPTH = 32


class BodyTooLarge(APIException):
    """More bytes than this route takes, before or after unpacking."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = "The body is larger than this address takes."


class StrictJSONParser(JSONParser):
    """Refuses NaN, Infinity, numbers too large for a float, doubled keys, depth above 32, bad UTF-8 and U+0000."""

    media_type = "application/json"
    takes_gzip = False

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        request = (parser_context or {})["request"]
        raw = self._read(stream, request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower())
        try:
            value = json.loads(
                raw.decode("utf-8"),
                parse_constant=_refuse_constant,
                parse_float=_finite,
                object_pairs_hook=_without_doubles,
            )
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8.", "not_utf8") from None
        except RecursionError:
            raise ParseError(f"The body is nested deeper than {MAX_DEPTH}.", "too_deep") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.", "not_json") from None
        # Only an escape can bring U+0000 or half a pair through the decoder; most bodies have none.
        _check_tree(value, with_texts=b"\\u" in raw)
        return value

    def _read(self, stream: IO[bytes], encoding: str) -> bytes:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise BodyTooLarge
        if encoding in ("", "identity"):
            return raw
        if encoding != "gzip" or not self.takes_gzip:
            raise UnsupportedMediaType(f"Content-Encoding: {encoding[:20]}", code="encoding_not_taken")
        return inflate(raw, most=most)


class GzipJSONParser(StrictJSONParser):
    """The same, also when the phone packed the body with gzip; it may not grow above the limit."""

    takes_gzip = True


def inflate(raw: bytes, *, most: int) -> bytes:
    """The unpacked body. Raises ParseError, BodyTooLarge."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(raw, most + 1)
    except zlib.error:
        raise ParseError("The body is not gzip.", "not_gzip") from None
    if len(body) > most:
        raise BodyTooLarge
    if not unpacker.eof:
        raise ParseError("The gzip body is cut off.", "not_gzip")
    return body


def _refuse_constant(name: str) -> None:
    raise ParseError(f"{name} is not a number in JSON.", "not_a_number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ParseError("A number is too large.", "not_finite")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("An object names one key twice.", "doubled_key")
    return found


def _check_tree(root: Any, *, with_texts: bool) -> None:
    """Depth and, on demand, every text of a parsed value, level by level and without recursion."""
    level: list[Any] = [[root]]
    depth = 0
    while level:
        inner: list[Any] = []
        for value in level:
            if with_texts:
                _check_texts(value)
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, (dict, list)):
                    inner.append(item)
        level, depth = inner, depth + 1
        if depth > MAX_DEPTH and level:
            raise ParseError(f"The body is nested deeper than {MAX_DEPTH}.", "too_deep")


def _check_texts(value: dict[str, Any] | list[Any]) -> None:
    if isinstance(value, dict):
        for key in value:
            _check_text(key)
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, str):
            _check_text(item)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ParseError("A text holds the character U+0000.", "zero_character")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise ParseError("A text holds half of a surrogate pair.", "not_utf8") from None
