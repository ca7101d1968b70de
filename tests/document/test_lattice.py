"""Segmentation: the cuts and the best path, against trying all of them."""

from itertools import combinations, pairwise, product
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import ndimage
from written import floats, on_paper, write

from digitlib.document.cuts import ASIDE, ENTER, THROUGH, Cuts
from digitlib.document.lattice import (
    FEATURES,
    SURE,
    WIDEST,
    Lattice,
    Segment,
    Skip,
    judge,
)
from digitlib.document.layout import find_lines
from digitlib.document.search import best_path
from digitlib.reading import segment_weights
from digitlib.recognizer import Recognizer

NETWORK = Recognizer("reading")


# Cuts


def random_inks():
    """Small images: noise, blurred noise, and strokes of full ink."""
    random = np.random.default_rng(0)
    for height, width in ((1, 1), (1, 5), (2, 4), (3, 3), (5, 4), (6, 5), (7, 3)):
        noise = random.random((height, width), np.float32)
        yield noise
        yield (noise > 0.6).astype(np.float32)
        yield ndimage.gaussian_filter(noise, 1)


def price(ink, columns):
    """What a way down through some rows costs: written down as the module says."""
    cost, above, before = 0.0, 0.0, None
    for row, column in zip(ink, columns, strict=True):
        cost += ENTER * max(0.0, float(row[column]) - above) + THROUGH * row[column]
        if before is not None:
            cost += ASIDE * abs(int(column) - int(before))
        above, before = float(row[column]), column
    return cost


def cheapest(ink, end):
    """Of all ways down through some rows, to one column of the last one."""
    height, width = ink.shape
    return min(
        (
            price(ink, way)
            for way in product(range(width), repeat=height)
            if way[-1] == end and all(abs(a - b) <= 1 for a, b in pairwise(way))
        ),
        default=0.0,
    )


@pytest.mark.parametrize("ink", random_inks(), ids=lambda ink: str(ink.shape))
def test_a_cut_is_the_cheapest_of_all_from_top_and_bottom_to_the_middle(ink):
    cuts, middle = Cuts(ink), len(ink) // 2
    upper, lower = ink[:middle], ink[middle:][::-1]
    for column in range(ink.shape[1]):
        expected = cheapest(upper, column) if middle else 0.0
        expected += cheapest(lower, column)
        assert cuts.cost[column] == pytest.approx(expected, abs=1e-4)
        path = cuts.path(column)
        costs = price(upper, path[:middle]) + price(lower, path[middle:][::-1])
        assert costs == pytest.approx(expected, abs=1e-4)


@pytest.fixture(scope="module")
def line():
    """A line of digits, some of which touch; and the height of digits."""
    layout = find_lines(floats(on_paper(write("3141592", 48, gap=-0.02)[0])))
    return layout.lines[0].ink, layout.height


def inks(line):
    random = np.random.default_rng(1).random((40, 60), np.float32)
    return [line[0], random, (random > 0.8).astype(np.float32), np.zeros((9, 9))]


@pytest.mark.parametrize("which", range(4))
def test_a_cut_goes_from_the_first_row_to_the_last_in_steps_of_a_column(line, which):
    ink = inks(line)[which]
    cuts = Cuts(ink)
    height, width = ink.shape
    for column in range(width):
        path = cuts.path(column)
        assert path.shape == (height,)
        assert path[height // 2] == column
        assert path.min() >= 0
        assert path.max() < width
        steps = np.diff(path)
        middle = height // 2 - 1  # above and below it, ways meet in one column
        assert np.abs(steps).max() <= 1
        assert steps[middle] == 0
    assert np.array_equal(cuts.path(-1), np.zeros(height))
    assert np.array_equal(cuts.path(width), np.full(height, width))


@pytest.mark.parametrize("which", range(4))
def test_cuts_that_meet_go_on_together(line, which):
    ink = inks(line)[which]
    cuts, middle = Cuts(ink), len(ink) // 2
    paths = [cuts.path(column) for column in range(ink.shape[1])]
    for one, other in combinations(paths[::3], 2):
        met = one == other
        upwards, downwards = met[:middle][::-1], met[middle:]
        for way in (upwards, downwards):
            assert (np.diff(way.astype(int)) >= 0).all()


def test_cuts_of_handwriting_never_cross(line):
    cuts = Cuts(line[0])
    paths = np.array([cuts.path(column) for column in range(-1, line[0].shape[1] + 1)])
    assert (np.diff(paths, axis=0) >= 0).all()


def test_a_cut_bends_around_ink_where_it_can():
    ink = np.zeros((20, 30), np.float32)
    ink[:14, 12] = 1  # a stroke down to row 13, and ...
    ink[8:, 18] = 1  # another from row 8
    cuts = Cuts(ink)
    free = cuts.path(15)
    assert ink[np.arange(20), free].sum() == 0
    assert cuts.cost[15] == 0
    assert cuts.cost[12] >= ENTER


# What is a digit


def test_judged_by_hand():
    weights = np.zeros((len(FEATURES), 2)), np.array([1.0, -2.0]), np.array([2.0, 5.0])
    features = np.zeros((3, len(FEATURES)))
    weights[0][0] = 1, 1
    features[:, 0] = 0, -1, 3
    odds = np.array([2 * 1 - 1, 0 - 1, 2 * 4 + 5 * 1 - 1])
    expected = 1 / (1 + np.exp(-odds))
    np.testing.assert_allclose(judge(features, (*weights, np.array(-1.0))), expected)
    features[:, 0] *= 1e6  # however sure, a probability whose logarithm is finite
    found = judge(features, (*weights, np.array(-1.0)))
    assert (found > 0).all()
    assert np.isfinite(np.log(found)).all()


# Lattices


def lattice_of(line, weights=True, everywhere=False):
    ink, height = line
    lattice = Lattice(ink, height, NETWORK, segment_weights() if weights else None)
    if everywhere:
        lattice.cut_everywhere()
    return lattice


def line_of(text, height=48, **options):
    layout = find_lines(floats(on_paper(write(text, height, **options)[0])))
    return layout.lines[0].ink, layout.height


@pytest.mark.parametrize("text", ["7", "31415926"])
def test_digits_apart_are_islands_and_each_can_be_read(text):
    line = line_of(text)
    lattice = lattice_of(line)
    assert len(lattice.islands) == len(text)
    assert lattice.islands[0][0] == -1
    assert lattice.islands[-1][1] == line[0].shape[1]
    for (_, end), (start, _) in pairwise(lattice.islands):
        assert end == start
        assert line[0][np.arange(len(line[0])), lattice.cuts.path(end)].max() < 0.25
    guesses = [lattice.segments[island].digit for island in lattice.islands]
    assert "".join(map(str, guesses)) == text


@pytest.mark.parametrize("text", ["7", "31415926", "22", "55555"])
@pytest.mark.parametrize("gap", [0.3, -0.03])
@pytest.mark.parametrize("everywhere", [False, True])
def test_all_of_a_lattice_lies_between_its_nodes_and_in_the_line(text, gap, everywhere):
    line = line_of(text, gap=gap)
    ink, height = line
    lattice = lattice_of(line, everywhere=everywhere)
    assert lattice.nodes == sorted(set(lattice.nodes))
    assert (lattice.nodes[0], lattice.nodes[-1]) == (-1, ink.shape[1])
    for (a, b), segment in lattice.segments.items():
        assert a in lattice.nodes
        assert b in lattice.nodes
        assert a < b
        left, top, right, bottom = segment.box
        assert 0 <= left < right <= ink.shape[1]
        assert 0 <= top < bottom <= ink.shape[0]
        assert right - left <= 1.1 * WIDEST * height or (a, b) in lattice.islands
        assert segment.seen.shape == (28, 28)
        assert segment.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert segment.digit == segment.probabilities.argmax()
        assert segment.confidence == pytest.approx(segment.probabilities.max())
        assert 0 < segment.is_digit < 1
        assert len(segment.features) == len(FEATURES)
        assert np.isfinite(segment.features).all()
    assert set(lattice.skips) == set(lattice.islands)


def test_a_box_of_a_segment_holds_just_the_ink_between_its_cuts(line):
    lattice = lattice_of(line, everywhere=True)
    columns = np.arange(line[0].shape[1])
    for (a, b), segment in lattice.segments.items():
        lefts, rights = lattice.cuts.path(a), lattice.cuts.path(b)
        own = (columns >= lefts[:, None]) & (columns < rights[:, None])
        rows, found = np.nonzero(np.where(own, line[0], 0) > 0.25)
        expected = found.min(), rows.min(), found.max() + 1, rows.max() + 1
        assert segment.box == expected


def test_pieces_between_neighbouring_cuts_are_all_of_the_ink(line):
    lattice = lattice_of(line, everywhere=True)
    total = np.zeros_like(line[0])
    columns = np.arange(line[0].shape[1])
    for a, b in pairwise(lattice.nodes):
        lefts, rights = lattice.cuts.path(a), lattice.cuts.path(b)
        own = (columns >= lefts[:, None]) & (columns < rights[:, None])
        total += np.where(own, line[0], 0)
    assert np.array_equal(total, line[0])


@pytest.mark.parametrize("text", ["33", "58", "96", "2468"])
@pytest.mark.parametrize("gap", [-0.03, -0.06])
def test_where_digits_touch_there_is_a_cut_near_and_a_way_with_their_number(text, gap):
    line = line_of(text, gap=gap, model=0)
    lattice = lattice_of(line, everywhere=True)
    _, boxes = write(text, 48, gap=gap, model=0, margin=0)
    boxes = np.array(boxes) * line[0].shape[1] / boxes[-1][2]
    for (_, _, right, _), (left, _, _, _) in pairwise(boxes):
        middle = (left + right) / 2
        assert min(abs(node - middle) for node in lattice.nodes) < 0.15 * line[1]
    path, _ = best_path([lattice], len(text))
    assert sum(isinstance(step, Segment) for _, step in path) == len(text)


def test_what_is_as_narrow_as_a_digit_is_cut_if_the_recogniser_is_not_sure_of_it():
    ink, height = line_of("31", gap=-0.03, model=0)
    lattice = lattice_of((ink, 1.2 * height))
    [island] = lattice.islands
    assert ink.shape[1] < 0.9 * lattice.height
    segment = lattice.segments[island]
    assert segment.is_digit * segment.confidence < SURE
    assert len(lattice.nodes) > 2


def test_a_digit_in_two_pieces_can_be_read_as_one():
    ink, boxes = write("35753", 48, margin=0)
    left, _, right, _ = boxes[2]
    broken = floats(ink).copy()
    broken[:, (left + right) // 2 : (left + right) // 2 + 2] = 0  # through the 7
    lattice = lattice_of((broken, 48.0), everywhere=True)
    assert len(lattice.islands) == 6
    joined = [(a, d) for (a, _), (_, d) in pairwise(lattice.islands)]
    assert any(pair in lattice.segments for pair in joined)
    path, _ = best_path([lattice], 5)
    assert "".join(str(step.digit) for _, step in path) == "35753"


def test_without_weights_nothing_is_known_of_what_is_a_digit(line):
    lattice = lattice_of(line, weights=False)
    assert {segment.is_digit for segment in lattice.segments.values()} == {0.5}


def test_cutting_everywhere_adds_ways_and_changes_none(line):
    lattice = lattice_of(line_of("31415926"))
    nodes, segments = list(lattice.nodes), dict(lattice.segments)
    lattice.cut_everywhere()
    assert set(nodes) <= set(lattice.nodes)
    assert len(lattice.nodes) > len(nodes)
    for pair, segment in segments.items():
        assert lattice.segments[pair] is segment
    again = list(lattice.nodes), len(lattice.segments)
    lattice.cut_everywhere()
    assert (lattice.nodes, len(lattice.segments)) == again


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (60, 3)])
def test_the_smallest_lines_can_be_cut(shape):
    lattice = lattice_of((np.ones(shape, np.float32), float(shape[0])))
    lattice.cut_everywhere()
    path, share = best_path([lattice])
    assert path
    assert 0 < share <= 1


# What a step costs


@pytest.mark.parametrize(("is_digit", "confidence"), [(1.0, 1.0), (0.5, 0.8), (0, 0.5)])
def test_what_it_costs_to_read_a_segment(is_digit, confidence):
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[7] = confidence
    segment = Segment((0, 0, 1, 1), None, probabilities, None, is_digit)
    assert segment.digit == 7
    expected = max(is_digit * confidence, 1e-12)
    assert math.exp(-segment.cost) == pytest.approx(expected)


def test_it_costs_more_to_leave_more_ink_unread():
    costs = [Skip(height).cost for height in (0.0, 0.1, 0.5, 1.0)]
    assert costs == sorted(set(costs))
    assert costs[0] > 0


# The best path


def segment(probability):
    """A segment that is a digit with this probability."""
    probabilities = np.zeros(10)
    probabilities[3] = 1.0
    return Segment((0, 0, 1, 1), None, probabilities, None, probability)


def made_up(random, n):
    """A lattice of n nodes, some of whose pairs have a segment, a skip, or both."""
    nodes = sorted(random.choice(range(1, 50), n - 2, replace=False).tolist())
    nodes = [-1, *nodes, 50]
    segments, skips = {}, {}
    for a, b in combinations(nodes, 2):
        if random.random() < 0.7:
            segments[a, b] = segment(random.uniform(0.01, 0.99))
    for a, b in pairwise(nodes):
        if random.random() < 0.5:
            skips[a, b] = Skip(random.uniform(0, 1))
    items = list(segments.items())
    random.shuffle(items)  # the order in which they were looked at tells nothing
    return SimpleNamespace(nodes=nodes, segments=dict(items), skips=skips)


def ways(lattice, start=None):
    """All ways through one lattice, each a list of steps."""
    start = lattice.nodes[0] if start is None else start
    if start == lattice.nodes[-1]:
        yield []
    for steps in (lattice.segments, lattice.skips):
        for (a, b), step in steps.items():
            if a == start:
                for rest in ways(lattice, b):
                    yield [step, *rest]


def all_ways(lattices, count):
    """All ways through all lattices, with the probability of each."""
    for parts in product(*(list(ways(lattice)) for lattice in lattices)):
        steps = [(line, step) for line, part in enumerate(parts) for step in part]
        read = sum(isinstance(step, Segment) for _, step in steps)
        if count is None or read == count:
            yield math.exp(-sum(step.cost for _, step in steps)), steps


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("lines", [(3,), (6,), (4, 3), (3, 4, 3)])
def test_the_best_path_is_the_best_of_all_and_its_share_is_of_all(seed, lines):
    random = np.random.default_rng([seed, *lines])
    lattices = [made_up(random, n) for n in lines]
    possible = 0
    for count in (None, *range(10)):
        every = list(all_ways(lattices, count))
        path, share = best_path(lattices, count)
        if not every:
            assert (path, share) == ([], 0.0)
            continue
        possible += 1
        highest, best = max(every, key=lambda way: way[0])
        assert [(line, id(step)) for line, step in path] == [
            (line, id(step)) for line, step in best
        ]
        assert share == pytest.approx(highest / sum(way[0] for way in every))
    assert possible > 1 or not list(all_ways(lattices, None))


def test_most_of_the_made_up_lattices_can_be_read():
    possible = 0
    for seed in range(12):
        random = np.random.default_rng([seed, 6])
        possible += bool(list(ways(made_up(random, 6))))
    assert possible > 9


@pytest.mark.parametrize("count", [0, 1, 4, 1000])
def test_an_impossible_count_gives_an_empty_path(count):
    digits = {(-1, 4): segment(0.9), (4, 9): segment(0.9), (9, 12): segment(0.5)}
    lattice = SimpleNamespace(nodes=[-1, 4, 9, 12], segments=digits, skips={})
    assert best_path([lattice], count) == ([], 0.0)
    assert len(best_path([lattice], 3)[0]) == 3
    assert len(best_path([lattice, lattice], 6)[0]) == 6


@pytest.mark.parametrize("count", [None, 0, 3])
def test_without_lines_there_is_no_path(count):
    assert best_path([], count) == ([], 0.0)


@pytest.mark.parametrize("n", [40, 300])
def test_the_share_of_a_long_path_is_a_probability(n):
    nodes = [-1, *range(n)]
    digits = {pair: segment(0.001) for pair in pairwise(nodes)}
    lattice = SimpleNamespace(nodes=nodes, segments=digits, skips={})
    path, share = best_path([lattice])
    assert len(path) == n
    assert share == pytest.approx(1)
