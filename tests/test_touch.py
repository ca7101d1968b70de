"""The data of the two figures that open at a touch, as the book's build writes them."""

import base64
from io import BytesIO
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
def threshold():
    return variable(threshold_script(*robust_answers()), "thresholdData")


def confidence_of(data, place):
    return float(data["digits"][place][1].split("%")[0])


# The pictures


@pytest.mark.parametrize("name", ["matrix", "threshold"])
def test_each_picture_is_the_test_image_that_it_is_said_to_be(name, request, mnist):
    data = request.getfixturevalue(name)
    start = "data:image/png;base64,"
    assert data["picture"].startswith(start)
    file = base64.b64decode(data["picture"].removeprefix(start))
    sheet = np.asarray(Image.open(BytesIO(file)))  # the numbers of the shades
    images, _ = mnist[1]
    for place, (image, *_) in enumerate(data["digits"]):
        y, x = 28 * (place // data["columns"]), 28 * (place % data["columns"])
        shown = sheet[y : y + 28, x : x + 28] * (255 / 15)
        assert np.abs(shown - images[image]).max() <= 255 / 15 / 2 + 1e-6


@pytest.mark.parametrize("name", ["matrix", "threshold"])
def test_misread_digits_are_marked_as_such(name, request, mnist):
    answers = {"matrix": plain_answers, "threshold": robust_answers}[name]
    wrong = answers()[0].argmax(axis=1) != mnist[1][1]
    marks = {image: mark for image, _, mark in request.getfixturevalue(name)["digits"]}
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


@pytest.mark.parametrize("name", ["matrix", "threshold"])
def test_the_data_is_light(name, request):
    data = request.getfixturevalue(name)
    assert len(json.dumps(data, separators=(",", ":"))) < 64_000


def test_the_style_sheet_knows_the_width_of_the_picture():
    style = (BOOK / "_static" / "touch.css").read_text()
    assert f"background-size: calc({digits.COLUMNS} * var(--size))" in style


# The confusion matrix


def test_each_cell_holds_digits_of_its_kind(matrix):
    probabilities, labels = plain_answers()
    predicted = probabilities.argmax(axis=1)
    for true in range(10):
        for read in range(10):
            images = [matrix["digits"][i][0] for i in matrix["cells"][true][read]]
            assert len(set(images)) == len(images)
            assert set(labels[images]) <= {true}
            assert set(predicted[images]) <= {read}


def test_each_cell_shows_all_its_mistakes_or_as_many_as_fit(matrix):
    confusion = evaluate(*plain_answers()).confusion
    for true in range(10):
        for read in range(10):
            most = CORRECT if true == read else MISREAD
            shown = len(matrix["cells"][true][read])
            assert shown == min(confusion[true, read], most)


def test_the_surest_mistakes_and_the_least_sure_successes_come_first(matrix):
    probabilities, labels = plain_answers()
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    for true in range(10):
        for read in range(10):
            images = [matrix["digits"][i][0] for i in matrix["cells"][true][read]]
            direction = 1 if true == read else -1
            assert (direction * np.diff(confidence[images]) >= 0).all()
        least = confidence[right & (labels == true)].min()
        assert confidence_of(matrix, matrix["cells"][true][true][0]) == pytest.approx(
            100 * least, abs=0.1
        )


# The threshold


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
        reading = caption.split("\n")[1]
        true = mnist[1][1][image]
        wanted = f"{predicted[image]}, is {true}" if misread else str(true)
        assert reading == wanted


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        (["95.0%", "338", "11", "558"], True),
        (["95.0%", "339", "11", "559"], False),
        (["95.0%", "338", "12", "578"], False),
        (["95.0%", "338", "11", "559"], False),
        (["95.5%", "338", "11", "558"], False),
    ],
)
def test_printed_rows_are_compared_with_the_steps(row, agrees):
    assert ERROR_COST == 20
    assert agree([row], steps(*robust_answers())) is agrees


def test_no_rows_are_no_agreement():
    assert not agree([], steps(*robust_answers()))


# The build


@pytest.mark.parametrize(
    ("name", "chapter", "forged"),
    [
        ("matrix", "evaluation", None),
        ("matrix", "evaluation", ("1127", "1128")),
        ("threshold", "trust", None),
        ("threshold", "trust", ("338", "337")),
    ],
)
def test_a_page_is_built_only_of_numbers_that_the_weights_confirm(
    name, chapter, forged, tmp_path, capfd
):
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    [cell] = [c for c in notebook.cells if name in c.metadata.get("tags", [])]
    if forged:
        [output] = [o for o in cell.outputs if o.output_type == "stream"]
        assert forged[0] in output.text
        output.text = output.text.replace(*forged)
    title = nbformat.v4.new_markdown_cell("# One cell")
    notebook.cells = [title, cell]
    nbformat.write(notebook, tmp_path / "index.ipynb")
    for file in ("digits.js", f"{name}.js", "touch.css"):
        (tmp_path / "_static").mkdir(exist_ok=True)
        shutil.copy(BOOK / "_static" / file, tmp_path / "_static")
    extensions = "myst_nb,matrix,threshold"
    options = {"extensions": extensions, "nb_execution_mode": "off",
               "html_static_path": "_static"}  # fmt: skip
    defined = [f"-D{key}={value}" for key, value in options.items()]
    out = tmp_path / "out"
    status = build_main(["-C", "-q", *defined, str(tmp_path), str(out)])
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
