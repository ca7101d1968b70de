"""Would a larger network do better? Stores book/results/hands.csv.

    python benchmarks/wider.py [FOLDER]

From the lessons of ``python -m digitlib.tuning.hands FOLDER``, which are made if they
are not there, networks of several widths learn by the same recipe. They are judged by
MNIST's validation images and by UNIPEN's validation donors, of whom none has learned.
"""

import csv
from dataclasses import replace
from pathlib import Path
import sys
import tempfile

import numpy as np

from digitlib.data import load_mnist, load_unipen, split_donors, split_validation
from digitlib.evaluation import evaluate
from digitlib.model import forward
from digitlib.tuning.hands import PLAN, learn, lessons, many_hands
from digitlib.tuning.recipes import versions
from digitlib.tuning.segment_judge import rewrite

RESULTS = Path(__file__).parent.parent / "book" / "results" / "hands.csv"
UNITS = (100, 100), (300, 100)
MADE = " ".join("=".join(one) for one in versions("keras", "tensorflow").items())


def main(folder):
    fit, validation = split_validation(*load_mnist()[0], PLAN.validation)
    learning, donors, _ = split_donors(load_unipen())
    judges = {"mnist": validation, "unipen": rewrite(donors.strokes, donors.labels)}
    folder.mkdir(parents=True, exist_ok=True)
    hands = many_hands(*fit, learning, PLAN.copies, PLAN.every)
    x, y = lessons(folder / "lessons.npz", *hands)
    x, y = np.concatenate((fit[0], x)), np.concatenate((fit[1], y))
    with open(RESULTS, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("units", "weights", *judges, "versions"))
        for units in UNITS:
            name = "-".join(map(str, units))
            path = folder / f"network-{name}.npz"
            weights = learn(path, x, y, replace(PLAN, units=units))
            found = [
                evaluate(forward(images / np.float32(255), weights), labels).accuracy
                for images, labels in judges.values()
            ]
            sizes = sum(array.size for array in weights)
            table.writerow((name, sizes, *(f"{share:.5f}" for share in found), MADE))
            file.flush()


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or [tempfile.gettempdir(), "digitlib-hands"]))
