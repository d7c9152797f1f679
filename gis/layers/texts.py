"""Texts of unknown encoding: what a person names, else what the file says, else UTF-8, else GB18030."""

import codecs
from collections.abc import Iterable
from typing import Final

from gis.layers.model import LayerError

# Only encodings that such files really have; Python knows others that run code pages of no text at all.
ENCODINGS: Final = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "65001": "utf-8-sig",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "936": "gb18030",
    "cp936": "gb18030",
    "ansi 936": "gb18030",
    "big5": "big5hkscs",
    "950": "big5hkscs",
    "utf-16": "utf-16",
    "iso-8859-1": "latin-1",
    "iso 8859-1": "latin-1",
    "latin1": "latin-1",
    "88591": "latin-1",
    "1252": "cp1252",
    "windows-1252": "cp1252",
    "ascii": "ascii",
}
# Language driver byte of a dBase header -> encoding; 0 says nothing, others we do not know.
LANGUAGE_DRIVERS: Final = {0x4D: "gb18030", 0x7A: "gb18030", 0x78: "big5hkscs", 0x4F: "big5hkscs", 0x03: "cp1252"}


def named_encoding(name: str) -> str:
    """Python's encoding of a name from a person or a .cpg file. Raises LayerError (unknown_encoding).

    >>> named_encoding("GBK"), named_encoding(" UTF-8 ")
    ('gb18030', 'utf-8-sig')
    """
    key = name.strip().strip("\ufeff").lower()
    if key not in ENCODINGS:
        known = ", ".join(("utf-8", "gb18030", "big5", "utf-16", "latin1"))
        raise LayerError("unknown_encoding", f"encoding {name.strip()[:40]!r} is not known; use one of {known}")
    return ENCODINGS[key]


def plain_name(encoding: str) -> str:
    """The name that people know."""
    return {"utf-8-sig": "utf-8", "big5hkscs": "big5", "latin-1": "latin1"}.get(encoding, encoding)


def first_fitting(samples: Iterable[bytes], encodings: Iterable[str]) -> str | None:
    """The first encoding that all samples are in; None when it is none of them."""
    held = list(samples)
    for encoding in encodings:
        if all(_fits(sample, encoding) for sample in held):
            return encoding
    return None


def decoded(content: bytes, wanted: str) -> tuple[str, str]:
    """The text of a whole file and its encoding. Raises LayerError (unknown_encoding, bad_encoding)."""
    if wanted:
        choices = [named_encoding(wanted)]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        choices = ["utf-16"]
    else:
        choices = ["utf-8-sig", "gb18030"]
    found = first_fitting([content], choices)
    if found is None:
        names = " nor ".join(map(plain_name, choices))
        raise LayerError("bad_encoding", f"the text is not {names}; name its encoding, or save it as UTF-8")
    return content.decode(found), found


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
