"""Negatives: each is a picture of what it says, and of no digit."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from digitlib.synthesis.negatives import (
    NEGATIVES,
    digit_pairs,
    line_drawings,
    noise_images,
    printed_letters,
)
from digitlib.synthesis.photographs import PHOTOGRAPHS

good = np.zeros((2, 28, 28), np.float32)
no_letters = replace(NEGATIVES, letters="")
KINDS = {
    "lines": lambda digits, fonts, seed: line_drawings(10, seed),
    "noise": lambda digits, fonts, seed: noise_images(10, seed),
    "pairs": lambda digits, fonts, seed: digit_pairs(digits[:10], digits[20:30], seed),
    "letters": lambda digits, fonts, seed: printed_letters(fonts, 10, seed),
}


@pytest.fixture
def sheets(monkeypatch):
    """What is drawn from now on: coverages, before there is paper."""
    found = []
    picture = "digitlib.synthesis.photographs.picture"
    monkeypatch.setattr(picture, lambda coverage, *others: found.append(coverage))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_negatives(digits, fonts, kind, is_picture):
    iterators = [KINDS[kind](digits, fonts, seed) for seed in (1, 1, 2)]
    assert isinstance(iterators[0], Iterator)
    made, again, other = map(list, iterators)
    assert len(made) == 10
    for image in made:
        is_picture(image, 2)
        assert PHOTOGRAPHS.side[0] <= max(image.shape) <= PHOTOGRAPHS.side[1]
    assert all(map(np.array_equal, made, again))
    assert not any(map(np.array_equal, made, other))


def test_noise_is_grey_and_each_pixel_has_its_own(alikeness):
    for image in noise_images(20):
        assert (image == image[:, :, :1]).all()
        grey = image[:, :, 0].astype(float)
        assert alikeness(grey) < 0.06


def test_noise_is_uniform_or_normal():
    uniform = replace(NEGATIVES, uniform=1)
    for image in noise_images(5, settings=uniform):
        quarters = np.quantile(image, [0.25, 0.5, 0.75])
        assert np.allclose(quarters, [64, 128, 191], atol=8)
    normal = replace(NEGATIVES, uniform=0, grey=(0.4, 0.4), deviation=(0.1, 0.1))
    for image in noise_images(5, settings=normal):
        assert np.isclose(image.mean(), 0.4 * 255, atol=2)
        assert np.isclose(image.std(), 0.1 * 255, atol=2)


def test_lines_cross_the_sheet_or_are_a_box(sheets):
    list(line_drawings(60))
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
    assert NEGATIVES.boxes / 2 < boxes / 60 < NEGATIVES.boxes * 2


def test_a_pair_is_two_digits_beside_each_other(sheets, bar):
    list(digit_pairs([bar] * 20, [bar] * 20))
    assert len(sheets) == 20
    for sheet in sheets:
        found, n = ndimage.label(sheet > 0.5)
        assert n == 2
        first, second = ndimage.find_objects(found)
        assert np.isclose(first[0].start, second[0].start, atol=0.15 * len(sheet))
        heights = [each[0].stop - each[0].start for each in (first, second)]
        assert min(heights) > 0.85 * max(heights)


def test_the_digits_of_a_pair_are_turned(sheets, bar):
    look = replace(PHOTOGRAPHS, turn=(30, 30), side=(400, 400))
    list(digit_pairs([bar], [bar], settings=replace(NEGATIVES, photographs=look)))
    found, _ = ndimage.label(sheets[0] > 0.5)
    for i in (1, 2):
        slope = np.polyfit(*np.nonzero(found == i), 1)[0]
        assert np.isclose(np.degrees(np.arctan(slope)), -30, atol=3)


def test_letters_are_those_asked_for(fonts, sheets):
    for letter in "OX":
        list(printed_letters(fonts, 10, settings=replace(NEGATIVES, letters=letter)))
    papers = [ndimage.label(np.pad(sheet, 1) < 0.5)[1] for sheet in sheets]
    assert papers == [2] * 10 + [1] * 10  # the middle of an O, and what is around
    assert not set("BDGILJOQSZ") & set(NEGATIVES.letters)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: line_drawings(1.5), "n: 1.5"),
        (lambda: noise_images(1, -1), "seed: -1"),
        (lambda: digit_pairs(good, good[:1]), "left and right: 2 and 1"),
        (lambda: digit_pairs(good, good[0]), "right: shape"),
        (lambda: printed_letters([], 1), "fonts and letters"),
        (lambda: printed_letters([], 1, settings=no_letters), "fonts and letters"),
        (lambda: printed_letters(["none.ttf"], 1), "none.ttf: not a font"),
        (lambda: printed_letters([__file__], 1), "not a font file"),
    ],
)
def test_bad_input(make, message, refused):
    refused(make, message)
