"""The directive `draw-digit`: a canvas that reads what is drawn on it, in the page.

The scripts in `book/_static` do the work. What they need, the trained weights and the
library's own decisions, is written into the built site from `digitlib`. The steps
themselves stand in JavaScript once more; tests compare both.
"""

import base64
from dataclasses import asdict
from functools import partial
import hashlib
from importlib import resources
import io
import json
import math
from pathlib import Path

from digitlib.data import load_mnist
from digitlib.imaging.binarization import BINARIZATION
from digitlib.model import load_trained, load_weights
from digitlib.preprocessing import FRAMING, preprocess
from digitlib.recognizer import Recognizer, several
from docutils import nodes
import numpy as np
from PIL import Image
from sphinx.util.docutils import SphinxDirective

WEIGHTS = "hands"  # that the page uses: as `Recognizer` does
SIDE = 224  # pixels of the canvas: eight for each of MNIST's
MISREAD = 10  # test digits that are offered
# Steps that the page does without: they change nothing on a clean canvas.
SKIPPED = (
    "to_grey", "look_closer", "denoise", "correct_shading", "binarize", "remove_frame",
)  # fmt: skip


class draw_digit(nodes.General, nodes.Element):
    """The place of the canvas; it is made when the page is written."""


class DrawDigit(SphinxDirective):
    """`{draw-digit}`: at most once a page, since its element has an id."""

    def run(self):
        return [draw_digit()]


def data_script(source=WEIGHTS):
    """Write what the page needs as a script: a page opened as a file may load one.

    Parameters
    ----------
    source : str or os.PathLike
        As for `digitlib.model.load_weights`; with a detector, of any width.

    Returns
    -------
    str
        JavaScript that sets ``digitData``: the weights in half precision, as they
        ship, and the detector in single precision, both little endian in base 85;
        the size of each array; and the decisions of the steps before the network.
    """
    trained = load_trained(source)
    weights, made = trained.weights, trained.provenance
    settings = asdict(FRAMING) | {"weak": BINARIZATION.weak}
    settings |= several.__kwdefaults__
    names = "temperature", "threshold", "augmentation"
    settings |= {name: made.get(name) for name in names}
    halves = np.concatenate([array.ravel() for array in weights]).astype("<f2")
    data = {
        "sizes": [array.size for array in weights],
        "weights": _text(halves),
        "detector": _text(trained.detector.astype("<f4")),
        "settings": settings,
    }
    return f"const digitData = {json.dumps(data)};\n"


def _text(array):
    return base64.b85encode(array.tobytes()).decode()


def test_digits():
    """Choose test digits to begin with: one of each that is read well, and errors.

    Returns
    -------
    right, wrong : list of (numpy.ndarray, shape (28, 28), uint8; int; int)
        Image, label, and what is read when it lies on the canvas. Wrong are those
        of which the recogniser is surest.
    """
    _, (x_test, y_test) = load_mnist()
    recognizer = Recognizer(WEIGHTS, partial(preprocess, skip=SKIPPED))
    predicted = recognizer.mean_probabilities(x_test / np.float32(255)).argmax(axis=1)

    def read(index):
        large = x_test[index].repeat(SIDE // 28, axis=0).repeat(SIDE // 28, axis=1)
        return recognizer.predict(large)

    right = []
    for digit in range(10):
        index = next(i for i in np.flatnonzero(y_test == digit) if read(i).accepted)
        right.append((x_test[index], digit, read(index).digit))
    wrong = []
    for index in np.flatnonzero(predicted != y_test):
        prediction = read(index)
        if prediction.accepted and prediction.digit != y_test[index]:
            label = int(y_test[index])
            wrong.append((prediction.trust, x_test[index], label, prediction.digit))
    wrong.sort(key=lambda item: -item[0])
    return right, [item[1:] for item in wrong[:MISREAD]]


def html(static):
    """Write the element as it stands before its scripts have come.

    Parameters
    ----------
    static : str
        Where the page finds the scripts.

    Returns
    -------
    str
    """
    file = resources.files("digitlib") / "assets" / f"{WEIGHTS}.npz"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    right, wrong = test_digits()
    values = {
        "side": SIDE,
        "weights": file.name,
        "digest": digest,
        "empty": _source(np.zeros((1, 1), np.uint8)),
        "static": static,
        "hidden": "\n".join(_hidden(load_weights(WEIGHTS))),
        "bars": "".join(f"<li><span>{digit}</span></li>" for digit in range(10)),
        "right": "".join(_button(image, f"{label}") for image, label, _ in right),
        "wrong": "".join(
            _button(image, f"{label}, read as {read}") for image, label, read in wrong
        ),
    }
    return (Path(__file__).parent / "draw_digit.html").read_text().format(**values)


def _hidden(weights):
    """A figure for each hidden layer, of any width: a square with a pixel a unit."""
    for i, bias in enumerate(list(weights)[1:-1:2]):
        side, units = math.ceil(math.sqrt(len(bias))), len(bias)
        alt = "The same for the units of the next layer."
        if i == 0:
            alt = f"A square of {side} by {side} pixels, one for each unit; "
            alt += "the brighter, the stronger."
        yield (
            f'<figure><img class="draw-hidden" width="{side}" height="{side}" '
            f'src="{_source(np.zeros((1, 1), np.uint8))}" alt="{alt}"><figcaption>'
            f"{units} {'more' if i else 'hidden units'}</figcaption></figure>"
        )


def _button(image, name):
    return (
        f'<button type="button" data-digit disabled><img src="{_source(image)}" '
        f'width="28" height="28" alt="">{name}</button>'
    )


def _source(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _visit(translator, node):
    up = "../" * translator.builder.current_docname.count("/")
    translator.body.append(html(f"{up}_static/"))
    raise nodes.SkipNode


def _skip(translator, node):
    raise nodes.SkipNode


def _add_files(app, pagename, templatename, context, doctree):
    """Load the scripts and styles only where there is something to draw on."""
    if doctree is not None and any(doctree.findall(draw_digit)):
        app.add_css_file("draw-digit.css")
        for name in ("digit-framing.js", "digit-network.js", "draw-digit.js"):
            app.add_js_file(name, loading_method="defer")


def _write_data(app, error):
    if error is None and app.builder.format == "html":
        path = Path(app.outdir) / "_static" / "draw-digit-data.js"
        path.write_text(data_script(), encoding="ascii")


def setup(app):
    """Register the directive; `_config.yml` names this extension."""
    skipped = (_skip, None)
    app.add_node(
        draw_digit,
        html=(_visit, None),
        latex=skipped,
        text=skipped,
        man=skipped,
    )
    app.add_directive("draw-digit", DrawDigit)
    app.connect("html-page-context", _add_files)
    app.connect("build-finished", _write_data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
