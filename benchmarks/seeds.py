"""Train the plain recipe with ten seeds: how much of an accuracy is luck?

    python benchmarks/seeds.py

Each seed learns from the first 50,000 training images and is judged on the 10,000
validation images; the test set is not touched. Results go to book/results/seeds.csv, a
line as soon as a seed is done. Seeds that are in the file already are skipped.
"""

import csv
from importlib.metadata import version
from pathlib import Path
import time

import numpy as np

from digitlib.data import load_mnist, split_validation
from digitlib.model import build_model
from digitlib.training import train

RESULTS = Path(__file__).parent.parent / "book" / "results" / "seeds.csv"
COLUMNS = ["seed", "epochs", "batch_size", "val_accuracy", "seconds", "versions"]


def main():
    done = set()
    if RESULTS.exists():
        with RESULTS.open() as file:
            done = {int(row["seed"]) for row in csv.DictReader(file)}
    else:
        RESULTS.write_text(",".join(COLUMNS) + "\n")
    versions = " ".join(f"{name}={version(name)}" for name in ("keras", "tensorflow"))
    (x_train, y_train), _ = load_mnist()
    fit, validation = split_validation(x_train.astype(np.float32) / 255, y_train)
    for seed in sorted(set(range(10)) - done):
        start = time.perf_counter()
        model = build_model(seed)
        history = train(model, *fit, seed=seed, validation_data=validation)
        accuracy = history.history["val_accuracy"][-1]
        seconds = time.perf_counter() - start
        row = [seed, 20, 32, f"{accuracy:.4f}", f"{seconds:.1f}", versions]
        with RESULTS.open("a") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
        print(f"seed {seed}: {accuracy:.4f} on validation, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
