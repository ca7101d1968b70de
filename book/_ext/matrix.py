"""The confusion matrix that opens: a table, and the digits behind each count.

The cell with the tag `matrix` draws the figure and prints the counts. On the
page the counts become a table below the figure, and `matrix.js` makes buttons
of them.
"""

import re

from digitlib.evaluation import evaluate
from digitlib.model import forward, load_weights
from docutils import nodes
import numpy as np

from digits import TouchTransform, percent, script, test_set

MISREAD, CORRECT = 24, 12  # so many digits of a cell are shown at most

PAGE = """\
<div class="matrix screen-only">
<table>
<caption id="matrix-caption">Rows: the true digit. Columns: what it was read
as.</caption>
<thead><tr><td></td>{columns}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<div class="matrix-open" hidden>
<p>Choose a count to see its digits, by mouse or finger, or with the arrow keys
and Enter. Below each digit: how sure the network was.</p>
<p class="matrix-chosen"></p>
<ul class="digits"></ul>
</div>
<p class="matrix-trouble" role="status" hidden>The pictures of the digits could
not be loaded. The counts are complete without them.</p>
</div>
"""


def answers():
    """What the weights of part I say of the test images, and the labels."""
    images, labels = test_set()
    return forward(images / np.float32(255), load_weights("plain")), labels


def matrix_script(probabilities, labels):
    """Of each cell, the surest mistakes or the least sure successes."""
    confidence = probabilities.max(axis=1)
    predicted = probabilities.argmax(axis=1)
    surest_first = np.argsort(-confidence, kind="stable")
    chosen, cells = [], []
    for true in range(10):
        cells.append([])
        for read in range(10):
            inside = (labels == true) & (predicted == read)
            found = surest_first[inside[surest_first]]
            right = true == read
            shown = found[::-1][:CORRECT] if right else found[:MISREAD]
            first = len(chosen)
            cells[true].append(list(range(first, first + len(shown))))
            chosen.extend(shown)
    captions = [percent(confidence[image]) for image in chosen]
    misread = predicted[chosen] != labels[chosen]
    return script("matrixData", chosen, captions, misread, cells=cells)


def table(confusion):
    """The counts as HTML; `--errors` says how much of the amber a cell has."""
    most = (confusion - np.diag(confusion.diagonal())).max()
    rows = []
    for true, counts in enumerate(confusion):
        row = f'<tr><th scope="row">{true}</th>'
        for read, count in enumerate(counts):
            look = f'style="--errors: {count / most:.2f}"'
            if true == read:
                look = 'class="matrix-right"'
            row += f"<td {look}>{count}</td>"
        rows.append(row + "</tr>")
    columns = "".join(f'<th scope="col">{digit}</th>' for digit in range(10))
    return PAGE.format(columns=columns, rows="\n".join(rows))


class Matrix(TouchTransform):
    """Put the counts into the figure, as a table."""

    name = "matrix"

    def replace(self, printed, cell):
        probabilities, labels = answers()
        confusion = evaluate(probabilities, labels).confusion
        stored = [int(count) for count in re.findall(r"\d+", printed.astext())]
        if stored != confusion.ravel().tolist():
            raise self.disagree()
        printed.parent.remove(printed)
        [figure] = cell.findall(nodes.figure)
        figure["classes"].append("matrix-figure")
        figure.insert(1, nodes.raw("", table(confusion), format="html"))
        return matrix_script(probabilities, labels)


def setup(app):
    """Add the figure."""
    app.setup_extension("digits")
    app.add_post_transform(Matrix)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
