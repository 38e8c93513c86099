"""What is read from photo files and sidecars."""

from __future__ import annotations

import io
import random
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from reconciler.sandbox.photo import Embedded, read_photo, read_sidecar

CONFORMANCE = Path(__file__).parent.parent / "conformance" / "photos"

EXIF_DIRECTORY, GPS_DIRECTORY = 0x8769, 0x8825

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "lr": "http://ns.adobe.com/lightroom/1.0/",
        "digiKam": "http://www.digikam.org/ns/1.0/",
    }.items()
)


def packet(inside: str = "", attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMESPACES}>'
        f'<rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>\n'
        '<?xpacket end="w"?>'
    ).encode()


def listed(name: str, *items: str, kind: str = "Bag") -> str:
    return (
        f"<{name}><rdf:{kind}>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:{kind}></{name}>"
    )


def block(main: dict[int, Any] | None = None, camera: dict[int, Any] | None = None, **gps: Any) -> Image.Exif:
    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(EXIF_DIRECTORY).update(camera or {})
    if gps:
        exif.get_ifd(GPS_DIRECTORY).update(
            {1: gps["ns"], 2: gps["latitude"], 3: gps["ew"], 4: gps["longitude"]}
        )
    return exif


def jpeg(exif: Image.Exif | None = None, xmp: bytes | None = None, size: tuple[int, int] = (8, 6)) -> bytes:
    options: dict[str, Any] = {}
    if exif is not None:
        options["exif"] = exif.tobytes()
    if xmp is not None:
        options["xmp"] = xmp
    return saved("JPEG", size, **options)


def saved(kind: str, size: tuple[int, int] = (8, 6), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(buffer, kind, **options)
    return buffer.getvalue()


def png(exif: Image.Exif, xmp: bytes) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    return saved("PNG", exif=exif.tobytes(), pnginfo=text)


def png_with_metadata_last(exif: Image.Exif, xmp: bytes) -> bytes:
    """The same, with everything behind the pixels."""
    whole = png(exif, xmp)
    chunks, position = [], 8
    while position < len(whole):
        length = int.from_bytes(whole[position : position + 4], "big")
        chunks.append(whole[position : position + 12 + length])
        position += 12 + length
    late = [chunk for chunk in chunks if chunk[4:8] in (b"eXIf", b"iTXt")]
    assert len(late) == 2
    early = [chunk for chunk in chunks if chunk not in late]
    return whole[:8] + b"".join([*early[:-1], *late, early[-1]])


def tiff(exif: Image.Exif, xmp: bytes) -> bytes:
    """A TIFF without pixels, which is how raw photos look to a reader of metadata."""
    exif.update({256: 8, 257: 6, 700: xmp})
    return exif.tobytes().removeprefix(b"Exif\x00\x00")


def directory(tags: dict[int, int]) -> bytes:
    """One directory of a TIFF, of whole numbers only."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return struct.pack("<H", len(tags)) + entries + bytes(4)


FORMATS: dict[str, Callable[[Image.Exif, bytes], bytes]] = {
    "jpeg": lambda exif, xmp: jpeg(exif, xmp),
    "png": png,
    "png, metadata behind the pixels": png_with_metadata_last,
    "webp": lambda exif, xmp: saved("WEBP", exif=exif.tobytes(), xmp=xmp),
    "avif (the container of HEIC)": lambda exif, xmp: saved("AVIF", exif=exif.tobytes(), xmp=xmp),
    "tiff and raw": tiff,
}


@pytest.mark.parametrize("make", FORMATS.values(), ids=FORMATS.keys())
def test_every_format_says_the_same(make: Callable[[Image.Exif, bytes], bytes]) -> None:
    exif = block(
        {270: "Grüße".encode(), 271: "SONY", 272: "ILCE-7M4", 306: "2024:06:12 20:41:00"},
        {
            0x9003: "2024:06:12 20:41:00",
            0x9011: "+02:00",
            0x9291: "250",
            0x829A: IFDRational(1, 125),
            0x829D: IFDRational(28, 10),
            0x8827: 200,
            0x920A: IFDRational(35, 1),
            0xA434: "FE 35mm F1.8",
        },
        ns="N",
        latitude=(52.0, 31.0, IFDRational(277320, 10000)),
        ew="W",
        longitude=(13.0, 24.0, IFDRational(379080, 10000)),
    )
    found = read_photo(
        make(exif, packet(listed("digiKam:TagsList", "Trips/Italy"), 'xmp:Rating="4"')), "a.jpg"
    )
    assert found == Embedded(
        taken="2024-06-12T20:41:00.25",
        offset="+02:00",
        latitude=52.52437,
        longitude=-13.41053,
        make="SONY",
        model="ILCE-7M4",
        lens="FE 35mm F1.8",
        f_number=2.8,
        focal_length=35,
        iso=200,
        exposure_time="1/125",
        description="Grüße",
        rating=4,
        tags=("Trips/Italy",),
        width=8,
        height=6,
        modified="2024-06-12T20:41:00",
    )


def test_a_photo_without_metadata_has_a_size_only() -> None:
    assert read_photo(jpeg(size=(31, 17)), "a.jpg") == Embedded(width=31, height=17)
    assert read_photo(saved("GIF", (31, 17)), "a.gif") == Embedded(width=31, height=17)


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"no photo at all", b"\x00\x00\x00\x20ftypisom" + bytes(64)]
)
def test_what_is_no_photo_says_nothing(data: bytes) -> None:
    assert read_photo(data, "a.jpg") == Embedded()


class TestRawPhotos:
    @pytest.mark.parametrize("head", [b"II*\x00", b"IIRO", b"IIRS", b"IIU\x00"])
    def test_marks_of_makers(self, head: bytes) -> None:
        found = read_photo(head + (8).to_bytes(4, "little") + directory({256: 4608, 257: 3456}), "a.orf")
        assert (found.width, found.height) == (4608, 3456)

    def test_fujifilm_has_a_jpeg_inside(self) -> None:
        inner = jpeg(block({272: "X100V"}))
        raw = b"FUJIFILMCCD-RAW".ljust(84, b" ") + (100).to_bytes(4, "big") + len(inner).to_bytes(4, "big")
        assert read_photo(raw.ljust(100, b"\x00") + inner, "a.raf") == Embedded(model="X100V")

    def test_the_largest_picture_inside_counts(self) -> None:
        preview = directory({256: 160, 257: 120, 330: 8 + 2 + 3 * 12 + 4})
        photo = b"II*\x00" + (8).to_bytes(4, "little") + preview + directory({256: 6048, 257: 4024})
        found = read_photo(photo, "a.nef")
        assert (found.width, found.height) == (6048, 4024)


class TestDates:
    @pytest.mark.parametrize(
        ("camera", "taken", "offset"),
        [
            ({0x9003: "2024:06:12 20:41:00"}, "2024-06-12T20:41:00", None),
            ({0x9003: "2024:06:12 20:41:00", 0x9010: "-03:30"}, "2024-06-12T20:41:00", "-03:30"),
            ({0x9003: "2024:06:12 20:41:00", 0x9011: "Z"}, "2024-06-12T20:41:00", "+00:00"),
            ({0x9004: "2024:06:12 20:41:00", 0x9012: "+01:00"}, "2024-06-12T20:41:00", "+01:00"),
            # the second date has an offset and the first has not
            (
                {0x9003: "2024:06:12 20:41:00", 0x9004: "2024:06:12 20:41:07", 0x9012: "+01:00"},
                "2024-06-12T20:41:07",
                "+01:00",
            ),
            ({0x9003: "2024:06:12 20:41:00", 0x9291: "120"}, "2024-06-12T20:41:00.12", None),
            ({0x9003: "0000:00:00 00:00:00", 0x9011: "+01:00"}, None, None),
            ({0x9003: "2024:02:30 10:00:00"}, None, None),
            ({0x9003: "    :  :     :  :  "}, None, None),
            ({0x9011: "+01:00"}, None, None),
        ],
    )
    def test_exif(self, camera: dict[int, Any], taken: str | None, offset: str | None) -> None:
        found = read_photo(jpeg(block({}, camera)), "a.jpg")
        assert (found.taken, found.offset) == (taken, offset)

    @pytest.mark.parametrize(
        ("attribute", "taken", "offset"),
        [
            ('exif:DateTimeOriginal="2024-06-12T20:41:00.250+02:00"', "2024-06-12T20:41:00.25", "+02:00"),
            ('exif:DateTimeOriginal="2024-06-12T20:41"', "2024-06-12T20:41:00", None),
            ('photoshop:DateCreated="2024-06-12T20:41:00Z"', "2024-06-12T20:41:00", "+00:00"),
            ('xmp:CreateDate="2024-06-12T20:41:00"', "2024-06-12T20:41:00", None),
            ('photoshop:DateCreated="2024-06-12"', None, None),
        ],
    )
    def test_xmp(self, attribute: str, taken: str | None, offset: str | None) -> None:
        found = read_sidecar(packet("", attribute))
        assert (found.taken, found.offset) == (taken, offset)

    def test_satellites_give_a_date_where_nothing_else_does(self) -> None:
        exif = block(ns="N", latitude=(37.0, 46.0, 29.64), ew="W", longitude=(122.0, 25.0, 9.84))
        exif.get_ifd(GPS_DIRECTORY).update({29: "2023:11:15", 7: (12.0, 30.0, 0.0)})
        found = read_photo(jpeg(exif), "a.jpg")
        assert (found.taken, found.offset) == ("2023-11-15T04:30:00", None)  # in the zone of the place
        exif.get_ifd(EXIF_DIRECTORY)[0x9003] = "2024:06:12 20:41:00"
        assert read_photo(jpeg(exif), "a.jpg").taken == "2024-06-12T20:41:00"
        found = read_sidecar(packet("", 'exif:GPSTimeStamp="2023-11-15T12:30:00Z"'))
        assert (found.taken, found.offset) == ("2023-11-15T12:30:00", "+00:00")

    def test_date_and_offset_come_from_one_source(self) -> None:
        exif = block({}, {0x9003: "2024:06:12 20:41:00"})
        found = read_photo(jpeg(exif, packet("", 'xmp:CreateDate="2020-01-01T00:00:00+05:00"')), "a.jpg")
        assert (found.taken, found.offset) == ("2024-06-12T20:41:00", None)


class TestPlaces:
    def test_south_and_west_are_negative(self) -> None:
        exif = block(
            ns="S", latitude=(23.0, 32.0, 51.0), ew="W", longitude=(46.0, 38.0, IFDRational(99960, 10000))
        )
        found = read_photo(jpeg(exif), "a.jpg")
        assert (found.latitude, found.longitude) == (-23.5475, -46.63611)

    @pytest.mark.parametrize("latitude", [(0.0, 0.0, 0.0), (200.0, 0.0, 0.0), (IFDRational(1, 0), 0.0, 0.0)])
    def test_no_place(self, latitude: tuple[Any, ...]) -> None:
        exif = block(ns="N", latitude=latitude, ew="E", longitude=(0.0, 0.0, 0.0))
        found = read_photo(jpeg(exif), "a.jpg")
        assert (found.latitude, found.longitude) == (None, None)

    @pytest.mark.parametrize(
        ("text", "degrees"),
        [("43,4.386N", 43.0731), ("43,4,23.16S", -43.0731), ("43.0731", None), ("", None)],
    )
    def test_xmp(self, text: str, degrees: float | None) -> None:
        found = read_sidecar(packet("", f'exif:GPSLatitude="{text}" exif:GPSLongitude="11,36.6E"'))
        assert (found.latitude, found.longitude) == (degrees, None if degrees is None else 11.61)


class TestTags:
    def test_digikam_comes_before_lightroom_and_keywords(self) -> None:
        inside = (
            listed("dc:subject", "plain")
            + listed("lr:hierarchicalSubject", "Places|Lake")
            + listed("digiKam:TagsList", "Family", "Places/Lake", "Family", kind="Seq")
        )
        assert read_sidecar(packet(inside)).tags == ("Family", "Places/Lake")

    def test_lightroom_levels_become_slashes(self) -> None:
        inside = listed("dc:subject", "plain") + listed("lr:hierarchicalSubject", "Places|Lake", "AC/DC|Live")
        assert read_sidecar(packet(inside)).tags == ("Places/Lake", "AC|DC/Live")

    def test_keywords(self) -> None:
        assert read_sidecar(packet(listed("dc:subject", "one", "two"))).tags == ("one", "two")

    @pytest.mark.parametrize(
        ("charset", "encoding"), [(b"\x1c\x01\x5a\x00\x03\x1b%G", "utf-8"), (b"", "cp1252")]
    )
    def test_iptc_comes_last(self, charset: bytes, encoding: str) -> None:
        def record(number: int, text: str) -> bytes:
            value = text.encode(encoding)
            return b"\x1c\x02" + bytes([number]) + len(value).to_bytes(2, "big") + value

        records = charset + record(25, "Köln") + record(25, "Dom") + record(120, "Am Rhein")
        resource = (
            b"8BIM\x04\x04\x00\x00" + len(records).to_bytes(4, "big") + records + bytes(len(records) % 2)
        )
        segment = b"Photoshop 3.0\x00" + resource
        plain = jpeg()
        photo = plain[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + plain[2:]
        found = read_photo(photo, "a.jpg")
        assert (found.tags, found.description) == (("Köln", "Dom"), "Am Rhein")


class TestTexts:
    def test_exif_comes_before_xmp(self) -> None:
        xmp = packet(listed("dc:description", "from xmp", kind="Alt"))
        assert read_photo(jpeg(block({270: "from exif"}), xmp), "a.jpg").description == "from exif"
        assert read_photo(jpeg(block({270: "   "}), xmp), "a.jpg").description == "from xmp"

    def test_the_default_language_wins(self) -> None:
        inside = (
            '<dc:description><rdf:Alt><rdf:li xml:lang="de">Der See</rdf:li>'
            '<rdf:li xml:lang="x-default">The lake</rdf:li></rdf:Alt></dc:description>'
        )
        assert read_sidecar(packet(inside)).description == "The lake"

    def test_a_sidecar_can_say_that_there_is_none(self) -> None:
        assert read_sidecar(packet(listed("dc:description", "", kind="Alt"))).description == ""
        assert read_sidecar(packet()).description is None

    def test_the_rating_of_xmp_counts(self) -> None:
        assert read_photo(jpeg(block({0x4746: 2}), packet("", 'xmp:Rating="-1"')), "a.jpg").rating == -1
        assert read_photo(jpeg(block({0x4746: 2})), "a.jpg").rating == 2

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [((1, 125), "1/125"), ((10, 1250), "1/125"), ((1, 2), "0.5"), ((30, 1), "30"), ((1, 0), None)],
    )
    def test_exposure_time(self, seconds: tuple[int, int], text: str | None) -> None:
        assert read_photo(jpeg(block({}, {0x829A: IFDRational(*seconds)})), "a.jpg").exposure_time == text


class TestBrokenFiles:
    def test_what_is_whole_is_still_read(self) -> None:
        photo = jpeg(block({270: "whole"}), b"<x:xmpmeta this is no xml")
        assert read_photo(photo, "a.jpg") == Embedded(description="whole", width=8, height=6)

    def test_a_sidecar_in_another_encoding(self) -> None:
        text = packet(listed("dc:subject", "Köln")).decode() + "   \n" * 20
        assert read_sidecar(text.encode("utf-16")).tags == ("Köln",)
        assert read_sidecar(text.encode("utf-8-sig")).tags == ("Köln",)

    def test_broken_pixels_do_not_matter(self) -> None:
        photo = saved("PNG", (40, 30))
        at = photo.index(b"IDAT") + 8
        assert read_photo(photo[:at] + b"\x55" * 8 + photo[at + 8 :], "a.png") == Embedded(
            width=40, height=30
        )

    def test_entities_are_refused(self) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "haha">]>' + packet(listed("dc:subject", "&a;")).partition(b"?>")[2]
        assert read_sidecar(bomb) == Embedded()

    @pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
    def test_damaged_bytes_never_raise(self) -> None:
        chance = random.Random(5)
        exif = block({270: "x" * 40}, {0x9003: "2024:06:12 20:41:00", 0x829D: IFDRational(28, 10)})
        xmp = packet(listed("digiKam:TagsList", "a", "b"))
        sources = [make(exif, xmp) for make in FORMATS.values()]
        readable = 0
        for _ in range(600):
            data = bytearray(chance.choice(sources))
            for _ in range(chance.choice((1, 4, 20))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            readable += (
                read_photo(bytes(data[: chance.choice((None, len(data) // 2))]), "a.jpg").width is not None
            )
        assert readable > 100

    def test_threads_read_side_by_side(self) -> None:
        photos = [
            jpeg(block({270: f"photo {number}"}), packet(listed("dc:subject", f"tag {number}")))
            for number in range(8)
        ]
        wrong: list[Embedded] = []

        def read(number: int) -> None:
            for _ in range(40):
                found = read_photo(photos[number], "a.jpg")
                if (found.description, found.tags) != (f"photo {number}", (f"tag {number}",)):
                    wrong.append(found)

        threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


SHOT = Embedded(f_number=2.8, focal_length=35, iso=200, exposure_time="1/125", width=64, height=48)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "full.jpg",
            replace(
                SHOT,
                taken="2014-10-26T02:30:00",
                offset="+01:00",
                latitude=52.52437,
                longitude=13.41053,
                make="NIKON CORPORATION",
                model="NIKON Z 6_2",
                description="All of it",
                rating=5,
                tags=("Trips/Berlin",),
            ),
        ),
        (
            "saopaulo.jpg",
            replace(
                SHOT,
                taken="2017-04-05T06:07:08",
                offset="-03:00",
                latitude=-23.5475,
                longitude=-46.63611,
                make="Google",
                model="Pixel 8",
            ),
        ),
        (
            "gpsonly.jpg",
            replace(SHOT, latitude=41.89193, longitude=12.51133, make="Apple", model="iPhone 15 Pro"),
        ),
        (
            "subsec.jpg",
            replace(
                SHOT, taken="2016-08-09T10:11:12.345", offset="+02:00", make="Canon", model="Canon EOS R6"
            ),
        ),
        ("nooffset.jpg", replace(SHOT, taken="2020-02-29T13:14:15", make="FUJIFILM", model="X-T5")),
        (
            "tagged.jpg",
            replace(
                SHOT,
                taken="2015-05-04T09:00:00",
                offset="+02:00",
                make="SONY",
                model="ILCE-7M4",
                tags=("Family", "Places/Lake"),
            ),
        ),
        (
            "rejected.jpg",
            replace(
                SHOT,
                taken="2015-05-03T09:00:00",
                offset="+02:00",
                make="SONY",
                model="ILCE-7M4",
                rating=-1,
            ),
        ),
        ("scan.jpg", replace(SHOT, make="EPSON", model="Perfection V600")),
        ("plain-1.jpg", Embedded(width=64, height=48)),
        ("plain.png", Embedded(width=64, height=48)),
    ],
)
def test_the_photos_of_the_recordings(file: str, said: Embedded) -> None:
    """As real servers read them (scenario "embedded")."""
    found = read_photo((CONFORMANCE / file).read_bytes(), file)
    assert replace(found, modified=None) == said
