"""What is no body at all is refused by name at every door that takes one, and changes nothing."""

import pytest

from tests.authorisation.calls import Operation
from tests.authorisation.stage import Stage
from tests.corpus.calling import named, operations_with_json, sent
from tests.tables import unchanged

pytestmark = pytest.mark.django_db

BODIES: list[tuple[str, bytes, int, str]] = [
    ("NaN", b'{"version": NaN}', 400, "not_a_number"),
    ("Infinity", b'{"version": -Infinity}', 400, "not_a_number"),
    ("1e400", b'{"version": 1e400}', 400, "not_finite"),
    ("5000 digits", b'{"version": ' + b"9" * 5000 + b"}", 400, "not_json"),
    ("doubled key", b'{"id": 1, "id": 2}', 400, "doubled_key"),
    ("doubled key inside", b'{"location": {"lon": 1, "lat": 2, "lon": 121}}', 400, "doubled_key"),
    ("depth 33", b'{"a":' * 33 + b"1" + b"}" * 33, 400, "too_deep"),
    ("depth 100,000", b"[" * 100_000 + b"]" * 100_000, 400, "too_deep"),
    ("bad UTF-8", b'{"note": "\xff\xfe"}', 400, "not_utf8"),
    ("GBK", '{"note": "垃圾"}'.encode("gbk"), 400, "not_utf8"),
    ("UTF-16", '{"note": "x"}'.encode("utf-16"), 400, "not_utf8"),
    ("byte order mark", b"\xef\xbb\xbf{}", 400, "not_json"),
    ("lone surrogate", b'{"note": "\\ud800"}', 400, "not_utf8"),
    ("lone surrogate in a key", b'{"\\udfff": 1}', 400, "not_utf8"),
    ("U+0000", b'{"note": "a\\u0000b"}', 400, "zero_character"),
    ("U+0000 in a key", b'{"a\\u0000": 1}', 400, "zero_character"),
    ("cut off", b'{"id": ', 400, "not_json"),
    ("two values", b"{} {}", 400, "not_json"),
    ("a list", b"[1, 2]", 422, "invalid"),
    ("a text", b'"x"', 422, "invalid"),
    ("null", b"null", 422, "invalid"),
    ("1 MB", b'{"note": "' + b"a" * 1_000_000 + b'"}', 413, "body_too_large"),
]
OTHER_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml")


@pytest.mark.parametrize("operation", operations_with_json(), ids=lambda one: one.id)
def test_a_body_that_is_none(operation: Operation, stage: Stage) -> None:
    with unchanged():
        answers = {name: named(sent(operation, stage, body))[:2] for name, body, _, _ in BODIES}
        others = {kind: named(sent(operation, stage, b"x=1", content_type=kind))[:2] for kind in OTHER_TYPES}
    assert answers == {name: (status, code) for name, _, status, code in BODIES}
    assert others == dict.fromkeys(OTHER_TYPES, (415, "unsupported_media_type"))
