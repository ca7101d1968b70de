"""A closer look: what is found on large sheets, and what is left as it is."""

from functools import partial

import numpy as np
from PIL import Image
import pytest
from scipy import ndimage
from sheets import ramp
from skimage.morphology import skeletonize

from digitlib.imaging.binarization import reduced
from digitlib.imaging.closer import CLOSER, look_closer
from digitlib.recognizer import Recognizer
from digitlib.synthesis.strokes import stroke

A4 = (1169, 827)  # pixels, at 100 to the inch


@pytest.fixture(scope="module")
def read():
    """The share of images that are accepted and right."""
    recognizer = Recognizer()

    def share(sheets, labels):
        predictions = list(recognizer.predict_many(sheets))
        good = [
            p.accepted and p.digit == label
            for p, label in zip(predictions, labels, strict=True)
        ]
        return np.mean(good)

    return share


def on_sheet(ink, shape=A4, paper=0.95, dark=0.15, at=(0.6, 0.3)):
    """Ink on paper; its corner is at some part of the room there is."""
    room = np.subtract(shape, ink.shape)
    top, left = (room * at).astype(int)
    below, right = room - (top, left)
    return paper + (dark - paper) * np.pad(ink, ((top, below), (left, right)))


def with_grain(sheet, deviation=0.015):
    grain = np.random.default_rng(3).normal(0, deviation, sheet.shape)
    return (sheet + grain).clip(0, 1).astype(np.float32)


def in_a_shadow(sheet, angle=0.5):
    beyond = (ramp(sheet.shape, angle) - 0.55) / 0.15
    return with_grain(sheet * (1 - 0.4 * (beyond + 0.5).clip(0, 1)))


CHANGES = {
    "clean": np.float32,
    "inverted": lambda sheet: np.float32(1 - sheet),
    "grain": with_grain,
    "shadow": in_a_shadow,
    "shadow aside": partial(in_a_shadow, angle=2.2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_small_digit_on_a_large_sheet_is_read(test_images, test_labels, read, change):
    digits = [stroke(image, 0.08, 32) for image in test_images[:20]]  # 8 mm
    sheets = [CHANGES[change](on_sheet(digit)) for digit in digits]
    assert read(sheets, test_labels[:20]) >= 0.9


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("side", [1000, 1900])
def test_a_thin_line_on_a_large_canvas_is_read(
    test_images, test_labels, read, width, side
):
    pen = np.ones((width, width))
    lines = [
        skeletonize(stroke(image, 0.06, side // 2) > 0.5) for image in test_images[:10]
    ]
    inks = [ndimage.binary_dilation(np.pad(line, 5), pen) for line in lines]
    sheets = [on_sheet(ink, (side, side), paper=1.0, dark=0.0) for ink in inks]
    assert read(sheets, test_labels[:10]) >= 0.9


def on_desk(sheet, desk=0.3, degrees=4):
    around = Image.fromarray(np.float32(np.pad(sheet, 150, constant_values=desk)))
    turned = around.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=desk)
    return with_grain(np.asarray(turned))


@pytest.mark.parametrize("size", [50, 300])
@pytest.mark.parametrize("degrees", [0, 4])
def test_a_desk_around_the_sheet_is_no_ink(
    test_images, test_labels, read, size, degrees
):
    inks = [stroke(image, 0.08, size) for image in test_images[:10]]
    sheets = [on_sheet(ink, (700, 500), at=(0.5, 0.5)) for ink in inks]
    desks = [on_desk(sheet, degrees=degrees) for sheet in sheets]
    assert read(desks, test_labels[:10]) >= 0.9
    for sheet in sheets:  # chalk on a board, on a light table
        shown = look_closer(on_desk(1 - sheet, desk=0.8, degrees=degrees))
        assert np.median(shown) < 0.2


def test_a_desk_along_two_borders_is_cut_off():
    ink = np.ones((20, 6), np.float32)
    sheet = with_grain(on_sheet(ink, at=(0.5, 0.5)))
    sheet[-60:] = sheet[:, :50] = 0.2
    shown = look_closer(sheet)
    assert max(shown.shape) < 100
    assert shown.min() < 0.25
    assert (shown > 0.85).mean() > 0.7


def test_all_ink_is_kept_with_paper_around_it(test_images):
    for image in test_images[:20]:
        ink = stroke(image, 0.1, 40)
        both = np.zeros(A4, np.float32)
        for top, left in ((500, 200), (530, 330)):
            both[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
        shown = look_closer(1 - both)
        assert shown.size < 0.2 * both.size
        assert np.isclose((1 - shown).sum(), both.sum(), rtol=1e-3)
        rim = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
        assert rim.min() > 0.99


@pytest.mark.parametrize("pen", [0.04, 0.1, 0.14])
def test_a_digit_that_fills_the_image_is_only_reduced(test_images, pen):
    for image in test_images[:10]:
        ink = stroke(image, pen, 600)
        for sheet in (1 - ink, 1 - np.pad(ink, 20), ink):
            assert np.array_equal(look_closer(sheet), reduced(sheet, CLOSER.side))


def test_a_small_image_is_left_as_it_is(plates):
    for sheet in (*plates, np.random.default_rng(0).random((250, 200))):
        assert look_closer(sheet) is sheet


def test_dust_and_grain_are_not_looked_at():
    blank = with_grain(np.full(A4, 0.9))
    blank[300:303, 400:403] = 0.2
    assert np.array_equal(look_closer(blank), reduced(blank, CLOSER.side))
