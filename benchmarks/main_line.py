"""Time and memory of the main line, and what each is compared with.

    python benchmarks/main_line.py

Prints a line for each claim: the time (best of several) of both sides and their ratio,
or the peak memory of a fresh process.
"""

from pathlib import Path
import resource
import subprocess
import sys
import time

import numpy as np

from digitlib.data import MNIST_PATH, load_mnist
from digitlib.model import build_model, forward, load_weights
from digitlib.recognizer import Recognizer

BOOK = Path(__file__).parent.parent / "book"


def seconds(function, repeats=5):
    """The shortest of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def compare(name, ours, theirs, theirs_name):
    a, b = 1000 * seconds(ours), 1000 * seconds(theirs)
    print(f"{name}: {a:.3g} ms, {theirs_name}: {b:.3g} ms, ratio {a / b:.2g}")


def peak_megabytes(*command):
    """Time and peak memory of a command and its children."""
    code = (
        "import resource, subprocess, sys, time; start = time.perf_counter();"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True);"
        "print(time.perf_counter() - start,"
        " resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    arguments = [sys.executable, "-c", code, *command]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    return map(float, done.stdout.split())


def main():
    def only_read():
        with np.load(MNIST_PATH) as file:
            return [file[name] for name in file.files]

    compare("load_mnist, verified", load_mnist, only_read, "np.load")
    _, (x_test, _) = load_mnist()
    images, weights = x_test / np.float32(255), load_weights("plain")
    model = build_model()
    model.set_weights(weights)
    for n in (1, 10_000):
        some = images[:n]
        name = f"forward, {n} image(s)"
        compare(
            name, lambda x=some: forward(x, weights), lambda x=some: model(x), "Keras"
        )
    recognizer = Recognizer()
    compare("Recognizer.predict, one array", lambda: recognizer.predict(x_test[0]),
            lambda: model.predict(images[:1], verbose=0), "model.predict")  # fmt: skip

    load = "from digitlib.data import load_mnist; load_mnist()"
    took, peak = peak_megabytes(sys.executable, "-c", load)
    print(f"a process that only loads MNIST: {took:.2f} s, {peak:.0f} MB at its peak")
    for path in sorted(BOOK.glob("*.ipynb")):
        took, peak = peak_megabytes(
            sys.executable, "-m", "pytest", "--nbval", str(path)
        )
        print(f"{path.name} under nbval: {took:.0f} s, {peak:.0f} MB at its peak")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"(this script: {own:.0f} MB)")


if __name__ == "__main__":
    main()
