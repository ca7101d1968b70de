"""The network, 784-100-100-10: a formula in NumPy, a model in Keras, a file."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitlib._internal.checks import (
    check_count,
    check_images,
    check_path,
    check_weights,
)
from digitlib._internal.files import replacing
from digitlib.data import read_npz
from digitlib.errors import DigitlibError

ASSETS = Path(__file__).parent / "assets"


class Weights(NamedTuple):
    """The 89,610 trained numbers, in Keras's order: ``model.set_weights(weights)``."""

    kernel_1: np.ndarray  #: (784, 100), from pixels to the first hidden layer
    bias_1: np.ndarray  #: (100,)
    kernel_2: np.ndarray  #: (100, 100), to the second hidden layer
    bias_2: np.ndarray  #: (100,)
    kernel_3: np.ndarray  #: (100, 10), to the ten digits
    bias_3: np.ndarray  #: (10,)


SHAPES = Weights((784, 100), (100,), (100, 100), (100,), (100, 10), (10,))


def relu(z):
    """Rectified linear unit: negative numbers become 0, others stay."""
    return np.maximum(z, 0)


def softmax(scores):
    """Turn each row of scores into probabilities: positive, summing to 1.

    Subtracting the largest score of a row changes nothing but keeps ``exp`` finite.
    """
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def forward(images, weights):
    """Compute the probability of each digit, in plain NumPy.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28), floating point, in [0, 1]
        Light ink on dark, as in MNIST.
    weights : Weights, or six arrays in the same order
        From `load_weights`, or ``model.get_weights()``.

    Returns
    -------
    numpy.ndarray, shape (n, 10), float32
        Each row sums to 1.

    Raises
    ------
    DigitlibError
        If the images have another shape, dtype or range, or the weights do not fit
        each other.
    """
    return softmax(activations(images, weights)[-1]).astype(np.float32, copy=False)


def activations(images, weights):
    """Compute what each layer passes on; arguments and errors as of `forward`.

    Returns
    -------
    hidden_1 : numpy.ndarray, shape (n, 100)
    hidden_2 : numpy.ndarray, shape (n, 100)
    scores : numpy.ndarray, shape (n, 10)
        What softmax turns into the probabilities.
    """
    x = check_images(images).reshape(len(images), 784)
    kernel_1, bias_1, kernel_2, bias_2, kernel_3, bias_3 = check_weights(weights)
    hidden_1 = relu(x @ kernel_1 + bias_1)
    hidden_2 = relu(hidden_1 @ kernel_2 + bias_2)
    return hidden_1, hidden_2, hidden_2 @ kernel_3 + bias_3


def build_model(seed=0):
    """Build the same network in Keras, untrained and ready to be trained.

    Parameters
    ----------
    seed : int, 0 to 2**32 - 1
        Decides the random weights it starts from (Glorot uniform, biases 0); also
        seeds Python, NumPy and TensorFlow.

    Returns
    -------
    keras.Model
        Input (n, 28, 28) in [0, 1], output (n, 10) probabilities; compiled with
        Adam, cross-entropy and accuracy.

    Raises
    ------
    DigitlibError
        If TensorFlow is not installed, or the seed is out of range.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep
    feedforward neural networks. Kingma and Ba (2015), Adam.
    """
    from digitlib._internal.quiet_tensorflow import keras

    keras.utils.set_random_seed(check_count("seed", seed, 0, 2**32 - 1))
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def load_weights(source="robust"):
    """Load trained weights and verify that they are whole.

    Parameters
    ----------
    source : str or os.PathLike
        ``"plain"`` or ``"robust"``, which come with digitlib (20 epochs of Adam on
        the 60,000 training images, as they are or distorted); ``"reading"``, which
        `digitlib.reading` uses (distorted images, the same written with other pens,
        and digits cut out of generated fields); or the path of a file that
        `save_weights` wrote.

    Returns
    -------
    Weights
        Six arrays, float32.

    Raises
    ------
    DigitlibError
        If the file is missing, damaged, altered, or of another network.
    """
    arrays = _read_weights(source)
    return Weights(*(arrays[name].astype(np.float32) for name in Weights._fields))


def load_provenance(source="robust"):
    """Load what a weights file says of its own making.

    Parameters
    ----------
    source : str or os.PathLike
        As for `load_weights`.

    Returns
    -------
    dict
        For the shipped weights: recipe, seed, versions and the data's checksum.

    Raises
    ------
    DigitlibError
        As `load_weights`.
    """
    return json.loads(str(_read_weights(source)["provenance"]))


def load_detector(source="robust"):
    """Load the numbers that tell digits from other images, if the file has them.

    Parameters
    ----------
    source : str or os.PathLike
        As for `load_weights`.

    Returns
    -------
    numpy.ndarray, shape (222,), float32, or None
        For `digitlib.recognizer.detect`.

    Raises
    ------
    DigitlibError
        As `load_weights`.
    """
    detector = _read_weights(source).get("detector")
    return None if detector is None else detector.astype(np.float32)


def save_weights(path, model, detector=None, **provenance):
    """Write a model's weights, in half precision, with where they come from.

    The file is written aside and then moved into place: an older file of that name
    survives whole if anything fails.

    Parameters
    ----------
    path : str or os.PathLike
        Where to write, usually ``something.npz``.
    model : keras.Model
        Of the architecture 784-100-100-10, such as `build_model` makes.
    detector : numpy.ndarray, shape (222,), optional
        What `digitlib.tuning.acceptance.fit_detector` returned.
    **provenance
        Whatever should be known of these weights later; anything JSON can hold.

    Raises
    ------
    DigitlibError
        If the model has another architecture, a weight is not finite in half
        precision, or the file cannot be written.
    """
    path = check_path(path)
    weights = [np.asarray(array) for array in model.get_weights()]
    if [array.shape for array in weights] != list(SHAPES):
        raise DigitlibError(
            f"model: layers of shapes {[array.shape for array in weights]}, "
            f"but a weights file holds {list(SHAPES)}"
        )
    with np.errstate(over="ignore"):
        arrays = dict(
            zip(Weights._fields, (a.astype(np.float16) for a in weights), strict=True)
        )
    if detector is not None:
        arrays["detector"] = np.asarray(detector, dtype=np.float32)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DigitlibError(
                f"model: {name} is not finite in half precision; train it again with "
                "a smaller learning rate"
            )
    arrays["provenance"] = np.array(json.dumps(provenance, sort_keys=True))
    arrays["digest"] = np.array(_digest(arrays))
    with replacing(path) as file:
        np.savez(file, **arrays)


def _read_weights(source):
    """Read and verify a weights file: its arrays, still in half precision."""
    if isinstance(source, str) and source in _shipped():
        path = ASSETS / f"{source}.npz"
    else:
        path = check_path(source)
    if not path.is_file():
        shipped = " or ".join(repr(name) for name in _shipped())
        raise DigitlibError(
            f"{source}: no such weights; give {shipped}, or the path of a file that "
            "`digitlib train` or save_weights wrote"
        )
    arrays = read_npz(path)
    absent = {*Weights._fields, "provenance", "digest"} - arrays.keys()
    if absent:
        raise DigitlibError(
            f"{path}: no {', '.join(sorted(absent))}; "
            "give a file that save_weights wrote"
        )
    if str(arrays.pop("digest")) != _digest(arrays):
        raise DigitlibError(
            f"{path}: altered since it was written (its digest differs); "
            "restore it or train again"
        )
    for name, shape in zip(Weights._fields, SHAPES, strict=True):
        if arrays[name].shape != shape:
            raise DigitlibError(
                f"{path}: {name} has shape {arrays[name].shape}, but this network "
                f"needs {shape}"
            )
    if arrays.get("detector", np.empty(222)).shape != (222,):
        raise DigitlibError(
            f"{path}: detector has shape {arrays['detector'].shape}, but it is (222,)"
        )
    return arrays


def _shipped():
    return sorted(p.stem for p in ASSETS.glob("*.npz") if p.stem != "mnist")


def _digest(arrays):
    """SHA-256 over names, dtypes, shapes and bytes, in the order of the names."""
    sha256 = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        sha256.update(array.tobytes())
    return sha256.hexdigest()
