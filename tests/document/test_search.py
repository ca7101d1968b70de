"""The best path, against trying all of them."""

from itertools import combinations, pairwise, product
import math
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib.document.lattice import Segment, Skip
from digitlib.document.search import best_path


def segment(probability):
    """A segment that is a digit with this probability."""
    return Segment((0, 0, 1, 1), None, np.eye(10)[3], None, probability)


def lattice(segments, skips=()):
    nodes = sorted({node for pair in segments for node in pair})
    return SimpleNamespace(nodes=nodes, segments=segments, skips=dict(skips))


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
            skips[a, b] = Skip(0.1, random.uniform(0.5, 6.5))
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


def all_ways(lattices):
    """All ways through all lattices: probability, number of digits, and the steps."""
    for parts in product(*(list(ways(lattice)) for lattice in lattices)):
        steps = [(line, step) for line, part in enumerate(parts) for step in part]
        read = sum(isinstance(step, Segment) for _, step in steps)
        yield math.exp(-sum(step.cost for _, step in steps)), read, steps


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("lines", [(3,), (6,), (4, 3), (3, 4, 3)])
def test_the_best_path_is_the_best_of_all_and_its_share_is_of_all(seed, lines):
    random = np.random.default_rng([seed, *lines])
    lattices = [made_up(random, n) for n in lines]
    every = list(all_ways(lattices))
    for count in (None, *range(10)):
        own = [way for way in every if count in (None, way[1])]
        path, share = best_path(lattices, count)
        if not own:
            assert (path, share) == ([], 0.0)
            continue
        highest, _, best = max(own, key=lambda way: way[0])
        for (line, step), expected in zip(path, best, strict=True):
            assert (line, id(step)) == (expected[0], id(expected[1]))
        assert share == pytest.approx(highest / sum(way[0] for way in own))


def test_most_of_the_made_up_lattices_can_be_read():
    made = [made_up(np.random.default_rng([seed, 6]), 6) for seed in range(12)]
    assert sum(any(True for _ in ways(lattice)) for lattice in made) > 9


@pytest.mark.parametrize("count", [0, 1, 4, 1000])
def test_an_impossible_count_gives_an_empty_path(count):
    line = lattice({pair: segment(0.9) for pair in pairwise((-1, 4, 9, 12))})
    assert best_path([line], count) == ([], 0.0)
    assert len(best_path([line], 3)[0]) == 3
    assert len(best_path([line, line], 6)[0]) == 6


@pytest.mark.parametrize("count", [None, 0, 3])
def test_without_lines_there_is_no_path(count):
    assert best_path([], count) == ([], 0.0)


@pytest.mark.parametrize("n", [40, 300])
def test_the_share_of_a_long_path_is_a_probability(n):
    line = lattice({pair: segment(0.001) for pair in pairwise(range(-1, n))})
    path, share = best_path([line])
    assert len(path) == n
    assert share == pytest.approx(1)
