"""Distractors: each is a picture of what it says, and of no digit."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from scipy import ndimage

from digitlib.data import split_validation
from digitlib.errors import DigitlibError
from digitlib.synthesis import negatives
from digitlib.synthesis.photographs import SIDE

FONTS = [
    f"{matplotlib.get_data_path()}/fonts/ttf/DejaVu{name}.ttf"
    for name in ("Sans", "Serif", "SansMono-Bold")
]
good = np.zeros((2, 28, 28), np.float32)


@pytest.fixture(scope="module")
def digits(mnist):
    """100 validation images, scaled."""
    _, (x, _) = split_validation(*mnist[0])
    return x[:100] / np.float32(255)


KINDS = {
    "lines": lambda digits, seed: negatives.line_drawings(20, seed),
    "noise": lambda digits, seed: negatives.noise_images(20, seed),
    "pairs": lambda digits, seed: negatives.digit_pairs(
        digits[:20], digits[20:40], seed
    ),
    "letters": lambda digits, seed: negatives.printed_letters(FONTS, 20, seed),
}


@pytest.mark.parametrize("kind", KINDS)
def test_negatives(digits, kind):
    made = KINDS[kind](digits, 1)
    assert isinstance(made, Iterator)
    made = list(made)
    assert len(made) == 20
    for image in made:
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert SIDE[0] <= max(image.shape) <= SIDE[1]
        assert image.std() > 2
    again, other = list(KINDS[kind](digits, 1)), list(KINDS[kind](digits, 2))
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(made, other, strict=True))


def test_noise_is_grey():
    for image in negatives.noise_images(10):
        assert (image == image[:, :, :1]).all()


def test_lines_cross_the_sheet_or_are_a_box(monkeypatch):
    sheets = []
    monkeypatch.setattr(
        negatives, "picture", lambda coverage, width, rng: sheets.append(coverage)
    )
    list(negatives.line_drawings(60))
    boxes = 0
    for sheet in sheets:
        assert 0.9 < sheet.max() <= 1
        assert sheet.min() == 0
        rim = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
        if rim.any():
            assert sheet.any(axis=0).mean() > 0.65  # not upright, as a 1
        else:
            _, papers = ndimage.label(sheet < 0.5)
            assert papers == 2  # inside and outside
            boxes += 1
    assert negatives.BOXES / 2 < boxes / 60 < negatives.BOXES * 2


def test_a_pair_is_two_digits_beside_each_other(digits, monkeypatch):
    sheets = []
    monkeypatch.setattr(
        negatives, "picture", lambda coverage, width, rng: sheets.append(coverage)
    )
    bars = np.zeros((20, 28, 28), np.float32)
    bars[:, 4:24, 13:15] = 1
    list(negatives.digit_pairs(bars, bars))
    assert len(sheets) == 20
    for sheet in sheets:
        found, n = ndimage.label(sheet > 0.5)
        assert n == 2
        first, second = ndimage.find_objects(found)
        assert np.isclose(first[0].start, second[0].start, atol=0.15 * len(sheet))
        heights = [each[0].stop - each[0].start for each in (first, second)]
        assert min(heights) > 0.85 * max(heights)


def test_letters_are_those_asked_for(monkeypatch):
    sheets = []
    monkeypatch.setattr(
        negatives, "picture", lambda coverage, width, rng: sheets.append(coverage)
    )
    list(negatives.printed_letters(FONTS, 10, letters="O"))
    list(negatives.printed_letters(FONTS, 10, letters="X"))
    papers = [
        ndimage.label(np.pad(sheet < 0.5, 1, constant_values=True))[1]
        for sheet in sheets
    ]
    assert papers == [2] * 10 + [1] * 10  # the middle of an O, and what is around
    assert not set("BDGILJOQSZ") & set(negatives.LETTERS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: negatives.line_drawings(1.5), "n: 1.5"),
        (lambda: negatives.noise_images(1, -1), "seed: -1"),
        (lambda: negatives.digit_pairs(good, good[:1]), "left and right: 2 and 1"),
        (lambda: negatives.digit_pairs(good, good[0]), "right: shape"),
        (lambda: negatives.printed_letters([], 1), "fonts and letters"),
        (lambda: negatives.printed_letters(FONTS, 1, letters=""), "fonts and letters"),
        (lambda: negatives.printed_letters(["none.ttf"], 1), "none.ttf: not a font"),
        (lambda: negatives.printed_letters([__file__], 1), "not a font file"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(DigitlibError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
