"""Figures that show images: digits, photographs, and what was found in them."""

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from digitlib.plots.style import STYLE, caption_style, figure, no_ticks, show, styled


@styled
def digits(images, captions=None, *, columns=10, marked=None) -> Axes:
    """Images, shape (n, height, width), in a grid; light ink on a dark ground.

    Each is shown from 0 to its own maximum, with one of the captions under it; where
    ``marked``, shape (n,), is true, in dark ink on an amber ground.
    """
    columns = min(columns, len(images))
    foot = 0 if captions is None else round(0.03 * 28 * columns)
    canvas, corners = _mosaic(images, columns, marked, foot)
    axes = figure(STYLE.width * canvas.shape[0] / canvas.shape[1])
    if captions is not None:
        height, width = np.shape(images)[1:]
        for (y, x), caption in zip(corners, captions, strict=True):
            x, y = x + width / 2, y + height + foot / 2
            axes.text(x, y, caption, ha="center", va="center", fontsize=STYLE.small)
    axes.imshow(canvas, interpolation="nearest")
    axes.axis("off")
    return axes


@styled
def side_by_side(groups) -> np.ndarray:
    """Groups of images by title, each (images, marked), as `digits` shows them."""
    row = figure(STYLE.width / len(groups) + 0.3, 1, len(groups))
    for axes, (title, (images, marked)) in zip(row, groups.items(), strict=True):
        canvas, _ = _mosaic(images, int(np.ceil(len(images) ** 0.5)), marked)
        axes.imshow(canvas, interpolation="nearest")
        axes.set_title(title)
        axes.axis("off")
    return row


@styled
def pixels(image) -> Axes:
    """The numbers, 0 to 255, of an image (up to about 14, 14), each on its own grey."""
    height, width = np.shape(image)
    axes = figure(STYLE.width * height / width)
    sns.heatmap(image, annot=True, fmt="d", cmap="gray", vmin=0, vmax=255, cbar=False,
                square=True, xticklabels=False, yticklabels=False, linewidths=0.5,
                linecolor=STYLE.grey, annot_kws={"fontsize": STYLE.smaller},
                ax=axes)  # fmt: skip
    return axes


@styled
def pictures(rows, captions=None, *, marked=None, name=None) -> np.ndarray:
    """Rows of pictures of any size, as they are: grey or in colours.

    Each is (height, width) or (height, width, 3), floats in [0, 1] or uint8. Captions
    and what is marked are in rows too: a line under each picture, and whether it is
    bold and orange. A name stands at the left of each row.
    """
    columns = max(len(row) for row in rows)
    height = STYLE.width / columns + (0.22 if captions is not None else 0.04)
    grid = figure(len(rows) * height, len(rows), columns, squeeze=False)
    for y, row in enumerate(rows):
        for axes, picture in zip(grid[y], row, strict=False):
            show(axes, picture)
        for x, caption in enumerate(captions[y] if captions is not None else ()):
            bold = marked is not None and marked[y][x]
            grid[y, x].set_xlabel(caption, labelpad=2, **caption_style(bold))
        if name is not None:
            grid[y, 0].set_ylabel(name[y], fontsize=STYLE.small)
    for axes in grid.flat:
        no_ticks(axes)
        axes.spines[:].set_visible(False)
    return grid


@styled
def boxed(images, boxes, words=None, *, captions=None, marked=None, columns=2):
    """Pictures as in `pictures`, in a grid, with boxes drawn on them; their Axes.

    For each picture its boxes, (left, top, right, bottom) in its pixels, the words that
    stand above them, its caption, and whether this is ``marked``: bold and orange.
    """
    columns = min(columns, len(images))
    slopes = [shape[0] / shape[1] for shape in map(np.shape, images)]
    tallest = [max(slopes[i : i + columns]) for i in range(0, len(images), columns)]
    foot = 0.1 if captions is None else 0.3
    heights = [min(tall, 1.5) * STYLE.width / columns + foot for tall in tallest]
    grid = figure(sum(heights), len(heights), columns, squeeze=False,
                  height_ratios=heights)  # fmt: skip
    for axes in grid.flat:
        axes.axis("off")
    for i, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        show(axes, image)
        above = words[i] if words is not None else [""] * len(boxes[i])
        for (left, top, right, bottom), word in zip(boxes[i], above, strict=True):
            corners = (left - 0.5, top - 0.5), right - left, bottom - top
            axes.add_patch(plt.Rectangle(*corners, fill=False, color=STYLE.orange))
            _word(axes, (left + right) / 2, top, word, va="bottom", size=STYLE.small)
        if captions is not None:
            bold = caption_style(marked is not None and marked[i])
            axes.text(0.5, -0.03, captions[i], transform=axes.transAxes, ha="center",
                      va="top", **bold)  # fmt: skip
    return grid


@styled
def cuts(ink, cost, paths, chosen=(), *, highest=None) -> np.ndarray:
    """A line of ink and where it may be cut; below, what a cut costs in each column.

    Ink has the shape (height, width), in [0, 1], the cost (width,). Each path, of the
    shape (height,), is the column of a cut, row by row; the chosen ones are drawn once
    more, stronger. The axis of the costs ends at ``highest``.
    """
    height, width = np.shape(ink)
    tall = 0.9 * STYLE.width * height / width
    above, below = both = figure(tall + 1.7, 2, sharex=True, height_ratios=[tall, 1.5])
    above.imshow(ink, cmap="gray_r", vmin=0, vmax=1.4, aspect="auto")
    looks = (paths, STYLE.blue, 1.2, "--"), (chosen, STYLE.orange, 2.5, "-")
    for some, color, wide, dashes in looks:
        for path in some:
            above.plot(path, range(height), color=color, linewidth=wide, ls=dashes)
    above.axis("off")
    below.plot(cost, color=STYLE.blue, linewidth=2)
    below.set(xlabel="column, pixels", ylabel="cost of a cut", xlim=(-1, width))
    below.set_ylim(0, highest)
    return both


@styled
def lattice(ink, arcs, *, least=0.05) -> Axes:
    """All segments of a line that may be digits, as arcs from cut to cut.

    Ink has the shape (height, width), in [0, 1]. Arcs are (left, right, word, weight,
    chosen): from column to column, what to write at the top, 0 to 1, and whether to
    draw it stronger. Below the least weight they are thin and without a word, unless
    chosen. A word that would cover that of an arc of a higher weight is left out.
    """
    height, width = np.shape(ink)
    axes = figure(3.6)
    axes.imshow(ink, cmap="gray_r", vmin=0, vmax=1.4)
    turn, words = np.linspace(0, np.pi, 60), []
    arcs = sorted(arcs, key=lambda arc: (-arc[4], -arc[3]))  # the best ones first
    for left, right, word, weight, chosen in arcs:
        middle, reach = (left + right) / 2, (right - left) / 2
        color, wide = (STYLE.blue, 1.8) if weight >= least else (STYLE.grey, 0.6)
        if chosen:
            color, wide = STYLE.orange, 3
        x, y = reach * np.cos(turn), -0.1 * height - 0.9 * reach * np.sin(turn)
        axes.plot(middle - x, y, "-", color=color, linewidth=wide, zorder=2 + chosen)
        near = [abs(middle - x) < 0.1 * width and abs(y.min() - z) < 0.06 * width
                for x, z in words]  # fmt: skip
        if chosen or (weight >= least and not any(near)):
            words.append((middle, y.min()))
            _word(axes, *words[-1], word, va="center", zorder=4, size=STYLE.smaller,
                  weight="bold" if chosen else "normal")  # fmt: skip
    axes.set(xlim=(-2, width + 1))
    axes.set_ylim(height, -0.2 * height - 0.48 * max(b - a for a, b, *_ in arcs))
    axes.axis("off")
    return axes


def _word(axes, x, y, word, **options):
    """Write where there may be ink behind it."""
    ground = {"facecolor": STYLE.paper, "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
    axes.text(x, y, word, ha="center", bbox=ground, **options)


def _mosaic(images, columns, marked=None, foot=0):
    """One picture of all images, in rows, and the corner (y, x) of each."""
    images = np.asarray(images, dtype=float)
    n, height, width = images.shape
    marked = np.zeros(n, bool) if marked is None else np.asarray(marked, bool)
    gap = max(1, width // 14)
    step_y, step_x = height + gap + foot, width + gap
    corners = [(step_y * (i // columns), step_x * (i % columns)) for i in range(n)]
    canvas = np.ones((step_y * -(-n // columns) - gap, step_x * columns - gap, 3))
    grounds = (STYLE.night, STYLE.paper), (STYLE.amber, STYLE.ink)
    for image, (y, x), is_marked in zip(images, corners, marked, strict=True):
        ink = (image / (image.max() or 1))[..., np.newaxis]
        ground, pen = (np.array(to_rgb(color)) for color in grounds[int(is_marked)])
        canvas[y : y + height, x : x + width] = ground * (1 - ink) + pen * ink
    return canvas, corners
