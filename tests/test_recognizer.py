"""The network in use: what it reads, and what it refuses."""

from collections import Counter
import subprocess
import sys

import matplotlib
import numpy as np
from PIL import Image
import pytest
from scipy import special
from sklearn.datasets import load_digits

from digitlib.errors import DigitlibError
from digitlib.model import (
    activations,
    forward,
    load_provenance,
    load_trained,
    load_weights,
    save_weights,
)
from digitlib.preprocessing import preprocess, resize_only
from digitlib.recognizer import Prediction, Recognizer, detect, several
from digitlib.synthesis import negatives
from digitlib.synthesis.photographs import blanks, photographs
from digitlib.test_time import AUGMENTATION, first_layers, recorded, upright


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture
def made(tmp_path, weights):
    """A recognizer from a file with a detector that says the same of all images."""

    def make(is_digit=None, **settings):
        path = tmp_path / "made.npz"
        same = np.append(np.zeros(221), special.logit(is_digit or 0.5))
        save_weights(path, weights, same if is_digit else None, **settings)
        return Recognizer(path, preprocess=resize_only)

    return make


# What it says


def test_by_default_it_prepares_and_knows_when_not_to(recognizer, mnist):
    assert all(map(np.array_equal, recognizer.weights, load_weights("hands")))
    assert np.array_equal(recognizer.detector, load_trained("hands").detector)
    made = load_provenance("hands")
    assert recognizer.temperature == made["temperature"]
    assert recognizer.threshold == made["threshold"]
    assert recognizer.augmentation == AUGMENTATION == recorded(made)
    assert 0.3 < recognizer.threshold < 0.95
    assert recognizer.preprocess is preprocess


def test_it_says_what_forward_says(recognizer, mnist):
    images = mnist[1][0][:200]
    prepared = np.array([preprocess(image) for image in images])
    passed = activations(prepared, recognizer.weights)
    layers = first_layers(recognizer.weights)
    looks = [
        forward(digits, [layer, *recognizer.weights[1:]])
        for digits in (prepared, upright(prepared))
        for layer in layers
    ]
    assert len(looks) == 10
    expected = np.log(np.mean(looks, axis=0)) / recognizer.temperature
    expected = special.softmax(expected, axis=1)
    are_digits = detect(passed, recognizer.detector)
    for i, image in enumerate(images):
        prediction = recognizer.predict(image)
        assert np.allclose(prediction.probabilities, expected[i], atol=1e-5)
        assert prediction.probabilities.dtype == np.float32
        assert prediction.digit == expected[i].argmax()
        assert np.isclose(prediction.confidence, expected[i].max(), atol=1e-5)
        assert np.isclose(prediction.is_digit, are_digits[i], atol=1e-5)
        assert np.array_equal(prediction.seen, prepared[i])
        names = "digit", "confidence", "is_digit", "accepted"
        kinds = [type(getattr(prediction, name)) for name in names]
        assert kinds == [int, float, float, bool]


def test_trust_decides(recognizer, mnist, test_images):
    pairs = negatives.digit_pairs(test_images[:20], test_images[20:40], seed=2)
    results = list(recognizer.predict_many([*mnist[1][0][:300], *pairs]))
    assert {result.accepted for result in results} == {True, False}
    for result in results:
        assert result.trust == result.confidence * result.is_digit
        assert result.accepted == (result.trust >= recognizer.threshold)
        assert (result.reason is None) == result.accepted


def test_a_threshold_that_is_just_reached(made, test_images):
    image = test_images[0]
    trust = made(0.8).predict(image).trust
    assert np.isclose(trust, 0.8, atol=0.01)
    assert made(0.8, threshold=trust).predict(image).accepted
    result = made(0.8, threshold=float(np.nextafter(trust, 1))).predict(image)
    assert not result.accepted
    assert result.digit == 7


def test_reasons(made, test_images):
    seven, two = test_images[:2]
    pair = np.hstack([seven[:, 4:24], two[:, 4:24]])
    sure = made(0.3, threshold=0.5)
    assert sure.predict(seven).reason == "not a digit"
    assert sure.predict(seven).digit == 7
    assert sure.predict(pair).reason == "not one digit"
    assert sure.predict(0 * seven).reason == "no ink"
    unsure = made(0.999, threshold=0.9, temperature=20.0)
    assert unsure.predict(seven).reason == "unsure"
    assert unsure.predict(pair).reason == "unsure"
    assert unsure.predict(0 * seven).reason == "no ink"
    assert made(0.95, threshold=0.9).predict(seven).reason is None


def test_without_a_detector_all_ink_is_accepted(made, weights, test_images):
    blurred = 0.3 * test_images[0] + 0.3 * test_images[1] + 0.3 * test_images[5]
    for recognizer in (made(), Recognizer("plain"), Recognizer(list(weights))):
        assert recognizer.detector is None
        assert recognizer.threshold == 0
        for image in (test_images[0], blurred, np.eye(28)):
            result = recognizer.predict(image)
            assert (result.accepted, result.reason) == (True, None)
            assert (result.is_digit, result.trust) == (1, result.confidence)
        assert not recognizer.predict(np.ones((9, 9))).accepted


def test_the_temperature_is_used(made, test_images, weights):
    scores = activations(test_images[:50], weights)[2]
    for temperature in (0.5, 2.5):
        recognizer = made(temperature=temperature)
        results = recognizer.predict_many(test_images[:50])
        found = [result.probabilities for result in results]
        expected = special.softmax(scores / temperature, axis=1)
        assert np.allclose(found, expected, atol=1e-5)


def test_a_file(recognizer, mnist, tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(255 - mnist[1][0][0]).resize((280, 280)).save(path)
    assert recognizer.predict(path).digit == 7
    assert recognizer.predict(path).accepted
    assert recognizer.predict(path.read_bytes()).digit == 7


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_no_ink(recognizer, grey):
    for other in (recognizer, Recognizer(preprocess=resize_only)):
        found = other.predict(np.full((50, 40), grey, np.uint8))
        assert (found.digit, found.accepted, found.reason) == (None, False, "no ink")
        assert (found.confidence, found.is_digit, found.trust) == (0, 0, 0)
        assert np.allclose(found.probabilities, 0.1)
        assert found.seen.shape == (28, 28)


# More than one digit


def inked(*boxes):
    seen = np.zeros((28, 28), np.float32)
    for top, bottom, left, right in boxes:
        seen[top:bottom, left:right] = 1
    return seen


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([(8, 20, 4, 7), (8, 20, 14, 17)], True),
        ([(8, 20, 14, 17), (9, 19, 4, 7)], True),
        ([(9, 18, 4, 24)], True),  # touching each other
        ([(9, 18, 7, 20)], True),
        ([(9, 19, 8, 20)], False),  # as wide as one digit may be
        ([(4, 24, 12, 16)], False),
        ([(4, 8, 8, 20), (12, 24, 8, 20)], False),  # one above the other
        ([(4, 24, 8, 18), (4, 6, 20, 22)], False),  # a speck
        # A 5 or 7 in pieces: below its bar, which is as wide, what lies apart is one.
        ([(4, 8, 4, 20), (12, 24, 4, 8), (12, 24, 14, 20)], False),
        ([(4, 24, 4, 24)], False),
        ([(13, 16, 10, 18)], False),  # a dash is too small to tell
        ([], False),
    ],
)
def test_several(boxes, expected):
    assert several(inked(*boxes)) is expected


def test_pairs_are_several_and_digits_are_not(test_images):
    found = map(preprocess, photographs(test_images[:40], seed=3))
    assert np.mean([several(seen) for seen in found]) < 0.05
    pairs = negatives.digit_pairs(test_images[:40], test_images[40:80], seed=3)
    assert np.mean([several(preprocess(pair)) for pair in pairs]) > 0.8


# What it reads and what it refuses: digits and fonts that nothing was chosen by

READ = [200, pytest.param(1000, marks=pytest.mark.slow)]
REFUSED = [100, pytest.param(500, marks=pytest.mark.slow)]


def rates(recognizer, images, labels):
    """How many are accepted, how many are right, and how many of the accepted."""
    results = list(recognizer.predict_many(images))
    accepted = np.array([result.accepted for result in results])
    right = np.array([result.digit for result in results]) == labels
    return np.array([accepted.mean(), right.mean(), right[accepted].mean()])


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_mnist_is_accepted(recognizer, mnist, step):
    x, y = mnist[1]
    found = rates(recognizer, x[::step], y[::step])
    assert (found >= [0.96, 0.985, 0.993]).all()


@pytest.mark.parametrize("n", READ)
def test_photographs_are_read(recognizer, test_images, test_labels, n):
    taken = photographs(test_images[:n], seed=11)
    assert (rates(recognizer, taken, test_labels[:n]) >= [0.9, 0.95, 0.98]).all()


def test_digits_of_other_writers_are_read(recognizer):
    other = load_digits()
    assert rates(recognizer, other.images[::2] / 16, other.target[::2])[1] >= 0.92


def new_fonts():
    folder = matplotlib.get_data_path() + "/fonts/ttf/"
    return [folder + name + ".ttf" for name in ("cmr10", "cmss10", "STIXGeneral")]


OTHERS = {
    "letters": (0.95, lambda x, n: negatives.printed_letters(new_fonts(), n, seed=12)),
    "pairs": (0.95, lambda x, n: negatives.digit_pairs(x[:n], x[n : 2 * n], seed=12)),
    "lines": (0.95, lambda x, n: negatives.line_drawings(n, seed=12)),
    "noise": (0.99, lambda x, n: negatives.noise_images(n, seed=12)),
    "blank sheets": (0.99, lambda x, n: blanks(n, seed=12)),
}


@pytest.mark.parametrize("n", REFUSED)
@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_digit_is_refused(recognizer, test_images, kind, n):
    least, make = OTHERS[kind]
    results = list(recognizer.predict_many(make(test_images, n)))
    reasons = Counter(result.reason for result in results)
    assert len(results) == n
    assert reasons[None] <= (1 - least) * n
    if kind == "pairs":
        assert reasons["not one digit"] >= 0.8 * n
    if kind == "blank sheets":
        assert reasons["no ink"] >= 0.9 * n


# Many images


def test_a_batch_goes_on_past_a_bad_item(recognizer, mnist):
    images = [mnist[1][0][0], "absent.png", b"no image", mnist[1][0][1]]
    results = list(recognizer.predict_many(images))
    kinds = [type(result) for result in results]
    assert kinds == [Prediction, DigitlibError, DigitlibError, Prediction]
    assert "absent.png" in str(results[1])
    assert results[3].digit == 2


def test_a_batch_is_lazy(recognizer, mnist):
    def endless():
        while True:
            yield mnist[1][0][0]

    results = recognizer.predict_many(endless())
    assert [next(results).digit for _ in range(3)] == [7, 7, 7]


@pytest.mark.parametrize("single", ["x.png", b"x", Image.new("L", (5, 5)), None, 7])
def test_a_single_image_is_not_many(recognizer, single):
    with pytest.raises(DigitlibError, match="give a list, or use predict"):
        next(recognizer.predict_many(single))


# Other weights, other preprocessing


def test_other_preprocessing_is_always_applied(mnist):
    def upside_down(image):
        return resize_only(image)[::-1, ::-1]

    recognizer = Recognizer("plain", preprocess=upside_down)
    six = mnist[1][0][21]
    assert mnist[1][1][21] == 6
    assert Recognizer().predict(six).digit == 6
    assert recognizer.predict(six).digit == 9


def test_weights_of_all_kinds(weights, tmp_path, mnist):
    image = mnist[1][0][0]
    for given in (weights, list(weights), "plain"):
        assert Recognizer(given).predict(image).digit == 7
    probabilities = forward(preprocess(image)[np.newaxis], weights)[0]
    assert np.allclose(Recognizer(weights).predict(image).probabilities, probabilities)
    with pytest.raises(DigitlibError, match="no such weights"):
        Recognizer(tmp_path / "absent.npz")


def test_weights_that_cannot_be_used(weights):
    with pytest.raises(DigitlibError, match="3 arrays, but a kernel"):
        Recognizer([1, 2, 3])
    broken = weights.replace(bias_3=np.full(10, np.nan))
    with pytest.raises(DigitlibError, match="not finite"):
        Recognizer(broken)


def printed(code):
    return subprocess.check_output([sys.executable, "-c", code], text=True)


def test_recognising_never_imports_tensorflow():
    code = (
        "import sys, numpy as np\n"
        "from digitlib.recognizer import Recognizer\n"
        "Recognizer().predict(np.eye(28, dtype=np.uint8))\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    assert printed(code) == "[]\n"


def test_importing_digitlib_imports_nothing():
    code = (
        "import sys; before = set(sys.modules); import digitlib; "
        "print(sorted(set(sys.modules) - before))"
    )
    assert printed(code) == "['digitlib']\n"
