"""How fast training is, and what it is compared with.

    python benchmarks/training.py

Twenty epochs, 60,000 images, batches of 32, each way twice, of which the shorter
counts, and then the ratios. Prints also the peak memory, and the time to the first
97.6 % on the validation images.
"""

import sys
import time
import warnings

from main_line import peak_megabytes
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from digitlib.data import load_mnist, split_validation
from digitlib.model import build_model
from digitlib.training import train

EPOCHS, BATCH = 20, 32
ONE_TRAINING = """
import numpy
from digitlib.data import load_mnist
from digitlib.model import build_model
from digitlib.training import train
(x, y), _ = load_mnist()
train(build_model(), x / numpy.float32(255), y, epochs=2, augment={})
"""


def stock_fit(x, y):
    build_model().fit(x, y, epochs=EPOCHS, batch_size=BATCH, verbose=0)


def ours(x, y):
    train(build_model(), x, y, epochs=EPOCHS, batch_size=BATCH)


def ours_distorted(x, y):
    train(build_model(), x, y, epochs=EPOCHS, batch_size=BATCH, augment=True)


def scikit_learn(x, y):
    network = MLPClassifier((100, 100), batch_size=BATCH, max_iter=EPOCHS, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 20 epochs are enough
        network.fit(x.reshape(-1, 784), y)


def only_products(x, y):
    """The matrix products of the same steps in NumPy: forward, and twice backward."""
    x = x.reshape(-1, 784)
    kernels = [array for array in build_model().get_weights() if array.ndim == 2]
    for _ in range(EPOCHS):
        for start in range(0, len(x), BATCH):
            layers = [x[start : start + BATCH]]
            for kernel in kernels:
                layers.append(layers[-1] @ kernel)
            back = layers.pop()
            for kernel, inputs in zip(kernels[::-1], layers[::-1], strict=True):
                _ = inputs.T @ back
                if inputs is not layers[0]:  # no gradient for the pixels
                    back = back @ kernel.T


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def time_to(accuracy, fit, validation):
    """Seconds and epochs until the validation images are read so well."""
    model, epochs = build_model(), 0
    start = time.perf_counter()
    while epochs < 50:
        history = train(model, *fit, seed=epochs, epochs=1, validation_data=validation)
        epochs += 1
        if history.history["val_accuracy"][-1] >= accuracy:
            return time.perf_counter() - start, epochs
    return np.nan, epochs


def main():
    (x, y), _ = load_mnist()
    x = x / np.float32(255)
    took = {}
    for function in 2 * (ours, ours_distorted, only_products, scikit_learn, stock_fit):
        name = function.__name__
        took[name] = min(seconds(function, x, y), took.get(name, np.inf))
        print(f"{name}: {took[name]:.1f} s", flush=True)
    for name in ("stock_fit", "scikit_learn"):
        print(f"{name} / ours: {took[name] / took['ours']:.2f}")
    print(f"ours / only_products: {took['ours'] / took['only_products']:.2f}")
    print(f"ours_distorted / ours: {took['ours_distorted'] / took['ours']:.2f}")
    needed, epochs = time_to(0.976, *split_validation(x, y))
    print(f"97.6 % on validation after {needed:.1f} s, {epochs} epochs, compiled anew")
    for augment in (False, True):
        code = ONE_TRAINING.format(augment)
        _, peak = peak_megabytes(sys.executable, "-c", code)
        print(f"a process that trains, augment={augment}: {peak:.0f} MB at its peak")


if __name__ == "__main__":
    main()
