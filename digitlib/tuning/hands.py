"""Learn what recognizer and reading use: hands.npz, segment_judge.npz.

    python -m digitlib.tuning.hands FOLDER

First the network, by the recipe "robust", but for more epochs: from MNIST's training
images as they are, and from many hands, which are every second one of these images and
the digits of UNIPEN's learning donors. Their digits are written again with other pens,
and cut out of generated fields; the detector learns from wrong cuts, too. What the
network has not learned from, the last 10,000 images and two donors, shows which
segments are digits (one half of it), and when a number may be accepted (the other).

It takes most of an hour on two cores. What is finished is kept in FOLDER, and not made
again; both files are written into ``digitlib/assets``.
"""

from dataclasses import asdict, dataclass, replace
import json
from pathlib import Path
import sys

import numpy as np

from digitlib import reading
from digitlib._internal.files import load_arrays, save_arrays
from digitlib._internal.workers import run_all
from digitlib.data import (
    ASSETS,
    MNIST_SHA256,
    UNIPEN_SHA256,
    load_mnist,
    load_unipen,
    split_donors,
    split_validation,
)
from digitlib.document.lattice import FEATURES
from digitlib.model import save_weights
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import KINDS, PAPER, fields
from digitlib.test_time import AUGMENTATION
from digitlib.tuning import segment_judge
from digitlib.tuning.acceptance import ACCEPTANCE, fit_acceptance
from digitlib.tuning.recipes import find_recipe, train_recipe, versions


@dataclass(frozen=True)
class Plan:
    """How much is learned from; all of it is chosen."""

    recipe: str = "robust"  #: of `digitlib.tuning.recipes`
    epochs: int = 60  #: of training
    units: tuple = (100, 100)  #: of the hidden layers
    seed: int = 0  #: of all that is drawn
    validation: int = 10_000  #: images that are not learned from: the last ones
    every: int = 2  #: one of so many other images is written again, ...
    copies: int = 3  #: ... and so often each of UNIPEN's digits
    parts: int = 4  #: of the hands, by each of which so many ...
    fields: int = 100  #: ... fields of each kind are written, to learn digits from
    detect: int = 100  #: fields of each kind that the detector learns from
    learn: int = 300  #: fields of each kind that the segment judge learns from
    choose: int = 250  #: fields of each kind that thresholds are chosen on
    wrong: tuple = (0.01, 0.01)  #: part of the accepted, of a known and unknown count
    kinds: tuple = KINDS  #: of fields that the network learns from
    judged: tuple = (*KINDS, *PAPER)  #: of fields for the segment judge and thresholds
    jobs: int = 2  #: processes


PLAN = Plan()


def many_hands(images, labels, digits, copies, every):
    """Digits to write with, from images (n, 28, 28), uint8, and from pen strokes.

    Returns a list of one in ``every`` image and, ``copies`` times, all
    `digitlib.data.PenDigits`; and an array of the labels.
    """
    scaled = images[::every] / np.float32(255)
    hands = [*scaled, *(digits.strokes * copies)]
    return hands, np.concatenate((labels[::every], np.tile(digits.labels, copies)))


def lessons(path, hands, labels, plan=PLAN):
    """Digits as a reader sees them, uint8, and their labels: written again, and cut out
    of fields. What is made is kept at a path."""
    if not path.exists():
        found = [segment_judge.rewrite(hands, labels, plan.seed, plan.jobs)]
        for i in range(plan.parts):
            part = hands[i :: plan.parts], labels[i :: plan.parts]
            seed = plan.seed + 1000 + 10 * i
            found.append(digits_cut_out(*part, plan.fields, seed, plan)[0])
            print(f"{path.stem}: fields of part {i} cut", flush=True)
        x, y = (np.concatenate(of) for of in zip(*found, strict=True))
        save_arrays(path, {"x": x, "y": y})
    arrays = load_arrays(path)
    return arrays["x"], arrays["y"]


def digits_cut_out(images, labels, n, seed, plan=PLAN):
    """Cut-out digits and their labels; and other cut-outs, all uint8."""
    some = images, labels, plan.kinds, n, seed, plan.jobs
    seen, _, digits = segment_judge.cut_out(Recognizer("robust"), *some)
    good = digits != segment_judge.OTHER
    return (seen[good], digits[good]), seen[~good]


def learn(path, x, y, plan=PLAN):
    """Train from lessons, uint8; return the weights, which are kept at a path."""
    if not path.exists():
        options = {"seed": plan.seed, "epochs": plan.epochs, "units": plan.units}
        model, _ = train_recipe(plan.recipe, x / np.float32(255), y, **options)
        save_arrays(path, {str(i): a for i, a in enumerate(model.get_weights())})
        print(f"{path.stem}: learned from {len(x)} images", flush=True)
    arrays = load_arrays(path)
    return [arrays[str(i)] for i in range(len(arrays))]


def network(fit, validation, learning, donors, folder, plan=PLAN):
    """Train the network, find out when to accept a digit, and store all of it.

    From MNIST's images and labels, uint8, and from digits of pens, two parts of each.
    """
    hands, labels = many_hands(*fit, learning, plan.copies, plan.every)
    x, y = lessons(folder / "lessons.npz", hands, labels, plan)
    x, y = np.concatenate((fit[0], x)), np.concatenate((fit[1], y))
    weights = learn(folder / "network.npz", x, y, plan)
    cut, others = digits_cut_out(hands, labels, plan.detect, plan.seed + 2000, plan)
    written = segment_judge.rewrite(learning.strokes, learning.labels, 1, plan.jobs)
    more = np.concatenate((cut[0], written[0])), others
    seen = segment_judge.rewrite(donors.strokes, donors.labels, 0, plan.jobs)
    judged = [np.concatenate(of) for of in zip(validation, seen, strict=True)]
    judged[0] = judged[0] / np.float32(255)
    more = [images / np.float32(255) for images in more]
    scaled = fit[0] / np.float32(255)
    looks = replace(ACCEPTANCE, augmentation=AUGMENTATION)
    judging = weights, weights, scaled, judged, plan.seed
    detector, chosen = fit_acceptance(*judging, more=more, settings=looks)
    recipe = {"name": plan.recipe, "images": len(x), "epochs": plan.epochs}
    recipe |= {"optimizer": "Adam", "every": plan.every, "copies": plan.copies}
    recipe |= {"fields": plan.fields * plan.parts, **asdict(find_recipe(plan.recipe))}
    made = chosen | {"recipe": recipe, "seed": plan.seed}
    made["augmentation"] = asdict(AUGMENTATION)
    made["versions"] = versions("digitlib", "keras", "numpy", "tensorflow")
    made["data_sha256"] = {"mnist": MNIST_SHA256, "unipen": UNIPEN_SHA256}
    save_weights(ASSETS / "hands.npz", weights, detector, **made)


def confidences(kind, images, labels, recognizer, plan=PLAN):
    """How sure the reader is of fields, and whether it is right: shape (2, n, 2).

    First where it is told how many digits there are, then where it is not.
    """
    found, seed = ([], []), 100 + (*KINDS, *PAPER).index(kind)
    for field in fields(images, labels, plan.choose, kind=kind, seed=seed):
        counts = len(field.text.replace("\n", "")), None
        for digits, answers in zip(counts, found, strict=True):
            answer = reading.read(field.image, digits=digits, recognizer=recognizer)
            sure = answer.confidence if answer.reason in (None, "unsure") else 0.0
            answers.append((sure, answer.text == field.text))
    return found


def choose_thresholds(images, labels, recognizer, plan=PLAN):
    """Choose the least confidence to accept, for each of `digitlib.reading.COUNTS`."""
    work = [(kind, images, labels, recognizer, plan) for kind in plan.judged]
    found = np.concatenate(list(run_all(confidences, work, plan.jobs)), axis=1)
    thresholds = []
    pairs = zip(reading.COUNTS, found.transpose(0, 2, 1), plan.wrong, strict=True)
    for count, (sure, right), limit in pairs:
        threshold = round(segment_judge.choose_threshold(sure, right, limit), 6)
        thresholds.append(threshold)
        accepted, good = (sure >= threshold).mean(), right[sure >= threshold].mean()
        print(f"count {count}: {right.mean():.3f} right, threshold {threshold}, "
              f"{accepted:.3f} accepted, {1 - good:.4f} of these wrong")  # fmt: skip
    return thresholds


def save_judge(learned, thresholds, made):
    """Write what `digitlib.reading.settings` loads."""
    names = "hidden", "bias", "output", "output bias"
    arrays = {name: np.round(of, 4) for name, of in zip(names, learned, strict=True)}
    arrays |= {"features": np.array(FEATURES), "threshold": np.array(thresholds)}
    arrays["provenance"] = np.array(json.dumps(made))
    save_arrays(ASSETS / "segment_judge.npz", arrays)
    reading.settings.cache_clear()
    reading.segment_weights.cache_clear()


def judge_segments(recognizer, hands, labels, plan=PLAN):
    """Learn which segments are digits, and when to accept; write segment_judge.npz."""
    some = hands[::2], labels[::2], plan.judged, plan.learn, plan.seed, plan.jobs
    _, features, digits = segment_judge.cut_out(recognizer, *some)
    are_digits = digits != segment_judge.OTHER
    learned = segment_judge.fit_segments(features, are_digits, plan.seed)
    save_judge(learned, (0.0, 0.0), {})
    thresholds = choose_thresholds(hands[1::2], labels[1::2], recognizer, plan)
    made = {
        "recipe": plan.recipe, "seed": plan.seed,
        "learned from": plan.learn * len(plan.judged),
        "chosen on": plan.choose * len(plan.judged),
        "wrong at most": dict(zip(reading.COUNTS, plan.wrong, strict=True)),
        "versions": versions("digitlib", "scikit-learn"),
    }  # fmt: skip
    save_judge(learned, thresholds, made)


def main(folder, plan=PLAN):
    """Do all that this module is for."""
    folder.mkdir(parents=True, exist_ok=True)
    fit, validation = split_validation(*load_mnist()[0], plan.validation)
    learning, donors, _ = split_donors(load_unipen())
    network(fit, validation, learning, donors, folder, plan)
    hands = many_hands(*validation, donors, 1, plan.every)
    judge_segments(Recognizer(ASSETS / "hands.npz"), *hands, plan)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
