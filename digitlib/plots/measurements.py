"""Figures that show measurements: counts, curves, accuracies and their intervals."""

from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from digitlib.plots.style import STYLE, figure, styled


@styled
def class_counts(counts) -> Axes:
    """The fraction of each digit, shape (10,), in each part, such as "training"."""
    axes, width = figure(2.8), 0.8 / len(counts)
    looks = (STYLE.blue, ""), (STYLE.amber, "//"), (STYLE.grey, "..")
    for i, (name, (color, hatch)) in enumerate(zip(counts, looks, strict=False)):
        x = np.arange(10) + (i - (len(counts) - 1) / 2) * width
        axes.bar(x, 100 * np.asarray(counts[name]), width, label=name, color=color,
                 hatch=hatch, edgecolor=STYLE.paper)  # fmt: skip
    axes.axhline(10, color=STYLE.ink, linewidth=1, linestyle=":")
    axes.set(xlabel="digit", ylabel="% of the images", xticks=range(10), ylim=(0, 14))
    axes.grid(False, axis="x")
    axes.legend(ncols=len(counts), loc="upper right")
    return axes


@styled
def curves(x, named, *, xlabel, ylabel, log=False) -> Axes:
    """Curves, shape (n,) each, by the name that the legend shows, over common x."""
    axes = figure(3.2)
    for name, y in named.items():
        axes.plot(x, y, label=name, linewidth=2)
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log" if log else "linear")
    if len(named) > 1:
        axes.legend()
    return axes


@styled
def learning_curves(history) -> np.ndarray:
    """Loss and accuracy after each epoch, fit and validation: ``History.history``."""
    both = figure(3.2, 1, 2)
    for axes, key, scale in zip(both, ("loss", "accuracy"), (1, 100), strict=True):
        for part, label, mark in (("", "fit", "o"), ("val_", "validation", "s")):
            y = scale * np.array(history[part + key])
            axes.plot(range(1, len(y) + 1), y, label=label, marker=mark, markersize=3)
        axes.set(xlabel="epoch", title=key, xticks=range(5, len(y) + 1, 5))
        axes.legend()
    both[1].set_title("accuracy, %")
    return both


@styled
def confusion_matrix(confusion, *, by_row=False) -> Axes:
    """The confusion matrix; the color is that of the errors alone.

    Shape (10, 10), rows true, columns predicted; counts, or percent of each row.
    """
    shown, right = np.asarray(confusion), np.eye(10, dtype=bool)
    if by_row:
        shown = 100 * shown / shown.sum(axis=1, keepdims=True)
    axes = figure(STYLE.width * 0.86)
    common = {"annot": True, "fmt": ".1f" if by_row else "d", "cbar": False, "ax": axes,
              "square": True, "linewidths": 1, "linecolor": STYLE.paper}  # fmt: skip
    errors = sns.light_palette(STYLE.amber, as_cmap=True)
    dark = {"fontsize": STYLE.small, "color": STYLE.ink}
    light = {"fontsize": STYLE.smaller, "color": STYLE.paper}
    sns.heatmap(shown, mask=right, cmap=errors, vmin=0, annot_kws=dark, **common)
    sns.heatmap(shown, mask=~right, cmap=[STYLE.night], annot_kws=light, **common)
    axes.set(xlabel="read as", ylabel="true digit" + ", % of its row" * by_row)
    axes.tick_params(rotation=0, length=0)
    return axes


@styled
def precision_recall(precision, recall) -> Axes:
    """Precision and recall of each digit, shapes (10,), as two marks on a line."""
    axes, x = figure(3.0), np.arange(10)
    found, of = 100 * np.asarray(precision), 100 * np.asarray(recall)
    axes.vlines(x, found, of, color=STYLE.grey, linewidth=2)
    axes.plot(x, found, "o", color=STYLE.blue, markersize=8, label="precision")
    axes.plot(x, of, "D", color=STYLE.orange, markersize=7, label="recall")
    axes.set(xlabel="digit", ylabel="%", xticks=x)
    axes.grid(False, axis="x")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return axes


@styled
def intervals(rows, *, reference=None, xlabel="accuracy, %", xlim=None) -> Axes:
    """Estimates with their intervals, (estimate, low, high), one a line, by name.

    All are fractions, also the reference, a dotted line; but ``xlim`` is in percent.
    """
    axes = figure(_height(rows))
    _estimates(axes, {name: [100 * x for x in row] for name, row in rows.items()})
    if reference is not None:
        axes.axvline(100 * reference, color=STYLE.orange, linestyle=":", linewidth=2)
    axes.set(xlabel=xlabel, xlim=xlim)
    return axes


@styled
def ranges(panels) -> np.ndarray:
    """Where most values of several groups lie, for several quantities side by side.

    A line runs from the 5th to the 95th percentile, a point is the median. For the name
    of each quantity a dict of the values of each group: the same groups in all.
    """
    groups = next(iter(panels.values()))
    row = figure(_height(groups), 1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, values) in zip(row, panels.items(), strict=True):
        rows = {name: np.percentile(values[name], (50, 5, 95)) for name in groups}
        _estimates(axes, rows)
        axes.set(xlabel=title, xlim=(0, None))
    return row


@styled
def confidence_histogram(confidence, correct) -> np.ndarray:
    """How sure the network is, where it is right and where it is wrong: shapes (n,)."""
    confidence, correct = np.asarray(confidence), np.asarray(correct, bool)
    both, bins = figure(2.9, 1, 2), np.linspace(0, 1, 21)
    parts = ("read correctly", correct, STYLE.blue), ("misread", ~correct, STYLE.orange)
    for axes, (name, chosen, color) in zip(both, parts, strict=True):
        axes.hist(confidence[chosen], bins, color=color, edgecolor=STYLE.paper)
        axes.set(title=f"{chosen.sum():,} {name}", xlabel="confidence", xlim=(0, 1))
        axes.grid(False, axis="x")
    both[0].set_ylabel("images")
    return both


@styled
def scatter_of(accuracies, low, high) -> Axes:
    """How repeated measurements scatter, and the range that holds most of them."""
    axes, percent = figure(2.6), 100 * np.asarray(accuracies)
    axes.hist(percent, bins=40, color=STYLE.blue, edgecolor=STYLE.paper)
    for end in (low, high):
        axes.axvline(100 * end, color=STYLE.orange, linestyle="--", linewidth=2)
    axes.set(xlabel="accuracy, %", ylabel="simulated test sets")
    return axes


@styled
def dots(values, *, xlabel) -> Axes:
    """Single measurements, shape (n,), on one line, and their mean as a bar."""
    axes, values = figure(1.7), np.asarray(values, dtype=float)
    axes.axvline(values.mean(), color=STYLE.orange, linewidth=3, linestyle="-")
    _swarm(axes, x=values, size=10)
    axes.set(xlabel=xlabel, yticks=[])
    return axes


@styled
def dot_rows(groups, *, xlabel) -> Axes:
    """Like `dots`, but for a dict of several groups: a line each."""
    axes = figure(0.9 + 1.0 * len(groups))
    for y, mean in enumerate(map(np.mean, groups.values())):
        ends = [y - 0.35, y + 0.35]
        axes.plot([mean] * 2, ends, "-", color=STYLE.orange, linewidth=3)
    _swarm(axes, data=dict(groups), orient="h", size=7)
    axes.set(xlabel=xlabel, ylim=(len(groups) - 0.5, -0.5))
    return axes


@styled
def reliability(calibrations, fewest=10) -> Axes:
    """How often readings are right, over how sure the network was of them.

    For each name a `digitlib.evaluation.Calibration`; without bins of fewer images.
    """
    axes = figure(4.2)
    axes.plot([0, 1], [0, 1], color=STYLE.grey, linestyle=":", linewidth=2)
    for name, (color, mark) in zip(calibrations, STYLE.marks, strict=False):
        found = calibrations[name]
        drawn = found.count >= fewest
        x, y = found.confidence[drawn], found.accuracy[drawn]
        axes.plot(x, y, color=color, linewidth=1.5, marker=mark, label=name)
        sizes = 30 + 2 * np.sqrt(found.count[drawn])
        axes.scatter(x, y, sizes, color=color, marker=mark, zorder=3)
    axes.set(xlabel="confidence", ylabel="fraction read correctly", xlim=(0, 1.02),
             ylim=(0, 1.03), aspect="equal")  # fmt: skip
    axes.legend(loc="upper left")
    return axes


@styled
def corruptions(results, kinds) -> np.ndarray:
    """Accuracy over the strength of each kind of corruption.

    For each (network, kind) a `digitlib.evaluation.Evaluation` for each strength.
    """
    rows = -(-len(kinds) // 3)
    grid = figure(2.2 * rows, rows, 3, sharex=True, sharey=True, squeeze=False)
    networks = dict.fromkeys(name for name, _ in results)
    for axes, kind in zip(grid.flat, kinds, strict=False):
        for name, (color, mark) in zip(networks, STYLE.marks, strict=False):
            found = [(one.accuracy, *one.interval) for one in results[name, kind]]
            y, low, high = 100 * np.transpose(found)
            x, errors = range(1, len(y) + 1), (y - low, high - y)
            axes.errorbar(x, y, errors, color=color, marker=mark, label=name,
                          linewidth=1.5)  # fmt: skip
        axes.set(title=kind.replace("_", " "), xticks=x, ylim=(0, 103))
    plt.setp(grid[-1], xlabel="strength")
    plt.setp(grid[:, 0], ylabel="accuracy, %")
    grid[0, 0].legend(loc="lower left")
    return grid


def _height(rows):
    """Of a figure with so many rows, in inches."""
    return 0.9 + 0.42 * len(rows)


def _estimates(axes, rows):
    """A row for each name: a point, and a bar from low to high."""
    for y, (value, low, high) in enumerate(rows.values()):
        axes.plot([low, high], [y, y], "-", color=STYLE.blue, linewidth=3)
        axes.plot(value, y, "o", color=STYLE.paper, markeredgecolor=STYLE.blue,
                  markeredgewidth=2, markersize=8)  # fmt: skip
    axes.set(yticks=range(len(rows)), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticklabels(rows)


def _swarm(axes, **options):
    """Dots that do not cover each other."""
    look = {"color": STYLE.blue, "edgecolor": STYLE.paper, "linewidth": 1}
    sns.swarmplot(ax=axes, **look, **options)
