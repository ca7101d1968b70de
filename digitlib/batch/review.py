"""What a person should look at: pictures with boxes and guesses, and a list to key in.

The folder holds copies of people's handwriting. Protect it as you do the originals, and
delete it when the list is filled in.
"""

import csv
import hashlib
import html
import io
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_path
from digitlib._internal.files import Growing, not_written, replacing
from digitlib.batch.store import one_line
from digitlib.imaging.loading import load_strip, readable

SIDE = 1200  # pixels: the longest side of a picture; small images are enlarged ...
ENLARGED = 4  # ... up to so many times
TAG = 0.3  # heights of its box: how large a guess is written
TAGS = (13, 28)  # pixels
SURE, UNSURE = (0, 90, 180), (200, 60, 0)  # blue and orange

COLUMNS = ("number", "picture", "file", "guess", "reason", "keyed")
HEADER = (",".join(COLUMNS) + "\n").encode()
PAGE = (
    b'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>To key in</title>'
    b'<meta name="viewport" content="width=device-width">'
    b"<style>body{font:1.1rem sans-serif;margin:1rem}figure{margin:0 0 3rem}"
    b"img{display:block;max-width:100%;max-height:60vh;border:1px solid #888}"
    b"figcaption{margin:.3rem 0}b{font-size:1.5rem;margin-right:1rem}</style>"
    b"<h1>To key in</h1><p>Type what you read into <code>index.csv</code>, column "
    b"<code>keyed</code>, in the row with the same number. Set that column to text "
    b"first, or a spreadsheet drops the zeros in front. These are copies of people's "
    b"handwriting: protect them, and delete them when you are done.</p>\n"
)


def draw_review(image, record):
    """Draw boxes and guesses into an image.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.imaging.loading.load_image`.
    record : digitlib.batch.store.Record
        What was read in it.

    Returns
    -------
    PIL.Image.Image
        RGB; of about 1200 pixels at most. Above each box stands the digit;
        one that is not sure is orange, with a question mark.
    """
    pixels, (height, width) = load_strip(image, 2 * SIDE, 1)
    picture = Image.fromarray(np.uint8(np.round(pixels * 255))).convert("RGB")
    scale = min(SIDE / max(height, width), ENLARGED)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    boxes = [tuple(scale * side for side in place.box) for place in record.digits]
    heights = [bottom - top for _, top, _, bottom in boxes]
    size = int(np.clip(TAG * np.median(heights or [0]), *TAGS))
    font = ImageFont.load_default(size)
    room = size + 6 if any(top < size + 6 for _, top, _, _ in boxes) else 0
    sheet = Image.new("RGB", (picture.width, picture.height + room), "white")
    sheet.paste(picture, (0, room))
    draw = ImageDraw.Draw(sheet)
    for place, (left, top, right, bottom) in zip(record.digits, boxes, strict=True):
        color = SURE if place.accepted else UNSURE
        draw.rectangle((left, top + room, right, bottom + room), outline=color, width=2)
        said = f"{place.digit}" if place.accepted else f"{place.digit}?"
        tag = draw.textbbox((left + 2, top + room - 3), said, font, anchor="lb")
        draw.rectangle((tag[0] - 2, tag[1] - 2, tag[2] + 2, tag[3] + 2), fill=color)
        draw.text((left + 2, top + room - 3), said, "white", font, anchor="lb")
    return sheet


class Review:
    """A folder for what is set aside, that a person goes through.

    ``index.csv`` has a row for each picture, with an empty column to key in, and
    ``index.html`` shows them in the same order. Rows are only ever added, so that what
    was keyed in stays.

    Parameters
    ----------
    folder : str or os.PathLike
        It is made if there is none, for its owner only.

    Raises
    ------
    DigitlibError
        If it cannot be written, another run uses it, or its ``index.csv`` or
        ``index.html`` are something else.
    """

    def __init__(self, folder):
        self.folder = check_path(folder)
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise not_written(self.folder, error) from error
        self._table = Growing(self.folder / "index.csv", HEADER, cut=False)
        try:
            self._page = Growing(self.folder / "index.html", PAGE)
            self._rows = self._read()
        except BaseException:
            self._table.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._table, self._page:
            pass

    def _read(self):
        """The names of the pictures that are listed, each with its number."""
        with self._table.path.open(encoding="utf-8", errors="replace") as file:
            rows = [row for row in csv.reader(file) if len(row) > 1]
        return {row[1]: int(row[0]) for row in rows if row[0].isdecimal()}

    def __contains__(self, record):
        return picture_name(record) in self._rows

    def add(self, record):
        """List a record; its picture is there already."""
        name = picture_name(record)
        if name in self._rows:
            return
        number = max(self._rows.values(), default=0) + 1
        guess = one_line(record.text)
        shown = html.escape(guess or "nothing")
        said = f"({record.reason}) {readable(record.path)}"
        # The table comes last, for it tells what is done.
        self._page.append(
            f"<figure><figcaption><b>{number}</b><b>{shown}</b>"
            f'{html.escape(said)}</figcaption><img loading="lazy" '
            f'src="{html.escape(name)}" alt="{shown}"></figure>\n'.encode()
        )
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerow(
            [number, name, readable(record.path), guess, record.reason, ""]
        )
        self._table.append(out.getvalue().encode())
        self._rows[name] = number


def picture_name(record):
    """Return the name of the picture of a record.

    Parameters
    ----------
    record : digitlib.batch.store.Record

    Returns
    -------
    str
        As that of the file, for people, and a part that depends on the whole path and
        the content, so that no two are the same.
    """
    stem = os.path.splitext(os.path.basename(record.path))[0][:40]
    stem = "".join(sign if sign.isalnum() else "_" for sign in stem)
    both = f"{record.key}\n{record.sha256}".encode()
    return f"{stem}-{hashlib.sha256(both).hexdigest()[:12]}.jpg"


def save_picture(folder, image, record):
    """Write the picture of a record.

    Parameters
    ----------
    folder : pathlib.Path
    image
        As for `draw_review`.
    record : digitlib.batch.store.Record

    Raises
    ------
    DigitlibError
        If it cannot be written.
    """
    with replacing(folder / picture_name(record)) as file:
        draw_review(image, record).save(file, "JPEG", quality=85)
