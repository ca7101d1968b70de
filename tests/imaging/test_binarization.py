"""Ink told from paper: each step alone, and what it is for."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
from PIL import Image
import pytest
from scipy import ndimage
from sheets import bar, ramp

from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    correct_polarity,
    correct_shading,
    denoise,
    separability,
    to_grey,
)
from digitlib.imaging.loading import LUMA
from digitlib.preprocessing import cropped, luma, preprocess
from digitlib.synthesis.strokes import stroke


@pytest.mark.parametrize("ink", [(0.8, 0.2, 0.3), (0.2, 0.8, 0.5), (0.3, 0.3, 0.9)])
def test_ink_as_bright_as_the_paper_is_found(plates, ink):
    ink = np.float32(ink)
    grey = ink @ LUMA
    paper = np.float32([grey - 0.1, 0, grey - 0.1])  # greenish
    paper[1] = (grey - paper[[0, 2]] @ LUMA[[0, 2]]) / LUMA[1]
    for plate in plates[:10]:
        sheet = paper + plate[..., np.newaxis] * (ink - paper)
        assert np.ptp(sheet @ LUMA) < 1e-5
        mixed = to_grey(sheet)
        assert mixed.min() >= 0
        assert mixed.max() <= 1
        assert np.ptp(mixed) > 0.1
        assert abs(np.corrcoef(mixed.ravel(), plate.ravel())[0, 1]) > 0.999
        assert np.abs(preprocess(sheet) - preprocess(plate)).mean() < 0.02


def test_ink_exactly_as_bright_as_the_paper_is_found(test_images):
    image = test_images[0]
    for k in range(50):
        change = np.random.default_rng(k).normal(size=3)
        change -= LUMA * (change @ LUMA) / (LUMA @ LUMA)
        change *= 0.15 / np.abs(change).max()
        sheet = 0.5 + change * (2 * image[..., np.newaxis] - 1)
        assert np.abs(preprocess(sheet) - preprocess(image)).mean() < 0.01


def test_grey_is_left_alone(plates):
    grey = 1 - 0.8 * plates[0]
    assert np.array_equal(to_grey(grey), grey)
    assert np.allclose(to_grey(np.dstack([grey] * 3)), grey, atol=1e-6)
    constant = np.float32([0.9, 0.2, 0.4]) * np.ones((30, 40, 1), np.float32)
    assert np.allclose(to_grey(constant), constant @ LUMA)
    assert np.array_equal(luma(grey), grey)
    assert np.allclose(luma(constant), constant @ LUMA)


def test_colors_that_change_slowly_are_not_taken_for_ink(plates):
    """A lamp reddens one side of the sheet; the ink is blue."""
    away = []
    for angle, plate in enumerate(plates[:20]):
        red = 0.4 * ramp(plate.shape, angle)
        sheet = np.dstack([0.55 + red, 0.8 + 0 * red, 0.8 - 0.15 * plate])
        sheet[..., 0] -= 0.3 * plate
        away.append(np.abs(preprocess(sheet) - preprocess(plate)).mean())
    assert np.median(away) < 0.02


@given(arrays(np.float32, (7, 9, 3), elements=st.floats(0, 1, width=32)))
def test_mixed_colors_stay_in_range(image):
    mixed = to_grey(image)
    assert mixed.shape == (7, 9)
    assert mixed.min() >= 0
    assert mixed.max() <= 1
    before = LUMA.copy()
    to_grey(0 * image)
    assert np.array_equal(LUMA, before)


def test_grain_is_smoothed_in_large_images():
    grain = np.random.default_rng(0).random((500, 400), dtype=np.float32)
    smooth = denoise(grain)
    assert smooth.shape == grain.shape
    assert smooth.std() < 0.2 * grain.std()
    assert np.isclose(smooth.mean(), grain.mean(), atol=0.001)
    assert np.allclose(denoise(np.full((60, 50), 0.3, np.float32)), 0.3)
    small = grain[:39, :200]
    assert np.array_equal(denoise(small), small)
    medium = grain[:150, :150]
    assert 0.2 * medium.std() < denoise(medium).std() < 0.8 * medium.std()


def test_a_thin_line_of_a_large_drawing_does_not_fade():
    drawing = np.ones((500, 400), np.float32)
    drawing[100:400, 200:202] = 0
    assert np.array_equal(denoise(drawing), drawing)
    assert denoise(drawing, 2).min() > 0.4  # as asked for
    grain = np.random.default_rng(0).normal(0, 0.01, drawing.shape)
    assert denoise(np.float32(drawing + grain))[:90].std() < 0.003


def test_polarity(test_images):
    """Light ink stays, dark ink turns: with a margin, and without any."""
    for image in test_images[:50]:
        for pen in (0.05, 0.1):
            ink = stroke(image, pen, 100)
            if ink.mean() > 0.35:  # a 1, cut out: more ink than paper
                continue
            for plate in (ink, np.pad(ink, 20)):
                assert np.array_equal(correct_polarity(plate), plate)
                assert np.array_equal(correct_polarity(1 - plate), 1 - (1 - plate))


@pytest.mark.parametrize("part", [0, 0.1, 0.25, 0.5, 0.75, 1, 2])
def test_polarity_with_any_margin(test_images, plates, part):
    """Coarse digits and fine ones; and those that fill their image."""
    coarse = [cropped(image) for image in test_images[:100]]
    coarse = [image for image in coarse if np.mean(image > 0.5) < 0.4]
    for image in [*coarse, *plates]:
        sheet = np.pad(image, round(part * max(image.shape)))
        assert np.array_equal(correct_polarity(sheet), sheet)
        assert np.array_equal(correct_polarity(1 - sheet), 1 - (1 - sheet))


@pytest.mark.parametrize("dark", [False, True])
def test_polarity_in_the_shadow(test_images, dark):
    """Most of the sheet, or little of it, is in a hard shadow."""
    for i, image in enumerate(test_images[:60]):
        ink = np.pad(stroke(image, 0.08, 100), 25)
        line = ramp(ink.shape, i)
        for part in (0.25, 0.5, 0.75):
            light = np.where(line < part, 0.45, 1)
            sheet = (0.1 + 0.8 * ink if dark else 0.9 - 0.7 * ink) * light
            assert np.array_equal(correct_polarity(sheet), sheet if dark else 1 - sheet)


def test_shading_is_the_part_of_the_way_to_full_ink():
    picture = np.random.default_rng(0).random((80, 100), dtype=np.float32)
    picture = ndimage.gaussian_filter(picture, 3)
    picture = (picture - picture.min()) / np.ptp(picture)
    square = np.ones((31, 31))  # no stroke is wider than 0.3 of the longer side
    paper = ndimage.maximum_filter(
        ndimage.minimum_filter(picture, footprint=square), footprint=square
    )
    expected = (picture - paper) / np.maximum(1 - paper, 0.5)
    assert np.allclose(correct_shading(picture), expected, atol=1e-6)
    # A little noise in the dark is not all of the way.
    assert correct_shading(0.97 + 0.03 * picture).max() <= 0.06 + 1e-5


def test_ink_counts_the_same_in_any_light():
    paper = 0.45 * np.tile(np.linspace(0, 1, 200, dtype=np.float32), (150, 1))
    ink = np.zeros((150, 200), bool)
    ink[60:75, 10:190] = ink[20:130, 90:110] = True
    level = correct_shading(np.where(ink, paper + 0.7 * (1 - paper), paper))
    assert np.allclose(level[ink], 0.7, atol=0.06)
    assert level[~ink].max() < BINARIZATION.faintest


def test_the_edge_of_a_shadow_is_no_ink():
    for angle in np.arange(0, 6, 0.7):
        for width in (0.02, 0.1, 0.3):
            line = ramp((150, 200), angle)
            light = 1 - 0.5 * ((line - 0.5) / width + 0.5).clip(0, 1)
            assert not preprocess(0.9 * light).any()
            assert not preprocess(0.9 * light[::3, ::3]).any()


@pytest.mark.parametrize("bold", [0.16, 0.2])
def test_strokes_that_fill_the_image_are_ink(test_images, bold):
    """Nothing around them, the strokes lie on the border."""
    for image in test_images[:50]:
        ink = stroke(image, bold, 100)
        if min(ink.shape) < 50:  # a 1: more ink than paper
            continue
        found = binarize(correct_shading(0.1 + 0.8 * ink))
        assert np.mean(found[ink == 1] > 0.9) > 0.99
        assert not found[ndimage.maximum_filter(ink, 3) == 0].any()


def test_wide_strokes_are_ink_and_wide_areas_are_paper():
    assert correct_shading(bar(50))[100, 100] > 0.9
    assert correct_shading(bar(90, 90))[100, 100] > 0.9  # on even paper, ...
    assert correct_shading(bar(110, 110))[100, 100] < 0.1  # ... up to half of the side


@pytest.mark.parametrize("level", [0.2, 0.5, 1.0])
def test_ink_becomes_1_and_paper_0(level):
    rng = np.random.default_rng(0)
    sheet = 0.02 + bar(20, level=level - 0.02)
    found = binarize(sheet + rng.normal(0, 0.005, sheet.shape).astype(np.float32))
    assert found.dtype == np.float32
    assert (found[bar(18, 98) == 1] > 0.85).all()
    assert np.median(found[bar(18, 98) == 1]) > 0.95
    assert not found[bar(24, 104) == 0].any()
    assert found.max() <= 1


def test_what_holds_no_ink():
    rng = np.random.default_rng(0)
    for level in (0, 0.3):
        assert not binarize(np.full((60, 60), level, np.float32)).any()
    assert not binarize(bar(20, level=0.9 * BINARIZATION.faintest)).any()
    assert binarize(bar(20, level=1.3 * BINARIZATION.faintest)).any()
    assert not binarize(0.3 + bar(20, level=0.9 * BINARIZATION.faintest)).any()
    for deviation in (0.01, 0.05, 0.12):
        grain = rng.normal(0.4, deviation, (150, 150)).astype(np.float32)
        assert not binarize(correct_shading(correct_polarity(grain.clip(0, 1)))).any()
    assert not binarize(bar(190, 190)).any()  # 90 % of the sheet
    spot = np.zeros((300, 300), np.float32)
    spot[150, 150] = 1  # a single bright pixel is no ink that all is compared with
    assert binarize(spot + bar(20, side=300, level=0.3))[120, 150] > 0.9


def test_a_stroke_that_fades_is_kept_and_a_smudge_that_is_fainter_is_not():
    sheet = np.zeros((200, 200), np.float32)
    sheet[90:100, 20:160] = np.linspace(0.8, 0.3, 140)
    sheet[140:150, 20:60] = 0.11
    found = binarize(sheet)
    assert (found[95, 20:160] > 0.25).all()
    assert not found[135:155].any()


@pytest.mark.parametrize("pale", [0.22, 0.4, 0.7])
def test_what_another_pen_wrote_is_found_as_well(plates, pale):
    rng = np.random.default_rng(0)
    for one, other in zip(plates[:10], plates[10:20], strict=True):
        shape = np.maximum(one.shape, other.shape)
        marker, pencil = (np.pad(p, ((0, a), (0, b))) for p, (a, b) in
                          ((p, shape - p.shape) for p in (one, other)))  # fmt: skip
        sheet = np.hstack([marker, pale * pencil])
        grain = rng.normal(0.02, 0.005, sheet.shape)
        found = binarize(np.float32(0.9 * sheet + grain).clip(0, 1))
        written = np.hstack([marker, pencil])
        assert np.mean(found[written == 1] > 0.7) > 0.99
        assert np.median(found[written == 1]) > 0.9
        assert not found[ndimage.maximum_filter(written, 5) == 0].any()


def test_what_is_paler_than_any_pen_is_no_ink(plates):
    pale = BINARIZATION.faintest / 0.9
    sheet = np.hstack([plates[0], 0.8 * pale * plates[0]])
    assert not binarize(0.9 * sheet)[:, plates[0].shape[1] :].any()


def test_ink_in_much_grain_is_found(plates):
    rng = np.random.default_rng(0)
    for plate in plates[:10]:
        grain = rng.normal(0.1, 0.05, plate.shape)
        found = binarize(np.float32(0.3 * plate + grain).clip(0, 1))
        assert np.mean(found[plate == 1] > 0.5) > 0.9
        assert np.mean(found[plate == 0] > 0.5) < 0.02


def test_separability():
    normal = np.random.default_rng(0).normal(0, 1, (500, 500)).astype(np.float32)
    assert np.isclose(separability(normal), 2 / np.pi, atol=0.01)
    assert separability(normal) < BINARIZATION.separate
    assert np.isclose(separability(bar(30)), 1)
    assert np.isclose(separability(5 - 3 * bar(30)), 1)
    even = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    assert np.isclose(separability(even), 0.75, atol=0.01)
    assert separability(np.zeros((20, 20), np.float32)) == 0


def test_the_blurred_edges_of_an_enlarged_digit_are_no_uneven_paper(test_images):
    lost = {0.0: 0.0, BINARIZATION.blurred: 0.0}
    for digit in test_images[:30]:
        tight = cropped(digit)
        small = Image.fromarray(tight).resize((8, 8), Image.Resampling.BOX)
        large = np.asarray(small.resize((80, 80), Image.Resampling.BICUBIC)).clip(0, 1)
        for blurred in lost:
            settings = replace(BINARIZATION, blurred=blurred)
            ink = correct_shading(large, settings)
            lost[blurred] += 1 - ink.sum() / large.sum()
    assert lost[BINARIZATION.blurred] < lost[0.0] / 3, lost
