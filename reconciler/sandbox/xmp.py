"""What an XMP packet says about a photo: those embedded in files and the sidecars beside them.

XMP is RDF written as XML. One property may be an attribute, an element, or a list inside an element; all
three are read, of the namespaces that Immich looks at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from xml.etree import ElementTree

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

_NAMESPACES: Final[Mapping[str, str]] = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
}

_COORDINATE: Final = re.compile(r"(\d{1,3}),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\s*([NSEW])", re.ASCII)


class BrokenXmp(ValueError):
    """The bytes are not an XMP packet that may be read."""


class _Builder(ElementTree.TreeBuilder):
    """Builds the tree and refuses document types: XMP has none, and their entities can eat all memory."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002  (the parser's call)
        raise BrokenXmp("an XMP packet with a document type")


def read_properties(packet: bytes) -> dict[str, tuple[str, ...]]:
    """The properties of a packet by short name (``dc:subject``), each with its values in order, trimmed.

    Properties of unknown namespaces are left out; a property that is there but empty has the single value
    ``""``, or none at all if it is a list.

    Raises:
        BrokenXmp: The bytes are not XML, or XML that XMP does not allow.
    """
    try:
        parser = ElementTree.XMLParser(target=_Builder())
        parser.feed(_whole(packet))
        root = parser.close()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BrokenXmp(str(error)) from error
    found: dict[str, tuple[str, ...]] = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, values in _properties_of(description):
            found.setdefault(name, values)
    return found


def _whole(packet: bytes) -> bytes | str:
    """Without the padding that may stand around a packet."""
    if packet.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return packet.decode("utf-16").strip("\x00 \t\r\n")
    return packet.strip(b"\x00 \t\r\n")


def _properties_of(description: ElementTree.Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, text in description.attrib.items():
        if name := _short(key):
            yield name, (text.strip(),)
    for child in description:
        if name := _short(child.tag):
            yield name, _values(child)


def _short(tag: str) -> str | None:
    namespace, _, local = tag.removeprefix("{").rpartition("}")
    prefix = _NAMESPACES.get(namespace)
    return f"{prefix}:{local}" if prefix else None


def _values(element: ElementTree.Element) -> tuple[str, ...]:
    for kind in ("Seq", "Bag", "Alt"):
        if (container := element.find(f"{_RDF}{kind}")) is not None:
            items = container.findall(f"{_RDF}li")
            if kind == "Alt":  # one text in several languages
                items.sort(key=lambda item: item.get(_LANG) != "x-default")
            return tuple(_text(item) for item in items)
    return (_text(element),)


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


def coordinate(text: str) -> float | None:
    """``43,4.386N`` or ``43,4,23W`` as degrees, negative south and west; None for anything else."""
    match = _COORDINATE.fullmatch(text.strip())
    if not match:
        return None
    degrees, minutes, seconds, side = match.groups()
    value = int(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
    return float(f"{-value if side in 'SW' else value:.15g}")


def first(properties: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> str | None:
    """The first text among these properties; ``""`` if those there are empty, None if none is there."""
    present = [properties[name] for name in names if name in properties]
    texts = [values[0] if values else "" for values in present]
    return next((text for text in texts if text), "" if texts else None)
