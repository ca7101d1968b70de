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


def xs(axes):
    return [np.array(line.get_xdata()).tolist() for line in axes.lines]


def ys(axes):
    return [np.array(line.get_ydata()).tolist() for line in axes.lines]


def rows(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def canvas(axes):
    return np.asarray(axes.images[0].get_array())


def test_digits_shows_every_image_and_caption_and_which_are_marked():
    images = np.zeros((7, 28, 28))
    images[:, 10, 10] = np.arange(1, 8)  # each is scaled to its own maximum
    axes = plots.digits(images, [f"number {i}" for i in range(7)], columns=4)
    assert isinstance(axes, Axes)
    assert texts(axes) == [f"number {i}" for i in range(7)]
    white = (canvas(axes) == 1).all(axis=2)
    assert white[10, 10::30][:4].all()
    black = canvas(plots.digits(np.zeros((2, 28, 28)), marked=[False, True]))
    assert black[:, -28:].mean() - black[:, :28].mean() > 0.25  # in grey, too


def test_pixels_writes_every_number():
    image = np.arange(12).reshape(3, 4)
    assert texts(plots.pixels(image)) == [str(n) for n in range(12)]


def test_side_by_side():
    images = np.zeros((4, 8, 8))
    row = plots.side_by_side({"a": (images, [0, 0, 0, 0]), "b": (images, [1, 1, 1, 1])})
    assert [axes.get_title() for axes in row] == ["a", "b"]
    assert canvas(row[1]).mean() > canvas(row[0]).mean()


def test_pictures_of_many_sizes_keep_their_values_and_captions():
    color = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    grey, dim = np.full((8, 5), 0.5), np.full((8, 5), 100, np.uint8)
    captions, marked = [["a", "b"], ["c", "d"]], [[False, True], [False, False]]
    two = [color, grey], [grey, dim]
    grid = plots.pictures(two, captions, marked=marked, name=["x", "y"])
    assert np.array_equal(canvas(grid[0, 0]), color)
    limits = [axes.images[0].get_clim() for axes in grid[1]]
    assert limits == [(0, 1), (0, 255)]  # not stretched to their own range
    assert [[axes.get_xlabel() for axes in row] for row in grid] == captions
    heavy = [axes.xaxis.label.get_weight() for axes in grid.flat]
    assert heavy == ["normal", "bold", "normal", "normal"]
    assert [row[0].get_ylabel() for row in grid] == ["x", "y"]
    grid = plots.pictures([[grey] * 3, [grey]])
    assert [len(axes.images) for axes in grid.flat] == [1, 1, 1, 1, 0, 0]


def test_boxed_draws_each_box_where_it_is_and_its_word_above():
    images = np.zeros((20, 60)), np.zeros((8, 9, 3), np.uint8)
    boxes = [(2, 3, 12, 18), (30, 1, 50, 19)], []
    first, second = plots.boxed(images, boxes, [["7", "1"], []]).ravel()
    drawn = [box.get_bbox().bounds for box in first.patches]
    assert drawn == [(1.5, 2.5, 10, 15), (29.5, 0.5, 20, 18)]
    words = [(*text.get_position(), text.get_text()) for text in first.texts]
    assert words == [(7, 3, "7"), (40, 1, "1")]
    assert [*second.patches, *second.texts] == []


def test_boxed_pictures_keep_values_and_heights_and_marked_captions_a_color():
    images = np.full((4, 4), 0.5), np.full((4, 4), 100, np.uint8), np.ones((2, 9))
    grid = plots.boxed(images, [[]] * 3, captions="abc", marked=[True, False, False])
    assert grid.shape == (2, 2)
    assert [axes.images[0].get_clim()[1] for axes in grid.flat[:3]] == [1, 255, 1]
    colors = [axes.texts[0].get_color() for axes in grid.flat[:3]]
    assert colors == [plots.STYLE.orange, plots.STYLE.ink, plots.STYLE.ink]
    assert [texts(axes) for axes in grid.flat] == [["a"], ["b"], ["c"], []]
    plots.boxed([np.zeros((10, 10))] * 2 + [np.zeros((1, 10))] * 2, [[]] * 4)
    width, height = plt.gcf().get_size_inches()
    assert height == pytest.approx(width / 2 * 1.1, abs=0.3)


def test_cuts_draws_every_path_and_the_chosen_ones_stronger():
    one, two = np.arange(5) % 2 + 3, np.arange(5) % 2 + 6
    ink, cost = np.eye(5, 12), np.arange(12)
    above, below = plots.cuts(ink, cost, [one, two], [two], highest=15)
    assert xs(above) == [one.tolist(), two.tolist(), two.tolist()]
    plain, same, strong = (line.get_linewidth() for line in above.lines)
    assert strong > same == plain
    assert ys(below) == [cost.tolist()]
    assert below.get_ylim() == (0, 15)
    assert (canvas(above) == ink).all()


def test_lattice_has_an_arc_for_each_segment_and_no_word_covers_a_surer_one():
    arcs = [(0, 50, "4", 0.01, True), (50, 90, "2", 0.9, False), (20, 30, "1", 0, 0)]
    axes = plots.lattice(np.zeros((40, 100)), arcs)
    assert {(round(x[0]), round(x[-1])) for x in xs(axes)} == {arc[:2] for arc in arcs}
    assert sorted(texts(axes)) == ["2", "4"]  # the third is boring
    chosen, other, boring = (line.get_linewidth() for line in axes.lines)
    assert chosen > other > boring
    arcs = [(0, 50, "weak", 0.3, False), (0, 52, "sure", 0.9, False)]
    assert texts(plots.lattice(np.zeros((40, 100)), arcs)) == ["sure"]


@pytest.mark.parametrize("sizes", [(784, 200, 10), (784, 64, 32, 16, 10)])
def test_network_names_every_array_and_its_shape(sizes):
    functions = ["ReLU"] * (len(sizes) - 2) + ["softmax"]
    shown = texts(plots.network(sizes, functions))
    for i, (n, m) in enumerate(pairwise(sizes), 1):
        assert f"kernel_{i}\n{n} x {m}\nbias_{i}\n{m}" in shown
    below = [text for text in shown if "\n" not in text and text not in functions]
    assert below == ["784 pixels", *(f"{n} units" for n in sizes[1:])]
    assert [text for text in shown if text in functions] == functions
    with pytest.raises(ValueError, match="zip"):
        plots.network(sizes, functions[1:])


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
def test_activations_and_answers_of_layers_of_any_width(widths):
    hidden = [np.arange(1.0, n + 1) for n in widths]
    row = plots.activations(np.zeros((28, 28)), *hidden, np.eye(10)[3])
    for axes, values in zip(row[1:-1], hidden, strict=True):
        picture = np.ma.filled(canvas(axes), np.nan)
        assert picture[~np.isnan(picture)].tolist() == values.tolist()  # row by row
        assert picture[0, 0] == 1
        assert picture.shape[0] <= picture.shape[1] <= picture.shape[0] + 1
    titles = [axes.get_title().replace("\n", " ") for axes in row]
    named = [f"{n} units" for n in widths]
    assert titles == ["28 x 28 pixels", *named, "10 probabilities"]
    pairs = plots.answers(np.zeros((2, 28, 28)), np.eye(10)[[1, 7]])
    for axes, digit in ((row[-1], 3), (pairs[1, 1], 7)):
        assert [bar.get_width() for bar in axes.patches] == np.eye(10)[digit].tolist()


def test_curves():
    x = np.arange(5)
    axes = plots.curves(x, {"one": x, "two": 2 * x}, xlabel="x", ylabel="y", log=True)
    assert ys(axes) == [x.tolist(), (2 * x).tolist()]
    one, two = axes.lines
    assert one.get_linestyle() != two.get_linestyle()  # told apart without color
    assert axes.get_yscale() == "log"
    history = {"loss": [2, 1], "accuracy": [0.5, 0.6],
               "val_loss": [3, 2], "val_accuracy": [0.4, 0.5]}  # fmt: skip
    loss, accuracy = plots.learning_curves(history)
    assert ys(loss) == [[2, 1], [3, 2]]
    assert ys(accuracy)[1] == [40, 50]
    assert xs(loss)[0] == [1, 2]
    assert [line.get_label() for line in loss.lines] == ["fit", "validation"]


@pytest.mark.parametrize(("by_row", "expected"), [(False, "6"), (True, "75.0")])
def test_confusion_matrix_has_true_digits_in_rows(by_row, expected):
    confusion = 2 * np.eye(10, dtype=int)
    confusion[4, 9] = 6
    axes = plots.confusion_matrix(confusion, by_row=by_row)
    [place] = [t.get_position() for t in axes.texts if t.get_text() == expected]
    assert place == (9.5, 4.5)  # column 9, row 4
    assert axes.get_xlabel() == "read as"
    assert axes.yaxis_inverted()


def test_precision_recall():
    precision, recall = np.linspace(0.9, 1, 10), np.linspace(1, 0.9, 10)
    axes = plots.precision_recall(precision, recall)
    assert np.allclose(ys(axes), [100 * precision, 100 * recall])
    assert [line.get_label() for line in axes.lines] == ["precision", "recall"]
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()


def test_intervals():
    result = evaluate(np.eye(10)[[0] * 9 + [1]], np.zeros(10, int))
    found = {"ours": (result.accuracy, *result.interval)}
    axes = plots.intervals(found, reference=0.5, xlim=(0, 99))
    interval, point, (reference, _) = xs(axes)
    assert np.allclose(interval, 100 * np.array(result.interval))
    assert (point, reference) == ([90], 50)
    assert rows(axes) == ["ours"]
    assert axes.get_xlim() == (0, 99)


def test_ranges_draw_percentiles():
    values = np.arange(101)
    panels = {"width": {"a": values, "b": 2 * values}, "mass": {"a": [5], "b": [7]}}
    width, mass = plots.ranges(panels)
    for found, expected in zip(xs(width), ([5, 95], 50, [10, 190], 100), strict=True):
        assert np.allclose(found, expected)
    assert np.allclose(xs(mass)[3], 7)
    assert (width.get_xlabel(), mass.get_xlabel()) == ("width", "mass")
    assert rows(width) == ["a", "b"]


def test_bars_count_everything():
    counts = plots.class_counts({"fit": np.full(10, 0.1), "test": np.full(10, 0.2)})
    right, wrong = plots.confidence_histogram([0.2, 0.5, 1.0, 0.9], [1, 0, 1, 1])
    scatter = plots.scatter_of(np.linspace(0.9, 1, 50), 0.92, 0.98)
    counts, *others = ([bar.get_height() for bar in axes.patches]
                       for axes in (counts, right, wrong, scatter))  # fmt: skip
    assert np.allclose(counts, [10] * 10 + [20] * 10)
    assert [sum(heights) for heights in others] == [3, 1, 50]
    assert xs(scatter) == [[92, 92], [98, 98]]


def test_dots_and_rows_of_them_have_every_dot_and_each_mean():
    axes = plots.dots([1.0, 2.0, 6.0], xlabel="x")
    assert sorted(axes.collections[0].get_offsets()[:, 0]) == [1, 2, 6]
    assert xs(axes)[0][0] == 3
    axes = plots.dot_rows({"a": [1.0, 2.0, 3.0], "b": [5.0, 7.0]}, xlabel="x")
    plt.gcf().canvas.draw()
    drawn = [dot for part in axes.collections for dot in part.get_offsets()]
    assert sorted(x for x, _ in drawn) == [1, 2, 3, 5, 7]
    assert xs(axes) == [[2, 2], [6, 6]]
    assert rows(axes) == ["a", "b"]


def test_reliability_leaves_out_bins_with_few_images():
    probabilities = np.full((30, 10), 0.02)
    probabilities[:, 0] = 0.82
    probabilities[29] = np.eye(10)[0] * 0.4 + 0.06
    found = {"one": calibrate(probabilities, np.zeros(30, int))}
    axes = plots.reliability(found)
    assert xs(axes)[1] == pytest.approx([0.82])
    assert ys(axes)[1] == pytest.approx([1])
    assert xs(plots.reliability(found, fewest=1))[1] == pytest.approx([0.46, 0.82])
    assert len(xs(plots.reliability(found, fewest=29))[1]) == 1
    assert not xs(plots.reliability(found, fewest=30))[1]


def test_corruptions_has_a_plot_for_each_kind_and_a_point_for_each_strength():
    good, bad = (evaluate(np.eye(10)[[0, d]], np.array([0, 0])) for d in (0, 1))
    results = {("plain", "blur"): [good, bad], ("robust", "blur"): [good, good],
               ("plain", "line"): [bad, bad], ("robust", "line"): [good, bad],
               }  # fmt: skip
    grid = plots.corruptions(results, ["blur", "line"])
    blur, line = (axes for axes in np.ravel(grid) if axes.get_title())
    assert (blur.get_title(), line.get_title()) == ("blur", "line")
    assert [100, 50] in ys(blur)
    assert [100, 100] in ys(blur)
    ends = blur.collections[0].get_segments()[0][:, 1]
    assert np.allclose(ends, 100 * np.array(good.interval))


def test_the_readers_own_style_is_left_alone():
    before = dict(plt.rcParams)
    plots.digits(np.zeros((1, 8, 8)))  # all black
    plots.confusion_matrix(np.eye(10, dtype=int))
    with pytest.raises(ValueError, match="zip"):
        plots.digits(np.zeros((2, 28, 28)), ["one caption"])
    assert dict(plt.rcParams) == before


def test_the_palette_can_be_told_apart_in_grey():
    def brightness(color):
        return np.dot(mpl.colors.to_rgb(color), (0.299, 0.587, 0.114))

    assert brightness(plots.STYLE.amber) - brightness(plots.STYLE.night) > 0.3
    assert brightness(plots.STYLE.paper) - brightness(plots.STYLE.ink) > 0.7
