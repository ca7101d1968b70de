"""The figures: they show the numbers they are given."""

from itertools import pairwise

import matplotlib as mpl

mpl.use("Agg")

from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import numpy as np
import pytest

from digitlib import plots
from digitlib.evaluation import calibrate, evaluate


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(axes):
    return [text.get_text() for text in axes.texts]


def canvas(axes):
    return np.asarray(axes.images[0].get_array())


def test_digits_shows_every_image_and_caption():
    images = np.zeros((7, 28, 28))
    images[:, 10, 10] = np.arange(1, 8)  # each is scaled to its own maximum
    axes = plots.digits(images, [f"number {i}" for i in range(7)], columns=4)
    assert isinstance(axes, Axes)
    assert texts(axes) == [f"number {i}" for i in range(7)]
    white = (canvas(axes) == 1).all(axis=2)
    assert white[10, 10::30][:4].all()


def test_marked_digits_differ_in_black_and_white_too():
    images = np.zeros((2, 28, 28))
    picture = canvas(plots.digits(images, marked=[False, True]))
    plain, marked = picture[:, :28].mean(), picture[:, -28:].mean()
    assert marked - plain > 0.25


def test_digits_that_are_all_black():
    plots.digits(np.zeros((1, 8, 8)))


def test_pixels_writes_every_number():
    image = np.arange(12).reshape(3, 4)
    assert texts(plots.pixels(image)) == [str(n) for n in range(12)]


def test_side_by_side():
    images = np.zeros((4, 8, 8))
    row = plots.side_by_side({"a": (images, [0, 0, 0, 0]), "b": (images, [1, 1, 1, 1])})
    assert [axes.get_title() for axes in row] == ["a", "b"]
    assert canvas(row[1]).mean() > canvas(row[0]).mean()


def test_class_counts_has_a_bar_for_each_digit_and_part():
    axes = plots.class_counts({"fit": np.full(10, 0.1), "test": np.full(10, 0.2)})
    heights = [bar.get_height() for bar in axes.patches]
    assert np.allclose(heights, [10] * 10 + [20] * 10)


def test_curves():
    x = np.arange(5)
    axes = plots.curves(x, {"one": x, "two": 2 * x}, xlabel="x", ylabel="y", log=True)
    assert [line.get_ydata().tolist() for line in axes.lines] == [
        x.tolist(),
        (2 * x).tolist(),
    ]
    styles = {line.get_linestyle() for line in axes.lines}
    assert len(styles) == 2  # told apart without color
    assert axes.get_yscale() == "log"


def test_learning_curves():
    history = {"loss": [2, 1], "accuracy": [0.5, 0.6],
               "val_loss": [3, 2], "val_accuracy": [0.4, 0.5]}  # fmt: skip
    loss, accuracy = plots.learning_curves(history)
    assert [line.get_ydata().tolist() for line in loss.lines] == [[2, 1], [3, 2]]
    assert accuracy.lines[1].get_ydata().tolist() == [40, 50]
    assert loss.lines[0].get_xdata().tolist() == [1, 2]
    assert [line.get_label() for line in loss.lines] == ["fit", "validation"]


def test_units_are_not_transposed():
    kernel = np.full((784, 3), 0.01)
    kernel[28 * 2 + 5, 1] = 1  # row 2, column 5 of the second unit
    picture = canvas(plots.units(kernel))
    assert picture[2, 30 + 5] == 1
    assert picture[5, 30 + 2] != 1
    many = canvas(plots.units(np.eye(784, 200), columns=20))  # and one that is 0
    assert many.shape == (10 * 30, 20 * 30)
    assert (many == 1).sum() == 200
    assert not np.isnan(canvas(plots.units(np.zeros((784, 1))))[0, 0])


@pytest.mark.parametrize("widths", [(100, 100), (200,), (7, 30, 5)])
def test_activations_of_layers_of_any_width(widths):
    hidden = [np.arange(1.0, n + 1) for n in widths]
    *pictures, last = plots.activations(np.zeros((28, 28)), *hidden, np.eye(10)[3])
    shown = [np.ma.filled(canvas(axes), np.nan) for axes in pictures[1:]]
    for picture, values in zip(shown, hidden, strict=True):
        kept = picture[~np.isnan(picture)]  # row by row, and nothing else
        assert kept.tolist() == values.tolist()
        assert picture[0, 0] == 1
        assert picture.shape[0] <= picture.shape[1] <= picture.shape[0] + 1
    titles = [axes.get_title().replace("\n", " ") for axes in (*pictures, last)]
    named = [f"{n} units" for n in widths]
    assert titles == ["28 x 28 pixels", *named, "10 probabilities"]
    assert [bar.get_width() for bar in last.patches] == np.eye(10)[3].tolist()


def test_answers():
    probabilities = np.eye(10)[[3, 7]]
    pairs = plots.answers(np.zeros((2, 28, 28)), probabilities)
    assert [bar.get_width() for bar in pairs[1, 1].patches] == probabilities[1].tolist()


@pytest.mark.parametrize("by_row", [False, True])
def test_confusion_matrix_has_true_digits_in_rows(by_row):
    confusion = np.zeros((10, 10), int) + 2 * np.eye(10, dtype=int)
    confusion[4, 9] = 6
    axes = plots.confusion_matrix(confusion, by_row=by_row)
    expected = "75.0" if by_row else "6"
    [place] = [t.get_position() for t in axes.texts if t.get_text() == expected]
    assert place == (9.5, 4.5)  # column 9, row 4
    assert axes.get_xlabel() == "read as"
    assert axes.yaxis_inverted()


def test_precision_recall():
    precision, recall = np.linspace(0.9, 1, 10), np.linspace(1, 0.9, 10)
    axes = plots.precision_recall(precision, recall)
    shown = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert np.allclose(shown["precision"], 100 * precision)
    assert np.allclose(shown["recall"], 100 * recall)
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()


def test_intervals():
    result = evaluate(np.eye(10)[[0] * 9 + [1]], np.zeros(10, int))
    rows = {"ours": (result.accuracy, *result.interval)}
    axes = plots.intervals(rows, reference=0.5)
    assert np.allclose(axes.lines[0].get_xdata(), 100 * np.array(result.interval))
    assert axes.lines[1].get_xdata() == [90]
    assert axes.lines[2].get_xdata()[0] == 50
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ours"]


def test_confidence_histogram_counts_everything():
    right, wrong = plots.confidence_histogram([0.2, 0.5, 1.0, 0.9], [1, 0, 1, 1])
    assert sum(bar.get_height() for bar in right.patches) == 3
    assert sum(bar.get_height() for bar in wrong.patches) == 1


def test_interval_axis_can_be_fixed():
    axes = plots.intervals({"ours": (0.9, 0.8, 0.95)}, xlim=(0, 100))
    assert axes.get_xlim() == (0, 100)


def test_scatter_of_shows_everything_and_the_range():
    accuracies = np.linspace(0.9, 1, 50)
    axes = plots.scatter_of(accuracies, 0.92, 0.98)
    assert sum(bar.get_height() for bar in axes.patches) == 50
    assert [line.get_xdata()[0] for line in axes.lines] == [92, 98]


@pytest.mark.parametrize("sizes", [(784, 200, 10), (784, 64, 32, 16, 10)])
def test_network_names_every_array_and_its_shape(sizes):
    functions = ["ReLU"] * (len(sizes) - 2) + ["softmax"]
    shown = texts(plots.network(sizes, functions))
    for i, (n, m) in enumerate(pairwise(sizes), 1):
        assert f"kernel_{i}\n{n} x {m}\nbias_{i}\n{m}" in shown
    units = [f"{n} units" for n in sizes[1:]]
    assert [text for text in shown if text.endswith(("s", "units")) and "\n" not in text
            ] == ["784 pixels", *units]  # fmt: skip
    assert [text for text in shown if text in functions] == functions
    with pytest.raises(ValueError, match="zip"):
        plots.network(sizes, functions[1:])


def test_dots():
    axes = plots.dots([1.0, 2.0, 6.0], xlabel="x")
    assert sorted(axes.collections[0].get_offsets()[:, 0]) == [1, 2, 6]
    assert axes.lines[0].get_xdata()[0] == 3


def test_the_readers_own_style_is_left_alone():
    before = dict(plt.rcParams)
    plots.digits(np.zeros((1, 28, 28)))
    plots.confusion_matrix(np.eye(10, dtype=int))
    with pytest.raises(ValueError, match="zip"):
        plots.digits(np.zeros((2, 28, 28)), ["one caption"])
    assert dict(plt.rcParams) == before


def test_the_palette_can_be_told_apart_in_grey():
    def brightness(color):
        return np.dot(mpl.colors.to_rgb(color), (0.299, 0.587, 0.114))

    assert brightness(plots.STYLE.amber) - brightness(plots.STYLE.night) > 0.3
    assert brightness(plots.STYLE.paper) - brightness(plots.STYLE.ink) > 0.7


def test_dot_rows_has_every_dot_and_each_mean():
    axes = plots.dot_rows({"a": [1.0, 2.0, 3.0], "b": [5.0, 7.0]}, xlabel="x")
    plt.gcf().canvas.draw()
    drawn = [dot for part in axes.collections for dot in part.get_offsets()]
    assert sorted(x for x, _ in drawn) == [1, 2, 3, 5, 7]
    assert [line.get_xdata()[0] for line in axes.lines] == [2, 6]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["a", "b"]


def test_reliability_leaves_out_bins_with_few_images():
    probabilities = np.full((30, 10), 0.02)
    probabilities[:20, 0], probabilities[20:, 0] = 0.82, 0.82
    probabilities[29] = np.eye(10)[0] * 0.4 + 0.06
    found = calibrate(probabilities, np.zeros(30, int))
    axes = plots.reliability({"one": found})
    assert axes.lines[1].get_xdata() == pytest.approx([0.82])
    assert axes.lines[1].get_ydata() == pytest.approx([1])
    axes = plots.reliability({"one": found}, fewest=1)
    assert axes.lines[1].get_xdata() == pytest.approx([0.46, 0.82])


def test_corruptions_has_a_plot_for_each_kind_and_a_point_for_each_strength():
    good, bad = (evaluate(np.eye(10)[[0, d]], np.array([0, 0])) for d in (0, 1))
    results = {
        ("plain", "blur"): [good, bad],
        ("robust", "blur"): [good, good],
        ("plain", "line"): [bad, bad],
        ("robust", "line"): [good, bad],
    }
    grid = plots.corruptions(results, ["blur", "line"])
    axes = [axes for axes in np.ravel(grid) if axes.get_title()]
    assert [a.get_title() for a in axes] == ["blur", "line"]
    lines = [line.get_ydata() for line in axes[0].lines if line.get_label() != "_"]
    assert any(np.array_equal(y, [100, 50]) for y in lines)
    assert any(np.array_equal(y, [100, 100]) for y in lines)
    ends = axes[0].collections[0].get_segments()[0][:, 1]
    assert np.allclose(ends, 100 * np.array(good.interval))


def test_pictures_of_many_sizes_keep_their_values_and_captions():
    color = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    grey = np.full((8, 5), 0.5)
    dim = np.full((8, 5), 100, np.uint8)
    captions = [["a", "b"], ["c", "d"]]
    marked = [[False, True], [False, False]]
    grid = plots.pictures(
        [[color, grey], [grey, dim]], captions, marked=marked, name=["x", "y"]
    )
    shown = [[axes.images[0] for axes in row] for row in grid]
    assert np.array_equal(shown[0][0].get_array(), color)
    assert shown[1][0].get_clim() == (0, 1)  # not stretched to its own range
    assert shown[1][1].get_clim() == (0, 255)
    assert [[axes.get_xlabel() for axes in row] for row in grid] == captions
    heavy = [[axes.xaxis.label.get_weight() for axes in row] for row in grid]
    assert heavy == [["normal", "bold"], ["normal", "normal"]]
    assert [row[0].get_ylabel() for row in grid] == ["x", "y"]


def test_rows_of_pictures_may_differ_in_length():
    grid = plots.pictures([[np.zeros((3, 3))] * 3, [np.zeros((3, 3))]])
    assert [len(axes.images) for axes in grid.flat] == [1, 1, 1, 1, 0, 0]


def test_ranges_draw_percentiles():
    values = np.arange(101)
    panels = {"width": {"a": values, "b": 2 * values}, "mass": {"a": [5], "b": [7]}}
    width, mass = plots.ranges(panels)
    lines = [line.get_xdata() for line in width.lines]
    assert np.allclose(lines[0], [5, 95])
    assert np.allclose(lines[1], 50)
    assert np.allclose(lines[2], [10, 190])
    assert np.allclose(mass.lines[3].get_xdata(), 7)
    assert (width.get_xlabel(), mass.get_xlabel()) == ("width", "mass")
    labels = [label.get_text() for label in width.get_yticklabels()]
    assert labels == ["a", "b"]


def test_boxed_draws_each_box_where_it_is_and_its_word_above():
    images = np.zeros((20, 60)), np.zeros((8, 9, 3), np.uint8)
    boxes = [(2, 3, 12, 18), (30, 1, 50, 19)], []
    grid = plots.boxed(images, boxes, [["7", "1"], []])
    first, second = grid.ravel()
    assert [box.get_bbox().bounds for box in first.patches] == [
        (1.5, 2.5, 10, 15),
        (29.5, 0.5, 20, 18),
    ]
    assert [(*text.get_position(), text.get_text()) for text in first.texts] == [
        (7, 3, "7"),
        (40, 1, "1"),
    ]
    assert not second.patches
    assert not texts(second)


def test_boxed_pictures_keep_their_values_and_marked_captions_their_color():
    images = np.full((4, 4), 0.5), np.full((4, 4), 100, np.uint8), np.ones((2, 9))
    grid = plots.boxed(images, [[]] * 3, captions="abc", marked=[True, False, False])
    assert grid.shape == (2, 2)
    most = [axes.images[0].get_clim()[1] for axes in grid.flat[:3]]
    assert most == [1, 255, 1]
    colors = [axes.texts[0].get_color() for axes in grid.flat[:3]]
    assert colors == [plots.STYLE.orange, plots.STYLE.ink, plots.STYLE.ink]
    assert [texts(axes) for axes in grid.flat] == [["a"], ["b"], ["c"], []]


def test_boxed_gives_each_row_the_height_of_its_tallest_picture():
    images = [np.zeros((10, 10))] * 2 + [np.zeros((1, 10))] * 2
    plots.boxed(images, [[]] * 4)
    width, height = plt.gcf().get_size_inches()
    assert height == pytest.approx(width / 2 * 1.1, abs=0.3)


def test_cuts_draws_every_path_and_the_chosen_ones_stronger():
    rows = np.arange(5)
    paths = rows % 2 + 3, rows % 2 + 6
    ink, cost = np.eye(5, 12), np.arange(12)
    above, below = plots.cuts(ink, cost, paths, [paths[1]], highest=15)
    drawn = [(line.get_xdata().tolist(), line.get_linewidth()) for line in above.lines]
    one, two = (path.tolist() for path in paths)
    assert [path for path, _ in drawn] == [one, two, two]
    assert drawn[2][1] > drawn[1][1] == drawn[0][1]
    assert below.lines[0].get_ydata().tolist() == cost.tolist()
    assert below.get_ylim() == (0, 15)
    assert (canvas(above) == ink).all()


def test_lattice_has_an_arc_for_each_segment_from_cut_to_cut():
    arcs = [(0, 50, "4", 0.01, True), (50, 90, "2", 0.9, False), (20, 30, "1", 0, 0)]
    axes = plots.lattice(np.zeros((40, 100)), arcs)
    ends = {(round(x[0]), round(x[-1])) for x in (a.get_xdata() for a in axes.lines)}
    assert ends == {(0, 50), (50, 90), (20, 30)}
    assert sorted(texts(axes)) == ["2", "4"]  # the third is boring
    chosen, other, boring = (line.get_linewidth() for line in axes.lines)
    assert chosen > other > boring


def test_words_of_a_lattice_do_not_cover_those_of_surer_arcs():
    arcs = [(0, 50, "weak", 0.3, False), (0, 52, "sure", 0.9, False)]
    assert texts(plots.lattice(np.zeros((40, 100)), arcs)) == ["sure"]
