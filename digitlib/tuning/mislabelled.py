"""Find the digits of UNIPEN whose label is wrong.

    python -m digitlib.tuning.mislabelled

Networks of 300 and 100 units learn by the recipe "robust" from MNIST and from the
learning and validation donors, each without one fifth of the writers, and then read
what those wrote, several times with other pens. A label is taken to be wrong where its
probability is below 2 % each time: these digits are listed in
``digitlib/assets/unipen_mislabelled.csv``, with what the networks read instead. The
test donors' digits are neither looked at nor left out.

It takes five minutes on two cores.
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

    folds: int = 5  #: into which the writers are parted
    copies: int = 4  #: how often each digit is written with another pen
    images: int = 20_000  #: of MNIST that are learned from besides
    units: tuple = (300, 100)  #: of the hidden layers
    epochs: int = 15  #: of training
    probability: float = 0.02  #: of a label: what is always below is wrong
    jobs: int = 2  #: processes


MISLABELLED = MislabelledSettings()


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
    """Indices of wrong labels, what is read instead, and the label's probability.

    The last is the largest that any of the copies was given.
    """
    own = probabilities[:, np.arange(len(labels)), labels].max(axis=0)
    chosen = np.flatnonzero(own < settings.probability)
    return chosen, probabilities.mean(axis=0).argmax(axis=1)[chosen], own[chosen]


def main(path=UNIPEN_MISLABELLED_PATH, settings=MISLABELLED):
    """Write the list."""
    digits = load_unipen(mislabelled=True)
    indices = np.flatnonzero(~np.isin(digits.donors, UNIPEN_TEST))
    some = digits.part(indices)
    chosen, instead, own = wrong(judged(some, settings), some.labels, settings)
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("index", "writer", "label", "read as", "probability of label"))
        for i, digit, probability in zip(chosen, instead, own, strict=True):
            about = some.writers[i], some.labels[i], digit, f"{probability:.4f}"
            table.writerow((indices[i], *about))
    print(f"{path.name}: {len(chosen)} of {len(indices)} labels are wrong")


if __name__ == "__main__":
    main()
