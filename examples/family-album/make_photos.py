"""Draws the photos of this example and writes metadata into them, as phones and cameras do.

    python make_photos.py [FOLDER]      (default: the folder "photos" beside this file)

The photos are checked in, so you need this only to change them. The same version of Pillow gives the same
bytes again; the checksums in immich.yaml are those of the photos that are checked in.
"""

from __future__ import annotations

import io
import math
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFilter
from PIL.TiffImagePlugin import IFDRational

WIDTH, HEIGHT = 320, 240
SCALE = 3  # drawn larger and scaled down, for smooth edges

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Camera:
    make: str
    model: str
    lens: str | None
    f_number: float
    focal_length: float
    iso: int
    exposure: tuple[int, int]


IPHONE = Camera(
    "Apple", "iPhone 15 Pro", "iPhone 15 Pro back camera 6.765mm f/1.78", 1.78, 6.765, 64, (1, 640)
)
PIXEL = Camera("Google", "Pixel 8", "Pixel 8 back camera 6.9mm f/1.68", 1.68, 6.9, 50, (1, 320))
SONY = Camera("SONY", "ILCE-7M4", "FE 24-70mm F2.8 GM", 5.6, 35, 100, (1, 250))
SCANNER = Camera("EPSON", "Perfection V600", None, 0, 0, 0, (0, 1))

SAN_QUIRICO, VAL_D_ORCIA = (43.057912, 11.605344), (43.073143, 11.610022)
FLORENCE, FLORENCE_STATION = (43.773145, 11.255961), (43.776512, 11.247908)
VENICE, BURANO = (45.437842, 12.335921), (45.485411, 12.416702)
HOME = (47.995902, 7.852214)  # Freiburg


@dataclass(frozen=True)
class Photo:
    """One photo: how it is drawn, and what its camera wrote into it."""

    file: str
    scene: Callable[[], Image.Image]
    camera: Camera
    taken: str | None = None  # local time
    offset: str | None = None
    place: tuple[float, float] | None = None
    caption: str | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()


# --- drawing ------------------------------------------------------------------------------------------------


def canvas(top: Colour, bottom: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A picture filled with a sky that fades from one colour into the other."""
    column = Image.new("RGB", (1, 64))
    for y in range(64):
        column.putpixel((0, y), blend(top, bottom, y / 63))
    image = column.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BILINEAR)
    return image, ImageDraw.Draw(image)


def blend(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    """A box in the picture's own pixels, for the larger drawing."""
    return left * SCALE, top * SCALE, right * SCALE, bottom * SCALE


def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x * SCALE, y * SCALE) for x, y in pairs]


def disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse(box(x - radius, y - radius, x + radius, y + radius), fill=colour)


def hill(draw: ImageDraw.ImageDraw, base: float, swing: float, shift: float, colour: Colour) -> None:
    """A rolling line of hills from its crest down to the bottom of the picture."""
    crest = [
        (x, base + swing * (math.sin(x / 47 + shift) + 0.5 * math.sin(x / 21 + 2 * shift)))
        for x in range(0, WIDTH + 4, 4)
    ]
    draw.polygon(points((0, HEIGHT), *crest, (WIDTH, HEIGHT)), fill=colour)


def cypress(draw: ImageDraw.ImageDraw, x: float, foot: float, height: float, colour: Colour) -> None:
    draw.rectangle(box(x - 0.8, foot - 4, x + 0.8, foot + 2), fill=(70, 52, 40))
    draw.ellipse(box(x - height / 9, foot - height, x + height / 9, foot), fill=colour)


def house(draw: ImageDraw.ImageDraw, x: float, foot: float, size: float, wall: Colour, roof: Colour) -> None:
    draw.rectangle(box(x, foot - size * 0.6, x + size, foot), fill=wall)
    draw.polygon(
        points((x - 2, foot - size * 0.6), (x + size / 2, foot - size), (x + size + 2, foot - size * 0.6)),
        fill=roof,
    )
    draw.rectangle(box(x + size * 0.4, foot - size * 0.35, x + size * 0.6, foot), fill=blend(wall, roof, 0.6))


def sunset(sun: float) -> Image.Image:
    """The valley in the evening; the sun stands this high above the ridge."""
    image, draw = canvas((94, 84, 142), (255, 178, 102))
    disc(draw, 214, 128 - sun, 36, (255, 205, 130))
    disc(draw, 214, 128 - sun, 22, (255, 236, 179))
    hill(draw, 138, 8, 0.4, (150, 96, 108))
    hill(draw, 160, 9, 2.1, (116, 84, 84))
    for step in range(5):
        cypress(draw, 74 + 11 * step, 172 - 3 * step, 34 - 3 * step, (52, 58, 50))
    house(draw, 128, 160, 22, (186, 134, 104), (128, 66, 52))
    hill(draw, 190, 8, 4.0, (84, 76, 52))
    return image


def van() -> Image.Image:
    image, draw = canvas((118, 178, 226), (226, 238, 244))
    disc(draw, 262, 44, 18, (255, 240, 190))
    hill(draw, 128, 10, 1.0, (166, 186, 112))
    hill(draw, 158, 9, 3.2, (198, 184, 98))
    draw.polygon(points((0, HEIGHT), (0, 205), (WIDTH, 190), (WIDTH, HEIGHT)), fill=(146, 138, 128))
    draw.rounded_rectangle(box(84, 136, 222, 204), radius=14 * SCALE, fill=(224, 122, 95))
    draw.rounded_rectangle(box(84, 136, 222, 172), radius=14 * SCALE, fill=(244, 240, 226))
    for left in (94, 126, 158, 190):
        draw.rounded_rectangle(box(left, 146, left + 25, 166), radius=3 * SCALE, fill=(108, 146, 168))
    for x in (116, 194):
        disc(draw, x, 204, 15, (44, 44, 48))
        disc(draw, x, 204, 6, (206, 206, 206))
    return image


def cypress_road() -> Image.Image:
    image, draw = canvas((96, 164, 222), (232, 240, 238))
    hill(draw, 136, 8, 0.2, (154, 178, 108))
    hill(draw, 150, 6, 2.6, (206, 190, 104))
    draw.polygon(points((150, 146), (164, 146), (246, HEIGHT), (70, HEIGHT)), fill=(226, 210, 178))
    for step in range(6):
        away = 1 - step / 6
        for side in (-1, 1):
            x = 157 + side * (12 + 118 * away * away)
            cypress(draw, x, 150 + 78 * away * away, 26 + 96 * away * away, (44, 82, 56))
    return image


def dome() -> Image.Image:
    image, draw = canvas((86, 150, 216), (240, 226, 206))
    roofs = random.Random(7)
    draw.rectangle(box(112, 118, 222, 200), fill=(238, 226, 206))
    draw.pieslice(box(112, 48, 222, 188), 180, 360, fill=(186, 88, 62))
    for x in (124, 144, 167, 190, 210):
        draw.line(points((x, 116), (167, 50)), fill=(240, 228, 210), width=2 * SCALE)
    draw.rectangle(box(159, 34, 175, 56), fill=(244, 236, 222))
    draw.polygon(points((157, 36), (167, 16), (177, 36)), fill=(170, 160, 148))
    draw.rectangle(box(52, 60, 78, 200), fill=(232, 218, 196))
    for y in (72, 98, 124, 150):
        draw.rectangle(box(60, y, 70, y + 16), fill=(124, 110, 104))
    for x in range(-6, WIDTH, 26):
        size = roofs.randint(30, 48)
        house(draw, x, 226, size, (222, 190, 150), (176, roofs.randint(78, 104), 66))
    draw.rectangle(box(0, 222, WIDTH, HEIGHT), fill=(150, 96, 74))
    return image


def ticket() -> Image.Image:
    image, draw = canvas((62, 64, 70), (40, 42, 46))
    draw.polygon(points((92, 34), (236, 22), (246, 206), (102, 218)), fill=(246, 242, 226))
    for line in range(9):
        y, length = 62 + line * 15, 96 - (line * 37) % 50
        draw.line(points((112 + line, y), (112 + line + length, y - 8)), fill=(96, 96, 104), width=3 * SCALE)
    draw.rectangle(box(176, 150, 226, 190), outline=(190, 60, 54), width=3 * SCALE)
    return image


def canal(hour: float, colours: tuple[Colour, ...], gondola: bool) -> Image.Image:
    """Houses along the water; the light goes from noon (0) to evening (1)."""
    sky = blend((120, 182, 232), (246, 170, 128), hour)
    image, draw = canvas(sky, blend(sky, (255, 244, 226), 0.6))
    windows = random.Random(11)
    left, number = 0, 0
    while left < WIDTH:
        width, top = windows.randint(38, 58), windows.randint(52, 88)
        wall = blend(colours[number % len(colours)], (120, 70, 70), 0.25 * hour)
        draw.rectangle(box(left, top, left + width, 164), fill=wall)
        draw.rectangle(box(left, top - 5, left + width, top), fill=blend(wall, (150, 70, 50), 0.6))
        for x in range(left + 7, left + width - 10, 15):
            for y in range(top + 12, 146, 26):
                draw.rectangle(box(x, y, x + 8, y + 14), fill=blend(wall, (40, 50, 70), 0.65))
        left, number = left + width, number + 1
    water = image.crop((0, 88 * SCALE, WIDTH * SCALE, 164 * SCALE)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    water = Image.blend(water, Image.new("RGB", water.size, (44, 110, 122)), 0.55)
    image.paste(water.filter(ImageFilter.BoxBlur(3 * SCALE)), (0, 164 * SCALE))
    if gondola:
        draw.chord(box(70, 150, 226, 214), 20, 160, fill=(26, 26, 30))
        draw.line(points((218, 204), (236, 176)), fill=(26, 26, 30), width=4 * SCALE)
        draw.line(points((100, 140), (84, 224)), fill=(120, 84, 54), width=2 * SCALE)
        draw.rectangle(box(96, 166, 106, 196), fill=(240, 240, 240))
        disc(draw, 101, 158, 7, (226, 182, 148))
    return image


def cake() -> Image.Image:
    image, draw = canvas((92, 62, 58), (150, 98, 78))
    draw.rectangle(box(0, 186, WIDTH, HEIGHT), fill=(112, 72, 54))
    draw.ellipse(box(62, 176, 258, 208), fill=(236, 232, 224))
    for top, left, colour in ((138, 86, (238, 206, 190)), (100, 112, (246, 228, 214))):
        draw.rectangle(box(left, top, WIDTH - left, top + 50), fill=colour)
        draw.ellipse(box(left, top - 9, WIDTH - left, top + 9), fill=blend(colour, (255, 255, 255), 0.5))
    for x in range(128, 200, 13):
        draw.rectangle(box(x, 76, x + 3, 98), fill=(224, 122, 95))
        disc(draw, x + 1.5, 70, 9, (168, 112, 74))
        disc(draw, x + 1.5, 70, 4, (255, 226, 140))
    return image


def garden() -> Image.Image:
    image, draw = canvas((142, 196, 232), (236, 244, 240))
    hill(draw, 112, 12, 5.1, (72, 104, 76))
    hill(draw, 132, 8, 1.4, (96, 132, 86))
    draw.rectangle(box(0, 172, WIDTH, HEIGHT), fill=(120, 166, 90))
    house(draw, 170, 186, 104, (240, 232, 216), (150, 72, 56))
    draw.rectangle(box(58, 128, 66, 190), fill=(98, 70, 50))
    for x, y, radius in ((62, 108, 32), (38, 124, 20), (88, 122, 22)):
        disc(draw, x, y, radius, (76, 130, 66))
    flowers = random.Random(3)
    for _ in range(40):
        colour = flowers.choice(((224, 92, 92), (246, 210, 92), (240, 240, 250)))
        disc(draw, flowers.randint(4, 160), flowers.randint(200, 234), 2.5, colour)
    return image


def christmas_tree() -> Image.Image:
    image, draw = canvas((38, 34, 54), (86, 60, 62))
    draw.rectangle(box(0, 204, WIDTH, HEIGHT), fill=(104, 74, 56))
    draw.rectangle(box(152, 190, 168, 214), fill=(78, 54, 40))
    for top, reach, foot in ((40, 38, 104), (72, 58, 150), (112, 78, 196)):
        draw.polygon(points((160, top), (160 - reach, foot), (160 + reach, foot)), fill=(36, 92, 62))
    lights = random.Random(24)
    for _ in range(44):
        height = lights.randint(64, 190)
        half = 10 + (height - 60) * 0.42
        disc(
            draw,
            160 + lights.uniform(-half, half),
            height,
            3,
            lights.choice(((255, 214, 120), (230, 92, 80), (150, 200, 255))),
        )
    disc(draw, 160, 40, 7, (255, 226, 130))
    return image


def old_print() -> Image.Image:
    """A print of 1962, scanned: brown, with a white border."""
    image = canal(0.2, ((214, 196, 170), (190, 168, 140), (226, 210, 186)), gondola=True).convert("L")
    brown = Image.merge(
        "RGB",
        [image.point([min(255, round(v * part + 22)) for v in range(256)]) for part in (0.9, 0.76, 0.58)],
    )
    draw = ImageDraw.Draw(brown)
    draw.rectangle(box(0, 0, WIDTH, HEIGHT), outline=(240, 234, 220), width=14 * SCALE)
    return brown


BURANO_COLOURS = ((222, 98, 84), (92, 150, 196), (244, 200, 96), (120, 176, 124), (214, 134, 174))
VENICE_COLOURS = ((214, 150, 112), (196, 124, 98), (228, 190, 144), (206, 168, 132))

PHOTOS = (
    # at home, before the trip
    Photo(
        "IMG_0498.jpg",
        cake,
        IPHONE,
        "2024-05-19T15:30:08",
        "+02:00",
        HOME,
        caption="Eighty candles would not fit",
        rating=5,
        keywords=("Family/Nonna",),
    ),
    # the trip
    Photo("IMG_0531.jpg", van, IPHONE, "2024-06-09T10:15:27", "+02:00", SAN_QUIRICO),
    Photo("DSC01187.jpg", cypress_road, SONY, "2024-06-10T09:05:44"),
    Photo("IMG_0532.jpg", lambda: sunset(26), IPHONE, "2024-06-12T20:38:12", "+02:00", VAL_D_ORCIA),
    Photo("IMG_0533.jpg", lambda: sunset(8), IPHONE, "2024-06-12T20:41:00", "+02:00", VAL_D_ORCIA),
    Photo(
        "IMG_0540.jpg",
        dome,
        IPHONE,
        "2024-06-13T14:20:31",
        "+02:00",
        FLORENCE,
        caption="The cathedral, 463 steps later",
        rating=4,
    ),
    Photo("IMG_0541.jpg", ticket, IPHONE, "2024-06-13T17:52:03", "+02:00", FLORENCE_STATION),
    Photo(
        "PXL_20240614_103011207.jpg",
        lambda: canal(0.0, BURANO_COLOURS, gondola=False),
        PIXEL,
        "2024-06-14T12:30:11.207",
        "+02:00",
        BURANO,
        keywords=("Boats",),
    ),
    Photo(
        "PXL_20240614_181544902.jpg",
        lambda: canal(0.9, VENICE_COLOURS, gondola=True),
        PIXEL,
        "2024-06-14T20:15:44.902",
        "+02:00",
        VENICE,
        keywords=("Boats",),
    ),
    # at home again
    Photo("IMG_0575.jpg", garden, IPHONE, "2024-06-22T18:03:50", "+02:00", HOME),
    Photo("DSC01240.jpg", christmas_tree, SONY, "2024-12-24T19:12:36", "+01:00"),
    # from the shoebox: a scanner knows no date
    Photo("scan_0007.jpg", old_print, SCANNER),
)


# --- metadata -----------------------------------------------------------------------------------------------


def exif_of(photo: Photo) -> bytes:
    exif = Image.Exif()
    exif[271], exif[272] = photo.camera.make, photo.camera.model
    if photo.caption:
        exif[270] = photo.caption
    camera = exif.get_ifd(0x8769)
    if photo.camera.iso:
        camera[0x829A] = IFDRational(*photo.camera.exposure)
        camera[0x829D] = IFDRational(round(photo.camera.f_number * 100), 100)
        camera[0x8827] = photo.camera.iso
        camera[0x920A] = IFDRational(round(photo.camera.focal_length * 1000), 1000)
        camera[0xA434] = photo.camera.lens
    if photo.taken:
        seconds, _, fraction = photo.taken.partition(".")
        text = seconds.replace("-", ":").replace("T", " ")
        exif[306] = camera[0x9003] = camera[0x9004] = text
        if photo.offset:
            camera[0x9010] = camera[0x9011] = camera[0x9012] = photo.offset
        if fraction:
            camera[0x9291] = camera[0x9292] = fraction
    if photo.place:
        gps = exif.get_ifd(0x8825)
        latitude, longitude = photo.place
        gps[0], gps[1], gps[3] = b"\2\3\0\0", "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
        gps[2], gps[4] = degrees(latitude), degrees(longitude)
    return exif.tobytes()


def degrees(value: float) -> tuple[IFDRational, ...]:
    """A coordinate as Exif keeps it: degrees, minutes, and seconds to 1/10000."""
    ticks = round(abs(value) * 3600 * 10000)
    minutes, ticks = divmod(ticks, 60 * 10000)
    return IFDRational(minutes // 60, 1), IFDRational(minutes % 60, 1), IFDRational(ticks, 10000)


def xmp_of(photo: Photo) -> bytes | None:
    if photo.rating is None and not photo.keywords:
        return None
    rating = "" if photo.rating is None else f' xmp:Rating="{photo.rating}"'
    items = "".join(f"<rdf:li>{escape(keyword)}</rdf:li>" for keyword in photo.keywords)
    tags = f"<digiKam:TagsList><rdf:Seq>{items}</rdf:Seq></digiKam:TagsList>" if items else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f' xmlns:digiKam="http://www.digikam.org/ns/1.0/"{rating}>{tags}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def bytes_of(photo: Photo) -> bytes:
    image = photo.scene().resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    options = {"exif": exif_of(photo)}
    if packet := xmp_of(photo):
        options["xmp"] = packet
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85, optimize=True, **options)
    return buffer.getvalue()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    for photo in PHOTOS:
        (folder / photo.file).write_bytes(bytes_of(photo))
    print(f"{len(PHOTOS)} photos in {folder}")


if __name__ == "__main__":
    main()
