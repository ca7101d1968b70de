"""What the two figures that open at a touch have in common.

`matrix` and `threshold` each find a cell of a notebook by its tag, make a
table for the page of what the cell has printed, compute the same numbers
again from the shipped weights, and write them, with pictures of the digits
behind them, into a script.
"""

import base64
from functools import cache
import io
import json
from pathlib import Path

from digitlib.data import load_mnist
from digitlib.plots import STYLE
from docutils import nodes
import numpy as np
from PIL import Image
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform

COLUMNS = 20  # of the picture that holds all digits; touch.css knows it too
SHADES = 16  # of a digit: half a byte for each pixel


@cache
def test_set():
    """The test images, uint8, and their labels."""
    return load_mnist()[1]


def picture(images):
    """All images in rows of `COLUMNS`, as one PNG in a data URI."""
    rows = -(-len(images) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, 28, 28))
    sheet[: len(images)] = images
    sheet = sheet.reshape(rows, COLUMNS, 28, 28).swapaxes(1, 2)
    sheet = sheet.reshape(rows * 28, COLUMNS * 28)
    shade = np.rint(sheet / 255 * (SHADES - 1)).astype(np.uint8)
    png = Image.fromarray(shade)
    colors = np.linspace(_rgb(STYLE.night), _rgb(STYLE.paper), SHADES)
    png.putpalette(np.rint(colors).astype(np.uint8).tobytes())
    file = io.BytesIO()
    png.save(file, "PNG", bits=4, optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def percent(confidence):
    """A confidence as it is shown, cut: what is below 95% must not look it.

    Nor is anything 100%, since no answer is certain.
    """
    return f"{min(int(1000 * confidence), 999) / 10:.1f}%"


def script(name, chosen, captions, misread, **rest):
    """The script that sets the variable ``name``.

    Parameters
    ----------
    name : str
    chosen : sequence of int
        Which test images are shown; ``rest`` names them by their position.
    captions : sequence of str
        What stands under each.
    misread : sequence of bool
    **rest
        What else the variable holds.
    """
    images, _ = test_set()
    wrong = map(int, misread)
    digits = list(zip(map(int, chosen), captions, wrong, strict=True))
    data = {"digits": digits, "columns": COLUMNS, **rest}
    data["picture"] = picture(images[chosen])
    return f"var {name} = {json.dumps(data, separators=(',', ':'))};\n"


class TouchTransform(SphinxPostTransform):
    """Replace what tagged cells have printed by what subclasses make of it."""

    # After MyST-NB has chosen among the kinds of each output.
    default_priority = 200
    formats = ("html",)
    name = ""
    """Of the tag, of the script, and of its data."""

    def run(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            if f"tag_{self.name}" not in cell["classes"]:
                continue
            [printed] = [
                block
                for block in cell.findall(nodes.literal_block)
                if "stream" in block["classes"]
            ]
            data = self.replace(printed, cell)
            static = Path(self.app.outdir) / "_static"
            static.mkdir(parents=True, exist_ok=True)
            path = static / f"{self.name}-data.js"
            path.write_text(data, encoding="utf-8")
            self.document[self.name] = True

    def replace(self, printed, cell):
        """Put a table into the page, and return the script with its data."""
        raise NotImplementedError

    def disagree(self):
        """The error if the weights do not confirm what is stored."""
        notebook = Path(self.env.docname).name
        return ExtensionError(
            f"{self.env.docname}: what the cell tagged '{self.name}' has "
            "printed is not what the weights say. Run the notebook again: "
            f"python book/execute.py {notebook}"
        )


def add_files(app, page_name, template, context, doctree):
    """Load the files on pages with such a figure, and on no other."""
    for name in ("matrix", "threshold"):
        if doctree is not None and doctree.get(name):
            app.add_css_file("touch.css")
            for file in ("digits.js", f"{name}-data.js", f"{name}.js"):
                app.add_js_file(file, loading_method="defer")


def _rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])


def setup(app):
    """Add the files; `matrix` and `threshold` add their figures."""
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
