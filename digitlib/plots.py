"""The figures of the book: each function takes arrays and returns the Axes it drew.

One style for all of them, legible on a light page, a dark page and in print. Colors are
from the palette of Okabe and Ito, which people with color blindness can tell apart, and
whatever a color says, a shape or a position says too.
"""

import functools
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

PAPER, INK, BLUE, ORANGE, GREY = "#ffffff", "#1b2a33", "#0072b2", "#d55e00", "#8a949a"
NIGHT, AMBER = "#14323f", "#f0a830"  # the ground of a digit, and of one that is marked

WIDTH = 6.4  # inches, the width of a figure in the text
LABEL = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.8}

STYLE = {
    **sns.axes_style("whitegrid"),
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "figure.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 11.5,
    "axes.labelsize": 11,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#e3e7ea",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.prop_cycle": plt.cycler(
        color=[BLUE, ORANGE, "#009e73", "#cc79a7"], linestyle=["-", "--", "-.", ":"]
    ),
}


def _styled(function):
    """Draw in the book's style, and leave the reader's own settings alone.

    Not `plt.rc_context`: in a notebook, the first figure turns interactive mode on,
    which that context would turn off again, and later figures would not be shown.
    """

    @functools.wraps(function)
    def draw(*args, **kwargs):
        before = {key: plt.rcParams[key] for key in STYLE}
        plt.rcParams.update(STYLE)
        try:
            return function(*args, **kwargs)
        finally:
            plt.rcParams.update(before)

    return draw


@_styled
def digits(images, captions=None, *, columns=10, marked=None):
    """Images in a grid, light ink on a dark ground.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
        Any range; each image is shown from 0 to its own maximum.
    captions : sequence of str, length n, optional
        A line under each image.
    columns : int
        Images in a row.
    marked : array_like of bool, shape (n,), optional
        These are shown in dark ink on an amber ground.

    Returns
    -------
    matplotlib.axes.Axes
    """
    columns = min(columns, len(images))
    foot = 0 if captions is None else round(0.03 * 28 * columns)
    canvas, corners = _mosaic(images, columns, marked, foot)
    _, axes = plt.subplots(figsize=(WIDTH, WIDTH * canvas.shape[0] / canvas.shape[1]))
    if captions is not None:
        height, width = np.shape(images)[1:]
        for (y, x), caption in zip(corners, captions, strict=True):
            axes.text(x + width / 2, y + height + foot / 2, caption, ha="center",
                      va="center", fontsize=10)  # fmt: skip
    axes.imshow(canvas, interpolation="nearest")
    axes.axis("off")
    return axes


@_styled
def pictures(rows, captions=None, *, marked=None, name=None):
    """Pictures of any size in a grid, as they are: grey or in colours.

    Parameters
    ----------
    rows : sequence of sequences of array_like
        Each (height, width) or (height, width, 3); floats in [0, 1], or uint8.
    captions : sequence of sequences of str, optional
        A line under each picture.
    marked : sequence of sequences of bool, optional
        The captions of these are bold and orange.
    name : sequence of str, optional
        What stands at the left of each row.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
    """
    columns = max(len(row) for row in rows)
    side = WIDTH / columns
    size = (WIDTH, len(rows) * (side + (0.22 if captions is not None else 0.04)))
    _, grid = plt.subplots(len(rows), columns, squeeze=False, figsize=size)
    for y, row in enumerate(rows):
        for axes, picture in zip(grid[y], row, strict=False):
            most = 255 if np.asarray(picture).dtype == np.uint8 else 1
            axes.imshow(picture, cmap="gray", vmin=0, vmax=most)
        if captions is not None:
            for x, caption in enumerate(captions[y]):
                bold = marked is not None and marked[y][x]
                grid[y, x].set_xlabel(caption, fontsize=10, labelpad=2,
                                      color=ORANGE if bold else INK,
                                      weight="bold" if bold else "normal")  # fmt: skip
        if name is not None:
            grid[y, 0].set_ylabel(name[y], fontsize=10)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    return grid


@_styled
def boxed(images, boxes, words=None, *, captions=None, marked=None, columns=2):
    """Pictures of any size in a grid, with boxes drawn on them.

    Parameters
    ----------
    images : sequence of array_like
        Each (height, width) or (height, width, 3); floats in [0, 1], or uint8.
    boxes : sequence of sequences of (left, top, right, bottom)
        For each picture, in its pixels.
    words : sequence of sequences of str, optional
        What stands above each box.
    captions : sequence of str, optional
        A line under each picture.
    marked : sequence of bool, optional
        The captions of these are bold and orange.
    columns : int
        Pictures in a row.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
    """
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    shapes = [np.shape(image) for image in images]
    talls = [
        max(shape[0] / shape[1] for shape in shapes[i : i + columns])
        for i in range(0, len(images), columns)
    ]
    foot = 0.1 if captions is None else 0.3
    heights = [min(tall, 1.5) * WIDTH / columns + foot for tall in talls]
    _, grid = plt.subplots(rows, columns, squeeze=False, height_ratios=heights,
                           figsize=(WIDTH, sum(heights)))  # fmt: skip
    for axes in grid.flat:
        axes.axis("off")
    for i, (axes, image) in enumerate(zip(grid.flat, images, strict=False)):
        image = np.asarray(image)
        most = 255 if image.dtype == np.uint8 else 1
        axes.imshow(image, cmap="gray", vmin=0, vmax=most)
        above = words[i] if words is not None else [""] * len(boxes[i])
        for (left, top, right, bottom), word in zip(boxes[i], above, strict=True):
            corners = (left - 0.5, top - 0.5), right - left, bottom - top
            axes.add_patch(plt.Rectangle(*corners, fill=False, color=ORANGE))
            axes.text((left + right) / 2, top, word, ha="center", va="bottom",
                      fontsize=10, color=INK, bbox=LABEL)  # fmt: skip
        if captions is not None:
            bold = marked is not None and marked[i]
            axes.text(0.5, -0.03, captions[i], transform=axes.transAxes, fontsize=10,
                      ha="center", va="top", color=ORANGE if bold else INK,
                      weight="bold" if bold else "normal")  # fmt: skip
    return grid


@_styled
def cuts(ink, cost, paths, chosen=(), *, highest=None):
    """A line of ink and where it may be cut; below, what a cut costs in each column.

    Parameters
    ----------
    ink : array_like, shape (height, width), in [0, 1]
    cost : array_like, shape (width,)
    paths : sequence of array_like, shape (height,)
        The column of each cut, row by row.
    chosen : sequence of array_like, shape (height,)
        The same, of cuts to be drawn stronger.
    highest : float, optional
        Where the axis of the costs ends.

    Returns
    -------
    numpy.ndarray of two matplotlib.axes.Axes
    """
    height, width = np.shape(ink)
    tall = 0.9 * WIDTH * height / width
    _, both = plt.subplots(2, 1, sharex=True, figsize=(WIDTH, tall + 1.7),
                           height_ratios=[tall, 1.5])  # fmt: skip
    above, below = both
    above.imshow(ink, cmap="gray_r", vmin=0, vmax=1.4, aspect="auto")
    rows = np.arange(height)
    for path in paths:
        above.plot(path, rows, color=BLUE, linewidth=1.2, linestyle="--")
    for path in chosen:
        above.plot(path, rows, color=ORANGE, linewidth=2.5, linestyle="-")
    above.axis("off")
    below.plot(cost, color=BLUE, linewidth=2)
    below.set(xlabel="column, pixels", ylabel="cost of a cut", xlim=(-1, width))
    below.set_ylim(0, highest)
    return both


@_styled
def lattice(ink, arcs, *, boring=0.05):
    """All pieces of a line that may be digits, as arcs from cut to cut.

    Parameters
    ----------
    ink : array_like, shape (height, width), in [0, 1]
    arcs : sequence of (left, right, word, weight, chosen)
        From column to column; what to write at its top; a weight from 0 to 1; and
        whether to draw it stronger.
    boring : float
        Arcs of a lower weight are thin and have no word, unless they are chosen. Nor
        have others whose word would cover that of an arc of a higher weight.

    Returns
    -------
    matplotlib.axes.Axes
    """
    height, width = np.shape(ink)
    _, axes = plt.subplots(figsize=(WIDTH, 3.6))
    axes.imshow(ink, cmap="gray_r", vmin=0, vmax=1.4)
    turn, words = np.linspace(0, np.pi, 60), []
    arcs = sorted(arcs, key=lambda arc: (-arc[4], -arc[3]))  # the best ones first
    for left, right, word, weight, chosen in arcs:
        middle, reach = (left + right) / 2, (right - left) / 2
        color = ORANGE if chosen else BLUE if weight >= boring else GREY
        wide = 3 if chosen else 1.8 if weight >= boring else 0.6
        y = -0.1 * height - 0.9 * reach * np.sin(turn)
        axes.plot(middle - reach * np.cos(turn), y, color=color, linewidth=wide,
                  linestyle="-", zorder=2 + chosen)  # fmt: skip
        near = [abs(middle - x) < 0.1 * width and abs(y.min() - z) < 0.06 * width
                for x, z in words]  # fmt: skip
        if chosen or (weight >= boring and not any(near)):
            words.append((middle, y.min()))
            axes.text(middle, y.min(), word, ha="center", va="center", fontsize=9.5,
                      bbox=LABEL, zorder=4,
                      weight="bold" if chosen else "normal")  # fmt: skip
    axes.set(xlim=(-2, width + 1))
    axes.set_ylim(height, -0.2 * height - 0.48 * max(b - a for a, b, *_ in arcs))
    axes.axis("off")
    return axes


@_styled
def side_by_side(groups):
    """Several groups of images, each in a square grid; marked ones on amber.

    Parameters
    ----------
    groups : dict of str to (images, marked)
        For each title the images, shape (n, height, width), and which are marked,
        bool, shape (n,), as for `digits`.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
    """
    height = WIDTH / len(groups) + 0.3
    _, row = plt.subplots(1, len(groups), figsize=(WIDTH, height))
    for axes, (title, (images, marked)) in zip(row, groups.items(), strict=True):
        canvas, _ = _mosaic(images, int(np.ceil(len(images) ** 0.5)), marked)
        axes.imshow(canvas, interpolation="nearest")
        axes.set_title(title)
        axes.axis("off")
    return row


@_styled
def pixels(image):
    """The numbers of an image, each written on its own grey.

    Parameters
    ----------
    image : array_like, shape (height, width), integer, 0 to 255
        Up to about 14 x 14, or the numbers get too small to read.

    Returns
    -------
    matplotlib.axes.Axes
    """
    image = np.asarray(image)
    _, axes = plt.subplots(figsize=(WIDTH, WIDTH * image.shape[0] / image.shape[1]))
    sns.heatmap(image, annot=True, fmt="d", cmap="gray", vmin=0, vmax=255, cbar=False,
                square=True, xticklabels=False, yticklabels=False, linewidths=0.5,
                linecolor=GREY, annot_kws={"fontsize": 9.5}, ax=axes)  # fmt: skip
    return axes


@_styled
def class_counts(counts):
    """How often each digit occurs, one row of bars a part.

    Parameters
    ----------
    counts : dict of str to array_like, shape (10,)
        For each part, such as "training", the fraction of each digit, 0 to 1.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 2.8))
    width = 0.8 / len(counts)
    styles = zip(counts.items(), (BLUE, AMBER, GREY), ("", "//", ".."), strict=False)
    for i, ((name, fraction), color, hatch) in enumerate(styles):
        x = np.arange(10) + (i - (len(counts) - 1) / 2) * width
        axes.bar(x, 100 * np.asarray(fraction), width, label=name, color=color,
                 hatch=hatch, edgecolor=PAPER)  # fmt: skip
    axes.axhline(10, color=INK, linewidth=1, linestyle=":")
    axes.set(xlabel="digit", ylabel="% of the images", xticks=range(10), ylim=(0, 14))
    axes.grid(False, axis="x")
    axes.legend(ncols=len(counts), loc="upper right")
    return axes


@_styled
def lines(x, curves, *, xlabel, ylabel, log=False):
    """Curves over a common axis.

    Parameters
    ----------
    x : array_like, shape (n,)
    curves : dict of str to array_like, shape (n,)
        Each with its name, which the legend shows.
    xlabel, ylabel : str
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 3.2))
    for name, y in curves.items():
        axes.plot(x, y, label=name, linewidth=2)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        axes.set_yscale("log")
    if len(curves) > 1:
        axes.legend()
    return axes


@_styled
def learning_curves(history):
    """Loss and accuracy after each epoch, on fit and validation images.

    Parameters
    ----------
    history : dict of str to sequence of float
        With "loss", "accuracy", "val_loss" and "val_accuracy": ``History.history``.

    Returns
    -------
    numpy.ndarray of two matplotlib.axes.Axes
    """
    epochs = np.arange(1, len(history["loss"]) + 1)
    _, both = plt.subplots(1, 2, figsize=(WIDTH, 3.2))
    for axes, key, label in zip(
        both, ("loss", "accuracy"), ("loss", "accuracy, %"), strict=True
    ):
        scale = 100 if key == "accuracy" else 1
        axes.plot(epochs, scale * np.array(history[key]), label="fit", marker="o",
                  markersize=3)  # fmt: skip
        axes.plot(epochs, scale * np.array(history[f"val_{key}"]), label="validation",
                  marker="s", markersize=3)  # fmt: skip
        axes.set(xlabel="epoch", title=label, xticks=epochs[4::5])
        axes.legend()
    return both


@_styled
def units(kernel, *, columns=10):
    """What the units of the first layer look at: one picture a unit.

    Parameters
    ----------
    kernel : array_like, shape (784, n)
        The weights of n units; orange pixels speak for the unit, purple ones against.

    Returns
    -------
    matplotlib.axes.Axes
    """
    pictures = np.asarray(kernel).T.reshape(-1, 28, 28)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    canvas = np.full((rows * 30, columns * 30), np.nan)
    for i, picture in enumerate(pictures):
        y, x = 30 * (i // columns), 30 * (i % columns)
        canvas[y : y + 28, x : x + 28] = picture / np.abs(picture).max()
    _, axes = plt.subplots(figsize=(WIDTH, WIDTH * rows / columns))
    axes.imshow(canvas, cmap="PuOr_r", vmin=-1, vmax=1, interpolation="nearest")
    axes.axis("off")
    return axes


@_styled
def layers(image, hidden_1, hidden_2, probabilities):
    """One image on its way through the network.

    Parameters
    ----------
    image : array_like, shape (28, 28)
    hidden_1, hidden_2 : array_like, shape (100,)
        What the units of the two hidden layers pass on.
    probabilities : array_like, shape (10,)

    Returns
    -------
    numpy.ndarray of four matplotlib.axes.Axes
    """
    _, four = plt.subplots(1, 4, figsize=(WIDTH, 2.0), width_ratios=[1, 1, 1, 1.15])
    pictures = (image, np.reshape(hidden_1, (10, 10)), np.reshape(hidden_2, (10, 10)))
    names = ("28 x 28 pixels", "100 units", "100 units")
    for axes, picture, name in zip(four, pictures, names, strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, interpolation="nearest")
        axes.set(title=name, xticks=[], yticks=[])
        axes.grid(False)
    _bars(four[3], probabilities)
    four[3].set_title("10 probabilities")
    four[3].set_box_aspect(1)
    return four


@_styled
def answers(images, probabilities):
    """Images, each with the probabilities of the ten digits beside it.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
        Up to about six.
    probabilities : array_like, shape (n, 10)

    Returns
    -------
    numpy.ndarray, shape (n, 2), of matplotlib.axes.Axes
    """
    n = len(images)
    columns = min(2, n)
    rows = -(-n // columns)
    _, grid = plt.subplots(
        rows, 2 * columns, figsize=(WIDTH, 1.6 * rows + 0.1), squeeze=False
    )
    pairs = grid.reshape(-1, 2)
    for (left, right), image, row in zip(pairs, images, probabilities, strict=False):
        left.imshow(image, cmap="gray", interpolation="nearest")
        left.grid(False)
        _bars(right, row)
        right.set_box_aspect(1)
    for axes in pairs[n:].ravel():
        axes.axis("off")
    for axes in pairs[:n, 0]:
        axes.set(xticks=[], yticks=[])
    return pairs[:n]


@_styled
def confusion_matrix(confusion, *, by_row=False):
    """The confusion matrix; the color is that of the errors alone.

    Parameters
    ----------
    confusion : array_like, shape (10, 10), integer
        Rows true, columns predicted: ``Evaluation.confusion``.
    by_row : bool
        Show percent of each row instead of counts.

    Returns
    -------
    matplotlib.axes.Axes
    """
    confusion = np.asarray(confusion)
    shown = (
        100 * confusion / confusion.sum(axis=1, keepdims=True) if by_row else confusion
    )
    diagonal = np.eye(10, dtype=bool)
    _, axes = plt.subplots(figsize=(WIDTH, WIDTH * 0.86))
    fmt = ".1f" if by_row else "d"
    common = {"annot": True, "fmt": fmt, "cbar": False, "square": True, "ax": axes,
              "linewidths": 1, "linecolor": PAPER}  # fmt: skip
    sns.heatmap(shown, mask=diagonal, cmap=sns.light_palette(AMBER, as_cmap=True),
                vmin=0, annot_kws={"fontsize": 10, "color": INK}, **common)  # fmt: skip
    sns.heatmap(shown, mask=~diagonal, cmap=[NIGHT],
                annot_kws={"fontsize": 9.5, "color": PAPER}, **common)  # fmt: skip
    axes.set(
        xlabel="read as", ylabel="true digit" + (", % of its row" if by_row else "")
    )
    axes.tick_params(rotation=0, length=0)
    return axes


@_styled
def precision_recall(precision, recall):
    """Precision and recall of each digit, as two marks on a line.

    Parameters
    ----------
    precision, recall : array_like, shape (10,), 0 to 1

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 3.0))
    x = np.arange(10)
    axes.vlines(x, 100 * precision, 100 * recall, color=GREY, linewidth=2)
    axes.plot(x, 100 * precision, "o", color=BLUE, markersize=8, label="precision")
    axes.plot(x, 100 * recall, "D", color=ORANGE, markersize=7, label="recall")
    axes.set(xlabel="digit", ylabel="%", xticks=x)
    axes.grid(False, axis="x")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return axes


@_styled
def intervals(rows, *, reference=None, xlabel="accuracy, %", xlim=None):
    """Estimates with their intervals, one a line.

    Parameters
    ----------
    rows : dict of str to (estimate, low, high)
        Fractions, 0 to 1.
    reference : float, optional
        A value to compare with, drawn as a dotted line.
    xlabel : str
    xlim : (low, high), optional
        The range of the axis, in percent.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.42 * len(rows)))
    for y, (value, low, high) in enumerate(rows.values()):
        axes.plot(
            [100 * low, 100 * high], [y, y], color=BLUE, linewidth=3, linestyle="-"
        )
        axes.plot(100 * value, y, "o", color=PAPER, markeredgecolor=BLUE,
                  markeredgewidth=2, markersize=8)  # fmt: skip
    if reference is not None:
        axes.axvline(100 * reference, color=ORANGE, linestyle=":", linewidth=2)
    axes.set(xlabel=xlabel, yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5))
    if xlim is not None:
        axes.set_xlim(*xlim)
    axes.set_yticklabels(rows)
    return axes


@_styled
def confidence_histogram(confidence, correct):
    """How sure the network is, where it is right and where it is wrong.

    Parameters
    ----------
    confidence : array_like, shape (n,), 0 to 1
    correct : array_like of bool, shape (n,)

    Returns
    -------
    numpy.ndarray of two matplotlib.axes.Axes
    """
    confidence, correct = np.asarray(confidence), np.asarray(correct, bool)
    bins = np.linspace(0, 1, 21)
    _, both = plt.subplots(1, 2, figsize=(WIDTH, 2.9))
    parts = (("read correctly", correct, BLUE), ("misread", ~correct, ORANGE))
    for axes, (name, chosen, color) in zip(both, parts, strict=True):
        axes.hist(confidence[chosen], bins, color=color, edgecolor=PAPER)
        axes.set(title=f"{chosen.sum():,} {name}", xlabel="confidence", xlim=(0, 1))
        axes.grid(False, axis="x")
    both[0].set_ylabel("images")
    return both


@_styled
def scatter_of(accuracies, low, high):
    """How repeated measurements scatter, and the range that holds most of them.

    Parameters
    ----------
    accuracies : array_like, shape (n,), 0 to 1
    low, high : float
        The ends of the range, drawn as dashed lines.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 2.6))
    axes.hist(100 * np.asarray(accuracies), bins=40, color=BLUE, edgecolor=PAPER)
    for end in (low, high):
        axes.axvline(100 * end, color=ORANGE, linestyle="--", linewidth=2)
    axes.set(xlabel="accuracy, %", ylabel="simulated test sets")
    return axes


@_styled
def network(sizes, functions):
    """A sketch of a network of dense layers, with the shape of every array.

    Parameters
    ----------
    sizes : sequence of int
        How many numbers enter, and how many units each layer has.
    functions : sequence of str, one shorter
        What each layer applies to its scores.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 3.4))
    shown = [np.linspace(-1, 1, min(size, 10)) for size in sizes]
    for layer, (left, right) in enumerate(pairwise(shown)):
        for y in left:
            for z in right:
                axes.plot([layer, layer + 1], [y, z], color=GREY, linewidth=0.25,
                          linestyle="-", zorder=1)  # fmt: skip
        n, m, number = sizes[layer], sizes[layer + 1], layer + 1
        axes.text(layer + 0.5, 1.3, f"kernel_{number}\n{n} x {m}\nbias_{number}\n{m}",
                  ha="center", va="bottom", fontsize=9.5)  # fmt: skip
        axes.text(layer + 0.5, -1.3, functions[layer], ha="center", va="top")
    names = ["pixels", *["units"] * (len(sizes) - 1)]
    for layer, (y, size) in enumerate(zip(shown, sizes, strict=True)):
        axes.scatter(np.full(len(y), layer), y, s=70, color=BLUE, edgecolor=PAPER,
                     zorder=2)  # fmt: skip
        axes.text(layer, -1.3, f"{size} {names[layer]}", ha="center", va="top",
                  fontweight="bold")  # fmt: skip
    axes.set(xlim=(-0.4, len(sizes) - 0.6), ylim=(-1.6, 2.3))
    axes.axis("off")
    return axes


@_styled
def ranges(panels):
    """Where most values of several groups lie, for several quantities side by side.

    Parameters
    ----------
    panels : dict of str to dict of str to array_like, shape (n,)
        For the name of each quantity, the values of each group; the groups are the
        same in all.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        A line runs from the 5th to the 95th percentile, a point is the median.
    """
    groups = list(next(iter(panels.values())))
    _, grid = plt.subplots(1, len(panels), sharey=True, squeeze=False,
                           figsize=(WIDTH, 0.9 + 0.42 * len(groups)))  # fmt: skip
    for axes, (title, values) in zip(grid[0], panels.items(), strict=True):
        for y, group in enumerate(groups):
            low, middle, high = np.percentile(values[group], (5, 50, 95))
            axes.plot([low, high], [y, y], color=BLUE, linewidth=3, linestyle="-")
            axes.plot(middle, y, "o", color=PAPER, markeredgecolor=BLUE,
                      markeredgewidth=2, markersize=8)  # fmt: skip
        axes.set(
            xlabel=title, yticks=range(len(groups)), ylim=(len(groups) - 0.5, -0.5)
        )
        axes.set_xlim(left=0)
        axes.set_yticklabels(groups)
    return grid[0]


@_styled
def dots(values, *, xlabel):
    """Single measurements on one line, and their mean as a bar.

    Parameters
    ----------
    values : array_like, shape (n,)
    xlabel : str

    Returns
    -------
    matplotlib.axes.Axes
    """
    values = np.asarray(values, dtype=float)
    _, axes = plt.subplots(figsize=(WIDTH, 1.7))
    axes.axvline(values.mean(), color=ORANGE, linewidth=3, linestyle="-")
    sns.swarmplot(x=values, size=10, color=BLUE, edgecolor=PAPER, linewidth=1, ax=axes)
    axes.set(xlabel=xlabel, yticks=[])
    return axes


@_styled
def dot_rows(groups, *, xlabel):
    """Single measurements of several groups, a line each, and their means as bars.

    Parameters
    ----------
    groups : dict of str to array_like, shape (n,)
    xlabel : str

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 0.9 + 1.0 * len(groups)))
    for y, values in enumerate(groups.values()):
        mean = np.mean(values)
        axes.plot([mean, mean], [y - 0.35, y + 0.35], color=ORANGE, linewidth=3,
                  linestyle="-")  # fmt: skip
    sns.swarmplot(dict(groups), orient="h", size=7, color=BLUE, edgecolor=PAPER,
                  linewidth=1, ax=axes)  # fmt: skip
    axes.set(xlabel=xlabel, ylim=(len(groups) - 0.5, -0.5))
    return axes


@_styled
def reliability(calibrations, fewest=10):
    """How often readings are right, over how sure the network was of them.

    Parameters
    ----------
    calibrations : dict of str to digitlib.evaluation.Calibration
    fewest : int
        Bins with fewer images are not drawn.

    Returns
    -------
    matplotlib.axes.Axes
    """
    _, axes = plt.subplots(figsize=(WIDTH, 4.2))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=2)
    marks = zip(calibrations.items(), (BLUE, ORANGE), ("o", "s"), strict=False)
    for (name, found), color, mark in marks:
        drawn = found.count >= fewest
        x, y = found.confidence[drawn], found.accuracy[drawn]
        axes.plot(x, y, color=color, linewidth=1.5, marker=mark, label=name)
        sizes = 30 + 2 * np.sqrt(found.count[drawn])
        axes.scatter(x, y, sizes, color=color, marker=mark, zorder=3)
    axes.set(xlabel="confidence", ylabel="fraction read correctly")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.03), aspect="equal")
    axes.legend(loc="upper left")
    return axes


@_styled
def damage(results, kinds):
    """Accuracy over the strength of each kind of corruption.

    Parameters
    ----------
    results : dict of (str, str) to sequence of digitlib.evaluation.Evaluation
        For each network and kind, one for every strength from 1 up.
    kinds : sequence of str

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
    """
    rows = -(-len(kinds) // 3)
    _, grid = plt.subplots(rows, 3, sharex=True, sharey=True, squeeze=False,
                           figsize=(WIDTH, 2.2 * rows))  # fmt: skip
    networks = list(dict.fromkeys(name for name, _ in results))
    for axes, kind in zip(grid.flat, kinds, strict=False):
        for name, color, mark in zip(networks, (BLUE, ORANGE), "os", strict=False):
            found = results[name, kind]
            y = 100 * np.array([one.accuracy for one in found])
            ends = 100 * np.array([one.interval for one in found]).T
            axes.errorbar(range(1, len(y) + 1), y, np.abs(ends - y), color=color,
                          marker=mark, label=name, linewidth=1.5)  # fmt: skip
        axes.set(
            title=kind.replace("_", " "), xticks=range(1, len(y) + 1), ylim=(0, 103)
        )
    for axes in grid[-1]:
        axes.set_xlabel("strength")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy, %")
    grid[0, 0].legend(loc="lower left")
    return grid


def _bars(axes, probabilities):
    """Ten bars; the highest in blue."""
    probabilities = np.asarray(probabilities)
    colors = np.where(np.arange(10) == probabilities.argmax(), BLUE, GREY)
    axes.barh(range(10), probabilities, color=colors)
    axes.set(xlim=(0, 1), ylim=(9.6, -0.6), yticks=range(10), xticks=[0, 1])
    axes.tick_params(labelsize=8, length=0)
    axes.grid(False)


def _mosaic(images, columns, marked=None, foot=0):
    """One picture of all images, in rows, and the corner (y, x) of each."""
    images = np.asarray(images, dtype=float)
    n, height, width = images.shape
    marked = np.zeros(n, bool) if marked is None else np.asarray(marked, bool)
    gap = max(1, width // 14)
    step_y, step_x = height + gap + foot, width + gap
    corners = [(step_y * (i // columns), step_x * (i % columns)) for i in range(n)]
    canvas = np.ones((step_y * -(-n // columns) - gap, step_x * columns - gap, 3))
    for image, (y, x), is_marked in zip(images, corners, marked, strict=True):
        ink = (image / (image.max() or 1))[..., np.newaxis]
        ground, pen = (AMBER, INK) if is_marked else (NIGHT, PAPER)
        tile = _rgb(ground) * (1 - ink) + _rgb(pen) * ink
        canvas[y : y + height, x : x + width] = tile
    return canvas, corners


def _rgb(color):
    return np.array(plt.matplotlib.colors.to_rgb(color))
