"""How well whole numbers are read: generated fields, written with test digits.

    python benchmarks/whole_numbers.py [--fields N]

Five digits a field, of every kind, but none of the fifteen test digits whose label
people contest. Each is read by what a reader of the book would do first (connected
components, and the recogniser on each), by Tesseract (Debian's tesseract-ocr), and by
`digitlib.reading.read`, without and with the number of digits. When all are there,
results go to book/results: numbers.csv, and misread.csv, the fields of the six kinds
that `read` got wrong and did not set aside for another reason.
"""

import argparse
import csv
from importlib.metadata import version
from io import BytesIO, StringIO
import os
from pathlib import Path
import shutil
import subprocess
import sys

import matplotlib
import numpy as np
from PIL import Image

from digitlib._internal.files import replacing
from digitlib._internal.workers import run_all
from digitlib.data import CONTESTED, load_mnist
from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    correct_polarity,
    correct_shading,
    denoise,
    to_grey,
)
from digitlib.imaging.components import Components
from digitlib.reading import read
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import EMPTIES, KINDS, PAPER, empties, fields

FOLDER = Path(__file__).parent.parent / "book" / "results"
COLUMNS = ["kind", "method", "numbers", "right", "accepted", "accepted_wrong"]
MISREAD = ["method", "kind", "written", "read", "confidence", "as_sure", "of"]
PACKAGES = "digitlib", "numpy", "scipy", "pillow", "scikit-image"
EMPTY = "no digits: "
ALL = *KINDS, *(EMPTY + kind for kind in EMPTIES), *PAPER
PART = 50  # fields at once
SEED = 7


def by_components(image, digits, recognizer):
    """Each piece of ink that is at least half as tall as the tallest is a digit."""
    picture = image / np.float32(255)
    ink = binarize(correct_shading(correct_polarity(denoise(to_grey(picture)))))
    pieces = Components(ink > BINARIZATION.weak)
    tall = pieces.bottom - pieces.top
    text, sure = "", pieces.n > 0
    for piece in np.argsort(pieces.left):
        if tall[piece] >= tall.max() / 2:
            where = pieces.boxes[piece]
            alone = np.where(pieces.labels[where] == piece + 1, ink[where], 0)
            prediction = recognizer.predict(np.pad(1 - alone, 10, constant_values=1))
            text += "" if prediction.digit is None else str(prediction.digit)
            sure &= prediction.accepted
    return text, bool(sure and len(text) == digits), 0.0


def by_tesseract(image, digits, recognizer):
    """Its mode for a single line of digits; it says nothing of when to accept."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    command = ["tesseract", "-", "-", "--psm", "7", "-c"]
    command.append("tessedit_char_whitelist=0123456789")
    done = subprocess.run(  # on some images it ends by itself, having read nothing
        command,
        input=file.getvalue(),
        capture_output=True,
        check=False,
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
    )
    text = done.stdout.decode().strip().replace(" ", "")
    return text, bool(text), 0.0


def by_reader(image, digits, recognizer):
    return _answer(read(image))


def by_reader_with_count(image, digits, recognizer):
    return _answer(read(image, digits=digits))


def _answer(reading):
    """The text, whether it is accepted, and from which confidence it could be."""
    sure = reading.confidence if reading.reason in (None, "unsure") else 0.0
    return reading.text, reading.accepted, sure


METHODS = {
    "components": by_components,
    "tesseract": by_tesseract,
    "read": by_reader,
    "read, digits known": by_reader_with_count,
}


def first_seed(kind):
    """The seed of the first fields of a kind."""
    return SEED + 1000 * ALL.index(kind)


def judged(kind, n, seed):
    """Read ``n`` fields of a kind by all methods: (method, written, read, ...)."""
    _, (x_test, y_test) = load_mnist()
    x_test = np.delete(x_test, CONTESTED, axis=0) / np.float32(255)
    y_test = np.delete(y_test, CONTESTED)
    recognizer = Recognizer()
    if kind.startswith(EMPTY):
        fonts = Path(matplotlib.get_data_path(), "fonts", "ttf").glob("STIX*.ttf")
        some = empties(kind.removeprefix(EMPTY), n, fonts=sorted(fonts), seed=seed)
    else:
        some = fields(x_test, y_test, n, kind=kind, seed=seed)
    return [
        (kind, method, field.text, *METHODS[method](field.image, digits, recognizer))
        for field in some
        for digits in [len(field.text.replace("\n", "")) or 5]
        for method in METHODS
    ]


def table(found):
    """A row for each kind and method: how many are right, accepted, and both."""
    groups = {}
    for kind, method, *answer in found:
        groups.setdefault((kind, method), []).append(answer)
    for (kind, method), answers in groups.items():
        right = sum(text == written for written, text, *_ in answers)
        accepted = sum(sure for *_, sure, _ in answers)
        wrong = sum(sure and text != written for written, text, sure, _ in answers)
        yield kind, method, len(answers), right, accepted, wrong


def misread(found):
    """Yield each misread field, and how many of all fields are at least as sure.

    That is enough to know for any threshold how many are accepted, and how many of
    these are wrong.
    """
    for method in ("read", "read, digits known"):
        some = [f for f in found if f[1] == method and f[0] in KINDS]
        sure = np.sort([-confidence for *_, confidence in some])
        wrong = [f for f in some if f[2] != f[3] and f[-1] > 0]
        for kind, _, written, text, _, confidence in sorted(
            wrong, key=lambda f: -f[-1]
        ):
            rank = np.searchsorted(sure, -confidence, "right")
            lines = written.replace("\n", " "), text.replace("\n", " ")
            yield method, kind, *lines, round(confidence, 6), rank, len(some)


def write_down(path, columns, rows):
    versions = " ".join(f"{name}={version(name)}" for name in PACKAGES)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, "versions"])
    writer.writerows([*row, versions] for row in rows)
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fields", type=int, default=1000, metavar="N")
    n = parser.parse_args().fields
    if not shutil.which("tesseract"):
        sys.exit("tesseract: not installed; install tesseract-ocr")
    work = [
        (kind, min(PART, n - start), first_seed(kind) + start)
        for kind in ALL
        for start in range(0, n, PART)
    ]
    found = []
    for part in run_all(judged, work, jobs=2, ordered=True):
        found += part
        print(*next(table(part)), flush=True)
    rows = list(table(found))
    for row in rows:
        print(*row, sep=", ")
    write_down(FOLDER / "numbers.csv", COLUMNS, rows)
    write_down(FOLDER / "misread.csv", MISREAD, misread(found))


if __name__ == "__main__":
    main()
