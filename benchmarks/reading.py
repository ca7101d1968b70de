"""How fast whole numbers are read, and how much memory it takes.

    python benchmarks/reading.py

Prints a line for each claim: what was measured, the limit, and the ratio to another
way in the same run: for a step, a library; for a field, reading each connected piece
by itself; for a page, only decoding it; for a folder, one process. Run it while nothing
else runs.
"""

from pathlib import Path
import statistics
import sys
import tempfile
import time

from main_line import peak_megabytes
import numpy as np
from PIL import Image
from recognition import NOTHING, compare, decode, many, report
from scipy import ndimage
from threadpoolctl import threadpool_limits
from whole_numbers import by_components

from digitlib.data import load_mnist
from digitlib.imaging.fast import opening, padded, quantile
from digitlib.reading import read
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import fields, page

FIELDS = 40  # of each kind
FOLDER = 400  # images


def cpu(function):
    """The least seconds of one core, of three calls."""
    took = []
    for _ in range(3):
        start = time.process_time()
        function()
        took.append(time.process_time() - start)
    return min(took)


def five_digits(pool, recognizer):
    for kind in ("clear", "touching", "boxes"):
        images = [field.image for field in fields(*pool, FIELDS, kind=kind, seed=9)]
        read(images[0], digits=5)
        ours = [1000 * cpu(lambda i=i: read(i, digits=5)) for i in images]
        pieces = [
            1000 * cpu(lambda i=i: by_components(i, 5, recognizer)) for i in images
        ]
        report(f"five digits, {kind} (median)", statistics.median(ours), 30, "ms")
        print(
            f"  slowest {max(ours):.3g} ms; ours / piece by piece: "
            f"{statistics.mean(ours) / statistics.mean(pieces):.2g}"
        )


def steps():
    """What is not left to a library, as it would be there."""
    picture = np.random.default_rng(0).random((100, 400), dtype=np.float32)
    digit = picture[:60, :40] > 0.5
    for name, ours, library in (
        (
            "SciPy's opening",
            lambda: opening(picture, (25, 25)),
            lambda: ndimage.grey_opening(picture, (25, 25)),
        ),
        (
            "NumPy's quantile",
            lambda: quantile(picture, 0.5),
            lambda: np.quantile(picture, 0.5),
        ),
        ("NumPy's pad", lambda: padded(digit), lambda: np.pad(digit, 1)),
    ):
        compare(name, many(ours, 50), many(library, 50))


def whole_page(pool, folder):
    path = folder / "page.png"
    Image.fromarray(page(*pool, 100, dpi=300, seed=1).image).save(path)
    took = cpu(lambda: read(path))
    report("a page of A4 at 300 dpi, 100 digits", took, 1.5, "s")
    print(f"  ours / only decoding it: {took / many(lambda: decode(path), 3):.2g}")
    code = f"from digitlib.reading import read; read({str(path)!r}); import sys; "
    code += "sys.exit('tensorflow' in sys.modules)"  # an error, if it is imported
    _, peak = peak_megabytes(sys.executable, "-c", code)
    report("the peak memory of a process that reads it", peak, 500, "MB")
    _, nothing = peak_megabytes(sys.executable, "-c", NOTHING)
    print(f"  a process that only imports NumPy and Pillow: {nothing:.0f} MB")


def many_fields(pool, folder):
    scans = folder / "scans"
    scans.mkdir()
    for i, field in enumerate(fields(*pool, FOLDER, seed=8)):
        Image.fromarray(field.image).save(scans / f"{i:03d}.png")
    took = {}
    for jobs in (1, 2):
        command = [sys.executable, "-m", "digitlib", "read", str(scans), "--digits"]
        command += ["5", "--jobs", str(jobs), "--output", str(folder / f"{jobs}.csv")]
        took[jobs], _ = peak_megabytes(*command)
    report("seconds for 2,000 fields on two cores", took[2] / FOLDER * 2000, 60, "s")
    print(f"  two processes / one: {took[2] / took[1]:.2g}")


def main():
    _, (x_test, y_test) = load_mnist()
    pool = x_test / np.float32(255), y_test
    with tempfile.TemporaryDirectory() as folder:
        with threadpool_limits(1):
            steps()
            five_digits(pool, Recognizer())
            whole_page(pool, Path(folder))
        many_fields(pool, Path(folder))


if __name__ == "__main__":
    main()
