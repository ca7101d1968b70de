"""The network, 784-100-100-10: a formula in NumPy, a model in Keras, a file."""

from dataclasses import dataclass
import json
from pathlib import Path
import random

import numpy as np

from digitlib._internal.checks import (
    check_count,
    check_images,
    check_path,
    check_weights,
)
from digitlib._internal.files import load_arrays, save_arrays
from digitlib.errors import DigitlibError

ASSETS = Path(__file__).parent / "assets"


class Weights(tuple):
    """The trained arrays, in Keras's order: ``model.set_weights(weights)``.

    For each layer a kernel (inputs, units) and a bias (units,), with names:
    ``weights.kernel_1`` leads from the pixels to the first hidden layer, of shape
    (784, 100) as the book builds it, and ``weights.bias_3`` is (10,).
    """

    def named(self):
        """Return a dict from the names to the arrays, in their order."""
        return dict(zip(_names(len(self) // 2), self, strict=True))

    def replace(self, **arrays):
        """Return other `Weights`, with some arrays exchanged by their names."""
        return Weights((self.named() | arrays).values())

    def __getattr__(self, name):
        try:
            return self.named()[name]
        except KeyError:
            raise AttributeError(f"weights have no {name}") from None


def _names(layers):
    """``kernel_1``, ``bias_1``, ``kernel_2`` and so on."""
    numbers = range(1, layers + 1)
    return [f"{kind}_{i}" for i in numbers for kind in ("kernel", "bias")]


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
    weights : Weights, or what ``model.get_weights()`` returns

    Returns
    -------
    numpy.ndarray, shape (n, 10), float32
        Each row sums to 1.

    Raises
    ------
    DigitlibError
        If the images or the weights are of another kind.
    """
    return softmax(activations(images, weights)[-1]).astype(np.float32, copy=False)


def activations(images, weights):
    """Compute what each layer passes on, from what `forward` takes.

    Returns
    -------
    tuple of numpy.ndarray, shapes (n, units)
        At last the scores, (n, 10), which softmax turns into the probabilities.
    """
    x = check_images(images).reshape(len(images), 784)
    check_weights(weights)
    return from_first(x @ weights[0] + weights[1], weights)


def from_first(scores, weights):
    """Compute the same from the scores of the first layer, (n, units)."""
    passed = []
    for kernel, bias in zip(weights[2::2], weights[3::2], strict=True):
        passed.append(relu(scores))
        scores = passed[-1] @ kernel + bias
    return (*passed, scores)


def build_model(seed=0, units=(100, 100), *, normalize=False, optimizer="adam"):
    """Build the same network in Keras, untrained and ready to be trained.

    Parameters
    ----------
    seed : int, 0 to 2**32 - 1
        Decides the random weights it starts from (Glorot uniform, biases 0); also
        seeds Python, NumPy and TensorFlow.
    units : sequence of int, 1 to 10,000
        How wide each hidden layer is.
    normalize : bool
        Whether batch normalization comes before each ReLU; for the recipes.
    optimizer : str or keras.optimizers.Optimizer

    Returns
    -------
    keras.Model
        From (n, 28, 28) in [0, 1] to (n, 10) probabilities; compiled.

    Raises
    ------
    DigitlibError
        If TensorFlow is not installed, or a number is out of range.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep
    feedforward neural networks. Kingma and Ba (2015), Adam.
    """
    from digitlib._internal.quiet_tensorflow import keras

    if not isinstance(units, (tuple, list)):
        raise DigitlibError(f"units: {units}, but a width for each layer is needed")
    units = [check_count("units", n, 1, 10_000) for n in units]
    keras.utils.set_random_seed(check_count("seed", seed, 0, 2**32 - 1))
    # As Keras draws a seed for each layer, but not from Python's own generator, which
    # other threads of the process use, too.
    draw = random.Random(seed)

    def dense(n, activation):
        glorot = keras.initializers.GlorotUniform(draw.randint(1, 10**9))
        return keras.layers.Dense(n, activation, kernel_initializer=glorot)

    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    for n in units:
        model.add(dense(n, None if normalize else "relu"))
        if normalize:
            model.add(keras.layers.BatchNormalization(momentum=0.99))
            model.add(keras.layers.ReLU())
    model.add(dense(10, "softmax"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@dataclass(frozen=True, eq=False)
class Trained:
    """What a weights file holds."""

    weights: Weights
    """float32, from half precision."""
    provenance: dict
    """Where they come from, such as recipe, seed, versions and the data's checksum;
    for a recognizer ``temperature`` and ``threshold``."""
    detector: np.ndarray | None
    """(k,) float32, for `digitlib.recognizer.detect`, if the file has one."""


def load_trained(source="hands"):
    """Load all that a weights file holds, and verify that it is whole.

    Parameters
    ----------
    source : str or os.PathLike
        ``"plain"`` or ``"robust"``, learned from MNIST's 60,000 training images as they
        are or distorted; ``"hands"``, learned also from other writers' pen strokes, see
        `digitlib.tuning.hands`; or the path of a file that `save_weights` wrote.

    Returns
    -------
    Trained

    Raises
    ------
    DigitlibError
        If the file is missing, damaged, altered, or of another kind.
    """
    shipped = "plain", "robust", "hands"
    known = isinstance(source, str) and source in shipped
    path = ASSETS / f"{source}.npz" if known else check_path(source)
    if not path.is_file():
        raise DigitlibError(
            f"{source}: no such weights; give {' or '.join(map(repr, shipped))}, or "
            "the path of a file that `digitlib train` or save_weights wrote"
        )
    arrays = load_arrays(path)
    names = _names(sum(name.startswith("kernel_") for name in arrays) or 1)
    if absent := {*names, "provenance"} - arrays.keys():
        raise DigitlibError(
            f"{path}: no {', '.join(sorted(absent))}; "
            "give a file that save_weights wrote"
        )
    weights = Weights(arrays[name].astype(np.float32) for name in names)
    check_weights(weights, str(path))
    if (detector := arrays.get("detector")) is not None:
        needed = (sum(map(len, weights[1::2])) + 12,)
        if detector.shape != needed:
            raise DigitlibError(
                f"{path}: detector has shape {detector.shape}, but it is {needed}"
            )
        detector = detector.astype(np.float32)
    return Trained(weights, json.loads(str(arrays["provenance"])), detector)


def load_weights(source="hands"):
    """Load the `Weights` alone, see `load_trained`."""
    return load_trained(source).weights


def load_provenance(source="hands"):
    """Load the `Trained.provenance` alone, see `load_trained`."""
    return load_trained(source).provenance


def save_weights(path, model, detector=None, **provenance):
    """Write a model's weights, in half precision, with where they come from.

    If anything fails, an older file of that name survives whole.

    Parameters
    ----------
    path : str or os.PathLike
    model : keras.Model or Weights
        Such as `build_model` makes, of any widths; or its weights.
    detector : numpy.ndarray, shape (k,), optional
        What `digitlib.tuning.acceptance.fit_detector` returned.
    **provenance
        What should be known of these weights later; anything JSON can hold.

    Raises
    ------
    DigitlibError
        If the model has another architecture, a weight is not finite in half
        precision, or the file cannot be written.
    """
    weights = model.get_weights() if hasattr(model, "get_weights") else model
    weights = Weights(map(np.asarray, check_weights(weights, "model")))
    with np.errstate(over="ignore"):
        arrays = {name: a.astype(np.float16) for name, a in weights.named().items()}
    if detector is not None:
        arrays["detector"] = np.asarray(detector, dtype=np.float32)
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DigitlibError(
                f"model: {name} is not finite in half precision; train it again with "
                "a smaller learning rate"
            )
    arrays["provenance"] = np.array(json.dumps(provenance, sort_keys=True))
    save_arrays(path, arrays)
