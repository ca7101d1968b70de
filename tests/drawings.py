"""Drawings with a known answer, as a pen makes them: strokes, each a line of points.

Half of them follow the thinned ink of MNIST's digits, half are splines through a few
points that people would draw through.
"""

import numpy as np
from scipy import ndimage
from scipy.interpolate import make_splprep
from skimage.morphology import skeletonize

# Each digit's strokes, as points (x, y) from the top left, in a square of side 1.
SHAPES = {
    0: [[(0.5, 0), (0.2, 0.2), (0.15, 0.6), (0.45, 1), (0.8, 0.75), (0.8, 0.25),
         (0.52, 0)]],
    1: [[(0.5, 0), (0.48, 0.35), (0.47, 0.7), (0.45, 1)]],
    2: [[(0.2, 0.25), (0.45, 0), (0.75, 0.2), (0.6, 0.55), (0.2, 1)],
        [(0.2, 1), (0.5, 0.98), (0.85, 1)]],
    3: [[(0.2, 0.1), (0.5, 0), (0.75, 0.2), (0.45, 0.45)],
        [(0.45, 0.45), (0.8, 0.65), (0.6, 0.97), (0.2, 0.9)]],
    4: [[(0.3, 0), (0.22, 0.3), (0.15, 0.55)],
        [(0.15, 0.55), (0.5, 0.55), (0.85, 0.52)],
        [(0.7, 0), (0.68, 0.5), (0.65, 1)]],
    5: [[(0.3, 0), (0.28, 0.2), (0.25, 0.42)],
        [(0.25, 0.42), (0.6, 0.38), (0.8, 0.65), (0.55, 0.97), (0.2, 0.92)],
        [(0.3, 0), (0.55, 0.02), (0.8, 0)]],
    6: [[(0.65, 0), (0.35, 0.3), (0.2, 0.7), (0.45, 1), (0.75, 0.78), (0.55, 0.55),
         (0.25, 0.7)]],
    7: [[(0.15, 0.03), (0.5, 0.02), (0.85, 0)], [(0.85, 0), (0.65, 0.4), (0.45, 1)]],
    8: [[(0.55, 0.45), (0.25, 0.25), (0.5, 0), (0.75, 0.2), (0.5, 0.47), (0.2, 0.75),
         (0.5, 1), (0.8, 0.75), (0.55, 0.45)]],
    9: [[(0.75, 0.2), (0.45, 0), (0.22, 0.25), (0.45, 0.5), (0.75, 0.22)],
        [(0.75, 0.22), (0.72, 0.6), (0.6, 1)]],
}  # fmt: skip


def drawings(images, labels, seed=0):
    """Yield strokes, each points (x, y) in [0, 1] of a square canvas, and the digit.

    One for each of the images, (n, 28, 28) uint8, and labels, (n,), in any order.
    """
    rng = np.random.default_rng(seed)
    for number, index in enumerate(rng.permutation(len(images))):
        digit = int(labels[index])
        strokes = _spline(digit, rng) if number % 2 else thinned(images[index])
        yield _placed(strokes, rng), digit


def _spline(digit, rng):
    """Shake the points a little, slant them, and join them smoothly."""
    slant, wide = rng.normal(0, 0.12), rng.uniform(0.75, 1.15)
    shift = rng.normal(0, 0.02, 2)
    strokes = []
    for stroke in SHAPES[digit]:
        points = np.array(stroke) + rng.normal(0, 0.015, (len(stroke), 2))
        points[:, 0] = wide * points[:, 0] + slant * (1 - points[:, 1])
        curve, _ = make_splprep(points.T, k=min(3, len(points) - 1), s=0)
        strokes.append(curve(np.linspace(0, 1, 24)).T + shift)
    return strokes


def thinned(image):
    """Follow the thinned ink of an image, from ends to crossings."""
    enlarged = ndimage.zoom(image / 255, 4, order=3)
    left = {tuple(point) for point in np.argwhere(skeletonize(enlarged > 0.4))}
    strokes = []
    while left:
        # Begin where the line ends, or anywhere on a closed one.
        point = min(sorted(left), key=lambda point: len(_near(point, left)))
        stroke = [point]
        left.remove(point)
        while near := _near(point, left):
            ahead = point - np.array(stroke[-min(4, len(stroke))])
            point = max(near, key=lambda p: (p - np.array(stroke[-1])) @ ahead)
            left -= {*near}
            stroke.append(point)
        if len(stroke) > 3:
            points = np.array([*stroke[::3], stroke[-1]])
            strokes.append(points[:, ::-1] / len(enlarged))
    return strokes


def _near(point, points):
    around = ((point[0] + dy, point[1] + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return sorted(points.intersection(around) - {point})


def _placed(strokes, rng):
    """Scale and move them to any size and place on the canvas, all inside."""
    every = np.concatenate(strokes)
    low, sides = every.min(axis=0), np.ptp(every, axis=0).max()
    size = rng.uniform(0.3, 0.85)
    room = 0.94 - size * np.ptp(every, axis=0) / sides
    corner = 0.03 + rng.uniform(0, 1, 2) * room
    return [corner + (stroke - low) / sides * size for stroke in strokes]
