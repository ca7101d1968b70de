"""The network: NumPy against Keras and SciPy, the weights file against damage."""

import pickle

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest
from scipy import special

from digitlib._internal.files import load_arrays, save_arrays
from digitlib._internal.quiet_tensorflow import keras
from digitlib.data import MNIST_SHA256
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate
from digitlib.model import (
    ASSETS,
    Weights,
    activations,
    build_model,
    forward,
    load_provenance,
    load_trained,
    load_weights,
    relu,
    save_weights,
    softmax,
)
from digitlib.recognizer import Recognizer, detect


@pytest.fixture(scope="module")
def model(weights):
    model = build_model()
    model.set_weights(weights)
    return model


def test_keras_agrees_on_all_test_images(model, test_images, test_probabilities):
    from_keras = model(test_images).numpy()
    assert np.abs(from_keras - test_probabilities).max() < 1e-5


def test_architecture(model):
    layers = [(type(layer).__name__, *layer.output.shape[1:]) for layer in model.layers]
    assert layers == [("Flatten", 784), ("Dense", 100), ("Dense", 100), ("Dense", 10)]
    functions = [layer.activation.__name__ for layer in model.layers[1:]]
    assert functions == ["relu", "relu", "softmax"]
    assert model.input_shape == (None, 28, 28)
    assert model.count_params() == 89_610
    assert type(model.optimizer).__name__ == "Adam"
    assert np.isclose(float(model.optimizer.learning_rate), 0.001)


def test_start_weights_depend_on_the_seed_alone():
    first, again, other = (build_model(seed).get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    limit = np.sqrt(6 / 884)  # Glorot's, for 784 inputs and 100 units
    assert 0.99 * limit < np.abs(first[0]).max() <= limit
    assert not first[1].any()


def test_weights_have_the_shapes_of_the_network(weights):
    assert sum(array.size for array in weights) == 89_610
    assert all(array.dtype == np.float32 for array in weights)
    names = ["kernel_1", "bias_1", "kernel_2", "bias_2", "kernel_3", "bias_3"]
    assert list(weights.named()) == names
    assert all(getattr(weights, name) is a for name, a in weights.named().items())
    other = pickle.loads(pickle.dumps(weights.replace(bias_2=weights.bias_1)))
    assert isinstance(other, Weights)
    assert np.array_equal(other[3], weights[1])
    assert np.array_equal(other.kernel_3, weights[4])
    with pytest.raises(AttributeError, match="no kernel_4"):
        _ = weights.kernel_4


def test_the_shipped_weights_meet_the_document(test_probabilities, test_labels):
    assert evaluate(test_probabilities, test_labels).accuracy >= 0.976


def test_the_shipped_weights_say_where_they_come_from():
    provenance = load_provenance("plain")
    assert provenance["seed"] == 0
    recipe = provenance["recipe"]
    numbers = [recipe[name] for name in ("images", "epochs", "batch_size")]
    assert numbers == [60_000, 20, 32]
    assert "Adam" in recipe["optimizer"]
    assert set(provenance["versions"]) == {"digitlib", "keras", "numpy", "tensorflow"}
    learned_from = {name: MNIST_SHA256[name] for name in ("x_train", "y_train")}
    assert provenance["data_sha256"] == learned_from


def test_shipped_weights_are_half_precision_without_pickle():
    with np.load(ASSETS / "plain.npz", allow_pickle=False) as file:
        learned = [file[name].dtype for name in file.files if name[:2] in ("ke", "bi")]
        assert learned == 6 * [np.float16]


scores = arrays(np.float64, (3, 10), elements=st.floats(-1000, 1000))


@given(scores)
def test_softmax_is_scipys(z):
    assert np.allclose(softmax(z), special.softmax(z, axis=1))


@given(scores, st.floats(-100, 100))
def test_softmax_sees_only_differences(z, shift):
    assert np.allclose(softmax(z + shift), softmax(z), atol=1e-9)


@given(scores)
def test_relu(z):
    result = relu(z)
    assert (result >= 0).all()
    assert np.array_equal(result - relu(-z), z)


@settings(max_examples=25, deadline=None)
@given(
    arrays(np.float32, (2, 28, 28), elements=st.floats(0, 1, width=32)),
    st.integers(0, 99),
)
def test_forward_of_any_image_is_kerass(model, weights, images, seed):
    probabilities = forward(images, weights)
    assert probabilities.shape == (2, 10)
    assert probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(probabilities, model(images).numpy(), atol=1e-4)


def test_layers_are_what_keras_computes_on_the_way(model, test_images, weights):
    passed = activations(test_images[:100], weights)
    assert [array.shape for array in passed] == [(100, 100), (100, 100), (100, 10)]
    expected = test_images[:100].reshape(100, 784)
    for layer, found in zip(model.layers[1:3], passed, strict=False):
        expected = layer(expected).numpy()
        assert np.allclose(found, expected, atol=1e-4)
    forwarded = forward(test_images[:100], weights)
    assert np.allclose(special.softmax(passed[2], axis=1), forwarded, atol=1e-6)


def test_forward_mixes_no_images_and_takes_what_keras_gives(
    model, test_images, test_probabilities
):
    weights = model.get_weights()
    one_by_one = np.concatenate([forward(x[None], weights) for x in test_images[:50]])
    assert np.allclose(one_by_one, test_probabilities[:50], atol=1e-5)


@pytest.mark.parametrize("units", [(), (200,), (30, 10), (9, 8, 7)])
def test_any_widths_from_building_to_recognizing(units, tmp_path, test_images):
    x, rng = test_images[:50], np.random.default_rng(0)
    model = build_model(2, units)
    model.set_weights([a + rng.normal(0, 0.1, a.shape) for a in model.get_weights()])
    weights = Weights(model.get_weights())
    assert [len(bias) for bias in weights[1::2]] == [*units, 10]
    assert np.allclose(forward(x, weights), model(x).numpy(), atol=1e-5)
    passed = activations(x, weights)
    assert [array.shape for array in passed] == [(50, n) for n in (*units, 10)]
    detector = rng.normal(size=sum(units) + 22).astype(np.float32)
    save_weights(tmp_path / "w.npz", model, detector)
    save_weights(tmp_path / "same.npz", weights, detector)
    assert (tmp_path / "w.npz").read_bytes() == (tmp_path / "same.npz").read_bytes()
    trained = load_trained(tmp_path / "w.npz")
    for half, full in zip(trained.weights, weights, strict=True):
        assert np.array_equal(half, full.astype(np.float16))
    found = Recognizer(tmp_path / "w.npz").predict(x[0])
    passed = activations(found.seen[np.newaxis], trained.weights)
    assert found.is_digit == detect(passed, detector)[0]
    assert found.digit == passed[-1].argmax()


@pytest.mark.parametrize("units", [100, (0,), (10, 20_000), (1.5,), "100", None])
def test_other_widths_are_refused(units):
    with pytest.raises(DigitlibError, match="units: "):
        build_model(0, units)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((28, 28)), r"image\[np.newaxis\]"),
        (np.zeros((2, 784)), "shape"),
        (np.zeros((2, 28, 28, 1)), "shape"),
        (np.zeros((0, 28, 28)), "empty"),
        (np.zeros((2, 28, 28), np.uint8), "divide"),
        (np.full((2, 28, 28), 255.0), "divide"),
        (np.full((2, 28, 28), -0.1), "values"),
        (np.full((2, 28, 28), np.nan), "values from nan"),
        (np.full((2, 28, 28), np.inf), "values"),
        (np.full((2, 28, 28), "7"), "dtype"),
        ([], "shape"),
        ("digit.png", "shape"),
    ],
)
def test_forward_refuses_other_images(images, message, weights):
    with pytest.raises(DigitlibError, match=message) as error:
        forward(images, weights)
    assert "\n" not in str(error.value)


def test_forward_refuses_other_weights(test_images, weights):
    swapped = (*weights[:2], *weights[4:], *weights[2:4])
    for wrong in (weights[:4], weights[:5], swapped, [1] * 6, (), None):
        with pytest.raises(DigitlibError, match="weights"):
            forward(test_images[:1], wrong)


def test_hands_is_the_default():
    assert all(map(np.array_equal, load_weights(), load_weights("hands")))
    assert load_provenance() == load_provenance("hands")
    assert np.array_equal(load_trained().detector, load_trained("hands").detector)


@pytest.mark.parametrize("name", ["robust", "hands"])
def test_weights_come_with_what_a_recognizer_needs(name, test_images, test_labels):
    provenance, detector = load_provenance(name), load_trained(name).detector
    assert provenance["temperature"] > 0
    assert 0 < provenance["threshold"] < 1
    assert (detector.shape, detector.dtype) == ((222,), np.float32)
    probabilities = forward(test_images, load_weights(name))
    assert evaluate(probabilities, test_labels).accuracy >= 0.989


# The detector in the file


def test_what_was_saved_comes_back(tmp_path, model, weights):
    path = tmp_path / "mine.npz"
    detector = np.random.default_rng(0).normal(0, 3, 222).astype(np.float32)
    save_weights(path, model, detector, threshold=0.5, note="for a test")
    assert np.array_equal(load_trained(path).detector, detector)  # in full precision
    assert load_trained(path).detector.dtype == np.float32
    assert load_provenance(path) == {"threshold": 0.5, "note": "for a test"}
    for saved, array in zip(load_weights(path), weights, strict=True):
        assert np.array_equal(saved, array)  # they were half precision before
    save_weights(path, model)
    assert load_trained(path).detector is None


@pytest.mark.parametrize("shape", [(221,), (223,), (1, 222), (222, 1), (), (0,)])
def test_a_detector_of_another_shape_is_refused(tmp_path, model, shape):
    save_weights(tmp_path / "w.npz", model, np.zeros(shape))
    with pytest.raises(DigitlibError, match=r"detector [^\n]*222[^\n]*$"):
        load_weights(tmp_path / "w.npz")


def test_a_detector_that_is_not_finite_is_not_saved(tmp_path, model):
    with pytest.raises(DigitlibError, match="detector is not finite"):
        save_weights(tmp_path / "w.npz", model, np.full(222, [*221 * [0], np.inf]))
    assert not list(tmp_path.iterdir())


def test_half_precision_costs_no_prediction(tmp_path, test_images):
    model = build_model(seed=1)
    save_weights(tmp_path / "half.npz", model)
    half = forward(test_images, load_weights(tmp_path / "half.npz"))
    full = forward(test_images, model.get_weights())
    assert np.abs(half - full).max() < 0.01


@pytest.mark.parametrize("source", ["best", "mnist", "absent.npz"])
def test_unknown_weights(source):
    with pytest.raises(DigitlibError, match="no such weights; give 'plain' or 'rob"):
        load_weights(source)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("bias_1", None, "no bias_1; give a file"),
        ("kernel_2", None, "no kernel_"),
        ("provenance", None, "no provenance"),
        ("bias_2", np.zeros(99), r"w\.npz: a kernel \(100, 100\) with a bias \(99,\)"),
        ("kernel_1", np.zeros((100, 100)), "does not fit 784 inputs"),
    ],
)
def test_a_file_that_is_no_weights_file(tmp_path, name, array, message):
    arrays = {**load_arrays(ASSETS / "plain.npz"), name: array}
    arrays = {name: a for name, a in arrays.items() if a is not None}
    save_arrays(tmp_path / "w.npz", arrays)
    for load in (load_trained, load_weights, load_provenance, Recognizer):
        with pytest.raises(DigitlibError, match=message):
            load(tmp_path / "w.npz")


def test_the_data_set_is_no_weights_file():
    with pytest.raises(DigitlibError, match="no digest"):
        load_weights(ASSETS / "mnist.npz")


def test_a_model_of_another_shape_is_not_saved(tmp_path):
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(9)]
    with pytest.raises(DigitlibError, match="model: 9 outputs"):
        save_weights(tmp_path / "w.npz", keras.Sequential(layers))
    with pytest.raises(DigitlibError, match="does not fit"):
        save_weights(tmp_path / "w.npz", build_model(normalize=True))
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    path = tmp_path / "w.npz"
    path.write_text("the old file")
    weights = Weights(build_model().get_weights())
    weights.kernel_2[0, 0] = 1e6
    with pytest.raises(DigitlibError, match="kernel_2 is not finite"):
        save_weights(path, weights)
    assert path.read_text() == "the old file"


def test_a_place_that_cannot_be_written(tmp_path, model):
    with pytest.raises(DigitlibError, match="cannot be written"):
        save_weights(tmp_path / "absent" / "w.npz", model)


def test_the_seed_decides_whatever_other_threads_draw(monkeypatch):
    expected = build_model(3).get_weights()
    monkeypatch.setattr("random.randint", lambda low, high: low)
    assert all(map(np.array_equal, build_model(3).get_weights(), expected))
