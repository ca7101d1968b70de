"""The threshold that sets images aside: a table, and a slider with its digits.

The cell with the tag `threshold` prints a table: for a few thresholds, how many images
are set aside, how many errors are left, and what both cost. On the page this becomes a
real table, and below it `threshold.js` runs a slider over more thresholds.
"""

from digits import TouchTransform, percent, script, test_set
from docutils import nodes
import numpy as np

from digitlib.evaluation import temper
from digitlib.model import forward, load_provenance, load_weights

SHOWN = 8  # digits in a row
ERROR_COST = 20  # of the table, and where the slider starts

# In steps of ten, of one, and of a tenth of a percent.
THRESHOLDS = [
    *(tens / 10 for tens in range(9)),
    *(ones / 100 for ones in range(90, 99)),
    *(tenths / 1000 for tenths in range(990, 1000)),
]

TABLE = """\
<table class="threshold-table">
<caption>Of {images:,} test images, how many each threshold sets aside, how many errors
are left among the others, and the cost if an error costs {price}.</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
"""

TOOL = """\
<div class="threshold screen-only">
<div class="threshold-tool" hidden>
<div class="threshold-bars" aria-hidden="true"></div>
<p class="threshold-legend" aria-hidden="true"><span class="threshold-aside"></span> cost
of keying <span class="threshold-errors"></span> cost of errors <span>▼</span> the
cheapest</p>
<p><label for="threshold-range">Accept readings that are at least <output
class="threshold-at" for="threshold-range" aria-live="off"></output> sure</label>
<input type="range" id="threshold-range" min="0" max="{last}" value="0"></p>
<dl>
<div><dt>set aside</dt><dd class="threshold-set-aside"></dd></div>
<div><dt>errors left</dt><dd class="threshold-left"></dd></div>
<div><dt>cost</dt><dd class="threshold-cost"></dd></div>
</dl>
<p><label>An error costs as much as keying <input type="number" inputmode="numeric"
id="threshold-price" min="1" max="1000" value="{price}" required> images.</label>
<span class="threshold-cheapest" role="status"></span></p>
<p id="threshold-of-accepted">Accepted and misread, the least sure first:</p>
<ul class="digits" aria-labelledby="threshold-of-accepted"></ul>
<p id="threshold-of-aside">Set aside, the surest first:</p>
<ul class="digits" aria-labelledby="threshold-of-aside"></ul>
</div>
<p class="threshold-trouble" role="status" hidden>The slider that belongs here could not
be loaded. The table above is complete without it.</p>
</div>
"""


def answers():
    """What the robust weights say of the test images, and the labels."""
    images, labels = test_set()
    probabilities = forward(images / np.float32(255), load_weights("robust"))
    return temper(probabilities, load_provenance("robust")["temperature"]), labels


def steps(probabilities, labels):
    """For each threshold: images set aside, errors left, and which digits to show."""
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    surest_first = np.argsort(-confidence, kind="stable")
    wrong_first = surest_first[(predicted != labels)[surest_first]]
    found = []
    for threshold in THRESHOLDS:
        accepted_wrong = wrong_first[confidence[wrong_first] >= threshold]
        aside = surest_first[confidence[surest_first] < threshold]
        found.append(
            {
                "threshold": threshold,
                "aside": len(aside),
                "errors": len(accepted_wrong),
                "accepted_digits": accepted_wrong[::-1][:SHOWN].tolist(),
                "aside_digits": aside[:SHOWN].tolist(),
            }
        )
    return found


def threshold_script(probabilities, labels):
    """The steps, with each digit that one of them shows."""
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    found = steps(probabilities, labels)
    rows = ("accepted_digits", "aside_digits")
    chosen = sorted({image for step in found for row in rows for image in step[row]})
    place = {image: position for position, image in enumerate(chosen)}
    for step in found:
        step["label"] = f"{100 * step.pop('threshold'):.3g}%"
        for row in rows:
            step[row] = [place[image] for image in step[row]]
    captions = []
    for image in chosen:
        true, read = labels[image], predicted[image]
        reading = f"{read}" if read == true else f"{read}, is {true}"
        captions.append(f"{percent(confidence[image])}\n{reading}")
    misread = predicted[chosen] != labels[chosen]
    rest = {"steps": found, "images": len(labels)}
    return script("thresholdData", chosen, captions, misread, **rest)


def agree(stored, found):
    """Whether the printed rows hold the numbers of the steps."""
    known = {step["threshold"]: (step["aside"], step["errors"]) for step in found}
    for threshold, aside, errors, cost in stored:
        counted = known.get(round(float(threshold.rstrip("%")) / 100, 4))
        if counted != (int(aside), int(errors)):
            return False
        if int(cost) != int(aside) + ERROR_COST * int(errors):
            return False
    return bool(stored)


def table(head, stored, images):
    """The printed rows as HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in head)
    rows = []
    for threshold, *numbers in stored:
        cells = "".join(f"<td>{int(number):,}</td>" for number in numbers)
        rows.append(f'<tr><th scope="row">{threshold}</th>{cells}</tr>')
    rows = "\n".join(rows)
    return TABLE.format(head=head, rows=rows, images=images, price=ERROR_COST)


class Threshold(TouchTransform):
    name = "threshold"

    def replace(self, printed, cell):
        probabilities, labels = answers()
        _, *lines = printed.astext().strip().splitlines()
        stored = [line.split() for line in lines]
        if not agree(stored, steps(probabilities, labels)):
            raise self.disagree()
        head = ("threshold", "set aside", "errors", "cost")
        page = table(head, stored, len(labels))
        page += TOOL.format(last=len(THRESHOLDS) - 1, price=ERROR_COST)
        printed.replace_self(nodes.raw("", page, format="html"))
        return threshold_script(probabilities, labels)


def setup(app):
    """Register the figure."""
    app.setup_extension("digits")
    app.add_post_transform(Threshold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
