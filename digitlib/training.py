"""Training: Adam on shuffled batches, compiled, watched and interruptible.

Keras's own ``model.fit`` goes back to Python for every batch, which for a small network
takes longer than the mathematics. `train` takes the same steps, but compiles the loop
over the batches into one program, with the images held by TensorFlow.
"""

import sys

import numpy as np

from digitlib._internal.checks import check_count, check_images, check_labels
from digitlib._internal.quiet_tensorflow import keras
from digitlib._internal.quiet_tensorflow import tensorflow as tf
from digitlib.errors import DigitlibError


def train(
    model,
    x,
    y,
    *,
    epochs=20,
    batch_size=32,
    seed=0,
    shuffle=True,
    augment=False,
    validation_data=None,
    progress=True,
):
    """Train a model in place.

    Ctrl-C (or "interrupt" in a notebook) keeps the epochs that are finished: the
    model and its optimizer are as they were after the last of them.

    Parameters
    ----------
    model : keras.Model
        Compiled, as by `digitlib.model.build_model`. Learning-rate schedules, weight
        decay and averages of the weights are its optimizer's.
    x : array_like, shape (n, 28, 28), floating point, in [0, 1]
    y : array_like, shape (n,), integer, 0 to 9
    epochs : int, 1 to 1,000,000
        How often to go through all images.
    batch_size : int, 1 to n
        Images that share a step. The last batch of an epoch may be smaller.
    seed : int, 0 to 2**32 - 1
        Decides the order of the images and their distortions; also seeds Python,
        NumPy and TensorFlow.
    shuffle : bool
        Whether every epoch has a new order. If not, batches are taken as they come.
    augment : bool or callable
        True distorts every batch with `digitlib.augmentation.augment`. Or a function
        of its kind, from a tensor of images (batch, 28, 28) and a seed (2,) to images.
    validation_data : (x_val, y_val), optional
        Judged after every epoch, never learned from, never distorted.
    progress : bool
        Show a progress bar, if there is a person at a terminal or a notebook.

    Returns
    -------
    keras.callbacks.History
        ``history.history`` has a number for each epoch of ``"loss"``, ``"accuracy"``
        and, with ``validation_data``, ``"val_loss"`` and ``"val_accuracy"``.
    """
    x = check_images(x, "x")
    y = check_labels(y, len(x), "y")
    if validation_data is not None:
        x_val, y_val = validation_data
        x_val = check_images(x_val, "validation x")
        y_val = check_labels(y_val, len(x_val), "validation y")
        validation_data = tf.constant(x_val), tf.constant(y_val, tf.int32)
    epochs = check_count("epochs", epochs, 1, 1_000_000)
    batch_size = check_count("batch_size", batch_size, 1, len(x))
    seed = check_count("seed", seed, 0, 2**32 - 1)
    if not getattr(model, "compiled", False):
        raise DigitlibError("model: not compiled; call model.compile, or build_model")
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    finished = [variable.numpy() for variable in variables]
    history = keras.callbacks.History()
    history.set_model(model)
    history.on_train_begin()
    with _bar(epochs, shown=progress and _somebody_watches()) as bar:
        try:
            run_epoch = _compile_epoch(model, x, y, batch_size, augment)
            for epoch in range(epochs):
                indices = random.permutation(len(x)) if shuffle else np.arange(len(x))
                logs = run_epoch(indices, random.integers(2**31), bar)
                if validation_data is not None:
                    loss, accuracy = _judge(model, *validation_data)
                    logs |= {"val_loss": loss, "val_accuracy": accuracy}
                finished = [variable.numpy() for variable in variables]
                history.on_epoch_end(epoch, logs)
                bar.set_postfix({name: f"{value:.4f}" for name, value in logs.items()})
        except KeyboardInterrupt:
            for variable, value in zip(variables, finished, strict=True):
                variable.assign(value)
            kept = f"{len(history.epoch)} of {epochs} epochs are finished and kept."
            print(f"Interrupted: {kept}", file=sys.stderr)
    # Where the optimizer keeps an average of the weights, it takes their place now.
    model.optimizer.finalize_variable_values(model.trainable_variables)
    model.history = history
    return history


def _compile_epoch(model, x, y, batch_size, augment, steps_a_call=512):
    """Make a function that goes through the images once and returns loss, accuracy.

    After ``steps_a_call`` steps it is back in Python, where an interrupt is noticed.
    """
    if augment is True:
        from digitlib.augmentation import augment
    images, digits = tf.constant(x), tf.constant(y, tf.int32)

    def steps(images, digits, batches, first, last, seed):
        """Learn from some rows of ``batches``: (number of batches, batch size)."""

        def body(i, loss_sum, correct):
            batch = tf.gather(images, batches[i])
            if augment:
                batch = augment(batch, tf.stack([seed, i]))
            loss, right = _step(model, batch, tf.gather(digits, batches[i]))
            return i + 1, loss_sum + loss, correct + right

        return tf.while_loop(lambda i, *_: i < last, body, (first, 0.0, 0))[1:]

    compiled = {}  # whole batches have one shape, the rest of an epoch another

    def run_epoch(indices, seed, bar):
        loss_sum, correct = 0.0, 0
        for batches in _cut(indices, batch_size):
            n, size = batches.shape
            for first in range(0, n, steps_a_call):
                last = min(first + steps_a_call, n)
                numbers = (batches, first, last, seed)
                call = [images, digits, *(tf.constant(i, tf.int32) for i in numbers)]
                if size not in compiled:
                    function = tf.function(steps, jit_compile=True, autograph=False)
                    compiled[size] = function.get_concrete_function(*call)
                loss, right = compiled[size](*call)
                loss_sum += float(loss) * size
                correct += int(right)
                bar.update((last - first) * size / len(indices))
        return {"loss": loss_sum / len(indices), "accuracy": correct / len(indices)}

    return run_epoch


def _cut(indices, batch_size):
    """Yield the whole batches (number, batch size), then the rest, if any (1, size)."""
    whole = len(indices) - len(indices) % batch_size
    yield indices[:whole].reshape(-1, batch_size)
    if whole < len(indices):
        yield indices[np.newaxis, whole:]


def _step(model, images, digits):
    """One step of the optimizer: the loss of the batch, and how many it read right."""
    with tf.GradientTape() as tape:
        probabilities = model(images, training=True)
        loss = model.compute_loss(x=images, y=digits, y_pred=probabilities)
    gradient = tape.gradient(loss, model.trainable_variables)
    model.optimizer.apply(gradient, model.trainable_variables)
    return loss, _count_correct(probabilities, digits)


def _count_correct(probabilities, digits):
    predicted = tf.argmax(probabilities, axis=1, output_type=tf.int32)
    return tf.math.count_nonzero(predicted == digits, dtype=tf.int32)


def _judge(model, images, digits):
    """Loss and accuracy of images, all at once."""
    probabilities = model(images, training=False)
    loss = model.compute_loss(x=images, y=digits, y_pred=probabilities, training=False)
    return float(loss), int(_count_correct(probabilities, digits)) / len(digits)


def _bar(epochs, shown):
    """One line for the whole training: epoch, loss, accuracy, time left."""
    from tqdm import tqdm  # here, so that a missing TensorFlow is named first

    layout = "{percentage:3.0f}%|{bar}| epoch {n:.0f}/{total}, {remaining} left"
    return tqdm(total=epochs, bar_format=layout + "{postfix}", disable=not shown)


def _somebody_watches():
    """Is there a person, at a terminal or a notebook, who could see a progress bar?

    Only a notebook that a person runs allows questions (``allow_stdin``).
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    if kernel is None:
        return sys.stderr.isatty()
    request = kernel.get_parent("shell")
    return bool(request.get("content", {}).get("allow_stdin", False))
