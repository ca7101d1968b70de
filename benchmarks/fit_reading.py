"""Learn what `digitlib.reading` needs, and store it in digitlib/assets/reading.json.

    python benchmarks/fit_reading.py [TWIN]

TWIN is a weights file of the recipe "robust", trained and calibrated on the first
50,000 training images only; without it, it is trained first (minutes). Fields are
written with the other 10,000: with one half of them to learn which pieces of ink are
digits, with the other half to choose the threshold.
"""

from importlib.metadata import version
import json
from pathlib import Path
import sys
import tempfile

from joblib import Parallel, delayed
import numpy as np

from digitlib import __main__, reading
from digitlib.data import load_mnist, split_validation
from digitlib.fields import KINDS, fields
from digitlib.fitting import choose_threshold, fit_segments
from digitlib.recognizer import Recognizer

OUT = Path(reading.__file__).parent / "assets" / "reading.json"
LEARN, CHOOSE = 100, 400  # fields of each kind
SEED = 0
COUNTS = {"known": 0.01, "unknown": 0.02}  # of digits; how many accepted may be wrong


def make_twin(path):
    """Train and calibrate without the last 10,000 training images."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    (x_fit, y_fit), _ = split_validation(x_train, y_train)
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, x_train=x_fit, y_train=y_fit, x_test=x_test, y_test=y_test)
        file.flush()
        how = ["--recipe", "robust", "--calibrate", "--data", file.name]
        status = __main__.main(["train", *how, "--out", str(path)])
    if status:
        sys.exit(status)


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
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1] if len(sys.argv) > 1 else f"{folder}/twin.npz")
        if not path.exists():
            make_twin(path)
        twin = Recognizer(path)
    _, (images, labels) = split_validation(*load_mnist()[0])
    images = images / np.float32(255)
    half = len(images) // 2
    weights, bias = fit_segments(
        twin, images[:half], labels[:half], KINDS, LEARN, SEED, jobs=2
    )
    learned = {
        "weights": {name: round(value, 4) for name, value in weights.items()},
        "bias": round(bias, 4),
        "threshold": dict.fromkeys(COUNTS, 0.0),
    }
    OUT.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")
    reading.settings.cache_clear()
    work = (delayed(confidences)(k, images[half:], labels[half:], twin) for k in KINDS)
    found = Parallel(2)(work)
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
        "recipe": "robust", "seed": SEED, "learned from": LEARN * len(KINDS),
        "chosen on": CHOOSE * len(KINDS),
        "wrong at most": COUNTS,
        "versions": {name: version(name) for name in ("digitlib", "scikit-learn")},
    }  # fmt: skip
    OUT.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
