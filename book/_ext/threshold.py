"""The threshold that sets images aside: a table, and a slider with digits.

The cell with the tag `threshold` prints, for a few thresholds, how many
images are set aside, how many errors are left, and what both cost. On the
page this becomes a real table, and below it `threshold.js` runs a slider over
more thresholds.
"""

from digitlib.evaluation import scale_temperature
from digitlib.model import forward, load_provenance, load_weights
from docutils import nodes
import numpy as np

from digits import TouchTransform, percent, script, test_set

SHOWN = 8  # digits in a row
ERROR_COST = 20  # in the table, and where the page starts

# In steps of ten percent, of one, and of a tenth.
THRESHOLDS = [
    *(n / 10 for n in range(9)),
    *(n / 100 for n in range(90, 99)),
    *(n / 1000 for n in range(990, 1000)),
]

TABLE = """\
<table class="threshold-table">
<caption>Of {images:,} test images, how many each threshold sets aside, how
many errors are left in the rest, and what both cost if an error costs
{price}.</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
"""

TOOL = """\
<div class="threshold screen-only">
<div class="threshold-tool" hidden>
<p>Each bar is a threshold, and as high as its cost. The slider chooses one of
them.</p>
<div class="threshold-bars" aria-hidden="true"></div>
<p class="threshold-legend" aria-hidden="true">
<span class="threshold-aside"></span> cost of keying
<span class="threshold-errors"></span> cost of errors
<span>▼</span> the cheapest</p>
<p><label for="threshold-range">Accept readings that are at least
<span class="threshold-at"></span> sure</label>
<input type="range" id="threshold-range" min="0" max="{last}" value="0"></p>
<dl>
<div><dt>set aside</dt><dd class="threshold-set-aside"></dd></div>
<div><dt>errors in the rest</dt><dd class="threshold-left"></dd></div>
<div><dt>cost</dt><dd class="threshold-cost"></dd></div>
</dl>
<p><label>An error costs as much as keying
<input type="number" id="threshold-price" inputmode="numeric" min="1"
max="1000" value="{price}" required> images.</label>
<span class="threshold-cheapest"></span></p>
<p id="threshold-of-accepted">Accepted and misread:
<span class="threshold-accepted-count"></span>, the least sure first</p>
<ul class="digits" aria-labelledby="threshold-of-accepted"></ul>
<p id="threshold-of-aside">Set aside:
<span class="threshold-aside-count"></span>, the surest first</p>
<ul class="digits" aria-labelledby="threshold-of-aside"></ul>
<p class="threshold-legend">Below each digit: how sure the network was, what it
read, and what the digit is, if that is something else.</p>
</div>
<p class="threshold-trouble" role="status" hidden>The slider that belongs here
could not be loaded. The table is complete without it.</p>
</div>
"""


def answers():
    """What the robust weights say of the test images, and the labels."""
    images, labels = test_set()
    probabilities = forward(images / np.float32(255), load_weights("robust"))
    temperature = load_provenance("robust")["temperature"]
    return scale_temperature(probabilities, temperature), labels


def steps(probabilities, labels):
    """For each threshold: the counts, and which test images to show."""
    confidence = probabilities.max(axis=1)
    surest_first = np.argsort(-confidence, kind="stable")
    wrong = probabilities.argmax(axis=1) != labels
    found = []
    for threshold in THRESHOLDS:
        accepted = confidence >= threshold
        left = surest_first[(accepted & wrong)[surest_first]]
        aside = surest_first[~accepted[surest_first]]
        found.append(
            {
                "threshold": threshold,
                "aside": len(aside),
                "errors": len(left),
                "left_digits": left[::-1][:SHOWN].tolist(),
                "aside_digits": aside[:SHOWN].tolist(),
            }
        )
    return found


def threshold_script(probabilities, labels):
    """The steps, and every digit that one of them shows."""
    confidence = probabilities.max(axis=1)
    predicted = probabilities.argmax(axis=1)
    found = steps(probabilities, labels)
    rows = ("left_digits", "aside_digits")
    chosen = sorted({i for step in found for row in rows for i in step[row]})
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
    expected = {}
    for step in found:
        aside, errors = step["aside"], step["errors"]
        cost = aside + ERROR_COST * errors
        label = f"{step['threshold']:.1%}"
        expected[label] = [str(aside), str(errors), str(cost)]
    return bool(stored) and all(
        expected.get(label) == numbers for label, *numbers in stored
    )


def table(head, stored, images):
    """The printed rows as HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in head)
    rows = []
    for label, *numbers in stored:
        cells = "".join(f"<td>{int(number):,}</td>" for number in numbers)
        rows.append(f'<tr><th scope="row">{label}</th>{cells}</tr>')
    rows = "\n".join(rows)
    return TABLE.format(head=head, rows=rows, images=images, price=ERROR_COST)


class Threshold(TouchTransform):
    """Put the table and the slider into the place of the printed rows."""

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
        raw = nodes.raw("", page, format="html")
        printed.parent.replace(printed, raw)
        return threshold_script(probabilities, labels)


def setup(app):
    """Add the figure."""
    app.setup_extension("digits")
    app.add_post_transform(Threshold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
