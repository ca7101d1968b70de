"""What a person should look at: pictures with boxes and guesses, and a list to key in.

The folder holds copies of people's handwriting. Protect it as you do the originals, and
delete it when the list is filled in.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
import hashlib
import html
import json
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_path
from digitlib._internal.files import not_written, replacing
from digitlib._internal.store import Store, csv_line
from digitlib.batch.store import one_line
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import load_strip, readable

COLUMNS = ("number", "picture", "file", "guess", "reason", "keyed")
PAGE = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>To key in</title>'
    '<meta name="viewport" content="width=device-width">'
    "<style>body{font:1.1rem sans-serif;margin:1rem}figure{margin:0 0 3rem}"
    "img{display:block;max-width:100%;max-height:60vh;border:1px solid #888}"
    "figcaption{margin:.3rem 0}b{font-size:1.5rem;margin-right:1rem}</style>"
    "<h1>To key in</h1><p>Type what you read into <code>index.csv</code>, column "
    "<code>keyed</code>, in the row with the same number. Set that column to text "
    "first, or a spreadsheet drops the zeros in front. These are copies of people's "
    "handwriting: protect them, and delete them when you are done.</p>\n"
)


@dataclass(frozen=True)
class Drawing:
    """How a picture for a person is drawn; chosen by looking at some."""

    side: int = 1200  #: pixels, of its longest side; small images are enlarged ...
    enlarged: int = 4  #: ... up to so many times
    tag: float = 0.3  #: size of a guess, in heights of the boxes ...
    tags: tuple = (13, 28)  #: ... within these pixels
    sure: tuple = (0, 90, 180)  #: blue (red, green, blue, 0 to 255)
    unsure: tuple = (200, 60, 0)  #: orange


def draw_review(image, record, style=None):
    """Return an image (RGB) in which a digit stands above each box of a record.

    One that is not sure is in another colour, with a question mark.
    """
    style = style or Drawing()
    pixels, (height, width) = load_strip(image, 2 * style.side, 1)
    picture = Image.fromarray(np.uint8(np.round(pixels * 255))).convert("RGB")
    scale = min(style.side / max(height, width), style.enlarged)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    boxes = [tuple(scale * side for side in digit["box"]) for digit in record.digits]
    heights = [bottom - top for _, top, _, bottom in boxes]
    size = int(np.clip(style.tag * np.median(heights or [0]), *style.tags))
    font = ImageFont.load_default(size)
    room = size + 6 if any(top < size + 6 for _, top, _, _ in boxes) else 0
    sheet = Image.new("RGB", (picture.width, picture.height + room), "white")
    sheet.paste(picture, (0, room))
    draw = ImageDraw.Draw(sheet)
    for digit, (left, top, right, bottom) in zip(record.digits, boxes, strict=True):
        color = style.sure if digit["accepted"] else style.unsure
        draw.rectangle((left, top + room, right, bottom + room), outline=color, width=2)
        said = f"{digit['digit']}" + "?" * (not digit["accepted"])
        tag = draw.textbbox((left + 2, top + room - 3), said, font, anchor="lb")
        draw.rectangle((tag[0] - 2, tag[1] - 2, tag[2] + 2, tag[3] + 2), fill=color)
        draw.text((left + 2, top + room - 3), said, "white", font, anchor="lb")
    return sheet


class Review(AbstractContextManager):
    """A folder for what is set aside, that a person goes through.

    ``index.csv`` has a row for each picture, with an empty column to key in, and
    ``index.html`` shows them in the same order. Both are written when a run ends or is
    interrupted. To the table, rows are only added: what was keyed in stays. A folder
    that is not there is made, for its owner only.
    """

    def __init__(self, folder):
        self.folder = check_path(folder)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise not_written(self.folder, error) from error
        self._page = self.folder / "index.html"
        self._store = Store(self.folder / "index.csv", self._page)
        try:
            self._keyed()
            self._n = sum(1 for _ in self._store.texts())
        except BaseException:
            self._store.__exit__()
            raise

    def __exit__(self, *_):
        with self._store as store:
            rows = [json.loads(text) for text in store.texts()]
            with replacing(self._page) as file:
                file.write("".join([PAGE, *map(_figure, rows)]).encode())
            keyed = self._keyed()
            new = [row for row in rows if row[1].encode() not in keyed]
            if new or not keyed:
                lines = map(csv_line, new if keyed else [COLUMNS, *new])
                with replacing(store.table) as file:
                    end = b"" if keyed.endswith(b"\n") or not keyed else b"\n"
                    file.write(keyed + end + "".join(lines).encode())

    def _keyed(self):
        """The table as people left it."""
        table = self._store.table
        keyed = table.read_bytes() if table.exists() else b""
        if keyed and not keyed.startswith(",".join(COLUMNS).encode()):
            why = "its first line is not that of `digitlib read`, perhaps another"
            why = f"{why} program changed it; mend it, or give another place"
            raise DigitlibError(f"{table}: {why}")
        return keyed

    def __contains__(self, record):
        return self._store.get(picture_name(record)) is not None

    def add(self, record):
        """List a record; its picture is there already."""
        if record in self:
            return
        self._n += 1
        row = (
            self._n, picture_name(record), readable(record.path),
            one_line(record.text), record.reason, "",
        )  # fmt: skip
        self._store.put(row[1], json.dumps(row))


def _figure(row):
    number, name, path, guess, reason, _ = row
    shown = html.escape(guess or "nothing")
    said = html.escape(f"({reason}) {path}")
    return (
        f"<figure><figcaption><b>{number}</b><b>{shown}</b>{said}</figcaption>"
        f'<img loading="lazy" src="{name}" alt="{shown}"></figure>\n'
    )


def picture_name(record):
    """Return the name of a record's picture: that of the file, for people, and a part
    that depends on the whole path and the content, so that no two are the same.
    """
    stem = os.path.splitext(os.path.basename(record.path))[0][:40]
    stem = "".join(sign if sign.isalnum() else "_" for sign in stem)
    both = f"{record.key}\n{record.sha256}".encode()
    return f"{stem}-{hashlib.sha256(both).hexdigest()[:12]}.jpg"


def save_picture(folder, image, record):
    """Write the picture of a record into a folder."""
    with replacing(folder / picture_name(record)) as file:
        draw_review(image, record).save(file, "JPEG", quality=85)
