"""Corruption: each kind against what its description promises."""

import numpy as np
import pytest
from scipy import ndimage, stats

from digitlib.evaluation import evaluate
from digitlib.model import forward
from digitlib.synthesis.corruption import CORRUPTIONS, corrupt

KINDS = [
    "gaussian_noise", "salt_and_pepper", "gaussian_blur", "dilation", "rotation",
    "ruled_lines",
]  # fmt: skip
SMOOTH = ["gaussian_blur", "dilation"]  # nothing in them is random
STRENGTHS = [1, 2, 3]
by_strength = pytest.mark.parametrize("strength", STRENGTHS)
by_kind = pytest.mark.parametrize("kind", KINDS)
black = np.zeros((300, 28, 28), np.float32)
grey = black + np.float32(0.5)
good = black[:2]


@pytest.fixture(scope="module")
def digits(test_images):
    return test_images[:100]


def test_the_kinds():
    assert list(CORRUPTIONS) == KINDS


@by_kind
@by_strength
def test_the_result_is_images(digits, kind, strength):
    before = digits.copy()
    result = corrupt(digits, kind, strength)
    assert result.shape == digits.shape
    assert result.dtype == np.float32
    assert 0 <= result.min() <= result.max() <= 1
    assert np.array_equal(digits, before)
    assert np.array_equal(result, corrupt(digits.astype(np.float64), kind, strength))


@by_kind
def test_images_change_more_and_are_harder_to_read_the_stronger_it_is(
    test_images, test_labels, weights, kind
):
    x, y = test_images[:2000], test_labels[:2000]
    made = [corrupt(x, kind, strength) for strength in STRENGTHS]
    changes = np.abs(made - x).mean(axis=(2, 3))
    assert changes[0].min() > 0
    assert (np.diff(changes.mean(axis=1)) > 0).all()
    weak, middle, strong = (evaluate(forward(z, weights), y).accuracy for z in made)
    assert weak > middle > strong
    assert weak > 0.6


@by_kind
def test_the_seed_decides_where_anything_is_random(digits, kind):
    first = corrupt(digits, kind, 2, seed=5)
    assert np.array_equal(first, corrupt(digits, kind, 2, seed=5))
    same = np.array_equal(first, corrupt(digits, kind, 2, seed=6))
    assert same == (kind in SMOOTH)
    assert np.array_equal(corrupt(digits, kind, 2), corrupt(digits, kind, 2, seed=0))


@pytest.mark.parametrize("kind", ["gaussian_noise", "salt_and_pepper", "ruled_lines"])
def test_equal_images_are_corrupted_differently(kind):
    assert len(np.unique(corrupt(black[:20], kind, 3), axis=0)) == 20


@pytest.mark.parametrize("kind", SMOOTH)
def test_images_do_not_mix(digits, kind):
    for i in (0, 7, 99):
        [alone] = corrupt(digits[i : i + 1], kind, 3)
        assert np.allclose(alone, corrupt(digits, kind, 3)[i])


@by_strength
def test_noise_is_normal_with_the_stated_deviation(strength, alikeness):
    changes = (corrupt(grey, "gaussian_noise", strength) - 0.5).ravel()
    for bound in (-0.4, -0.1, 0.0, 0.2, 0.45):
        expected = stats.norm(0, 0.15 * strength).cdf(bound)
        assert abs((changes <= bound).mean() - expected) < 0.005
    # Nothing is smoothed, in or between images
    assert alikeness(changes.reshape(grey.shape)) < 0.01


@by_strength
def test_specks_are_black_or_white_and_as_many_as_stated(strength):
    result = corrupt(grey, "salt_and_pepper", strength)
    hit = result != 0.5
    assert abs(hit.mean() - 0.03 * strength) < 0.002
    assert set(np.unique(result[hit])) == {0.0, 1.0}
    assert abs(result[hit].mean() - 0.5) < 0.02
    assert hit.any(axis=0).all()  # anywhere in the image


@by_strength
def test_blur_has_the_stated_standard_deviation(strength):
    point = np.zeros((1, 28, 28), np.float32)
    point[0, 14, 14] = 1
    [blurred] = corrupt(point, "gaussian_blur", strength)
    assert np.isclose(blurred.sum(), 1, atol=1e-4)
    away = np.arange(28) - 14
    for axis in (0, 1):
        profile = blurred.sum(axis=axis)
        assert np.isclose(np.sqrt(profile @ away**2), 0.8 * strength, rtol=0.05)
        assert np.isclose(profile @ away, 0, atol=1e-4)


@by_strength
def test_strokes_grow_to_each_side_as_stated(strength):
    bar = np.zeros((28, 28), np.float32)
    bar[4:24, 12:16] = 1
    upright, lying = corrupt([bar, bar.T], "dilation", strength)
    assert np.isclose(upright[14].sum(), 4 + strength)
    assert np.isclose(lying[:, 14].sum(), 4 + strength)
    assert np.allclose(upright, upright[:, ::-1])
    assert (upright >= bar).all()


@by_strength
def test_rotation_turns_by_the_stated_angle_either_way(strength):
    rows, columns = np.mgrid[:28, :28]
    blob = np.exp(-((rows - 7) ** 2 + (columns - 12) ** 2) / 6)
    images = np.tile(blob, (50, 1, 1))

    def angle(image):
        down, across = np.subtract(ndimage.center_of_mass(image), 13.5)
        return np.degrees(np.arctan2(down, across))

    turned = [angle(image) for image in corrupt(images, "rotation", strength)]
    angles = np.array(turned) - angle(blob)
    assert np.allclose(np.abs(angles), 15 * strength, atol=1)
    assert 0.2 < (angles > 0).mean() < 0.8


@by_strength
def test_lines_are_straight_white_and_as_many_as_stated(digits, strength):
    result = corrupt(black, "ruled_lines", strength)
    rows, columns = (result == 1).all(axis=2), (result == 1).all(axis=1)
    assert (rows.sum(axis=1) + columns.sum(axis=1) == strength).all()
    assert np.array_equal(result == 1, rows[:, :, np.newaxis] | columns[:, np.newaxis])
    assert set(np.unique(result)) == {0.0, 1.0}
    for lines in (rows, columns):
        assert 0.4 < lines.sum() / (strength * len(black)) < 0.6
        assert np.array_equal(lines.any(axis=0), np.pad(np.ones(24, bool), 2))
    written = corrupt(digits, "ruled_lines", strength)
    assert np.array_equal(written[written != 1], digits[written != 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((good, "fog", 1), "kind: fog, but one of gaussian_noise, .* is needed"),
        ((good, "Rotation", 1), "kind: Rotation"),
        ((good, None, 1), "kind: None"),
        ((good, ["rotation"], 1), "kind: "),
        ((good, "rotation", 0), "strength: 0, but a whole number from 1 to 3"),
        ((good, "rotation", 4), "strength: 4"),
        ((good, "rotation", 1.5), "strength: 1.5"),
        ((good, "rotation", "1"), "strength: str"),
        ((good, "rotation", 1, -1), "seed: -1"),
        ((good, "rotation", 1, 2**32), "seed: 4294967296"),
        ((good, "rotation", 1, None), "seed: NoneType"),
        ((good[0], "rotation", 1), r"image\[np.newaxis\]"),
        ((good[:0], "rotation", 1), "images: empty"),
        ((good.astype(np.uint8), "rotation", 1), "images: dtype uint8"),
        ((good + 255, "rotation", 1), "images: values from 255"),
        ((good + np.nan, "rotation", 1), "images: values from nan"),
        (("digit.png", "rotation", 1), "images: shape"),
    ],
)
def test_bad_input(arguments, message, refused):
    refused(lambda: corrupt(*arguments), message)
