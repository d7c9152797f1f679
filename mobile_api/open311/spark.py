"""One tree, written as XML or as JSON by the Spark convention: the root falls away, a container becomes an array."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

# What a list is called and what one of it: the plural is the element around, the singular each element inside.
SINGULAR = {"attributes": "attribute", "values": "value", "notes": "note", "endpoints": "endpoint", "formats": "format"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Tree:
    """`root` around many things called `each`, or, without `each`, around one."""

    root: str
    each: str
    content: list[dict[str, Any]]

    @classmethod
    def of_one(cls, root: str, content: dict[str, Any]) -> "Tree":
        return cls(root, "", [content])


def to_json(tree: Tree) -> bytes:
    """UTF-8 JSON without the root."""
    content = tree.content if tree.each else tree.content[0]
    return json.dumps(content, ensure_ascii=False).encode()


def to_xml(tree: Tree) -> bytes:
    """UTF-8 XML with its declaration; characters that XML can't hold are left out."""
    root = Element(tree.root)
    for one in tree.content:
        _fill(SubElement(root, tree.each) if tree.each else root, one)
    body: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body


def _fill(element: Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        inner = SubElement(element, name)
        if isinstance(value, Mapping):
            _fill(inner, value)
        elif isinstance(value, list):
            for one in value:
                part = SubElement(inner, SINGULAR[name])
                if isinstance(one, Mapping):
                    _fill(part, one)
                else:
                    part.text = _text(one)
        elif value is not None:
            inner.text = _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value))
