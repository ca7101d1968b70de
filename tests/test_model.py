"""The network: NumPy against Keras and SciPy, the weights file against damage."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest
from scipy import special

from digitlib.data import MNIST_SHA256
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate
from digitlib.model import (
    ASSETS,
    Weights,
    activations,
    build_model,
    forward,
    load_detector,
    load_provenance,
    load_weights,
    relu,
    save_weights,
    softmax,
)


@pytest.fixture(scope="module")
def model(weights):
    model = build_model()
    model.set_weights(weights)
    return model


def test_keras_agrees_on_all_test_images(model, test_images, test_probabilities):
    from_keras = model(test_images).numpy()
    assert np.abs(from_keras - test_probabilities).max() < 1e-5


def test_architecture(model):
    layers = [(type(layer).__name__, layer.output.shape[1:]) for layer in model.layers]
    assert layers == [
        ("Flatten", (784,)),
        ("Dense", (100,)),
        ("Dense", (100,)),
        ("Dense", (10,)),
    ]
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
    assert Weights._fields == (
        "kernel_1",
        "bias_1",
        "kernel_2",
        "bias_2",
        "kernel_3",
        "bias_3",
    )


def test_the_shipped_weights_meet_the_document(test_probabilities, test_labels):
    assert evaluate(test_probabilities, test_labels).accuracy >= 0.976


def test_the_shipped_weights_say_where_they_come_from():
    provenance = load_provenance("plain")
    assert provenance["seed"] == 0
    assert provenance["recipe"]["images"] == 60_000
    assert provenance["recipe"]["epochs"] == 20
    assert provenance["recipe"]["batch_size"] == 32
    assert "Adam" in provenance["recipe"]["optimizer"]
    assert set(provenance["versions"]) == {"digitlib", "keras", "numpy", "tensorflow"}
    learned_from = {name: MNIST_SHA256[name] for name in ("x_train", "y_train")}
    assert provenance["data_sha256"] == learned_from


def test_shipped_weights_are_half_precision_without_pickle():
    with np.load(ASSETS / "plain.npz", allow_pickle=False) as file:
        assert all(file[name].dtype == np.float16 for name in Weights._fields)


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


def test_forward_does_not_mix_images(test_images, weights, test_probabilities):
    one_by_one = np.concatenate([forward(x[None], weights) for x in test_images[:50]])
    assert np.allclose(one_by_one, test_probabilities[:50], atol=1e-5)


def test_forward_takes_what_keras_gives(model, test_images, test_probabilities):
    from_list = forward(test_images[:5], model.get_weights())
    assert np.allclose(from_list, test_probabilities[:5], atol=1e-6)


def test_forward_with_other_widths():
    rng = np.random.default_rng(0)
    shapes = [(784, 7), (7,), (7, 5), (5,), (5, 10), (10,)]
    weights = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    assert forward(np.zeros((2, 28, 28)), weights).shape == (2, 10)


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
    for wrong in (weights[:4], (*weights[:2], *weights[4:], *weights[2:4]), [1] * 6):
        with pytest.raises(DigitlibError, match="weights"):
            forward(test_images[:1], wrong)


def test_saved_weights_come_back(tmp_path, model, weights):
    path = tmp_path / "mine.npz"
    save_weights(path, model, seed=7, note="for a test")
    for saved, array in zip(load_weights(path), weights, strict=True):
        assert np.array_equal(saved, array)  # they were half precision before
    assert load_provenance(path) == {"seed": 7, "note": "for a test"}


def test_robust_is_the_default():
    assert all(map(np.array_equal, load_weights(), load_weights("robust")))
    assert load_provenance() == load_provenance("robust")
    assert np.array_equal(load_detector(), load_detector("robust"))


def test_the_robust_weights_come_with_what_a_recognizer_needs(test_images, test_labels):
    provenance, detector = load_provenance("robust"), load_detector("robust")
    assert provenance["recipe"]["name"] == "robust"
    assert provenance["recipe"]["images"] == 60_000
    assert provenance["temperature"] > 0
    assert 0 < provenance["threshold"] < 1
    assert detector.shape == (222,)
    assert detector.dtype == np.float32
    probabilities = forward(test_images, load_weights("robust"))
    assert evaluate(probabilities, test_labels).accuracy >= 0.989


# The detector in the file


@pytest.fixture
def detector():
    return np.random.default_rng(0).normal(0, 3, 222).astype(np.float32)


def test_a_saved_detector_comes_back(tmp_path, model, weights, detector):
    path = tmp_path / "mine.npz"
    save_weights(path, model, detector, threshold=0.5)
    assert np.array_equal(load_detector(path), detector)  # in full precision
    assert load_detector(path).dtype == np.float32
    assert load_provenance(path) == {"threshold": 0.5}
    assert all(map(np.array_equal, load_weights(path), weights))
    save_weights(path, model)
    assert load_detector(path) is None
    assert load_detector("plain") is None
    with pytest.raises(DigitlibError, match="no such weights"):
        load_detector(tmp_path / "absent.npz")


def changed(path, **changes):
    """Change arrays in a file, and leave its digest as it was."""
    with np.load(path) as file:
        arrays = {**dict(file), **changes}
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})


def test_the_digest_covers_the_detector(tmp_path, model, detector):
    path = tmp_path / "w.npz"
    for other in (np.append(detector[:-1], 1).astype(np.float32), None):
        save_weights(path, model, detector)
        changed(path, detector=other)
        for load in (load_detector, load_weights, load_provenance):
            with pytest.raises(DigitlibError, match="digest differs"):
                load(path)
    save_weights(path, model)
    changed(path, detector=detector)
    with pytest.raises(DigitlibError, match="digest differs"):
        load_detector(path)


@pytest.mark.parametrize("shape", [(221,), (223,), (1, 222), (222, 1), (), (0,)])
def test_a_detector_of_another_shape_is_refused(tmp_path, model, shape):
    def save_and_load(path):
        save_weights(path, model, np.zeros(shape))
        load_weights(path)

    with pytest.raises(DigitlibError, match="detector") as error:
        save_and_load(tmp_path / "w.npz")
    assert "\n" not in str(error.value)
    assert "222" in str(error.value)


def test_a_detector_that_is_not_finite_is_not_saved(tmp_path, model, detector):
    detector[7] = np.inf
    with pytest.raises(DigitlibError, match="detector is not finite"):
        save_weights(tmp_path / "w.npz", model, detector)
    assert not list(tmp_path.iterdir())


def test_half_precision_costs_no_prediction(tmp_path, test_images):
    model = build_model(seed=1)
    save_weights(tmp_path / "half.npz", model)
    half = forward(test_images, load_weights(tmp_path / "half.npz"))
    full = forward(test_images, model.get_weights())
    assert np.abs(half - full).max() < 0.01


def test_unknown_weights():
    with pytest.raises(DigitlibError, match="best: no such weights; give 'plain'"):
        load_weights("best")


@pytest.mark.parametrize("position", [0.1, 0.5, 0.9, 0.97])
def test_altered_weights_are_refused(tmp_path, position):
    content = bytearray((ASSETS / "plain.npz").read_bytes())
    content[int(position * len(content))] ^= 1
    (tmp_path / "altered.npz").write_bytes(content)
    with pytest.raises(DigitlibError, match=r"altered\.npz"):
        load_weights(tmp_path / "altered.npz")


def resave(path, **changes):
    with np.load(ASSETS / "plain.npz") as file:
        arrays = {**dict(file), **changes}
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})


def test_a_digest_that_does_not_match_is_refused(tmp_path):
    path = tmp_path / "w.npz"
    resave(path, provenance=np.array('{"seed": 1}'))
    with pytest.raises(DigitlibError, match="digest differs"):
        load_weights(path)
    resave(path, bias_3=np.zeros(10, np.float16))
    with pytest.raises(DigitlibError, match="digest differs"):
        load_weights(path)


def test_a_file_that_is_no_weights_file(tmp_path):
    path = tmp_path / "w.npz"
    resave(path, bias_1=None)
    with pytest.raises(DigitlibError, match="no bias_1"):
        load_weights(path)
    with pytest.raises(DigitlibError, match="no bias_1, bias_2"):
        load_weights(ASSETS / "mnist.npz")
    path.write_bytes((ASSETS / "plain.npz").read_bytes()[:50_000])
    with pytest.raises(DigitlibError, match="not a whole"):
        load_weights(path)


def test_a_model_of_another_shape_is_not_saved(tmp_path):
    import keras

    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    with pytest.raises(DigitlibError, match="layers of shapes"):
        save_weights(tmp_path / "w.npz", keras.Sequential(layers))
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    path = tmp_path / "w.npz"
    path.write_text("the old file")
    model = build_model()
    arrays = model.get_weights()
    arrays[2][0, 0] = 1e6
    model.set_weights(arrays)
    with pytest.raises(DigitlibError, match="kernel_2 is not finite"):
        save_weights(path, model)
    assert path.read_text() == "the old file"


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "w.npz"
    path.write_text("the old file")

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(DigitlibError, match="No space left on device"):
        save_weights(path, build_model())
    assert path.read_text() == "the old file"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(DigitlibError, match="cannot be written"):
        save_weights(tmp_path / "absent" / "w.npz", build_model())
