"""Recipes: their names, what each change does, and folding."""

from dataclasses import asdict, replace
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from digitlib import training
from digitlib._internal.quiet_tensorflow import keras
from digitlib._internal.quiet_tensorflow import tensorflow as tf
from digitlib.augmentation import augment
from digitlib.errors import DigitlibError
from digitlib.model import build_model, forward
from digitlib.training import train
from digitlib.tuning.recipes import (
    CHANGES,
    ROBUST,
    Recipe,
    find_recipe,
    fold,
    train_recipe,
)

ARCHITECTURE = [layer.get_config() for layer in build_model().layers]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def is_like_build_models(model):
    """Whether the layers are those of build_model, apart from their names."""
    configs = [layer.get_config() for layer in model.layers]
    return len(configs) == len(ARCHITECTURE) and all(
        {**ours, "name": ""} == {**theirs, "name": ""}
        for ours, theirs in zip(configs, ARCHITECTURE, strict=True)
    )


def accuracy(model, x, y):
    return (forward(x, model.get_weights()).argmax(axis=1) == y).mean()


@pytest.fixture
def told(monkeypatch):
    """What `train` is told to do, (model, options) for each call; it does nothing."""
    calls = []

    def note(model, x, y, **options):
        calls.append((model, options))
        return SimpleNamespace(epoch=range(options["epochs"]))

    monkeypatch.setattr(training, "train", note)
    return calls


@pytest.mark.parametrize("name", ["plain", "plain-affine", "plain+ink-ink"])
def test_plain_is_the_documents(name):
    recipe = find_recipe(name)
    assert recipe == Recipe()
    assert (recipe.batch_size, recipe.rate) == (32, 0.001)
    rest = {**asdict(recipe), "batch_size": None, "rate": None}
    assert not any(rest.values())


@pytest.mark.parametrize("change", CHANGES)
def test_a_plus_makes_one_change(change):
    recipe = find_recipe(f"plain+{change}")
    assert recipe == Recipe(**CHANGES[change])
    assert getattr(recipe, change) == CHANGES[change][change]
    assert recipe != Recipe()
    assert find_recipe(f"plain+{change}+{change}") == recipe


def test_robust_is_all_of_its_changes():
    assert find_recipe("robust") == find_recipe("+".join(["plain", *ROBUST]))


@pytest.mark.parametrize("change", ROBUST)
def test_a_minus_leaves_one_out(change):
    others = [other for other in ROBUST if other != change]
    assert find_recipe(f"robust-{change}") == find_recipe("+".join(["plain", *others]))
    assert find_recipe(f"robust-{change}+{change}") == find_recipe("robust")
    assert find_recipe(f"robust-{change}") != find_recipe("robust")


def test_the_order_of_changes_does_not_matter():
    for first, second in combinations(CHANGES, 2):
        expected = Recipe(**CHANGES[first], **CHANGES[second])
        assert find_recipe(f"plain+{first}+{second}") == expected
        assert find_recipe(f"plain+{second}+{first}") == expected


def test_a_recipe_is_its_own_name():
    recipe = Recipe(batch_size=7, ink=True)
    assert find_recipe(recipe) is recipe


@pytest.mark.parametrize(
    "name",
    [
        "best", "", "Plain", "plain ", "plain+", "plain-", "plain++affine",
        "plain+rotation", "plain+affine-rotation", "plainaffine", "plain affine",
        "+affine", "affine", "robust+robust", "plain+batch_size",
        "plain+affine,elastic", "plain+affine\n", b"plain", None, 5, 2.5, ["plain"],
        {"plain": 1}, Recipe,
    ],
)  # fmt: skip
def test_unknown_names_are_named(name):
    with pytest.raises(DigitlibError, match="no such recipe; give plain") as error:
        find_recipe(name)
    assert str(error.value).startswith(f"{name}: ")
    assert all(change in str(error.value) for change in CHANGES)


def test_plain_is_train_bit_for_bit(tiny, small, trained):
    options = {"epochs": 2, "seed": 3, "validation_data": small[1]}
    model, history = train_recipe("plain", *tiny, **options)
    assert same(model.get_weights(), trained[0].get_weights())
    assert history.history == trained[1].history
    assert is_like_build_models(model)


def test_the_changes():
    assert set(CHANGES) == {*ROBUST, "decay", "average", "teacher"}


@pytest.mark.parametrize(
    ("recipe", "epochs"),
    [
        ("robust", 2),
        ("plain+decay+average", 20),  # 1,260 steps: the average remembers about 1,000
        *(
            pytest.param(f"plain+{change}", 2, marks=pytest.mark.slow)
            for change in ROBUST
        ),
    ],
)
def test_every_change_trains_and_learns(small, recipe, epochs):
    (x, y), validation = small
    model, history = train_recipe(
        recipe, x, y, epochs=epochs, validation_data=validation
    )
    assert is_like_build_models(model)
    assert model.count_params() == 89_610
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]
    assert accuracy(model, *validation) > 0.75


def test_the_seed_decides_and_fading_happens_while_training(tiny):
    first, again, faded = (
        train_recipe(recipe, *tiny, seed=1, epochs=2)[0].get_weights()
        for recipe in ("plain+affine", "plain+affine", "plain+affine+fade")
    )
    assert same(first, again)
    assert not np.allclose(faded[0], first[0], atol=1e-4)


def test_the_seed_decides_the_first_weights(told, tiny):
    for seed in (1, 2):
        train_recipe("plain", *tiny, seed=seed)
        assert same(told[-1][0].get_weights(), build_model(seed).get_weights())


def with_normalization(epsilon=1e-3):
    keras.utils.set_random_seed(5)
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten()])
    for _ in range(2):
        model.add(layers.Dense(100))
        model.add(layers.BatchNormalization(momentum=0.9, epsilon=epsilon))
        model.add(layers.ReLU())
    model.add(layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def set_at_random(model):
    random = np.random.default_rng(0)
    for layer in model.layers:
        if type(layer) is keras.layers.BatchNormalization:
            shape = layer.get_weights()[0].shape
            layer.set_weights(random.uniform(0.5, 2, (4, *shape)))


@pytest.mark.parametrize("epsilon", [1e-3, 1])
def test_fold_keeps_the_predictions(small, epsilon):
    (x_val, _) = small[1]
    model = with_normalization(epsilon)
    set_at_random(model)
    folded = fold(model)
    assert is_like_build_models(folded)
    expected = model.predict(x_val, verbose=0)
    assert np.abs(folded.predict(x_val, verbose=0) - expected).max() < 1e-5
    assert np.abs(forward(x_val, folded.get_weights()) - expected).max() < 1e-5


def test_fold_leaves_a_model_without_normalization():
    model = build_model(6)
    folded = fold(model)
    assert folded is not model
    assert same(folded.get_weights(), model.get_weights())


def test_fold_does_not_change_the_model():
    model = with_normalization()
    before = model.get_weights()
    fold(model)
    assert same(model.get_weights(), before)


def test_what_is_returned_is_the_trained_network_folded(tiny, monkeypatch):
    x, y = tiny
    trained = []

    def noted(model, *arguments, **options):
        trained.append(model)
        return train(model, *arguments, **options)

    monkeypatch.setattr(training, "train", noted)
    model, _ = train_recipe("plain+normalize", x, y, epochs=2, units=(30, 20, 10))
    [network] = trained
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("BatchNormalization") == 3
    assert [len(b) for b in model.get_weights()[1::2]] == [30, 20, 10, 10]
    for array in network.layers[3].get_weights():
        assert np.ptp(array) > 1e-3
    expected = network.predict(x, verbose=0)
    assert np.abs(model.predict(x, verbose=0) - expected).max() < 1e-5


def test_options_are_those_of_train(told, tiny):
    x, y = tiny
    train_recipe(
        "plain", x, y, seed=4, epochs=3, validation_data=(x, y), progress=False
    )
    [(_, options)] = told
    assert options == {
        "seed": 4,
        "epochs": 3,
        "batch_size": 32,
        "augment": False,
        "validation_data": (x, y),
        "progress": False,
    }


def rates(model, steps):
    """The optimizer's learning rate at the beginning of each step, and at the end."""
    found = []
    for step in range(steps + 1):
        model.optimizer.iterations.assign(step)
        found.append(float(model.optimizer.learning_rate))
    return np.array(found)


def test_without_a_schedule_the_rate_stays(told, tiny):
    train_recipe(Recipe(rate=0.003), *tiny, epochs=4)
    [(model, _)] = told
    assert np.allclose(rates(model, 80), 0.003)


def test_the_schedule_climbs_for_an_epoch_and_falls_to_0(told, tiny):
    train_recipe("plain+schedule", *tiny, epochs=4)
    [(model, options)] = told
    assert options["batch_size"] == 128
    found = rates(model, 20)  # 5 steps an epoch
    climb = 0.008 * np.arange(5) / 5
    wave = 0.004 * (1 + np.cos(np.pi * np.arange(16) / 15))
    assert found.argmax() == 5
    assert np.allclose(found, [*climb, *wave], atol=1e-7)
    assert np.isclose(found[-1], 0, atol=1e-9)


def test_the_schedule_counts_the_smaller_last_batch(told, tiny):
    x, y = tiny
    train_recipe("plain+schedule", x[:600], y[:600], epochs=3)
    [(model, _)] = told
    found = rates(model, 15)
    assert found.argmax() == 5
    assert np.isclose(found[-1], 0, atol=1e-9)


def test_one_epoch_with_a_schedule_climbs_all_the_time(told, tiny):
    train_recipe("plain+schedule", *tiny, epochs=1)
    [(model, _)] = told
    assert np.allclose(rates(model, 5), 0.008 * np.arange(6) / 5)


def test_the_average_is_a_running_average_of_the_weights(tiny):
    x, y = tiny
    whole = {"batch_size": len(x), "average": 0.9}  # a step an epoch
    model, _ = train_recipe(Recipe(**whole), x, y, epochs=5)
    reference = build_model(0)
    average = None
    for _ in range(5):
        reference.train_on_batch(x, y)
        weights = reference.get_weights()
        pairs = zip(average or weights, weights, strict=True)
        average = [0.9 * old + 0.1 * new for old, new in pairs]
    for found, expected in zip(model.get_weights(), average, strict=True):
        assert np.allclose(found, expected, atol=1e-5)
    assert not np.allclose(model.get_weights()[0], reference.get_weights()[0], 0, 1e-4)


def test_decay_takes_a_part_of_the_weights_at_each_step(tiny):
    x, y = tiny
    start = build_model(0).get_weights()
    plain, decayed = (
        train_recipe(Recipe(batch_size=len(x), decay=decay), x, y, epochs=1)[0]
        for decay in (0.0, 0.5)
    )
    for before, without, found in zip(
        start, plain.get_weights(), decayed.get_weights(), strict=True
    ):
        assert np.allclose(without - found, 0.001 * 0.5 * before, atol=1e-7)


AFFINE = ("rotation", "scale", "shear", "shift")


@pytest.mark.parametrize(
    ("recipe", "absent"),
    [
        ("plain+affine", ("elastic", "ink")),
        ("plain+elastic", (*AFFINE, "ink")),
        ("plain+ink", (*AFFINE, "elastic")),
        ("plain+affine+ink", ("elastic",)),
        ("plain+affine+elastic+ink", ()),
        ("robust-fade", ()),
        ("robust-fade-affine", AFFINE),
    ],
)
def test_distortions_are_augments(told, tiny, recipe, absent):
    x, y = tiny
    train_recipe(recipe, x, y, epochs=2)
    [(model, options)] = told
    expected = augment(x, (1, 2), **dict.fromkeys(absent, 0.0))
    for step in (0, 40):
        model.optimizer.iterations.assign(step)
        found = options["augment"](tf.constant(x), (1, 2))
        assert np.abs(found - expected).max() < 1e-5


def test_fade_halves_the_distortions_by_the_end(told, tiny):
    x, y = tiny
    train_recipe("plain+affine+ink+fade", x, y, epochs=2)  # 40 steps
    [(model, options)] = told
    for step, strength in ((0, 1.0), (20, 0.75), (40, 0.5)):
        model.optimizer.iterations.assign(step)
        found = options["augment"](tf.constant(x), (1, 2))
        expected = augment(x, (1, 2), strength=strength, elastic=0.0)
        assert np.abs(found - expected).max() < 1e-3


def test_fade_alone_changes_nothing(told, tiny):
    train_recipe("plain+fade", *tiny)
    assert told[0][1]["augment"] is False


@pytest.fixture(scope="module")
def taught(small):
    """A training with a teacher: [(network, options)], student, history."""
    (x, y), validation = small
    calls = []

    def noted(model, *arguments, **options):
        history = train(model, *arguments, **options)
        calls.append((model, options, model.get_weights()))
        return history

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "train", noted)
        student, history = train_recipe(
            "plain+teacher", x, y, seed=2, epochs=3, validation_data=validation,
            teacher_units=(200, 150), teacher_temperature=3,
        )  # fmt: skip
    return calls, student, history


def test_the_teacher_is_larger(told, tiny):
    train_recipe("plain+teacher", *tiny)
    teacher, network = (model for model, _ in told)
    assert [len(b) for b in fold(teacher).get_weights()[1::2]] == [800, 800, 10]
    assert teacher.count_params() > 10 * network.count_params()
    assert network.compute_loss.args[1] == 2


def test_the_teacher_is_robust(taught):
    (teacher, options, _), _ = taught[0]
    assert [len(b) for b in fold(teacher).get_weights()[1::2]] == [200, 150, 10]
    assert options["batch_size"] == find_recipe("robust").batch_size
    assert callable(options["augment"])
    assert (options["seed"], options["epochs"]) == (2, 3)


def test_the_student_learns_and_has_the_shipped_size(taught, small):
    _, student, history = taught
    assert is_like_build_models(student)
    assert student.count_params() == 89_610
    losses = history.history["loss"]
    assert (np.diff(losses) < 0).all()
    assert accuracy(student, *small[1]) > 0.7


def test_the_teacher_stays_as_it_was(taught):
    (teacher, _, after_its_training), _ = taught[0]
    assert same(teacher.get_weights(), after_its_training)


def test_the_students_loss_is_the_cross_entropy_of_softened_probabilities(
    taught, small
):
    (teacher, _, _), (network, _, _) = taught[0]
    x, y = (part[:50] for part in small[0])
    probabilities = network.predict(x, verbose=0)
    found = float(network.compute_loss(x=x, y=y, y_pred=probabilities))
    wanted, softened = (
        special.softmax(np.log(p.astype(float) + 1e-9) / 3, axis=1)
        for p in (teacher.predict(x, verbose=0), probabilities)
    )
    cross_entropy = -(wanted * np.log(softened)).sum(axis=1).mean()
    assert np.isclose(found, 9 * cross_entropy, rtol=1e-4)


def interrupt_in_epoch(monkeypatch, number):
    """Make the first training be interrupted in this epoch."""
    original = training._compile_epoch
    epochs = []

    def compile_epoch(*arguments):
        run_epoch = original(*arguments)

        def interrupted(*arguments):
            epochs.append(arguments)
            if len(epochs) == number:
                raise KeyboardInterrupt
            return run_epoch(*arguments)

        return interrupted

    monkeypatch.setattr(training, "_compile_epoch", compile_epoch)


def test_an_interrupted_training_returns_the_finished_epochs(
    tiny, trained, monkeypatch, capsys
):
    interrupt_in_epoch(monkeypatch, 3)
    model, history = train_recipe("plain", *tiny, seed=3, epochs=4)
    assert len(history.history["loss"]) == 2
    assert same(model.get_weights(), trained[0].get_weights())
    assert "2 of 4 epochs" in capsys.readouterr().err


def test_an_interrupted_teacher_teaches_nobody(tiny, monkeypatch):
    interrupt_in_epoch(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        train_recipe("plain+teacher", *tiny, epochs=1)


x100, y100 = np.zeros((100, 28, 28), np.float32), np.zeros(100, int)


@pytest.mark.parametrize(
    ("recipe", "x", "y", "options", "message"),
    [
        ("best", x100, y100, {}, "best: no such recipe"),
        (None, x100, y100, {}, "None: no such recipe"),
        ("plain", x100 + np.nan, y100, {}, "x: values from nan"),
        ("plain", x100 + 255, y100, {}, "x: values from 255"),
        ("plain", x100.astype(int), y100, {}, "x: dtype"),
        ("plain", x100[0], y100, {}, "x: shape"),
        ("plain", x100[:0], y100[:0], {}, "x: empty"),
        ("plain", x100, y100[:99], {}, "y: shape"),
        ("plain", x100, y100 + 10, {}, "y: values from 10"),
        ("plain", x100, y100, {"epochs": -1}, "epochs: -1"),
        ("plain", x100, y100, {"epochs": 0}, "epochs: 0"),
        ("plain+schedule", x100, y100, {"epochs": 2.5}, "epochs: 2.5"),
        ("plain", x100, y100, {"seed": -1}, "seed: -1"),
        ("plain", x100, y100, {"seed": 2**32}, "seed: 4294967296"),
        ("plain", x100, y100, {"seed": None}, "seed: NoneType"),
        ("plain", x100[:31], y100[:31], {}, "batch_size: 32, but .* from 1 to 31"),
        ("robust", x100, y100, {}, "batch_size: 128, but .* from 1 to 100"),
        (Recipe(batch_size=0), x100, y100, {}, "batch_size: 0"),
        (Recipe(batch_size=-1), x100, y100, {}, "batch_size: -1"),
        (Recipe(batch_size=None), x100, y100, {}, "batch_size: NoneType"),
        ("plain", x100, y100, {"validation_data": (x100, y100[:1])}, "validation y"),
        ("plain", x100, y100, {"validation_data": (x100 + 2, y100)}, "validation x"),
    ],
)
def test_bad_input(recipe, x, y, options, message):
    with pytest.raises(DigitlibError, match=message) as error:
        train_recipe(recipe, x, y, **{"epochs": 1, **options})
    assert "\n" not in str(error.value)


def test_a_recipe_can_be_changed_by_hand(told, tiny):
    train_recipe(replace(find_recipe("plain"), batch_size=64), *tiny)
    assert told[0][1]["batch_size"] == 64


def test_training_goes_on_from_weights_of_any_width(tiny):
    start = build_model(9, (30,)).get_weights()
    still = replace(find_recipe("plain"), rate=0.0)
    model, _ = train_recipe(still, *tiny, epochs=1, start=start)
    assert same(model.get_weights(), start)
    model, _ = train_recipe("plain", *tiny, epochs=1, start=start)
    assert not same(model.get_weights(), start)
    for bad, message in ((start, "start: nothing to normalize by"), ([], "start: 0")):
        with pytest.raises(DigitlibError, match=message):
            train_recipe("plain+normalize", *tiny, start=bad)


@pytest.mark.parametrize("recipe", ["plain+affine", "plain+affine+fade"])
def test_strength_is_that_of_the_distortions(told, tiny, recipe):
    images = tf.constant(tiny[0][:8])
    train_recipe(recipe, *tiny, strength=0.0)
    assert np.allclose(told[0][1]["augment"](images, (1, 2)), images, atol=1e-6)
    train_recipe(recipe, *tiny, strength=0.5)
    assert not np.allclose(told[1][1]["augment"](images, (1, 2)), images, atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "floor"), [("plain", 0.973), ("robust", 0.99)])
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_a_recipe_keeps_its_promise_with_other_seeds(mnist, recipe, floor, seed):
    (x, y), (x_test, y_test) = mnist
    model, _ = train_recipe(recipe, x / np.float32(255), y, seed=seed)
    probabilities = forward(x_test / np.float32(255), model.get_weights())
    assert (probabilities.argmax(axis=1) == y_test).mean() >= floor
