"""Photographs: what is drawn is what was meant."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from scipy import ndimage, stats

from digitlib.errors import DigitlibError
from digitlib.synthesis.photographs import (
    PHOTOGRAPHS,
    blanks,
    camera,
    generators,
    ink,
    light,
    paper,
    photographs,
    picture,
    place,
    write,
)
from digitlib.synthesis.strokes import STROKES, stroke

good = np.zeros((2, 28, 28), np.float32)


@pytest.fixture(scope="module")
def some(digits):
    return list(photographs(digits[:40], seed=3))


def steps(coverage, width, rng):
    """What is made on the way to a picture: paper, ink, light; and the picture."""
    sheet = paper(*coverage.shape, rng)
    written = ink(sheet, coverage, rng)
    shine = light(*coverage.shape, rng)
    return sheet, written, shine, camera(written * shine, width, rng)


# Paper, ink, light, camera


def test_ink_lies_wholly_inside(digits):
    for i in range(50):
        rng = np.random.default_rng(i)
        side = int(rng.integers(60, 401))
        coverage = stroke(digits[i], 0.1, int(side * rng.uniform(0.35, 0.95)))
        sheet = place(coverage, side, rng)
        assert max(sheet.shape) == side
        assert np.isclose(sheet.sum(), coverage.sum(), rtol=1e-4)
        for edge in (sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]):
            assert not edge.any()


def test_paper_light_and_camera():
    coverage = np.zeros((40, 60), np.float32)
    made = [steps(coverage, 2.0, np.random.default_rng(i)) for i in range(60)]
    for sheet, written, shine, taken in made:
        assert {x.shape for x in (sheet, written, shine, taken)} == {(40, 60, 3)}
        assert taken.dtype == np.uint8
        assert sheet.dtype == shine.dtype == np.float32
        assert np.array_equal(written, sheet)
        assert 0.2 < shine.min() <= shine.max() <= 1
        assert np.abs(taken - 255 * (written * shine).clip(0, 1)).mean() < 10
        assert sheet.mean() > 0.65 or sheet.mean() < 0.25
    spans = np.array([np.ptp(shine[..., 0]) for _, _, shine, _ in made])
    assert 0.1 < (spans == 0).mean() < 0.5  # scans
    assert (spans > 0.3).any()  # shadows


def test_a_picture_shows_the_ink_where_it_is_dark_and_light(digits):
    """The same paper, light and noise with and without ink differ by the ink."""
    brighter = []
    for i, image in enumerate(digits[:100]):
        width = 100 * [0.04, 0.1, 0.16][i % 3]
        coverage = place(stroke(image, width / 100, 100), 130, np.random.default_rng(i))
        written, empty = (
            steps(each, width, np.random.default_rng(i))[-1].mean(axis=2)
            for each in (coverage, 0 * coverage)
        )
        change = written - empty
        assert np.corrcoef(np.abs(change).ravel(), coverage.ravel())[0, 1] > 0.7
        contrast = change[coverage == 1].mean()
        assert abs(contrast) > 15
        brighter.append(contrast > 0)
        assert np.abs(change[ndimage.maximum_filter(coverage, 25) == 0]).max() < 12
    assert PHOTOGRAPHS.board / 3 < np.mean(brighter) < PHOTOGRAPHS.board * 2


def test_a_camera_blurs_and_adds_noise_that_is_not_blurred(alikeness):
    scene = np.full((80, 80, 3), 0.5, np.float32)
    scene[:, 40:] = 0.7
    still = replace(PHOTOGRAPHS, blur=(0.2, 0.2), noise=(0, 0), jpeg=0)
    looks = still, replace(still, noise=(0.03, 0.03))
    blurred, noisy = (
        camera(scene, 10, np.random.default_rng(1), x) / 255 for x in looks
    )
    expected = 0.5 + 0.2 * stats.norm(39.5, 2).cdf(np.arange(80))
    assert np.abs(blurred - expected[:, np.newaxis]).max() < 0.01
    noise = noisy - blurred
    assert np.isclose(noise.std(), 0.03, atol=0.002)
    assert alikeness(noise) < 0.05


def test_some_pictures_are_compressed():
    scene = np.random.default_rng(0).random((64, 64, 3), np.float32)
    whole, coarse = (
        camera(scene, 2, np.random.default_rng(1), replace(PHOTOGRAPHS, jpeg=jpeg))
        for jpeg in (0, 1)
    )
    assert 1 < np.abs(whole - coarse.astype(float)).mean() < 40


# Photographs


def test_photographs_are_pictures_of_many_sizes(some, is_picture):
    for image in some:
        is_picture(image)
        assert PHOTOGRAPHS.side[0] <= max(image.shape) <= PHOTOGRAPHS.side[1]
    assert len({image.shape for image in some}) > 30


def test_the_seed_decides(digits, some):
    again = list(photographs(digits[:40], seed=3))
    assert len(again) == len(some)
    assert all(map(np.array_equal, some, again))
    other, default, zero = (next(photographs(digits, *x)) for x in ((4,), (), (0,)))
    assert not np.array_equal(other, some[0])
    assert np.array_equal(default, zero)


def test_each_photograph_is_made_by_itself(digits, some):
    others = digits[:40].copy()
    others[:7] = digits[50:57]
    assert np.array_equal(list(photographs(others, seed=3))[7], some[7])
    rng = np.random.default_rng((3, 7))
    alone = picture(*write(digits[7], rng), rng)
    assert np.array_equal(alone, some[7])


def test_what_was_drawn_can_be_told(digits, some):
    low, high = PHOTOGRAPHS.fill
    thin, *_, thick = STROKES.pens
    for image, taken, rng in zip(digits, some, generators(40, 3), strict=False):
        coverage, width = write(image, rng)
        sheet, written, _, made = steps(coverage, width, rng)
        assert np.array_equal(made, taken)
        assert np.array_equal(written[coverage == 0], sheet[coverage == 0])
        rows, columns = np.nonzero(coverage)
        longer = 1 + max(np.ptp(rows), np.ptp(columns))
        assert low - 0.05 < longer / max(coverage.shape) < high
        assert width > STROKES.finest - 1e-9
        assert thin[0] * longer - 1 < width < thick[1] * (longer + 8)


def test_strokes_are_photographed_as_images_are(donors, is_picture):
    for photograph in photographs(donors.strokes[:6], 3):
        is_picture(photograph)


def test_digits_are_turned(bar):
    turned = replace(PHOTOGRAPHS, turn=(30, 30), side=(300, 300))
    coverage, _ = write(bar, np.random.default_rng(0), turned)
    slope = np.polyfit(*np.nonzero(coverage > 0.5), 1)[0]
    assert np.isclose(np.degrees(np.arctan(slope)), -30, atol=2)


def test_photographs_are_made_when_asked_for(digits):
    images = digits[:3].copy()
    images[1] = 0
    made = photographs(images)
    assert isinstance(made, Iterator)
    assert isinstance(next(made), np.ndarray)
    with pytest.raises(DigitlibError, match="no ink"):
        next(made)
    assert isinstance(next(made), np.ndarray)
    many = np.broadcast_to(digits[0], (5000, 28, 28))
    assert len(list(islice(photographs(many), 2))) == 2


def test_images_are_left_alone(digits):
    before = digits[:3].copy()
    list(photographs(digits[:3]))
    assert np.array_equal(digits[:3], before)
    [as_double] = photographs(digits[:1].astype(np.float64))
    assert np.array_equal(as_double, next(photographs(digits)))


def test_blanks(is_picture):
    made = list(blanks(20, seed=5))
    assert len(made) == 20
    assert len({image.shape for image in made}) > 15
    assert not np.array_equal(made[0], next(blanks(1, seed=6)))
    for image in made:
        is_picture(image, 0)
    assert list(blanks(0)) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: photographs(good[0]), r"images: .*image\[np.newaxis\]"),
        (lambda: photographs(good[:0]), "images: empty"),
        (lambda: photographs(good.astype(np.uint8)), "images: dtype uint8"),
        (lambda: photographs(good + 2), "images: values from 2"),
        (lambda: photographs(good, seed=-1), "seed: -1"),
        (lambda: photographs(good, seed=None), "seed: NoneType"),
        (lambda: write(good, np.random.default_rng(0)), r"image: shape \(2, 28"),
        (lambda: blanks(-1), "n: -1"),
        (lambda: blanks(1, "a"), "seed: str"),
    ],
)
def test_bad_input(make, message, refused):
    refused(make, message)
