"""Learn what `digitlib.reading` needs: digitlib/assets/reading.npz and reading.json.

    python -m digitlib.tuning.reading_weights FOLDER

First the network: by the recipe "robust", but for more epochs, from the training images
as they are, from the same written again with other pens, and from digits cut out of
generated fields. Its detector learns from wrong cuts of such fields, too. Then the
network's twin, which has learned from the first 50,000 images only.
With fields of the other 10,000 digits the twin shows which pieces of ink are digits
(with one half of them), and when a number may be accepted (with the other half).

It takes most of an hour on two cores. What is finished is kept in FOLDER, and not made
again.
"""

from dataclasses import asdict
from importlib.metadata import version
import json
from pathlib import Path
import sys

from joblib import Parallel, delayed
import numpy as np

from digitlib import reading
from digitlib.data import checksum, load_mnist, split_validation
from digitlib.document.lattice import FEATURES
from digitlib.model import ASSETS, save_weights
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import KINDS, fields
from digitlib.tuning.acceptance import fit_acceptance
from digitlib.tuning.recipes import find_recipe, train_recipe
from digitlib.tuning.segment_judge import (
    OTHER,
    choose_threshold,
    cut_out,
    fit_segments,
    rewrite,
)

RECIPE, EPOCHS, SEED = "robust", 60, 0
COPIES = 2  # how often each image is written again
FIELDS = 100  # of each kind for every 5,000 images
DETECT, LEARN, CHOOSE = 100, 200, 400  # fields of each kind
COUNTS = {"known": 0.01, "unknown": 0.01}  # of digits; how many accepted may be wrong
JOBS = 2


def lessons(name, images, labels, folder):
    """What the network learns from some images: uint8 images and labels."""
    path = folder / f"{name}.npz"
    if not path.exists():
        scaled = images / np.float32(255)
        found = [(images, labels)]
        for seed in range(COPIES):
            found.append(rewrite(scaled, labels, seed, JOBS))
        for part in range(len(images) // 5000):
            seed = SEED + 1000 + 10 * part
            some = Recognizer(), scaled, labels, KINDS, FIELDS, seed, JOBS
            seen, digits = cut_out(*some)
            found.append((seen[digits != OTHER], digits[digits != OTHER]))
            print(f"{name}: fields of part {part} cut", flush=True)
        x, y = (np.concatenate(of) for of in zip(*found, strict=True))
        np.savez(path, x=x, y=y)
    with np.load(path) as file:
        return file["x"], file["y"]


def learn(name, some, folder):
    """Train from some lessons; return the weights, and how many images there were."""
    path = folder / f"{name}.npz"
    if not path.exists():
        x, y = (np.concatenate(of) for of in zip(*some, strict=True))
        x = x / np.float32(255)
        model, _ = train_recipe(RECIPE, x, y, seed=SEED, epochs=EPOCHS)
        np.savez(path, *model.get_weights(), n=len(x))
        print(f"{name}: learned from {len(x)} images", flush=True)
    with np.load(path) as file:
        return [file[f"arr_{i}"] for i in range(6)], int(file["n"])


class Trained:
    """Weights in the place of a Keras model."""

    def __init__(self, weights):
        self.get_weights = lambda: weights


def store(path, weights, n, twin, fit, more, validation, made):
    """Find out when to accept a digit, and write all of it down."""
    detector, settings = fit_acceptance(weights, twin, fit, validation, SEED, more=more)
    recipe = {"name": RECIPE, "images": n, "epochs": EPOCHS, "optimizer": "Adam"}
    recipe |= {"rewritten": COPIES, "fields": FIELDS, **asdict(find_recipe(RECIPE))}
    made = made | settings
    save_weights(path, Trained(weights), detector, recipe=recipe, seed=SEED, **made)


def networks(folder):
    """Train the network and its twin, store both, and return the twin's path."""
    (x, y), _ = load_mnist()
    fit, validation = split_validation(x, y)
    lessons_fit = lessons("lessons", *fit, folder)
    lessons_more = lessons("more", *validation, folder)
    twin, n_twin = learn("twin", [lessons_fit], folder)
    network, n = learn("network", [lessons_fit, lessons_more], folder)
    paths = folder / "twin_weights.npz", ASSETS / "reading.npz"
    if not all(path.exists() for path in paths):
        names = "digitlib", "keras", "numpy", "tensorflow"
        versions = {name: version(name) for name in names}
        images = fit[0] / np.float32(255)
        validation = validation[0] / np.float32(255), validation[1]
        some = Recognizer(), images, fit[1], KINDS, DETECT, SEED + 2000, JOBS
        seen, digits = cut_out(*some)
        seen = seen / np.float32(255)
        more = seen[digits != OTHER], seen[digits == OTHER]
        Parallel(2)(
            delayed(store)(path, weights, n, twin, images, more, validation, made)
            for path, weights, n, made in (
                (paths[0], twin, n_twin, {}),
                (paths[1], network, n, {
                    "data_sha256": {"x_train": checksum(x), "y_train": checksum(y)},
                    "versions": versions,
                }),
            )
        )  # fmt: skip
    return paths[0]


def confidences(kind, images, labels, recognizer):
    """How sure the reader is of fields, and whether it is right, by `COUNTS`."""
    found, seed = {count: [] for count in COUNTS}, 100 + KINDS.index(kind)
    for field in fields(images, labels, CHOOSE, kind=kind, seed=seed):
        for count, answers in found.items():
            digits = len(field.text.replace("\n", "")) if count == "known" else None
            answer = reading.read(field.image, digits=digits, recognizer=recognizer)
            sure = answer.confidence if answer.reason in (None, "unsure") else 0.0
            answers.append((sure, answer.text == field.text))
    return found


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    twin = Recognizer(networks(folder))
    out = ASSETS / "reading.json"
    _, (images, labels) = split_validation(*load_mnist()[0])
    images = images / np.float32(255)
    half = len(images) // 2
    hidden, *rest = fit_segments(
        twin, images[:half], labels[:half], KINDS, LEARN, SEED, JOBS
    )
    names = "bias", "output", "output bias"
    learned = {
        "hidden": {
            feature: np.round(some, 4).tolist()
            for feature, some in zip(FEATURES, hidden, strict=True)
        },
        **{
            name: np.round(some, 4).tolist()
            for name, some in zip(names, rest, strict=True)
        },
        "threshold": dict.fromkeys(COUNTS, 0.0),
    }
    out.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")
    reading.settings.cache_clear()
    reading.segment_weights.cache_clear()
    work = (delayed(confidences)(k, images[half:], labels[half:], twin) for k in KINDS)
    found = Parallel(JOBS)(work)
    for count, limit in COUNTS.items():
        pairs = [pair for of in found for pair in of[count]]
        sure, right = map(np.array, zip(*pairs, strict=True))
        threshold = round(choose_threshold(sure, right, limit), 6)
        learned["threshold"][count] = threshold
        accepted, wrong = sure >= threshold, 1 - right[sure >= threshold].mean()
        print(
            f"count {count}: {right.mean():.3f} right, threshold {threshold}, "
            f"{accepted.mean():.3f} accepted, {wrong:.4f} of these wrong"
        )
    learned["made"] = {
        "recipe": RECIPE, "seed": SEED, "learned from": LEARN * len(KINDS),
        "chosen on": CHOOSE * len(KINDS),
        "wrong at most": COUNTS,
        "versions": {name: version(name) for name in ("digitlib", "scikit-learn")},
    }  # fmt: skip
    out.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
