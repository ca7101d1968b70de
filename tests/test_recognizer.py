"""The network in use."""

import subprocess
import sys

import numpy as np
from PIL import Image
import pytest

from digitlib.errors import DigitlibError
from digitlib.preprocessing import resize_only
from digitlib.recognizer import Prediction, Recognizer


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


def test_it_says_what_forward_says(recognizer, mnist, test_probabilities):
    for image, expected in zip(mnist[1][0][:200], test_probabilities, strict=False):
        prediction = recognizer.predict(image)
        assert np.allclose(prediction.probabilities, expected, atol=1e-5)
        assert prediction.digit == expected.argmax()
        assert np.isclose(prediction.confidence, expected.max(), atol=1e-5)
        assert type(prediction.digit) is int
        assert type(prediction.confidence) is float
        assert prediction.accepted
        assert prediction.reason is None


def test_a_file(recognizer, mnist, tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(mnist[1][0][0]).resize((280, 280)).save(path)
    assert recognizer.predict(path).digit == 7


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_no_ink(recognizer, grey):
    prediction = recognizer.predict(np.full((50, 40), grey, np.uint8))
    assert prediction.digit is None
    assert prediction.confidence == 0
    assert not prediction.accepted
    assert prediction.reason == "no ink"
    assert np.allclose(prediction.probabilities, 0.1)


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
    with pytest.raises(DigitlibError, match="no such weights"):
        Recognizer(tmp_path / "absent.npz")


def test_weights_that_cannot_be_used(weights):
    with pytest.raises(DigitlibError, match="3 arrays, but 6"):
        Recognizer([1, 2, 3])
    broken = weights._replace(bias_3=np.full(10, np.nan))
    with pytest.raises(DigitlibError, match="not finite"):
        Recognizer(broken)


@pytest.mark.parametrize("single", ["x.png", b"x", Image.new("L", (5, 5)), None, 7])
def test_a_single_image_is_not_many(recognizer, single):
    with pytest.raises(DigitlibError, match="give a list, or use predict"):
        next(recognizer.predict_many(single))


def test_recognising_never_imports_tensorflow():
    code = (
        "import sys, numpy as np\n"
        "from digitlib.recognizer import Recognizer\n"
        "Recognizer().predict(np.eye(28, dtype=np.uint8))\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_importing_digitlib_imports_nothing():
    code = (
        "import sys; before = set(sys.modules); import digitlib; "
        "print(sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "['digitlib']\n"
