"""Cuts, against trying all of them."""

from itertools import combinations, pairwise, product

import numpy as np
import pytest
from scipy import ndimage
from written import line_of

from digitlib.document.cuts import CUTS, Cuts, CutSettings

OTHER = CutSettings(enter=2.0, through=1.0, aside=0.5)


def random_inks():
    """Small images: noise, blurred noise, and strokes of full ink."""
    random = np.random.default_rng(0)
    for shape in ((1, 1), (1, 5), (2, 4), (3, 3), (5, 4), (6, 5), (7, 3)):
        noise = random.random(shape, np.float32)
        yield noise
        yield (noise > 0.6).astype(np.float32)
        yield ndimage.gaussian_filter(noise, 1)


def price(ink, columns, settings):
    """What a way down through some rows costs: written down as the module says."""
    cost, above, before = 0.0, 0.0, columns[0] if len(columns) else None
    for row, column in zip(ink, columns, strict=True):
        here = float(row[column])
        cost += settings.enter * max(0.0, here - above) + settings.through * here
        cost += settings.aside * abs(int(column) - int(before))
        above, before = here, column
    return cost


def cheapest(ink, end, settings):
    """Of all ways down through some rows, to one column of the last one."""
    ways = product(range(ink.shape[1]), repeat=len(ink))
    ways = (way for way in ways if way[-1:] in ((), (end,)))
    straight = (w for w in ways if all(abs(a - b) < 2 for a, b in pairwise(w)))
    return min(price(ink, way, settings) for way in straight)


@pytest.mark.parametrize("settings", [CUTS, OTHER], ids=["default", "other"])
@pytest.mark.parametrize("ink", random_inks(), ids=lambda ink: str(ink.shape))
def test_a_cut_is_the_cheapest_of_all_from_top_and_bottom_to_the_middle(ink, settings):
    cuts, middle = Cuts(ink, settings), len(ink) // 2
    halves = ink[:middle], ink[middle:][::-1]
    for column in range(ink.shape[1]):
        expected = sum(cheapest(half, column, settings) for half in halves)
        assert cuts.cost[column] == pytest.approx(expected, abs=1e-4)
        path = cuts.path(column)
        ways = path[:middle], path[middle:][::-1]
        costs = sum(map(price, halves, ways, [settings] * 2))
        assert costs == pytest.approx(expected, abs=1e-4)


def inks():
    random = np.random.default_rng(1).random((40, 60), np.float32)
    touching, _ = line_of("3141592", gap=-0.02)
    return [touching, random, (random > 0.8).astype(np.float32), np.zeros((9, 9))]


@pytest.mark.parametrize("which", range(4))
def test_a_cut_goes_down_in_steps_of_a_column_and_cuts_that_meet_go_on_together(which):
    ink = inks()[which]
    cuts = Cuts(ink)
    height, width = ink.shape
    paths = np.array([cuts.path(column) for column in range(width)])
    assert paths.shape == (width, height)
    assert np.array_equal(paths[:, height // 2], range(width))
    assert {*paths.flat} <= {*range(width)}
    steps = np.diff(paths, axis=1)
    assert np.abs(steps).max() <= 1
    middle = height // 2 - 1  # above and below it, ways meet in one column
    assert (steps[:, middle] == 0).all()
    ends = np.array([cuts.path(-1), cuts.path(width)])
    assert np.array_equal(ends, [[0] * height, [width] * height])
    if which == 0:  # cuts of handwriting never cross
        assert (np.diff([ends[0], *paths, ends[1]], axis=0) >= 0).all()
    for one, other in combinations(paths[::3], 2):
        met = one == other
        for way in (met[: middle + 1][::-1], met[middle + 1 :]):
            assert (np.diff(way.astype(int)) >= 0).all()


def test_a_cut_bends_around_ink_where_it_can():
    ink = np.zeros((20, 30), np.float32)
    ink[:14, 12] = 1  # a stroke down to row 13, and ...
    ink[8:, 18] = 1  # another from row 8
    cuts = Cuts(ink)
    assert ink[np.arange(20), cuts.path(15)].sum() == 0
    assert cuts.cost[15] == 0
    assert cuts.cost[12] >= CUTS.enter
