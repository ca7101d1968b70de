"""Figures that show a network: its layers, its weights, and what goes through it."""

from itertools import pairwise

from matplotlib.axes import Axes
import numpy as np

from digitlib.plots.style import STYLE, figure, no_ticks, styled


@styled
def network(sizes, functions) -> Axes:
    """A sketch of a network of dense layers, with the shape of every array.

    The sizes are how many numbers enter, and how many units each layer has; the
    functions, one fewer, are what each layer applies to its scores.
    """
    axes = figure(3.4)
    few = min(1, 4 / len(sizes))  # where there are many layers, words are smaller
    below = {"ha": "center", "va": "top", "fontsize": STYLE.text * few}
    above = {"ha": "center", "va": "bottom", "fontsize": STYLE.smaller * few}
    shown = [np.linspace(-1, 1, min(size, 10)) for size in sizes]
    layers = zip(pairwise(shown), pairwise(sizes), functions, strict=True)
    for i, (ends, (n, m), function) in enumerate(layers, 1):
        for y in np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 2):
            axes.plot([i - 1, i], y, "-", color=STYLE.grey, linewidth=0.25, zorder=1)
        axes.text(i - 0.5, 1.3, f"kernel_{i}\n{n} x {m}\nbias_{i}\n{m}", **above)
        axes.text(i - 0.5, -1.3, function, **below)
    names = ["pixels", *["units"] * (len(sizes) - 1)]
    for i, (y, size, name) in enumerate(zip(shown, sizes, names, strict=True)):
        axes.scatter(np.full(len(y), i), y, s=70, color=STYLE.blue,
                     edgecolor=STYLE.paper, zorder=2)  # fmt: skip
        axes.text(i, -1.3, f"{size} {name}", weight="bold", **below)
    axes.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-1.6, 2.3))
    axes.axis("off")
    return axes


@styled
def units(kernel, *, columns=10) -> Axes:
    """What units of a kernel (784, n) look at: orange is for them, purple against."""
    pictures = np.asarray(kernel).T.reshape(-1, 28, 28)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * 30, columns * 30), np.nan)
    for i, picture in enumerate(pictures):
        y, x = 30 * (i // columns), 30 * (i % columns)
        canvas[y : y + 28, x : x + 28] = picture / (np.abs(picture).max() or 1)
    axes = figure(STYLE.width * rows / columns)
    axes.imshow(canvas, cmap="PuOr_r", vmin=-1, vmax=1, interpolation="nearest")
    axes.axis("off")
    return axes


@styled
def activations(image, *layers) -> np.ndarray:
    """One image on its way through the network, and what each layer passes on.

    Shapes (n,), ..., (10,), the last are probabilities. The units of the others are in
    rows, from 0 to the highest; on amber ground, no unit is left.
    """
    *hidden, probabilities = layers
    names = ["{} x {} pixels".format(*np.shape(image))]
    names += [*(f"{len(values)} units" for values in hidden), "10 probabilities"]
    if len(hidden) > 2:  # narrow pictures, narrow titles
        names = ["\n".join(name.rsplit(" ", 1)) for name in names]
    row = figure(2.0, 1, len(names), width_ratios=[1] * (len(names) - 1) + [1.15])
    for axes, picture in zip(row, [image, *map(_square, hidden)], strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, interpolation="nearest")
        axes.set_facecolor(STYLE.amber)
        no_ticks(axes)
    _bars(row[-1], probabilities)
    for axes, name in zip(row, names, strict=True):
        axes.set_title(name)
    return row


@styled
def answers(images, probabilities) -> np.ndarray:
    """Up to about six images, each with its probabilities (10,) beside it."""
    n, columns = len(images), min(2, len(images))
    rows = -(-n // columns)
    pairs = figure(1.6 * rows + 0.1, rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for (left, right), image, row in zip(pairs, images, probabilities, strict=False):
        left.imshow(image, cmap="gray", interpolation="nearest")
        no_ticks(left)
        _bars(right, row)
    for axes in pairs[n:].flat:
        axes.axis("off")
    return pairs[:n]


def _square(values):
    """Numbers in rows, as nearly square as may be; NaN where none is left."""
    columns = int(np.ceil(len(values) ** 0.5))
    missing = np.full(-len(values) % columns, np.nan)
    return np.append(values, missing).reshape(-1, columns)


def _bars(axes, probabilities):
    """Ten bars in a square; the highest in blue."""
    highest = np.arange(10) == np.argmax(probabilities)
    axes.barh(range(10), probabilities, color=np.where(highest, STYLE.blue, STYLE.grey))
    axes.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 1])
    axes.tick_params(labelsize=8, length=0)
    axes.grid(False)
    axes.set_box_aspect(1)
