"""Training: it learns, repeats, can be interrupted, and refuses bad input."""

from functools import partial
from itertools import count
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from tqdm import tqdm

from digitlib import training
from digitlib._internal.quiet_tensorflow import keras
from digitlib._internal.quiet_tensorflow import tensorflow as tf
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


def test_validation_is_keras_evaluate(trained, small):
    model, history = trained
    loss, accuracy = model.evaluate(*small[1], verbose=0)
    assert np.isclose(history.history["val_loss"][-1], loss, rtol=1e-4)
    assert np.isclose(history.history["val_accuracy"][-1], accuracy)


def distance(*models):
    """How far two models' weights are apart, as a fraction of their length."""
    ours, theirs = (np.concatenate([*map(np.ravel, m.get_weights())]) for m in models)
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def distance_to_fit(make_model, x, y, **options):
    """Train one model by `train`, one by Keras's fit, on the same batches."""
    ours, theirs = make_model(), make_model()
    found = train(ours, x, y, shuffle=False, **options).history
    expected = theirs.fit(x, y, shuffle=False, verbose=0, **options).history
    for name, values in expected.items():
        assert np.allclose(found[name], values, rtol=1e-3), name
    return distance(ours, theirs)


@pytest.mark.parametrize(("seed", "batch_size"), [(0, 32), (1, 10)])
def test_200_batches_are_keras_fit(mnist, seed, batch_size):
    x, y = (part[7000 * seed :][: 200 * batch_size] for part in mnist[0])
    make_model, x = partial(build_model, seed), x / np.float32(255)
    assert distance_to_fit(make_model, x, y, epochs=1, batch_size=batch_size) < 1e-4


def everything():
    """A model with all that an optimizer and layers can bring along."""
    cosine = keras.optimizers.schedules.CosineDecay
    rate = cosine(0.001, 15, warmup_target=0.01, warmup_steps=5)
    kinds = {"weight_decay": 0.01, "use_ema": True, "ema_momentum": 0.9}
    optimizer = keras.optimizers.Adam(rate, **kinds)
    model = build_model(3, (20,), normalize=True, optimizer=optimizer)
    model.layers[1].kernel.regularizer = keras.regularizers.L2(0.01)
    assert model.losses
    return model


def test_schedule_averages_decay_and_normalization_are_keras_fit(tiny, small):
    # Adam divides by the size of a gradient, and a bias before a normalization has
    # none but rounding errors: there, the two may differ.
    options = {"shuffle": False, "epochs": 2, "batch_size": 64}
    ours, theirs = everything(), everything()
    train(ours, *tiny, **options)
    theirs.fit(*tiny, verbose=0, **options)
    ours, theirs = ours(small[1][0]), theirs(small[1][0])
    assert np.allclose(ours, theirs, atol=0.01)


def test_the_last_batch_is_smaller(small):
    (x, y), _ = small
    x, y = x[:105], y[:105]
    assert distance_to_fit(build_model, x, y, epochs=2, batch_size=50) < 1e-4


@pytest.fixture
def orders(monkeypatch):
    """The order of the images in each epoch; nothing is really computed."""
    seen = []

    def compile_epoch(*arguments):
        def run_epoch(indices, seed, bar):
            seen.append(indices)
            bar.update(1)
            return {"loss": 0.0, "accuracy": 0.0}

        return run_epoch

    monkeypatch.setattr(training, "_compile_epoch", compile_epoch)
    return seen


def test_every_epoch_has_every_image_once_in_a_new_order(tiny, orders):
    train(build_model(), *tiny, epochs=3)
    assert all(np.array_equal(np.sort(order), np.arange(640)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], np.arange(640))


@pytest.mark.parametrize(("number", "learns"), [(19, True), (20, False)])
def test_each_batch_is_distorted_with_a_seed_of_its_own(tiny, number, learns):
    """Only one batch has any ink, or none: there are 20, from number 0."""

    def one_batch(images, seed):
        return images * 0 + tf.cast(seed[1] == number, tf.float32)

    model = build_model()
    before = model.get_weights()[0]
    train(model, *tiny, epochs=1, augment=one_batch)
    assert same([model.get_weights()[0]], [before]) is not learns


def after_each_epoch(monkeypatch, do):
    """Have ``do(number, seed)`` called when an epoch is computed, but not yet kept."""
    original = training._compile_epoch

    def compile_epoch(*arguments):
        run_epoch, numbers = original(*arguments), count(1)

        def noted(indices, seed, bar):
            logs = run_epoch(indices, seed, bar)
            do(next(numbers), seed)
            return logs

        return noted

    monkeypatch.setattr(training, "_compile_epoch", compile_epoch)


def test_true_distorts_alike_each_time_and_each_epoch_has_its_own_seed(
    tiny, trained, monkeypatch
):
    seeds = []
    after_each_epoch(monkeypatch, lambda number, seed: seeds.append(seed))
    first, again = build_model(3), build_model(3)
    for model in (first, again):
        train(model, *tiny, epochs=2, seed=3, augment=True)
    assert same(first.get_weights(), again.get_weights())
    assert 0.01 < distance(first, trained[0]) < 1
    assert len({*seeds[:2]}) == 2


def test_the_seed_decides(tiny, trained):
    """The same seed again: see the interrupt after two epochs."""
    model = build_model(3)
    train(model, *tiny, epochs=2, seed=4)
    assert not same(model.get_weights(), trained[0].get_weights())


def interrupt_in_epoch(monkeypatch, last):
    def interrupt(number, _):
        if number == last:
            raise KeyboardInterrupt

    after_each_epoch(monkeypatch, interrupt)


def test_an_interrupt_keeps_the_finished_epochs(
    tiny, trained, small, capsys, monkeypatch
):
    model, reference = build_model(3), trained[0]
    interrupt_in_epoch(monkeypatch, 3)
    history = train(model, *tiny, seed=3, epochs=5, validation_data=small[1])
    assert history.history == trained[1].history
    assert same(model.get_weights(), reference.get_weights())
    ours, theirs = model.optimizer.variables, reference.optimizer.variables
    assert same([v.numpy() for v in ours], [v.numpy() for v in theirs])
    assert "2 of 5 epochs are finished and kept" in capsys.readouterr().err


def test_an_interrupt_in_the_first_epoch_changes_nothing(tiny, capsys, monkeypatch):
    model = build_model()
    before = model.get_weights()
    interrupt_in_epoch(monkeypatch, 1)
    history = train(model, *tiny, epochs=2)
    assert not history.history.get("loss")
    assert same(model.get_weights(), before)
    assert "0 of 2 epochs" in capsys.readouterr().err


def test_control_c_is_noticed_within_an_epoch(small, capsys, monkeypatch):
    model, parts = build_model(), []
    before = model.get_weights()

    def update(bar, part):
        parts.append(part)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(tqdm, "update", update)
    # A process that was started in the background may have inherited to ignore it.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        history = train(model, *small[0], epochs=1, batch_size=1)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert len(parts) == 1
    assert parts[0] < 0.5
    assert history.epoch == []
    assert same(model.get_weights(), before)
    assert "0 of 1 epochs" in capsys.readouterr().err


@pytest.mark.parametrize("progress", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_only_who_watches_sees_a_bar(tiny, orders, capsys, monkeypatch, seen, progress):
    monkeypatch.setattr(training, "_somebody_watches", lambda: seen)
    train(build_model(), *tiny, epochs=2, progress=progress)
    out, shown = capsys.readouterr()
    assert out == ""
    parts = [part in shown for part in ("2/2", "loss=", "accuracy=")]
    assert all(parts) if seen and progress else shown == ""


@pytest.mark.parametrize("answers_possible", [True, False])
def test_who_watches_a_notebook(monkeypatch, answers_possible):
    request = {"content": {"allow_stdin": answers_possible}}
    kernel = SimpleNamespace(get_parent=lambda channel: request)
    fake = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=kernel))
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


def test_a_model_that_is_not_compiled():
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten()])
    with pytest.raises(DigitlibError, match="model: not compiled"):
        train(model, x3, y3, batch_size=1)
