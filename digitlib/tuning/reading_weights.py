"""Learn what `digitlib.reading` needs: reading.npz and segment_judge.npz.

    python -m digitlib.tuning.reading_weights FOLDER

First the network: by the recipe "robust", but for more epochs, from the training images
as they are, written again with other pens, and cut out of generated fields; its
detector from wrong cuts, too. Then its twin, from the first 50,000 images only. Fields
of the other 10,000 show with the twin which segments are digits (one half of them), and
when a number may be accepted (the other half).

It takes most of an hour on two cores. What is finished is kept in FOLDER, and not made
again; both files are written into ``digitlib/assets``.
"""

from dataclasses import asdict, dataclass
import json
from pathlib import Path
import sys

import numpy as np

from digitlib import reading
from digitlib._internal.files import load_arrays, save_arrays
from digitlib._internal.workers import run_all
from digitlib.data import checksum, load_mnist, split_validation
from digitlib.document.lattice import FEATURES
from digitlib.model import save_weights
from digitlib.recognizer import Recognizer
from digitlib.synthesis.forms import KINDS, fields
from digitlib.tuning import segment_judge
from digitlib.tuning.acceptance import fit_acceptance
from digitlib.tuning.recipes import find_recipe, train_recipe, versions


@dataclass(frozen=True)
class Plan:
    """How much is learned from; all of it is chosen."""

    recipe: str = "robust"  #: of `digitlib.tuning.recipes`
    epochs: int = 60  #: of training
    seed: int = 0  #: of all that is drawn
    validation: int = 10_000  #: images that the twin does not see: the last ones
    copies: int = 2  #: how often each image is written again
    part: int = 5000  #: images for each of which so many ...
    fields: int = 100  #: ... fields of each kind are written, to learn digits from
    detect: int = 100  #: fields of each kind that the detector learns from
    learn: int = 200  #: fields of each kind that the segment judge learns from
    choose: int = 400  #: fields of each kind that thresholds are chosen on
    wrong: tuple = (0.01, 0.01)  #: part of the accepted, of a known and unknown count
    kinds: tuple = KINDS  #: of fields
    jobs: int = 2  #: processes


PLAN = Plan()


def lessons(path, images, labels, plan=PLAN):
    """What the network learns from some images, uint8, and their labels."""
    if not path.exists():
        scaled = images / np.float32(255)
        found = [(images, labels)]
        for seed in range(plan.copies):
            found.append(segment_judge.rewrite(scaled, labels, seed, plan.jobs))
        for part in range(len(images) // plan.part):
            seed = plan.seed + 1000 + 10 * part
            found.append(digits_cut_out(scaled, labels, plan.fields, seed, plan)[0])
            print(f"{path.stem}: fields of part {part} cut", flush=True)
        x, y = (np.concatenate(of) for of in zip(*found, strict=True))
        save_arrays(path, {"x": x, "y": y})
    arrays = load_arrays(path)
    return arrays["x"], arrays["y"]


def digits_cut_out(images, labels, n, seed, plan=PLAN):
    """Cut-out digits and their labels; and other cut-outs, all uint8."""
    some = images, labels, plan.kinds, n, seed, plan.jobs
    seen, _, digits = segment_judge.cut_out(Recognizer(), *some)
    good = digits != segment_judge.OTHER
    return (seen[good], digits[good]), seen[~good]


def learn(path, some, plan=PLAN):
    """Train from some lessons; return the weights, and how many images there were."""
    if not path.exists():
        x, y = (np.concatenate(of) for of in zip(*some, strict=True))
        x = x / np.float32(255)
        model, _ = train_recipe(plan.recipe, x, y, seed=plan.seed, epochs=plan.epochs)
        weights = {str(i): array for i, array in enumerate(model.get_weights())}
        save_arrays(path, weights | {"n": np.array(len(x))})
        print(f"{path.stem}: learned from {len(x)} images", flush=True)
    arrays = load_arrays(path)
    n = int(arrays.pop("n"))
    return [arrays[str(i)] for i in range(len(arrays))], n


def store(path, weights, n, twin, fit, more, validation, made, plan=PLAN):
    """Find out when to accept a digit, and write all of it down."""
    some = weights, twin, fit, validation, plan.seed
    detector, chosen = fit_acceptance(*some, more=more)
    recipe = {"name": plan.recipe, "images": n, "epochs": plan.epochs}
    recipe |= {"optimizer": "Adam", "rewritten": plan.copies, "fields": plan.fields}
    recipe |= asdict(find_recipe(plan.recipe))
    made = made | chosen | {"recipe": recipe, "seed": plan.seed}
    save_weights(path, weights, detector, **made)


def networks(x, y, folder, plan=PLAN):
    """Train the network and its twin, store both, and return the twin's path."""
    fit, validation = split_validation(x, y, plan.validation)
    lessons_fit = lessons(folder / "lessons.npz", *fit, plan)
    lessons_more = lessons(folder / "more.npz", *validation, plan)
    twin, n_twin = learn(folder / "twin.npz", [lessons_fit], plan)
    network, n = learn(folder / "network.npz", [lessons_fit, lessons_more], plan)
    paths = folder / "twin_weights.npz", reading.ASSETS / "reading.npz"
    if not all(path.exists() for path in paths):
        fit = fit[0] / np.float32(255), fit[1]
        validation = validation[0] / np.float32(255), validation[1]
        (digits, _), others = digits_cut_out(*fit, plan.detect, plan.seed + 2000, plan)
        more = digits / np.float32(255), others / np.float32(255)
        made = {"versions": versions("digitlib", "keras", "numpy", "tensorflow")}
        made["data_sha256"] = {"x_train": checksum(x), "y_train": checksum(y)}
        common = twin, fit[0], more, validation
        work = [(paths[0], twin, n_twin, *common, {}, plan),
                (paths[1], network, n, *common, made, plan)]  # fmt: skip
        list(run_all(store, work, plan.jobs))
    return paths[0]


def confidences(kind, images, labels, recognizer, plan=PLAN):
    """How sure the reader is of fields, and whether it is right: shape (2, n, 2).

    First where it is told how many digits there are, then where it is not.
    """
    found, seed = ([], []), 100 + KINDS.index(kind)
    for field in fields(images, labels, plan.choose, kind=kind, seed=seed):
        counts = len(field.text.replace("\n", "")), None
        for digits, answers in zip(counts, found, strict=True):
            answer = reading.read(field.image, digits=digits, recognizer=recognizer)
            sure = answer.confidence if answer.reason in (None, "unsure") else 0.0
            answers.append((sure, answer.text == field.text))
    return found


def choose_thresholds(images, labels, recognizer, plan=PLAN):
    """Choose the least confidence to accept, for each of `digitlib.reading.COUNTS`."""
    work = [(kind, images, labels, recognizer, plan) for kind in plan.kinds]
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
    save_arrays(reading.ASSETS / "segment_judge.npz", arrays)
    reading.settings.cache_clear()
    reading.segment_weights.cache_clear()


def judge_segments(twin, images, labels, plan=PLAN):
    """Learn which segments are digits, and when to accept; write segment_judge.npz."""
    half = len(images) // 2
    some = images[:half], labels[:half], plan.kinds, plan.learn, plan.seed, plan.jobs
    _, features, digits = segment_judge.cut_out(twin, *some)
    are_digits = digits != segment_judge.OTHER
    learned = segment_judge.fit_segments(features, are_digits, plan.seed)
    save_judge(learned, (0.0, 0.0), {})
    thresholds = choose_thresholds(images[half:], labels[half:], twin, plan)
    made = {
        "recipe": plan.recipe, "seed": plan.seed,
        "learned from": plan.learn * len(plan.kinds),
        "chosen on": plan.choose * len(plan.kinds),
        "wrong at most": dict(zip(reading.COUNTS, plan.wrong, strict=True)),
        "versions": versions("digitlib", "scikit-learn"),
    }  # fmt: skip
    save_judge(learned, thresholds, made)


def main(folder, plan=PLAN):
    """Do all that this module is for."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = load_mnist()[0]
    twin = Recognizer(networks(x, y, folder, plan))
    _, (images, labels) = split_validation(x, y, plan.validation)
    judge_segments(twin, images / np.float32(255), labels, plan)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
