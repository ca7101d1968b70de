"""Figures that show a network: its layers, its weights, and what goes through it."""

from itertools import pairwise

from matplotlib.axes import Axes
import numpy as np

from digitlib.plots.style import STYLE, figure, no_ticks, styled


@styled
def network(sizes, functions) -> Axes:
    """A sketch of a network of dense layers, with the shape of every array.

    Parameters
    ----------
    sizes : sequence of int
        How many numbers enter, and how many units each layer has.
    functions : sequence of str, one shorter
        What each layer applies to its scores.
    """
    axes = figure(3.4)
    shown = [np.linspace(-1, 1, min(size, 10)) for size in sizes]
    fontsize = STYLE.smaller * min(1, 5 / len(sizes))
    steps = zip(pairwise(shown), pairwise(sizes), functions, strict=True)
    for layer, ((left, right), (n, m), function) in enumerate(steps):
        for y in left:
            for z in right:
                axes.plot([layer, layer + 1], [y, z], color=STYLE.grey, linewidth=0.25,
                          linestyle="-", zorder=1)  # fmt: skip
        arrays = f"kernel_{layer + 1}\n{n} x {m}\nbias_{layer + 1}\n{m}"
        axes.text(layer + 0.5, 1.3, arrays, ha="center", va="bottom",
                  fontsize=fontsize)  # fmt: skip
        axes.text(layer + 0.5, -1.3, function, ha="center", va="top")
    names = ["pixels", *["units"] * (len(sizes) - 1)]
    for layer, (y, size, name) in enumerate(zip(shown, sizes, names, strict=True)):
        axes.scatter(np.full(len(y), layer), y, s=70, color=STYLE.blue,
                     edgecolor=STYLE.paper, zorder=2)  # fmt: skip
        axes.text(layer, -1.3, f"{size} {name}", ha="center", va="top",
                  fontweight="bold")  # fmt: skip
    axes.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-1.6, 2.3))
    axes.axis("off")
    return axes


@styled
def units(kernel, *, columns=10) -> Axes:
    """What the units of the first layer look at: one picture a unit.

    Parameters
    ----------
    kernel : array_like, shape (784, n)
        The weights of n units; orange pixels speak for the unit, purple ones against.
    columns : int
        Pictures in a row.
    """
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
    """One image on its way through the network.

    Parameters
    ----------
    image : array_like, shape (height, width)
    *layers : array_like, shapes (n,), ..., (10,)
        What each layer passes on, the last one probabilities. The units of the others
        are shown in rows, from 0 to the highest; on amber ground, no unit is left.
    """
    *hidden, probabilities = layers
    pictures = [image, *map(_square, hidden)]
    names = ["{} x {}".format(*np.shape(image)) + " pixels"]
    names += [f"{len(values)} units" for values in hidden]
    names.append("10 probabilities")
    if len(hidden) > 2:  # narrow pictures, narrow titles
        names = ["\n".join(name.rsplit(" ", 1)) for name in names]
    ratios = [1] * len(pictures) + [1.15]
    row = figure(2.0, 1, len(ratios), width_ratios=ratios)
    for axes, picture in zip(row, pictures, strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, interpolation="nearest")
        axes.set_facecolor(STYLE.amber)
        no_ticks(axes)
    _bars(row[-1], probabilities)
    row[-1].set_box_aspect(1)
    for axes, name in zip(row, names, strict=True):
        axes.set_title(name)
    return row


@styled
def answers(images, probabilities) -> np.ndarray:
    """Images, each with the probabilities of the ten digits beside it.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
        Up to about six.
    probabilities : array_like, shape (n, 10)
    """
    n = len(images)
    columns = min(2, n)
    rows = -(-n // columns)
    pairs = figure(1.6 * rows + 0.1, rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for (left, right), image, row in zip(pairs, images, probabilities, strict=False):
        left.imshow(image, cmap="gray", interpolation="nearest")
        no_ticks(left)
        _bars(right, row)
        right.set_box_aspect(1)
    for axes in pairs[n:].ravel():
        axes.axis("off")
    return pairs[:n]


def _square(values):
    """Numbers in rows, as nearly square as may be; NaN where none is left."""
    columns = int(np.ceil(len(values) ** 0.5))
    rows = -(-len(values) // columns)
    padded = np.full(rows * columns, np.nan)
    padded[: len(values)] = values
    return padded.reshape(rows, columns)


def _bars(axes, probabilities):
    """Ten bars; the highest in blue."""
    probabilities = np.asarray(probabilities)
    highest = np.arange(10) == probabilities.argmax()
    axes.barh(range(10), probabilities, color=np.where(highest, STYLE.blue, STYLE.grey))
    axes.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 1])
    axes.tick_params(labelsize=8, length=0)
    axes.grid(False)
