"""Lattices: what can be read in a line, and what it costs."""

from itertools import pairwise
import math

import numpy as np
import pytest
from scipy.special import logsumexp
from written import floats, line_of, write

from digitlib.document.lattice import FEATURES, LATTICE, Lattice, Segment, judge
from digitlib.document.search import best_path
from digitlib.model import activations
from digitlib.reading import segment_weights
from digitlib.recognizer import Recognizer

NETWORK = Recognizer()


@pytest.fixture(scope="module")
def line():
    """A line of digits, some of which touch; and the height of digits."""
    return line_of("3141592", gap=-0.02)


def test_judged_by_hand():
    weights = np.zeros((len(FEATURES), 2)), np.array([1.0, -2.0]), np.array([2.0, 5.0])
    weights = *weights, np.array(-1.0)
    features = np.zeros((3, len(FEATURES)))
    weights[0][0] = 1, 1
    features[:, 0] = 0, -1, 3
    odds = np.array([2 * 1 - 1, 0 - 1, 2 * 4 + 5 * 1 - 1])
    np.testing.assert_allclose(judge(features, weights), 1 / (1 + np.exp(-odds)))
    found = judge(1e6 * features, weights)
    assert (found > 0).all()  # however sure
    assert np.isfinite(np.log(found)).all()


def lattice_of(line, weights=True, everywhere=False):
    ink, height = line
    lattice = Lattice(ink, height, NETWORK, segment_weights() if weights else None)
    if everywhere:
        lattice.cut_everywhere()
    return lattice


def between(lattice, pair):
    """The ink of a line between two cuts."""
    columns = np.arange(lattice.ink.shape[1])
    lefts, rights = (lattice.cuts.path(cut)[:, np.newaxis] for cut in pair)
    return np.where((columns >= lefts) & (columns < rights), lattice.ink, 0)


@pytest.mark.parametrize("text", ["7", "31415926"])
def test_digits_apart_are_islands_and_each_can_be_read(text):
    line = line_of(text)
    lattice = lattice_of(line)
    assert len(lattice.islands) == len(text)
    assert (lattice.islands[0][0], lattice.islands[-1][1]) == (-1, line[0].shape[1])
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
    widest = 1.1 * LATTICE.widest * height
    assert lattice.nodes == sorted(set(lattice.nodes))
    assert (lattice.nodes[0], lattice.nodes[-1]) == (-1, ink.shape[1])
    for (a, b), segment in lattice.segments.items():
        assert {a, b} <= set(lattice.nodes)
        assert a < b
        left, _, right, _ = segment.box  # it holds just its ink: see below
        assert (a, b) in lattice.islands or right - left <= widest
        assert segment.seen.shape == (28, 28)
        assert segment.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert segment.digit == segment.probabilities.argmax()
        assert segment.confidence == pytest.approx(segment.probabilities.max())
        assert 0 < segment.is_digit < 1
        assert segment.features.shape == (len(FEATURES),)
        assert np.isfinite(segment.features).all()
    assert set(lattice.skips) == set(lattice.islands)


def test_a_segment_holds_just_the_ink_between_its_cuts_and_all_together_all(line):
    lattice = lattice_of(line, everywhere=True)
    for pair, segment in lattice.segments.items():
        rows, found = np.nonzero(between(lattice, pair) > 0.25)
        expected = found.min(), rows.min(), found.max() + 1, rows.max() + 1
        assert segment.box == expected
    parts = [between(lattice, pair) for pair in pairwise(lattice.nodes)]
    assert np.array_equal(sum(parts), line[0])


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
    assert segment.is_digit * segment.confidence < LATTICE.sure
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


def test_as_many_as_three_islands_are_looked_at_as_one():
    ink = np.zeros((48, 40), np.float32)
    ink[:, 1:40:10] = ink[:, 2:40:10] = 1
    lattice = lattice_of((ink, 48.0))
    (a, b), (_, c), (_, d), (_, e) = lattice.islands
    assert {*lattice.segments} >= {(a, b), (a, c), (a, d), (b, e), (c, e)}
    assert (a, e) not in lattice.segments


def test_features_have_the_order_of_their_names(line):
    lattice = lattice_of(line, everywhere=True)
    cost = np.append(lattice.cuts.cost, [0, 0])  # both ends are free
    cost[cost < LATTICE.free] = 0
    for (a, b), segment in lattice.segments.items():
        scores = activations(segment.seen[np.newaxis], NETWORK.weights)[-1][0]
        left, top, right, bottom = segment.box
        expected = {
            "log of the confidence": np.log(segment.confidence),
            "energy": logsumexp(scores) / 10,
            "lead of the highest score": -np.diff(np.sort(scores)[-2:][::-1])[0] / 10,
            "width": (right - left) / line[1],
            "height": (bottom - top) / line[1],
            "cost of the cut on the left": cost[a] / LATTICE.cuts.enter,
            "cost of the cut on the right": cost[b] / LATTICE.cuts.enter,
            "cuts through no ink within": sum(a < i < b for i, _ in lattice.islands),
        }
        found = dict(zip(FEATURES, segment.features, strict=True))
        assert {name: found[name] for name in expected} == pytest.approx(expected, 1e-4)


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


@pytest.mark.parametrize(("is_digit", "confidence"), [(1.0, 1.0), (0.5, 0.8), (0, 0.5)])
def test_what_it_costs_to_read_a_segment(is_digit, confidence):
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[7] = confidence
    segment = Segment((0, 0, 1, 1), None, probabilities, None, is_digit)
    assert segment.digit == 7
    expected = max(is_digit * confidence, 1e-12)
    assert math.exp(-segment.cost) == pytest.approx(expected)


def test_it_costs_more_to_leave_more_ink_unread():
    ink = np.zeros((60, 60), np.float32)
    ink[10:50, 10:14] = ink[28:33, 40:44] = 1
    tall, low = lattice_of((ink, 50.0)).skips.values()
    assert (tall.height, low.height) == (0.8, 0.1)
    assert tall.cost - low.cost == pytest.approx(0.7 * LATTICE.skip_height)
    assert low.cost == pytest.approx(LATTICE.skip + 0.1 * LATTICE.skip_height)
