"""Training: Adam on shuffled batches, watched and interruptible."""

import sys

from digitlib.checks import check_count, check_images, check_labels
from digitlib.quiet_tensorflow import keras


def train(
    model,
    x,
    y,
    *,
    epochs=20,
    batch_size=32,
    seed=0,
    validation_data=None,
    progress=True,
):
    """Train a model in place.

    Ctrl-C (or "interrupt" in a notebook) keeps the epochs that are finished: the
    model has the weights it had after the last of them.

    Parameters
    ----------
    model : keras.Model
        Compiled, such as `digitlib.model.build_model` makes.
    x : array_like, shape (n, 28, 28), floating point, in [0, 1]
    y : array_like, shape (n,), integer, 0 to 9
    epochs : int, 1 to 1,000,000
        How often to go through all images.
    batch_size : int, 1 to n
        How many images share a step.
    seed : int, 0 to 2**32 - 1
        Decides the order of the images; also seeds Python, NumPy and TensorFlow.
    validation_data : (x_val, y_val), optional
        Judged after every epoch, never learned from.
    progress : bool
        Show a progress bar. Even then there is none when nobody watches: output
        that goes to a file, or a notebook that a program executes.

    Returns
    -------
    keras.callbacks.History
        ``history.history`` has a list, one number an epoch, for ``"loss"`` and
        ``"accuracy"``, and with `validation_data` for ``"val_loss"`` and
        ``"val_accuracy"``.

    Raises
    ------
    DigitlibError
        If an array has another shape, dtype or range, or a number is out of range.
    """
    x = check_images(x, "x")
    y = check_labels(y, len(x), "y")
    if validation_data is not None:
        x_val, y_val = validation_data
        x_val = check_images(x_val, "validation x")
        validation_data = x_val, check_labels(y_val, len(x_val), "validation y")
    epochs = check_count("epochs", epochs, 1, 1_000_000)
    batch_size = check_count("batch_size", batch_size, 1, len(x))
    keras.utils.set_random_seed(check_count("seed", seed, 0, 2**32 - 1))
    finished = _FinishedEpochs()
    bar = _Bar(epochs, shown=progress and _somebody_watches())
    try:
        model.fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation_data,
            callbacks=[finished, bar],
            verbose=0,
        )
    except KeyboardInterrupt:
        model.set_weights(finished.weights)
        print(
            f"Interrupted: {finished.epochs} of {epochs} epochs are finished and kept.",
            file=sys.stderr,
        )
    finally:
        bar.bar.close()
    return model.history


class _FinishedEpochs(keras.callbacks.Callback):
    """Remembers the weights as they were after the last whole epoch."""

    epochs = 0

    def on_train_begin(self, logs=None):
        self.weights = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        self.weights = self.model.get_weights()
        self.epochs = epoch + 1


class _Bar(keras.callbacks.Callback):
    """One line for the whole training: epochs, loss, accuracy, time left."""

    def __init__(self, epochs, shown):
        from tqdm import tqdm  # here, so that a missing TensorFlow is named first

        super().__init__()
        self.bar = tqdm(total=epochs, unit="epoch", disable=not shown)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({name: f"{value:.4f}" for name, value in logs.items()})
        self.bar.update()


def _somebody_watches():
    """Is there a person, at a terminal or a notebook, who could see a progress bar?

    A notebook that a person runs allows questions to be answered (``allow_stdin``);
    one that nbval or nbconvert executes does not.
    """
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    if kernel is None:
        return sys.stderr.isatty()
    request = kernel.get_parent("shell")
    return bool(request.get("content", {}).get("allow_stdin", False))
