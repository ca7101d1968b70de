"""How well whole numbers are read: generated fields, written with test digits.

    python benchmarks/whole_numbers.py [--fields N]

Five digits a field, of every kind; each is read by what a reader of the book would do
first (connected components, and the recogniser on each), by Tesseract if it is
installed (Debian's tesseract-ocr), and by `digitlib.reading.read`, without and with the
number of digits. Results go to book/results/numbers.csv, when all are there.
"""

import argparse
import csv
from io import BytesIO
from pathlib import Path
import shutil
import subprocess

from joblib import Parallel, delayed
import matplotlib
import numpy as np
from PIL import Image

from digitlib.data import load_mnist
from digitlib.fields import EMPTIES, KINDS, empties, fields
from digitlib.ink import WEAK, color, noise, polarity, shading, threshold
from digitlib.pieces import Pieces
from digitlib.reading import read
from digitlib.recognizer import Recognizer

RESULTS = Path(__file__).parent.parent / "book" / "results" / "numbers.csv"
COLUMNS = ["kind", "method", "numbers", "right", "accepted", "accepted_wrong"]
SEED = 7


def by_components(image, digits, recognizer):
    """Each piece of ink that is at least half as tall as the tallest is a digit."""
    picture = image / np.float32(255)
    ink = threshold(shading(polarity(noise(color(picture)))))
    pieces = Pieces(ink > WEAK)
    tall = pieces.bottom - pieces.top
    text, sure = "", pieces.n > 0
    for piece in np.argsort(pieces.left):
        if tall[piece] >= tall.max() / 2:
            where = pieces.boxes[piece]
            alone = np.where(pieces.labels[where] == piece + 1, ink[where], 0)
            prediction = recognizer.predict(np.pad(1 - alone, 10, constant_values=1))
            text += "" if prediction.digit is None else str(prediction.digit)
            sure &= prediction.accepted
    return text, bool(sure and (digits is None or len(text) == digits))


def by_tesseract(image, digits, recognizer):
    """Its mode for a single line of digits; it says nothing of when to accept."""
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG")
    command = ["tesseract", "-", "-", "--psm", "7", "-c"]
    command.append("tessedit_char_whitelist=0123456789")
    done = subprocess.run(  # on some images it ends by itself, having read nothing
        command, input=file.getvalue(), capture_output=True, check=False
    )
    return done.stdout.decode().strip().replace(" ", ""), True


def by_reader(image, digits, recognizer):
    reading = read(image, recognizer=recognizer)
    return reading.text, reading.accepted


def by_reader_with_count(image, digits, recognizer):
    reading = read(image, digits=digits, recognizer=recognizer)
    return reading.text, reading.accepted


METHODS = {
    "components": by_components,
    "tesseract": by_tesseract,
    "read": by_reader,
    "read, digits known": by_reader_with_count,
}


def judged(kind, n, method):
    """Read ``n`` fields of a kind; how many are right, accepted, and both but wrong."""
    _, (x_test, y_test) = load_mnist()
    x_test = x_test / np.float32(255)
    recognizer = Recognizer()
    if kind in KINDS:
        some = fields(x_test, y_test, n, kind=kind, seed=SEED + KINDS.index(kind))
    else:
        fonts = Path(matplotlib.get_data_path(), "fonts", "ttf").glob("STIX*.ttf")
        some = empties(kind.removeprefix("no digits: "), n, fonts=fonts, seed=SEED)
    right = accepted = wrong = 0
    for field in some:
        digits = len(field.text.replace("\n", "")) or 5
        text, sure = METHODS[method](field.image, digits, recognizer)
        right += text == field.text
        accepted += sure
        wrong += sure and text != field.text
    return [kind, method, n, right, accepted, wrong]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fields", type=int, default=1000, metavar="N")
    n = parser.parse_args().fields
    methods = [m for m in METHODS if m != "tesseract" or shutil.which("tesseract")]
    kinds = [*KINDS, *(f"no digits: {kind}" for kind in EMPTIES)]
    rows = Parallel(n_jobs=2, return_as="generator")(
        delayed(judged)(kind, n, method) for kind in kinds for method in methods
    )
    found = []
    for row in rows:
        found.append(row)
        print(*row, sep=", ", flush=True)
    with RESULTS.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(found)


if __name__ == "__main__":
    main()
