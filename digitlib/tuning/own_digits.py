"""Learn your own digits: weights that know a hand, and what it costs everybody else.

The network goes on from trained weights, slowly. Most of what it is shown is what it
has learned from before, MNIST's images and the digits of UNIPEN's learning donors,
written again; in between stand the new digits, often enough not to be outvoted. So it
forgets little. The detector stays, since it knows wrong cuts of whole fields, too; the
temperature and the threshold are chosen again.

Some of the new digits are kept apart, and never learned from. They, and digits of
others that nobody learns from, are read before and after.
"""

import csv
from dataclasses import asdict, dataclass, replace
import os
from typing import NamedTuple

import numpy as np

from digitlib._internal.checks import check_count, check_labels, check_path
from digitlib._internal.workers import run_all
from digitlib.data import load_mnist, load_unipen, split_donors, split_validation
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate, mcnemar
from digitlib.imaging.loading import readable
from digitlib.imaging.paths import images_in
from digitlib.model import Trained, Weights, load_trained, save_weights, softmax
from digitlib.preprocessing import preprocess
from digitlib.test_time import recorded, scores
from digitlib.tuning.acceptance import (
    ACCEPTANCE,
    choose_temperature,
    choose_threshold,
)
from digitlib.tuning.recipes import Recipe, train_recipe, versions
from digitlib.tuning.segment_judge import rewrite


@dataclass(frozen=True)
class OwnDigitsSettings:
    """How own digits are learned; all of it is chosen, by how hands were read whose
    strokes come from UNIPEN's validation donors."""

    recipe: Recipe = Recipe(  # noqa: RUF009 - frozen
        batch_size=128, rate=0.0005, schedule=True, affine=True, elastic=True, ink=True
    )  #: of `digitlib.tuning.recipes`
    epochs: int = 6  #: of training
    strength: float = 0.5  #: of the distortions
    share: float = 0.2  #: of the lessons are own digits, repeated
    every: int = 2  #: one of so many digits that are known before is learned again
    fewest: int = 3  #: own images of each digit
    apart: float = 0.3  #: part of the own images, or writers, that is kept apart
    writers: int = 4  #: from so many on, whole writers are kept apart
    cost: float = 0.005  #: others may lose as much of their accuracy, ...
    doubt: float = 0.05  #: ... or more, if so much less may be chance
    accept: int = 4  #: one of so many digits of others decides what to accept
    jobs: int = 2  #: processes that prepare images


OWN_DIGITS = OwnDigitsSettings()  #: The default


@dataclass(frozen=True)
class Compared:
    """How the same images were read before and after."""

    before: object
    """`digitlib.evaluation.Evaluation`, with the accuracy and its 95 % interval."""
    after: object
    """The same, of the weights that know the own digits."""
    p_value: float
    """How probable so large a difference would be, if there were none: see
    `digitlib.evaluation.mcnemar`."""

    def __str__(self):
        ways = (("before", self.before), ("after", self.after))
        return f"{self.before.confusion.sum()} images, " + ", ".join(
            f"{name} {of.accuracy:.2%} right ({of.interval[0]:.1%} to "
            f"{of.interval[1]:.1%})"
            for name, of in ways
        )


@dataclass(frozen=True, eq=False)
class Learned:
    """What `learn_digits` made; not saved yet."""

    trained: Trained
    """What `digitlib.recognizer.Recognizer` takes, once it is saved."""
    compared: dict
    """Of `Compared`: ``"own"``, the images that were kept apart; ``"MNIST"``, its
    validation images; and ``"UNIPEN"``, its validation donors, written again."""
    objection: str | None
    """Why it should not be used: what is read worse than before; None if nothing is."""

    def save(self, path):
        """Write a weights file; an older one is replaced.

        Raises
        ------
        DigitlibError
            If there is an `objection`, or the file cannot be written.
        """
        if self.objection:
            raise DigitlibError(f"{self.objection}; nothing is saved: give more images")
        save_weights(
            path, self.trained.weights, self.trained.detector, **self.trained.provenance
        )


def labelled_images(path):
    """Find images and the digits that they show.

    Parameters
    ----------
    path : str or os.PathLike
        A folder that holds folders named 0 to 9, with the images of that digit in each.
        Or a table, ``.csv`` in UTF-8, with a row for each image: its path, from where
        the table is; its digit; and, if known, a name or number of its writer. A first
        row of headings, ``path,label`` or ``path,label,writer``, is left out.

    Returns
    -------
    (paths, labels, writers) : list of str, numpy.ndarray (n,), the same or None
        As `prepare_digits` takes them.

    Raises
    ------
    DigitlibError
        If it is something else.
    """
    path = check_path(path)
    rows = _folders(path) if path.is_dir() else _table(path)
    if not rows:
        wanted = "folders named 0 to 9, or a table with rows of path,digit"
        raise DigitlibError(f"{path}: no labelled image in it; give {wanted}")
    paths, labels, writers = zip(*rows, strict=True)
    return list(paths), np.array(labels), np.array(writers) if any(writers) else None


def _folders(path):
    found = []
    for digit in range(10):
        folder = path / str(digit)
        for image, error in images_in(str(folder)) if folder.is_dir() else ():
            if error:
                raise error
            found.append((image, digit, ""))
    return found


def _table(path):
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "not a table in UTF-8"
        raise DigitlibError(f"{path}: cannot be read ({why})") from error
    found = []
    for line, (image, label, *writer) in enumerate((r + [""] * 2 for r in rows), 1):
        if (line == 1 and label.strip().lower() == "label") or not image:
            continue
        if label.strip() not in set("0123456789"):
            why = f"label {label!r}, but a digit is needed: path,digit"
            raise DigitlibError(f"{path}: row {line}: {why}")
        name = str(path.parent / image)
        found.append((name, int(label), writer[0].strip() if writer else ""))
    return found


class OwnDigits(NamedTuple):
    """Somebody's digits, as `prepare_digits` returns them."""

    images: np.ndarray  #: (n, 28, 28) float32 in [0, 1], as the network sees them
    labels: np.ndarray  #: (n,) int, 0 to 9
    writers: np.ndarray | None  #: (n,), if they are known
    skipped: tuple  #: of DigitlibError: for each image that cannot be used, why


def prepare_digits(images, labels, writers=None, *, settings=OWN_DIGITS):
    """Prepare images of digits to be learned, as a recognizer prepares them.

    Parameters
    ----------
    images : sequence of path, bytes, PIL.Image.Image or array
        Of one digit each, as `digitlib.preprocessing.preprocess` takes them. What
        cannot be read, shows no ink or is there already, is skipped.
    labels : array_like, shape (n,), integer, 0 to 9
    writers : array_like, shape (n,), optional
        A name or number of each image's writer.
    settings : OwnDigitsSettings

    Returns
    -------
    OwnDigits

    Raises
    ------
    DigitlibError
        If the labels or writers are of another kind.
    """
    images = list(images)
    labels = check_labels(labels, len(images)).astype(int)
    if writers is not None and np.shape(writers) != labels.shape:
        shape = np.shape(writers)
        raise DigitlibError(f"writers: shape {shape}, but {labels.shape} is needed")
    first, skipped = {}, []
    found = list(run_all(_seen, enumerate(images), settings.jobs, ordered=True))
    for i, seen in enumerate(found):
        same = (
            first.setdefault(seen.tobytes(), i) if isinstance(seen, np.ndarray) else i
        )
        if same != i:
            why = f"the same image as {_name(images[same], same)}"
            seen = DigitlibError(f"{_name(images[i], i)}: {why}")
        if isinstance(seen, DigitlibError):
            skipped.append(seen)
    used = np.array([*first.values()], int)
    seen = np.array([found[i] for i in used]).reshape(-1, 28, 28)
    writers = None if writers is None else np.asarray(writers)[used]
    return OwnDigits(seen, labels[used], writers, tuple(skipped))


def _name(image, i):
    path = isinstance(image, (str, os.PathLike))
    return readable(os.fspath(image)) if path else f"image {i}"


def _seen(i, image):
    """An image as the network sees it, or the error that says why it cannot."""
    name = _name(image, i)
    try:
        seen = preprocess(image)
    except DigitlibError as error:
        named = str(error).startswith(name)
        return error if named else DigitlibError(f"{name}: {error}")
    return seen if seen.any() else DigitlibError(f"{name}: no ink")


def learn_digits(own, *, weights="hands", seed=0, settings=OWN_DIGITS):
    """Go on from trained weights, to read the digits of a hand, or of some, better.

    Parameters
    ----------
    own : OwnDigits
        Of `prepare_digits`. Some are kept apart, see `keep_apart`.
    weights : str or os.PathLike
        As for `digitlib.model.load_trained`, with a detector.
    seed : int, 0 to 2**32 - 1
        Decides what is kept apart, and all that is drawn.
    settings : OwnDigitsSettings

    Returns
    -------
    Learned
        Its ``save`` writes what `digitlib.recognizer.Recognizer` takes.

    Raises
    ------
    DigitlibError
        If an argument is of another kind, or there are too few images of a digit.
    """
    seed = check_count("seed", seed, 0, 2**32 - 1)
    start = load_trained(weights)
    if start.detector is None:
        why = "without a detector of digits; give other weights to go on from"
        raise DigitlibError(f"{weights}: {why}")
    count = np.bincount(own.labels, minlength=10)
    if count.min() < settings.fewest:
        few = f"{count.min()} images that can be used"
        why = f"{few}, but {settings.fewest} of each digit are needed"
        raise DigitlibError(f"digit {count.argmin()}: {why}")
    apart = keep_apart(own.labels, own.writers, seed, settings)
    lessons = own.images[~apart], own.labels[~apart]
    known, judged = _known(seed, settings)
    learned = _go_on(start.weights, lessons, known, seed, settings)
    trained = Trained(learned, {}, start.detector)
    judged = {"own": (own.images[apart], own.labels[apart]), **judged}
    compared = {name: _compare(start, trained, *of) for name, of in judged.items()}
    others = zip(*list(judged.values())[1:], strict=True)
    x, y = (np.concatenate(of)[:: settings.accept] for of in others)
    looks = replace(ACCEPTANCE, augmentation=recorded(start.provenance))
    temperature = choose_temperature(learned, x, y, looks)
    made = {
        "temperature": temperature,
        "threshold": choose_threshold(learned, start.detector, temperature, x, looks),
        "augmentation": start.provenance.get("augmentation"),
        "recipe": {"name": "own digits", "own images": len(lessons[1]),
                   "kept apart": int(apart.sum()), **asdict(settings)},
        "seed": seed,
        "versions": versions("digitlib", "keras", "numpy", "tensorflow"),
        "went on from": start.provenance,
    }  # fmt: skip
    trained.provenance.update(made)
    return Learned(trained, compared, _objection(compared, settings))


def keep_apart(labels, writers=None, seed=0, settings=OWN_DIGITS):
    """Draw what is kept apart to judge by: a mask (n,), bool.

    Whole writers, if there are enough of them, and the others wrote every digit; else
    some images of each digit.
    """
    rng = np.random.default_rng(seed)
    if writers is not None:
        names = rng.permutation(np.unique(writers))
        apart = np.isin(writers, names[: max(1, round(settings.apart * len(names)))])
        if len(names) >= settings.writers and {*labels[~apart]} == {*range(10)}:
            return apart
    apart = np.zeros(len(labels), bool)
    for digit in range(10):
        these = rng.permutation(np.flatnonzero(labels == digit))
        apart[these[: max(1, round(settings.apart * len(these)))]] = True
    return apart


def _known(seed, settings):
    """What most weights have learned from; and from what they have not, by its name."""
    fit, mnist = split_validation(*load_mnist()[0])
    learning, donors, _ = split_donors(load_unipen())
    some = learning.part(slice(None, None, settings.every))
    written = rewrite(some.strokes, some.labels, seed, settings.jobs)
    again = [of[:: settings.every] for of in fit]
    known = [np.concatenate(of) for of in zip(again, written, strict=True)]
    judged = rewrite(donors.strokes, donors.labels, 0, settings.jobs)

    def scaled(x, y):
        return x / np.float32(255), y.astype(int)

    return scaled(*known), {"MNIST": scaled(*mnist), "UNIPEN": scaled(*judged)}


def _go_on(weights, own, known, seed, settings):
    """Train on, from own digits between those that are known."""
    times = settings.share / (1 - settings.share) * len(known[1]) / len(own[1])
    some = [known, *[own] * max(1, round(times))]
    x, y = (np.concatenate(of) for of in zip(*some, strict=True))
    model, history = train_recipe(
        settings.recipe, x, y, seed=seed, epochs=settings.epochs,
        start=weights, strength=settings.strength,
    )  # fmt: skip
    if len(history.epoch) < settings.epochs:
        raise KeyboardInterrupt
    saved = (array.astype(np.float16) for array in model.get_weights())
    return Weights(array.astype(np.float32) for array in saved)


def _compare(start, learned, x, y):
    """Read the same images with both weights."""
    looks = recorded(start.provenance)
    before, after = (softmax(scores(x, t.weights, looks)) for t in (start, learned))
    p_value = mcnemar(before, after, y)[-1]
    return Compared(evaluate(before, y), evaluate(after, y), p_value)


def _objection(compared, settings):
    """What is read worse than before: own digits at all, those of others clearly."""
    for name, of in compared.items():
        lost = of.before.accuracy - of.after.accuracy
        clear = lost > settings.cost and of.p_value < settings.doubt
        if clear or (name == "own" and lost > 0):
            before, after = of.before.accuracy, of.after.accuracy
            return f"{name}: {after:.2%} right, but {before:.2%} before"
    return None
