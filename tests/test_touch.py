"""The data of the two figures that open at a touch, as the book's build writes them."""

import base64
from io import BytesIO
from itertools import product
import json
from pathlib import Path
import shutil

import digits
from matrix import CORRECT, MISREAD, matrix_script
from matrix import answers as plain_answers
import nbformat
import numpy as np
from PIL import Image
import pytest
from sphinx.cmd.build import build_main
from threshold import ERROR_COST, SHOWN, THRESHOLDS, agree, steps, threshold_script
from threshold import answers as robust_answers

from digitlib.evaluation import evaluate, risk_coverage

BOOK = Path(__file__).parent.parent / "book"


def variable(script, name):
    """What a script of data sets; it must be one line and nothing else."""
    assert script.startswith(f"var {name} = ")
    assert script.endswith(";\n")
    assert script.count("\n") == 1
    return json.loads(script.removeprefix(f"var {name} = ").removesuffix(";\n"))


@pytest.fixture(scope="module")
def matrix():
    return variable(matrix_script(*plain_answers()), "matrixData")


@pytest.fixture(scope="module")
def cells(matrix):
    """The test images that each pair (true, read) shows."""
    images = [image for image, *_ in matrix["digits"]]
    return {
        (true, read): [images[place] for place in matrix["cells"][true][read]]
        for true, read in product(range(10), repeat=2)
    }


@pytest.fixture(scope="module")
def threshold():
    return variable(threshold_script(*robust_answers()), "thresholdData")


@pytest.fixture(params=["matrix", "threshold"])
def data(request):
    return request.getfixturevalue(request.param)


def test_each_picture_is_the_test_image_that_it_is_said_to_be(data, mnist):
    start = "data:image/png;base64,"
    assert data["picture"].startswith(start)
    file = base64.b64decode(data["picture"].removeprefix(start))
    sheet = np.asarray(Image.open(BytesIO(file)))  # the numbers of the shades
    images, _ = mnist[1]
    for place, (image, *_) in enumerate(data["digits"]):
        y, x = 28 * (place // data["columns"]), 28 * (place % data["columns"])
        shown = sheet[y : y + 28, x : x + 28] * (255 / 15)
        assert np.abs(shown - images[image]).max() <= 255 / 15 / 2 + 1e-6


def test_misread_digits_are_marked_as_such(data, mnist):
    answers = plain_answers if "cells" in data else robust_answers
    wrong = answers()[0].argmax(axis=1) != mnist[1][1]
    marks = {image: mark for image, _, mark in data["digits"]}
    assert {0, 1} == set(marks.values())
    assert all(mark == wrong[image] for image, mark in marks.items())


@pytest.mark.parametrize("n", [1, 20, 21])
def test_pictures_fill_their_rows(n):
    address = digits.picture(np.zeros((n, 28, 28), np.uint8))
    file = BytesIO(base64.b64decode(address.partition(",")[2]))
    assert Image.open(file).size == (20 * 28, 28 * -(-n // 20))


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [(0.94999, "94.9%"), (0.95001, "95.0%"), (0.99999, "99.9%"), (1.0, "99.9%")],
)
def test_a_confidence_is_cut_and_never_certain(confidence, shown):
    assert digits.percent(confidence) == shown


def test_the_data_is_light(data):
    assert len(json.dumps(data, separators=(",", ":"))) < 64_000


def test_the_style_sheet_knows_the_width_of_the_picture():
    style = (BOOK / "_static" / "touch.css").read_text()
    assert f"background-size: calc({digits.COLUMNS} * var(--size))" in style


def test_each_cell_shows_all_digits_of_its_kind_or_as_many_as_fit(cells):
    probabilities, labels = plain_answers()
    predicted = probabilities.argmax(axis=1)
    confusion = evaluate(probabilities, labels).confusion
    for (true, read), images in cells.items():
        assert len(set(images)) == len(images)
        assert set(labels[images]) <= {true}
        assert set(predicted[images]) <= {read}
        most = CORRECT if true == read else MISREAD
        assert len(images) == min(confusion[true, read], most)


def test_the_surest_mistakes_and_the_least_sure_successes_come_first(matrix, cells):
    probabilities, labels = plain_answers()
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    for (true, read), images in cells.items():
        direction = 1 if true == read else -1
        assert (direction * np.diff(confidence[images]) >= 0).all()
    for true in range(10):
        least = 100 * confidence[right & (labels == true)].min()
        _, caption, _ = matrix["digits"][matrix["cells"][true][true][0]]
        assert float(caption.split("%")[0]) == pytest.approx(least, abs=0.1)


def test_the_steps_agree_with_risk_and_coverage(threshold):
    probabilities, labels = robust_answers()
    limits, coverage, risk = risk_coverage(probabilities, labels)
    assert len(threshold["steps"]) == len(THRESHOLDS) == 28
    for limit, step in zip(THRESHOLDS, threshold["steps"], strict=True):
        last = np.flatnonzero(limits >= limit)[-1]
        accepted = round(coverage[last] * len(labels))
        assert step["aside"] == len(labels) - accepted
        assert step["errors"] == round(risk[last] * accepted)
        assert step["label"] == f"{100 * limit:g}%"


def test_each_step_shows_the_digits_nearest_to_its_threshold(threshold):
    probabilities, labels = robust_answers()
    confidence = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != labels
    for limit, step in zip(THRESHOLDS, threshold["steps"], strict=True):
        left = [threshold["digits"][i][0] for i in step["left_digits"]]
        aside = [threshold["digits"][i][0] for i in step["aside_digits"]]
        all_left = np.sort(confidence[wrong & (confidence >= limit)])
        all_aside = np.sort(confidence[confidence < limit])[::-1]
        assert confidence[left].tolist() == all_left[:SHOWN].tolist()
        assert confidence[aside].tolist() == all_aside[:SHOWN].tolist()
        assert wrong[left].all()


def test_captions_say_what_was_read_and_what_is_true(threshold, mnist):
    predicted = robust_answers()[0].argmax(axis=1)
    for image, caption, misread in threshold["digits"]:
        true = mnist[1][1][image]
        wanted = f"{predicted[image]}, is {true}" if misread else str(true)
        assert caption.split("\n")[1] == wanted


@pytest.mark.parametrize(
    "wrong",
    ["95.0% 339 11 559", "95.0% 338 12 578", "95.0% 338 11 559", "95.5% 338 11 558"],
)
def test_printed_rows_are_compared_with_the_steps(wrong):
    assert ERROR_COST == 20
    computed = steps(*robust_answers())
    assert agree([["95.0%", "338", "11", "558"]], computed) is True
    assert agree([wrong.split()], computed) is False
    assert not agree([], computed)


@pytest.mark.parametrize(
    ("name", "chapter", "number"),
    [("matrix", "evaluation", "1127"), ("threshold", "trust", "338")],
)
@pytest.mark.parametrize("forged", [False, True])
def test_a_page_is_built_only_of_numbers_that_the_weights_confirm(
    name, chapter, number, forged, tmp_path, capfd
):
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    [cell] = [c for c in notebook.cells if name in c.metadata.get("tags", [])]
    if forged:
        [output] = [o for o in cell.outputs if o.output_type == "stream"]
        assert number in output.text
        output.text = output.text.replace(number, str(int(number) + 1))
    notebook.cells = [nbformat.v4.new_markdown_cell("# One cell"), cell]
    nbformat.write(notebook, tmp_path / "index.ipynb")
    (tmp_path / "_static").mkdir()
    for file in ("digits.js", f"{name}.js", "touch.css"):
        shutil.copy(BOOK / "_static" / file, tmp_path / "_static")
    options = ["-Dextensions=myst_nb,matrix,threshold", "-Dnb_execution_mode=off",
               "-Dhtml_static_path=_static"]  # fmt: skip
    out = tmp_path / "out"
    status = build_main(["-C", "-q", *options, str(tmp_path), str(out)])
    said = capfd.readouterr().err
    data = out / "_static" / f"{name}-data.js"
    if forged:
        assert status != 0
        assert f"the cell tagged '{name}' has printed is not what the weights" in said
        assert not data.exists()
    else:
        assert status == 0, said
        assert f"{name}-data.js" in (out / "index.html").read_text()
        assert variable(data.read_text(), f"{name}Data")
