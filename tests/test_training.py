"""Training: it learns, repeats, can be interrupted, and refuses bad input."""

import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from digitlib import training
from digitlib.errors import DigitlibError
from digitlib.model import build_model, forward
from digitlib.training import train


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_it_learns(small):
    (x, y), validation = small
    model = build_model()
    history = train(model, x, y, epochs=5, validation_data=validation)
    kept = history.history
    assert set(kept) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 5 for values in kept.values())
    assert kept["loss"][-1] < kept["loss"][0] / 3
    assert kept["val_accuracy"][-1] > 0.85
    x_val, y_val = validation
    read = forward(x_val, model.get_weights()).argmax(axis=1)
    assert np.isclose((read == y_val).mean(), kept["val_accuracy"][-1], atol=1e-6)


def test_it_is_keras_fit(small):
    (x, y), _ = small
    ours, theirs = build_model(), build_model()
    train(ours, x, y, epochs=2, batch_size=50, seed=5)
    keras.utils.set_random_seed(5)
    theirs.fit(x, y, epochs=2, batch_size=50, verbose=0)
    assert same(ours.get_weights(), theirs.get_weights())


def test_the_seed_decides(small):
    (x, y), _ = small

    def trained(seed):
        model = build_model(seed=0)
        train(model, x, y, epochs=1, seed=seed)
        return model.get_weights()

    assert same(trained(0), trained(0))
    assert not same(trained(0), trained(1))


def test_an_interrupt_keeps_the_finished_epochs(small, capsys):
    (x, y), validation = small

    model, reference = build_model(), build_model()
    train(reference, x, y, epochs=2)

    epochs = []
    original = training._FinishedEpochs.on_epoch_end

    def interrupting(self, epoch, logs=None):
        epochs.append(epoch)
        if len(epochs) == 3:  # the third epoch is over for Keras, but not yet kept
            raise KeyboardInterrupt
        original(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training._FinishedEpochs, "on_epoch_end", interrupting)
        history = train(model, x, y, epochs=5, validation_data=validation)
    assert len(history.history["loss"]) == 2
    assert same(model.get_weights(), reference.get_weights())
    assert "2 of 5 epochs are finished and kept" in capsys.readouterr().err


def test_an_interrupt_in_the_first_epoch_changes_nothing(small, capsys):
    (x, y), _ = small
    model = build_model()
    before = model.get_weights()

    def interrupting(self, batch, logs=None):
        if batch == 10:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            training._FinishedEpochs, "on_train_batch_end", interrupting, raising=False
        )
        history = train(model, x, y, epochs=2)
    assert not history.history.get("loss")
    assert same(model.get_weights(), before)
    assert "0 of 2 epochs" in capsys.readouterr().err


def test_a_person_at_a_terminal_sees_a_bar(small, capsys, monkeypatch):
    (x, y), _ = small
    monkeypatch.setattr(training, "_somebody_watches", lambda: True)
    train(build_model(), x, y, epochs=2)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "loss=" in shown
    assert "accuracy=" in shown


def test_nobody_sees_nothing(small, capsys, monkeypatch):
    (x, y), _ = small
    train(build_model(), x, y, epochs=1)
    monkeypatch.setattr(training, "_somebody_watches", lambda: True)
    train(build_model(), x, y, epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("answers_possible", [True, False])
def test_who_watches_a_notebook(monkeypatch, answers_possible):
    request = {"content": {"allow_stdin": answers_possible}}
    kernel = SimpleNamespace(get_parent=lambda channel: request)
    shell = SimpleNamespace(kernel=kernel)
    fake = SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", fake)
    assert training._somebody_watches() is answers_possible


@pytest.mark.parametrize("terminal", [True, False])
def test_who_watches_a_terminal(monkeypatch, terminal):
    monkeypatch.setitem(sys.modules, "IPython", None)
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: terminal))
    assert training._somebody_watches() is terminal


x3, y3 = np.zeros((3, 28, 28), np.float32), np.array([1, 2, 3])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (x3 + 255, y3, {}, "x: values from 255 to 255"),
        (np.zeros((3, 28, 28), np.uint8), y3, {}, "x: dtype uint8"),
        (np.zeros((3, 784)), y3, {}, "x: shape"),
        (np.zeros((0, 28, 28)), np.zeros(0, int), {}, "x: empty"),
        (np.full((3, 28, 28), np.nan), y3, {}, "x: values from nan"),
        (x3, y3[:2], {}, "y: shape"),
        (x3, y3 + 8, {}, "y: values from 9 to 11"),
        (x3, y3 / 2, {}, "y: dtype"),
        (x3, y3, {"epochs": 0}, "epochs: 0"),
        (x3, y3, {"epochs": -1}, "epochs: -1"),
        (x3, y3, {"batch_size": 4}, "batch_size: 4, but a whole number from 1 to 3"),
        (x3, y3, {"batch_size": 0}, "batch_size: 0"),
        (x3, y3, {"seed": -1}, "seed: -1"),
        (x3, y3, {"epochs": 2.5}, "epochs: 2.5"),
        (x3, y3, {"batch_size": None}, "batch_size: NoneType"),
        (x3, y3, {"validation_data": (x3, y3[:1])}, "validation y: shape"),
        (x3, y3, {"validation_data": (x3 + 2, y3)}, "validation x: values"),
    ],
)
def test_bad_input_changes_nothing(x, y, options, message):
    model = build_model()
    before = model.get_weights()
    with pytest.raises(DigitlibError, match=message):
        train(model, x, y, **{"batch_size": 1, **options})
    assert same(model.get_weights(), before)
