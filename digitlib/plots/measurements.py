"""Figures that show measurements: counts, curves, accuracies and their intervals."""

from matplotlib.axes import Axes
import numpy as np
import seaborn as sns

from digitlib.plots.style import STYLE, figure, styled


@styled
def class_counts(counts) -> Axes:
    """How often each digit occurs, one row of bars a part.

    Parameters
    ----------
    counts : dict of str to array_like, shape (10,)
        For each part, such as "training", the fraction of each digit, 0 to 1.
    """
    axes = figure(2.8)
    width = 0.8 / len(counts)
    looks = (STYLE.blue, ""), (STYLE.amber, "//"), (STYLE.grey, "..")
    named = zip(counts.items(), looks, strict=False)
    for i, ((name, fraction), (color, hatch)) in enumerate(named):
        x = np.arange(10) + (i - (len(counts) - 1) / 2) * width
        axes.bar(x, 100 * np.asarray(fraction), width, label=name, color=color,
                 hatch=hatch, edgecolor=STYLE.paper)  # fmt: skip
    axes.axhline(10, color=STYLE.ink, linewidth=1, linestyle=":")
    axes.set(xlabel="digit", ylabel="% of the images", xticks=range(10), ylim=(0, 14))
    axes.grid(False, axis="x")
    axes.legend(ncols=len(counts), loc="upper right")
    return axes


@styled
def curves(x, named, *, xlabel, ylabel, log=False) -> Axes:
    """Curves over a common axis.

    Parameters
    ----------
    x : array_like, shape (n,)
    named : dict of str to array_like, shape (n,)
        Each with its name, which the legend shows.
    xlabel, ylabel : str
    log : bool
        Whether the vertical axis is logarithmic.
    """
    axes = figure(3.2)
    for name, y in named.items():
        axes.plot(x, y, label=name, linewidth=2)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        axes.set_yscale("log")
    if len(named) > 1:
        axes.legend()
    return axes


@styled
def learning_curves(history) -> np.ndarray:
    """Loss and accuracy after each epoch, on fit and validation images.

    Parameters
    ----------
    history : dict of str to sequence of float
        With "loss", "accuracy", "val_loss" and "val_accuracy": ``History.history``.
    """
    epochs = np.arange(1, len(history["loss"]) + 1)
    both = figure(3.2, 1, 2)
    for axes, key, scale in zip(both, ("loss", "accuracy"), (1, 100), strict=True):
        parts = ("fit", "o", history[key]), ("validation", "s", history[f"val_{key}"])
        for label, marker, values in parts:
            axes.plot(epochs, scale * np.array(values), label=label, marker=marker,
                      markersize=3)  # fmt: skip
        axes.set(xlabel="epoch", title=key, xticks=epochs[4::5])
        axes.legend()
    both[1].set_title("accuracy, %")
    return both


@styled
def confusion_matrix(confusion, *, by_row=False) -> Axes:
    """The confusion matrix; the color is that of the errors alone.

    Parameters
    ----------
    confusion : array_like, shape (10, 10), integer
        Rows true, columns predicted: ``Evaluation.confusion``.
    by_row : bool
        Show percent of each row instead of counts.
    """
    shown, fmt, of = np.asarray(confusion), "d", ""
    if by_row:
        shown, fmt = 100 * shown / shown.sum(axis=1, keepdims=True), ".1f"
        of = ", % of its row"
    right = np.eye(10, dtype=bool)
    axes = figure(STYLE.width * 0.86)
    common = {"annot": True, "fmt": fmt, "cbar": False, "square": True, "ax": axes,
              "linewidths": 1, "linecolor": STYLE.paper}  # fmt: skip
    errors = sns.light_palette(STYLE.amber, as_cmap=True)
    words = ({"fontsize": STYLE.small, "color": STYLE.ink},
             {"fontsize": STYLE.smaller, "color": STYLE.paper})  # fmt: skip
    sns.heatmap(shown, mask=right, cmap=errors, vmin=0, annot_kws=words[0], **common)
    sns.heatmap(shown, mask=~right, cmap=[STYLE.night], annot_kws=words[1], **common)
    axes.set(xlabel="read as", ylabel="true digit" + of)
    axes.tick_params(rotation=0, length=0)
    return axes


@styled
def precision_recall(precision, recall) -> Axes:
    """Precision and recall of each digit, as two marks on a line.

    Parameters
    ----------
    precision, recall : array_like, shape (10,), 0 to 1
    """
    axes = figure(3.0)
    x = np.arange(10)
    axes.vlines(x, 100 * precision, 100 * recall, color=STYLE.grey, linewidth=2)
    axes.plot(x, 100 * precision, "o", color=STYLE.blue, markersize=8,
              label="precision")  # fmt: skip
    axes.plot(x, 100 * recall, "D", color=STYLE.orange, markersize=7, label="recall")
    axes.set(xlabel="digit", ylabel="%", xticks=x)
    axes.grid(False, axis="x")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return axes


@styled
def intervals(rows, *, reference=None, xlabel="accuracy, %", xlim=None) -> Axes:
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
    """
    axes = figure(_height(rows))
    _estimates(axes, {name: [100 * x for x in row] for name, row in rows.items()})
    if reference is not None:
        axes.axvline(100 * reference, color=STYLE.orange, linestyle=":", linewidth=2)
    axes.set_xlabel(xlabel)
    if xlim is not None:
        axes.set_xlim(*xlim)
    return axes


@styled
def ranges(panels) -> np.ndarray:
    """Where most values of several groups lie, for several quantities side by side.

    A line runs from the 5th to the 95th percentile, a point is the median.

    Parameters
    ----------
    panels : dict of str to dict of str to array_like, shape (n,)
        For the name of each quantity, the values of each group; the groups are the
        same in all.
    """
    groups = list(next(iter(panels.values())))
    row = figure(_height(groups), 1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, values) in zip(row, panels.items(), strict=True):
        rows = {name: np.percentile(values[name], (50, 5, 95)) for name in groups}
        _estimates(axes, rows)
        axes.set_xlabel(title)
        axes.set_xlim(left=0)
    return row


@styled
def confidence_histogram(confidence, correct) -> np.ndarray:
    """How sure the network is, where it is right and where it is wrong.

    Parameters
    ----------
    confidence : array_like, shape (n,), 0 to 1
    correct : array_like of bool, shape (n,)
    """
    confidence, correct = np.asarray(confidence), np.asarray(correct, bool)
    bins = np.linspace(0, 1, 21)
    both = figure(2.9, 1, 2)
    parts = ("read correctly", correct, STYLE.blue), ("misread", ~correct, STYLE.orange)
    for axes, (name, chosen, color) in zip(both, parts, strict=True):
        axes.hist(confidence[chosen], bins, color=color, edgecolor=STYLE.paper)
        axes.set(title=f"{chosen.sum():,} {name}", xlabel="confidence", xlim=(0, 1))
        axes.grid(False, axis="x")
    both[0].set_ylabel("images")
    return both


@styled
def scatter_of(accuracies, low, high) -> Axes:
    """How repeated measurements scatter, and the range that holds most of them.

    Parameters
    ----------
    accuracies : array_like, shape (n,), 0 to 1
    low, high : float
        The ends of the range, drawn as dashed lines.
    """
    axes = figure(2.6)
    percent = 100 * np.asarray(accuracies)
    axes.hist(percent, bins=40, color=STYLE.blue, edgecolor=STYLE.paper)
    for end in (low, high):
        axes.axvline(100 * end, color=STYLE.orange, linestyle="--", linewidth=2)
    axes.set(xlabel="accuracy, %", ylabel="simulated test sets")
    return axes


@styled
def dots(values, *, xlabel) -> Axes:
    """Single measurements on one line, and their mean as a bar.

    Parameters
    ----------
    values : array_like, shape (n,)
    xlabel : str
    """
    values = np.asarray(values, dtype=float)
    axes = figure(1.7)
    axes.axvline(values.mean(), color=STYLE.orange, linewidth=3, linestyle="-")
    _swarm(axes, x=values, size=10)
    axes.set(xlabel=xlabel, yticks=[])
    return axes


@styled
def dot_rows(groups, *, xlabel) -> Axes:
    """Single measurements of several groups, a line each, and their means as bars.

    Parameters
    ----------
    groups : dict of str to array_like, shape (n,)
    xlabel : str
    """
    axes = figure(0.9 + 1.0 * len(groups))
    for y, mean in enumerate(map(np.mean, groups.values())):
        axes.plot([mean, mean], [y - 0.35, y + 0.35], color=STYLE.orange, linewidth=3,
                  linestyle="-")  # fmt: skip
    _swarm(axes, data=dict(groups), orient="h", size=7)
    axes.set(xlabel=xlabel, ylim=(len(groups) - 0.5, -0.5))
    return axes


@styled
def reliability(calibrations, fewest=10) -> Axes:
    """How often readings are right, over how sure the network was of them.

    Parameters
    ----------
    calibrations : dict of str to digitlib.evaluation.Calibration
    fewest : int
        Bins with fewer images are not drawn.
    """
    axes = figure(4.2)
    axes.plot([0, 1], [0, 1], color=STYLE.grey, linestyle=":", linewidth=2)
    looks = (STYLE.blue, "o"), (STYLE.orange, "s")
    for (name, found), (color, mark) in zip(calibrations.items(), looks, strict=False):
        drawn = found.count >= fewest
        x, y = found.confidence[drawn], found.accuracy[drawn]
        axes.plot(x, y, color=color, linewidth=1.5, marker=mark, label=name)
        sizes = 30 + 2 * np.sqrt(found.count[drawn])
        axes.scatter(x, y, sizes, color=color, marker=mark, zorder=3)
    axes.set(xlabel="confidence", ylabel="fraction read correctly")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.03), aspect="equal")
    axes.legend(loc="upper left")
    return axes


@styled
def corruptions(results, kinds) -> np.ndarray:
    """Accuracy over the strength of each kind of corruption.

    Parameters
    ----------
    results : dict of (str, str) to sequence of digitlib.evaluation.Evaluation
        For each network and kind, one for every strength from 1 up.
    kinds : sequence of str
    """
    rows = -(-len(kinds) // 3)
    grid = figure(2.2 * rows, rows, 3, sharex=True, sharey=True, squeeze=False)
    networks = list(dict.fromkeys(name for name, _ in results))
    looks = (STYLE.blue, "o"), (STYLE.orange, "s")
    for axes, kind in zip(grid.flat, kinds, strict=False):
        for name, (color, mark) in zip(networks, looks, strict=False):
            found = results[name, kind]
            y = 100 * np.array([one.accuracy for one in found])
            ends = 100 * np.array([one.interval for one in found]).T
            axes.errorbar(range(1, len(y) + 1), y, np.abs(ends - y), color=color,
                          marker=mark, label=name, linewidth=1.5)  # fmt: skip
        axes.set(title=kind, xticks=range(1, len(y) + 1), ylim=(0, 103))
    for axes in grid[-1]:
        axes.set_xlabel("strength")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy, %")
    grid[0, 0].legend(loc="lower left")
    return grid


def _height(rows):
    """Of a figure with so many rows, in inches."""
    return 0.9 + 0.42 * len(rows)


def _estimates(axes, rows):
    """A row for each name: a point, and a bar from low to high."""
    for y, (value, low, high) in enumerate(rows.values()):
        axes.plot([low, high], [y, y], color=STYLE.blue, linewidth=3, linestyle="-")
        axes.plot(value, y, "o", color=STYLE.paper, markeredgecolor=STYLE.blue,
                  markeredgewidth=2, markersize=8)  # fmt: skip
    axes.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticklabels(rows)


def _swarm(axes, **options):
    """Dots that do not cover each other."""
    sns.swarmplot(color=STYLE.blue, edgecolor=STYLE.paper, linewidth=1, ax=axes,
                  **options)  # fmt: skip
