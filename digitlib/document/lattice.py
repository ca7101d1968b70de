"""Lattice: a line of ink cut into digits, where the recogniser is surest.

Where one digit ends and the next begins cannot be told without reading them, and they
cannot be read before they are cut apart. So a line is cut wherever a cut is cheap, too
often rather than too rarely; the recogniser looks at every segment that could be a
digit, and of all ways from the left end to the right, the best one is taken (Matan,
Burges, LeCun and Denker 1992; LeCun, Bottou, Bengio and Haffner 1998, V and VI).
"""

from dataclasses import dataclass
from itertools import combinations, pairwise
import math

import numpy as np
from scipy import ndimage
from scipy.special import expit

from digitlib.document.cuts import CUTS, Cuts, CutSettings
from digitlib.imaging.binarization import BINARIZATION
from digitlib.imaging.components import interior
from digitlib.model import activations, softmax
from digitlib.preprocessing import normalize, remove_specks
from digitlib.recognizer import detect


@dataclass(frozen=True)
class LatticeSettings:
    """What decides where a line is cut, and what the recogniser looks at.

    Lengths are in heights of a digit, costs of cuts as in ``CutSettings``. All were
    chosen on generated fields (`digitlib.synthesis.forms`) of validation digits.
    """

    free: float = 3.0  #: a cut that costs less goes through no ink, ...
    dearest: float = 20.0  #: ... and one that costs more is none
    wide: float = 0.4  #: ink wider than this may be several digits, and is cut, ...
    sure: float = 0.95  #: 0 to 1: ... unless the recogniser trusts it as much, and ...
    single: float = 0.95  #: ... it is no wider than this
    step: float = 0.05  #: a cut costs the least as far as this to both sides, ...
    margin: float = 0.1  #: ... and is as far from both ends of the ink
    slimmest: float = 0.08  #: width of a digit, at least ...
    widest: float = 1.4  #: ... and at most
    joined: float = 1.25  #: islands with gaps between them are one digit if no wider
    most_joined: int = 3  #: islands
    shortest: float = 0.12  #: height of a digit, at least
    skip: float = 0.5  #: minus log of a probability: unread ink costs this, ...
    skip_height: float = 6.0  #: ... and as much for each height of it
    cuts: CutSettings = CUTS  #: what cuts cost


LATTICE = LatticeSettings()  #: What a `Lattice` is made by, if nothing else is given.


@dataclass(frozen=True, eq=False)
class Segment:
    """A part of a line, as the recogniser sees it."""

    box: tuple  #: left, top, right, bottom in the line
    seen: np.ndarray  #: (28, 28) float32, in [0, 1]
    probabilities: np.ndarray  #: (10,) float32: of each digit, if it is one
    features: np.ndarray  #: (len(FEATURES),) float64
    is_digit: float  #: the probability that it is exactly one digit, 0 to 1

    @property
    def digit(self):
        return int(self.probabilities.argmax())

    @property
    def confidence(self):
        return float(self.probabilities.max())

    @property
    def cost(self):
        """Minus the logarithm of how probable it is that this is that digit."""
        return -math.log(max(self.is_digit * self.confidence, 1e-12))


@dataclass(frozen=True)
class Skip:
    """Ink that is left unread."""

    height: float  #: of it, in heights of a digit
    cost: float  #: in the unit of `Segment.cost`


FEATURES = (
    "log of the confidence",
    "log of the odds that it is a digit, as the detector says",
    "log of that probability",
    "energy",
    "lead of the highest score",
    "log of the height, upwards or downwards",
    "log of width by height, squared",
    "width",
    "height",
    "lack of height",
    "cost of the cut on the left",
    "cost of the cut on the right",
    "the larger of both",
    "cuts through no ink within",
    "widest gap within",
    "part of the ink that is no speck",
    "ink, in heights times pens",
    "free space on the left",
    "free space on the right",
)
"""What a segment is judged by, in this order."""


def judge(features, weights):
    """Tell how probable it is, (n,) from 0 to 1, that segments are exactly one digit.
    By a network with one layer of k ReLU units and a sigmoid. Of (n, len(FEATURES))
    features, by weights of shapes (len(FEATURES), k), (k,), (k,) and ()."""
    hidden, bias, output, last = weights
    odds = np.maximum(features @ hidden + bias, 0) @ output + last
    return expit(odds.clip(-30, 30))


class Lattice:
    """All ways to cut a line into segments.

    Parameters
    ----------
    ink : numpy.ndarray, shape (h, w), float32, in [0, 1]
        A line, as `digitlib.document.layout.find_lines` cuts it out.
    height : float, pixels of a digit
    recognizer : digitlib.recognizer.Recognizer
    weights : tuple of numpy.ndarray, for `judge`; None where still to be learned
    settings : LatticeSettings

    Attributes
    ----------
    nodes : list of int, the columns of all cuts in order; -1 and w are the ends
    segments : dict of (int, int) to Segment, by the cuts on their left and right
    skips : dict of (int, int) to Skip, what may be left unread, by the same
    """

    def __init__(self, ink, height, recognizer, weights, settings=LATTICE):
        self.ink, self.height, self.settings = ink, height, settings
        self.recognizer, self.weights = recognizer, weights
        self.cuts = Cuts(ink, settings.cuts)
        self.pen = _pen(ink)
        self.segments, self.skips = {}, {}
        self._free = self.cuts.cost < settings.free
        self.islands = self._islands()
        self._look(self._islands_joined())
        self.nodes = sorted({cut for island in self.islands for cut in island})
        for island in self.islands:
            segment = self.segments.get(island)
            sure = segment and segment.is_digit * segment.confidence > settings.sure
            if not sure or self._width(island) > settings.single * height:
                self._cut(island)
        self.nodes.sort()

    def cut_everywhere(self):
        """Also cut what the recogniser trusts as it is."""
        for island in self.islands:
            self._cut(island)
        self.nodes = sorted(set(self.nodes))

    def _islands(self):
        """Pairs of neighbouring cuts through no ink, with ink between them."""
        width = self.ink.shape[1]
        gaps = ndimage.find_objects(ndimage.label(self._free)[0])
        middles = [(gap.start + gap.stop - 1) // 2 for (gap,) in gaps
                   if gap.start > 0 and gap.stop < width]  # fmt: skip
        ends = [-1]
        for cut in [*middles, width]:
            if self._between(ends[-1], cut):
                ends.append(cut)
        if len(ends) > 1:
            ends[-1] = width
        islands = list(pairwise(ends))
        for island in islands:
            (_, top, _, bottom), _ = self._between(*island)
            tall = (bottom - top) / self.height
            cost = self.settings.skip + self.settings.skip_height * tall
            self.skips[island] = Skip(tall, cost)
        return islands

    def _islands_joined(self):
        """Each island, and two or three that together are no wider than a digit."""
        pairs = list(self.islands)
        for number in range(2, self.settings.most_joined + 1):
            for i in range(len(self.islands) - number + 1):
                pair = self.islands[i][0], self.islands[i + number - 1][1]
                if self._width(pair) <= self.settings.joined * self.height:
                    pairs.append(pair)
        return pairs

    def _width(self, pair):
        (left, _, right, _), _ = self._between(*pair)
        return right - left

    def _cut(self, island):
        """Cut an island where it costs least, and look at all that comes of it."""
        settings, height = self.settings, self.height
        (left, _, right, _), _ = self._between(*island)
        if right - left < settings.wide * height:
            return
        margin = max(1, round(settings.margin * height))
        window = max(1, round(settings.step * height))
        if not (cost := self.cuts.cost[left + margin : right - margin]).size:
            return
        least = ndimage.minimum_filter1d(cost, 2 * window + 1, mode="nearest")
        cheap = (cost <= least) & (cost < settings.dearest)
        plateaus = ndimage.find_objects(ndimage.label(cheap)[0])
        inner = [left + margin + (p.start + p.stop - 1) // 2 for (p,) in plateaus]
        self.nodes += inner
        ends = [(island[0], left), *zip(inner, inner, strict=True), (island[1], right)]
        least, most = settings.slimmest, settings.widest
        pairs = combinations(ends, 2)
        self._look(
            [(a, d) for (a, b), (d, c) in pairs if least <= (c - b) / height <= most]
        )

    def _between(self, left, right):
        """The ink between two cuts: its box, and the cut-out; None without ink."""
        lefts, rights = self.cuts.path(left), self.cuts.path(right)
        low, high = lefts.min(), rights.max()
        columns = np.arange(low, high)
        own = (columns >= lefts[:, np.newaxis]) & (columns < rights[:, np.newaxis])
        part = np.where(own, self.ink[:, low:high], 0)
        ink = part > BINARIZATION.weak
        y, x = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        if len(y) == 0:
            return None
        top, bottom, left, right = y[0], y[-1] + 1, x[0], x[-1] + 1
        where = (int(low + left), int(top), int(low + right), int(bottom))
        return where, part[top:bottom, left:right]

    def _look(self, pairs):
        """Let the recogniser look at what is between pairs of cuts."""
        found, shortest = [], self.settings.shortest * self.height
        for pair in pairs:
            if pair in self.segments:
                continue
            between = self._between(*pair)
            if between and between[0][3] - between[0][1] >= shortest:
                where, part = between
                digit = remove_specks(part)
                if (seen := normalize(digit)).any():
                    found.append((pair, where, part, digit.sum() / part.sum(), seen))
        if not found:
            return
        seen = np.array([item[-1] for item in found])
        passed = activations(seen, self.recognizer.weights)
        probabilities = softmax(passed[-1])
        detected = detect(passed, self.recognizer.detector).clip(1e-6, 1 - 1e-6)
        features = np.array(
            [
                _of_network(probabilities[i], detected[i], passed[-1][i])
                + self._of_shape(pair, where, part, kept)
                for i, (pair, where, part, kept, _) in enumerate(found)
            ]
        )
        unknown = np.full(len(found), 0.5)
        is_digit = unknown if self.weights is None else judge(features, self.weights)
        for i, (pair, where, *_, image) in enumerate(found):
            self.segments[pair] = Segment(
                where, image, probabilities[i].astype(np.float32), features[i],
                float(is_digit[i]),
            )  # fmt: skip

    def _of_shape(self, pair, where, part, kept):
        """Those of `FEATURES` that tell of the shape of a segment and its place."""
        wide = (where[2] - where[0]) / self.height
        tall = (where[3] - where[1]) / self.height
        cut = [self._cost(end) / self.settings.cuts.enter for end in pair]
        within = sum(pair[0] < a < pair[1] for a, _ in self.islands)
        columns = np.flatnonzero((part > BINARIZATION.weak).any(axis=0))
        gap = (np.diff(columns).max(initial=1) - 1) / self.height
        return [
            abs(math.log(tall)), math.log(max(wide, 0.02) / tall) ** 2, wide, tall,
            max(0, 0.6 - tall), *cut, max(cut), within, gap, kept,
            part.sum() / self.height / self.pen, *map(self._space, pair),
        ]  # fmt: skip

    def _cost(self, cut):
        inside = 0 <= cut < len(self.cuts.cost) and not self._free[cut]
        return float(self.cuts.cost[cut]) if inside else 0.0

    def _space(self, cut):
        """How much free space there is around a cut, up to 1 height of a digit."""
        if cut in (-1, self.ink.shape[1]):
            return 1.0
        taken = np.flatnonzero(~self._free)
        at = np.searchsorted(taken, cut)
        if not self._free[cut] or at in (0, len(taken)):
            return 0.0 if not self._free[cut] else 1.0
        return min((taken[at] - taken[at - 1] - 1) / self.height, 1.0)


def _of_network(probabilities, detected, scores):
    """Those of `FEATURES` that tell what the network makes of a segment."""
    second, first = np.sort(scores)[-2:]
    energy = first + math.log(np.exp(scores - first).sum())
    odds = math.log(detected / (1 - detected))
    confidence = math.log(probabilities.max())
    return [confidence, odds, math.log(detected), energy / 10, (first - second) / 10]


def _pen(ink):
    """The width of the strokes, in pixels: their area by half of their border."""
    strong = ink > 0.5
    border = strong.sum() - interior(strong).sum()
    return max(2.0, 2 * strong.sum() / border) if border else 2.0
