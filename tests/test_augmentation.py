"""Distortions: against SciPy, by measuring where every pixel comes from."""

import numpy as np
import pytest
from scipy import ndimage, special

from digitlib._internal.quiet_tensorflow import tensorflow as tf
from digitlib.augmentation import augment
from digitlib.errors import DigitlibError
from digitlib.model import forward

AFFINE = {"rotation": 12.0, "scale": 0.12, "shear": 0.12, "shift": 1.2}
SIZES = {**AFFINE, "elastic": 1.2, "ink": 2.4}
NOTHING = dict.fromkeys(SIZES, 0.0)
SEED = (3, 4)
INNER = slice(7, 21)  # what these pixels look up is inside of the image
POSITION = np.arange(28) - 13.5


def distort(images, seed=SEED, **options):
    return augment(images, seed, **options).numpy()


def only(**sizes):
    return {**NOTHING, **sizes}


def measure(n, **options):
    """Where each pixel of n distorted images looks: rows and columns, (n, 28, 28).

    Counted from the middle of the image; right for the inner pixels.
    """
    ramp = np.repeat(np.arange(28, dtype=np.float32) / 27, 28).reshape(28, 28)
    return [
        27 * distort(np.tile(image, (n, 1, 1)), **options).astype(np.float64) - 13.5
        for image in (ramp, ramp.T)
    ]


def measure_affine(n, **sizes):
    """The matrices (n, 2, 2) and the offsets (n, 2) of n affine distortions."""
    rows, columns = np.meshgrid(POSITION[INNER], POSITION[INNER], indexing="ij")
    terms = np.stack([rows, columns, np.ones_like(rows)], axis=-1).reshape(-1, 3)
    found = []
    for measured in measure(n, **only(**sizes)):
        values = measured[:, INNER, INNER].reshape(n, -1).T
        coefficients, residuals, _, _ = np.linalg.lstsq(terms, values)
        assert residuals.max() < 1e-6
        found.append(coefficients.T)
    found = np.stack(found, axis=1)
    return found[:, :, :2], found[:, :, 2]


def is_spread(values, bound):
    """Whether values go up to a bound, either way, and not beyond."""
    within = np.abs(values).max() < bound * 1.001
    return within and values.max() > 0.9 * bound and values.min() < -0.9 * bound


@pytest.fixture(scope="module")
def digits(test_images):
    return test_images[:200]


@pytest.fixture(scope="module")
def validation(mnist):
    (x, y), _ = mnist
    return x[50_000:] / np.float32(255), y[50_000:]


def test_strength_0_changes_nothing(digits):
    for nothing in ({"strength": 0.0}, {"strength": tf.constant(0.0)}, NOTHING):
        assert np.abs(distort(digits, **nothing) - digits).max() < 1e-5


@pytest.mark.parametrize("name", SIZES)
def test_each_size_alone_changes_images(digits, name):
    changed = np.abs(distort(digits, **only(**{name: SIZES[name]})) - digits)
    assert changed.max(axis=(1, 2)).min() > 0
    assert changed.mean() > 0.002


def test_the_sizes_are_the_documented_ones(digits):
    assert np.array_equal(distort(digits), distort(digits, strength=1.0, **SIZES))


@pytest.mark.parametrize("angle", [12.0, 30.0])
def test_rotation_turns_about_the_middle(angle):
    matrices, offsets = measure_affine(200, rotation=angle)
    assert np.allclose(matrices @ matrices.swapaxes(1, 2), np.eye(2), 0, 1e-4)
    assert np.allclose(np.linalg.det(matrices), 1, 0, 1e-4)
    assert np.allclose(offsets, 0, 0, 1e-4)
    angles = np.degrees(np.arctan2(matrices[:, 0, 1], matrices[:, 0, 0]))
    assert is_spread(angles, angle)


def test_scale_stretches_height_and_width_by_themselves():
    matrices, offsets = measure_affine(200, scale=0.3)
    assert np.abs(matrices[:, [0, 1], [1, 0]]).max() < 1e-4
    assert np.abs(offsets).max() < 1e-4
    height, width = np.log(matrices[:, [0, 1], [0, 1]]).T
    assert is_spread(height, 0.3)
    assert is_spread(width, 0.3)
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.3


def test_shear_moves_rows_sideways():
    matrices, offsets = measure_affine(200, shear=0.3)
    assert np.abs(matrices[:, 0] - [1, 0]).max() < 1e-4
    assert np.abs(matrices[:, 1, 1] - 1).max() < 1e-4
    assert np.abs(offsets).max() < 1e-4
    assert is_spread(matrices[:, 1, 0], 0.3)


def test_shift_is_that_of_the_centre_of_mass(digits):
    digits = np.pad(digits[:, 4:-4, 4:-4], ((0, 0), (4, 4), (4, 4)))  # no ink is lost
    moved = distort(digits, **only(shift=3.0))
    shifts = []
    for before, after in zip(digits, moved, strict=True):
        expected, found = map(ndimage.center_of_mass, (before, after))
        shift = np.subtract(found, expected)
        shifts.append(shift)
        by_scipy = ndimage.shift(before, shift, order=1, mode="grid-constant")
        assert np.abs(after - by_scipy).max() < 1e-3
    down, across = np.transpose(shifts)
    assert is_spread(down, 3.0)
    assert is_spread(across, 3.0)
    assert abs(np.corrcoef(down, across)[0, 1]) < 0.3


def test_all_affine_sizes_together_are_scipys_affine_transform(digits):
    found = distort(digits, **only(**AFFINE))
    matrices, offsets = measure_affine(len(digits), **AFFINE)
    offsets = 13.5 + offsets - matrices @ [13.5, 13.5]
    outside = {"order": 1, "mode": "grid-constant"}
    for before, after, *of_it in zip(digits, found, matrices, offsets, strict=True):
        expected = ndimage.affine_transform(before, *of_it, **outside)
        assert np.abs(after - expected).max() < 1e-3


@pytest.mark.parametrize("elastic", [0.6, 1.2])
def test_elastic_displaces_every_pixel_by_the_stated_standard_deviation(elastic):
    rows, columns = measure(2000, **only(elastic=elastic))
    down = (rows - POSITION[:, np.newaxis])[:, INNER, INNER]
    across = (columns - POSITION)[:, INNER, INNER]
    for displaced in (down, across):
        spread = displaced.std(axis=0)
        assert np.abs(spread / elastic - 1).max() < 0.1
        assert abs(spread.mean() / elastic - 1) < 0.03
        assert np.abs(displaced.mean(axis=0)).max() < 0.1 * elastic
    assert abs(np.corrcoef(down.ravel(), across.ravel())[0, 1]) < 0.1


def test_elastic_bends_smoothly():
    rows, _ = measure(500, **only(elastic=1.0))
    displaced = (rows - POSITION[:, np.newaxis])[:, INNER, INNER]
    for axis in (1, 2):
        difference = np.diff(displaced, axis=axis).std()  # neighbours go together
        assert np.isclose(difference, 0.5**0.5 / 4, rtol=0.1)  # bumps 4 pixels wide
        ends = displaced.take([0, -1], axis=axis)
        assert np.diff(ends, axis=axis).std() > 1.0  # distant pixels do not


def test_elastic_is_scipys_map_coordinates(digits):
    found = distort(digits, **only(elastic=1.2))
    places = np.stack(measure(len(digits), **only(elastic=1.2)), axis=1) + 13.5
    for before, after, place in zip(digits, found, places, strict=True):
        place = place[:, INNER, INNER]
        expected = ndimage.map_coordinates(before, place, order=1)
        assert np.abs(after[INNER, INNER] - expected).max() < 1e-3


def test_ink_adds_the_same_to_the_log_odds_of_all_grey_pixels(digits):
    inked = distort(digits, **only(ink=2.4))
    added = []
    for before, after in zip(digits, inked, strict=True):
        grey = (before > 0) & (before < 1)
        odds = [special.logit(image[grey].astype(float)) for image in (before, after)]
        assert np.ptp(odds[1] - odds[0]) < 0.01
        added.append((odds[1] - odds[0]).mean())
    assert is_spread(np.array(added), 2.4)
    assert (digits == 1).any()
    assert not inked[digits == 0].any()
    assert np.allclose(inked[digits == 1], 1, atol=1e-6)


def test_ink_makes_strokes_thicker_or_thinner(digits):
    inked = distort(digits, **only(ink=2.4))
    brighter = (inked - digits).sum(axis=(1, 2))
    wider = (inked > 0.5).sum(axis=(1, 2)) - (digits > 0.5).sum(axis=(1, 2))
    assert (wider[brighter > 0] >= 0).all()
    assert (wider[brighter < 0] <= 0).all()
    assert (wider > 10).mean() > 0.2
    assert (wider < -10).mean() > 0.2


def test_strength_multiplies_the_sizes(digits):
    halves = {name: size / 2 for name, size in SIZES.items()}
    expected = distort(digits, **halves)
    for strength in (0.5, tf.constant(0.5)):
        assert np.abs(distort(digits, strength=strength) - expected).max() < 1e-3


def test_the_seed_decides_and_its_images_stay(digits):
    before = digits.copy()
    first = distort(digits, (1, 2))
    assert np.array_equal(digits, before)
    assert np.array_equal(first, distort(digits, (1, 2)))
    seed = tf.constant([1, 2])
    assert np.array_equal(first, distort(digits, seed))
    traced = tf.function(augment)(tf.constant(digits), seed)  # traced, not compiled
    assert np.abs(first - traced).max() < 1e-5
    for other in ((1, 3), (0, 2)):
        different = np.abs(first - distort(digits, other)).max(axis=(1, 2))
        assert different.min() > 0.01
    assert len(np.unique(distort(np.tile(digits[:1], (50, 1, 1))), axis=0)) == 50
    assert distort(digits[:1]).shape == (1, 28, 28)


def test_compiled_is_of_the_same_kind(digits):
    """Compiled, TensorFlow makes other random numbers of the same seed."""
    compiled = tf.function(augment, jit_compile=True)

    def found(*seed):
        return compiled(tf.constant(digits), tf.constant(seed)).numpy()

    assert np.array_equal(found(3, 4), found(3, 4))
    assert not np.array_equal(found(3, 4), found(3, 5))
    change = np.abs(found(3, 4) - digits).mean()
    assert 0.8 < change / np.abs(distort(digits) - digits).mean() < 1.25


def test_compiled_with_a_strength_that_changes(digits):
    compiled = tf.function(
        lambda strength: augment(tf.constant(digits), SEED, strength=strength),
        jit_compile=True,
    )
    nothing, half, whole = (compiled(tf.constant(s)).numpy() for s in (0.0, 0.5, 1.0))
    assert np.abs(nothing - digits).max() < 1e-5
    assert 0 < np.abs(half - digits).mean() < np.abs(whole - digits).mean()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_result_is_images(digits, dtype):
    result = augment(digits.astype(dtype), SEED)
    assert tf.is_tensor(result)
    assert (result.dtype, result.shape) == (tf.float32, digits.shape)
    assert np.abs(result.numpy() - distort(digits)).max() < 0.01


def test_the_range_is_kept(test_images):
    noise = np.random.default_rng(0).random((500, 28, 28), np.float32)
    for distorted in (distort(test_images), distort(noise, strength=10.0)):
        assert distorted.min() >= 0
        assert distorted.max() <= 1


def test_what_leaves_the_image_is_gone_and_black_comes_in():
    white = np.ones((50, 28, 28), np.float32)
    moved = distort(white, **only(shift=100.0))
    assert moved[:, 0, 0].min() == 0
    assert (moved.max(axis=(1, 2)) == 0).any()


@pytest.mark.parametrize("name", SIZES)
def test_each_distortion_is_mild(validation, weights, name):
    x, y = (part[:5000] for part in validation)
    read = forward(distort(x, **only(**{name: SIZES[name]})), weights).argmax(axis=1)
    assert (read == y).mean() > {"shift": 0.95, "elastic": 0.8}.get(name, 0.97)


def test_together_they_are_mild_and_a_6_does_not_become_a_9(validation, weights):
    x, y = validation
    read = forward(distort(x), weights).argmax(axis=1)
    assert (read == y).mean() > 0.7
    for true, turned in ((6, 9), (9, 6)):
        of_it = read[y == true]
        assert (of_it == turned).mean() < 0.015
        # Were the nine wrong digits equally near, each had 1/9 of the errors.
        assert (of_it == turned).sum() < (of_it != true).sum() / 9


good = np.zeros((2, 28, 28), np.float32)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (good[0], r"image\[np.newaxis\]"),
        (np.zeros((2, 784)), r"images: shape \(2, 784\)"),
        (good[:0], "images: empty"),
        (good.astype(np.uint8), "images: dtype uint8"),
        (good + 255, "images: values from 255"),
        (good - 0.1, "images: values from -0.1"),
        (np.full((2, 28, 28), np.nan), "images: values from nan"),
        ("digit.png", "images: shape"),
        (tf.zeros((2, 784)), r"images: shape \(2, 784\)"),
        (tf.zeros((2, 28, 28, 1)), r"images: shape \(2, 28, 28, 1\)"),
    ],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(DigitlibError, match=message) as error:
        augment(images, SEED)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["strength", *SIZES])
@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "much", None])
def test_other_sizes_are_refused(name, value):
    with pytest.raises(DigitlibError, match=f"^{name}: ") as error:
        augment(good, SEED, **{name: value})
    assert "\n" not in str(error.value)
