"""Find the digits of UNIPEN whose label is wrong.

    python -m digitlib.tuning.mislabelled

Some are only pieces, since what somebody wrote was cut between two of its strokes: one
straight stroke is no digit, unless it is upright and a 1. Of the others, networks of
300 and 100 units tell. They learn by the recipe "robust" from MNIST and from the
learning and validation donors, each without one fifth of the writers, and then read
what those wrote, several times with other pens. A label is taken to be wrong where its
probability is below 2 % each time.

All these digits are listed, with the reason, in
``digitlib/assets/unipen_mislabelled.csv``. The test donors' digits are neither looked
at nor left out. It takes five minutes on two cores.
"""

import csv
from dataclasses import dataclass

import numpy as np

from digitlib.data import (
    UNIPEN_MISLABELLED_PATH,
    UNIPEN_TEST,
    load_mnist,
    load_unipen,
)
from digitlib.model import forward
from digitlib.tuning.recipes import train_recipe
from digitlib.tuning.segment_judge import rewrite


@dataclass(frozen=True)
class MislabelledSettings:
    """How wrong labels are found; all of it is chosen."""

    straight: float = 0.12  #: of a stroke's length: how far it strays from straight
    folds: int = 5  #: into which the writers are parted
    copies: int = 3  #: how often each digit is written with another pen
    images: int = 20_000  #: of MNIST that are learned from besides
    units: tuple = (300, 100)  #: of the hidden layers
    epochs: int = 15  #: of training
    probability: float = 0.02  #: of a label: what is always below is wrong
    jobs: int = 2  #: processes


MISLABELLED = MislabelledSettings()


def is_piece(strokes, label, settings=MISLABELLED):
    """Tell whether strokes are one straight line, and no upright 1."""
    if len(strokes) > 1:
        return False
    points = strokes[0] - strokes[0][0].astype(float)
    length = np.hypot(*points[-1])
    away = np.abs(points @ [-points[-1][1], points[-1][0]]).max()  # times the length
    lies = abs(points[-1][0]) > abs(points[-1][1])
    return bool(away < settings.straight * length**2 and (label != 1 or lies))


def judged(digits, settings=MISLABELLED):
    """Probabilities, (copies, n, 10), by networks that do not know the writer.

    Of `digitlib.data.PenDigits`.
    """
    n, jobs = len(digits.labels), settings.jobs
    seeds = range(settings.copies)
    seen = [rewrite(digits.strokes, digits.labels, i, jobs)[0] for i in seeds]
    seen = np.array(seen) / np.float32(255)
    images, labels = (of[: settings.images] for of in load_mnist()[0])
    writers, of = np.unique(digits.writers, return_inverse=True)
    fold = np.random.default_rng(0).permutation(len(writers))[of] % settings.folds
    probabilities = np.empty((settings.copies, n, 10), np.float32)
    for i in range(settings.folds):
        known = fold != i
        x = np.concatenate((images / np.float32(255), *seen[:, known]))
        y = np.concatenate((labels, np.tile(digits.labels[known], settings.copies)))
        options = {"seed": i, "epochs": settings.epochs, "units": settings.units}
        weights = train_recipe("robust", x, y, **options)[0].get_weights()
        for some, found in zip(seen, probabilities, strict=True):
            found[~known] = forward(some[~known], weights)
    return probabilities


def wrong(probabilities, labels, settings=MISLABELLED):
    """Tell why labels are wrong: a dict from the place of each to what is read instead.

    From what `judged` returns.
    """
    own = probabilities[:, np.arange(len(labels)), labels].max(axis=0)
    instead = probabilities.mean(axis=0).argmax(axis=1)
    chosen = np.flatnonzero(own < settings.probability)
    return {int(i): f"read as {instead[i]}" for i in chosen}


def main(path=UNIPEN_MISLABELLED_PATH, settings=MISLABELLED):
    """Write the list."""
    digits = load_unipen(mislabelled=True)
    judging = np.flatnonzero(~np.isin(digits.donors, UNIPEN_TEST))
    whole = [not is_piece(digits.strokes[i], digits.labels[i]) for i in judging]
    reasons = dict.fromkeys(judging[np.logical_not(whole)], "one straight stroke")
    rest = judging[whole]
    some = digits.part(rest)
    found = wrong(judged(some, settings), some.labels, settings)
    reasons |= {rest[i]: reason for i, reason in found.items()}
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("index", "writer", "label", "reason"))
        for i in sorted(reasons):
            table.writerow((i, digits.writers[i], digits.labels[i], reasons[i]))
    print(f"{path.name}: {len(reasons)} of {len(judging)} labels are wrong")


if __name__ == "__main__":
    main()
