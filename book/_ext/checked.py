"""The directive `checked`: facts of how this book is checked, while building.

Its argument names the table: `versions`, `files`, `notebooks`, `exempt`,
`tildes`, `results` or `commands`. Every table is read from the files that the
checks themselves use, so that the page cannot claim what is not done.
"""

from configparser import ConfigParser
import hashlib
from importlib.metadata import version
import json
from pathlib import Path
import platform
import re

from docutils import nodes
from docutils.parsers.rst.directives import choice
import nbformat
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
EXEMPT = {"nbval-ignore-output", "nbval-skip"}
PICTURES = {"image/png", "image/jpeg"}  # what nbval never compares


def table(head, rows):
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in lines)


def versions():
    """Python, and every package that requirements.txt names."""
    pins = (ROOT / "requirements.txt").read_text()
    # A pin with an `=` and a `+` is the message to other Pythons.
    names = re.findall(r"^([\w-]+)==[\w.]+\s*(?:#.*)?$", pins, re.M)
    names += ["sphinx", "myst-nb"]  # which jupyter-book brings along
    rows = [[name, version(name)] for name in dict.fromkeys(names)]
    return table(["package", "version"], [["Python", platform.python_version()], *rows])


def files():
    """The data sets and the weights: their checksums, and what they record."""
    from digitlib._internal.files import load_arrays, read_npz
    from digitlib.data import MNIST_SHA256, UNIPEN_SHA256, load_mnist, load_unipen

    load_mnist(), load_unipen()  # which verify the checksum of each array
    assets = sorted((ROOT / "digitlib" / "assets").glob("*.npz"))
    rows = [[f"`{path.relative_to(ROOT)}`", f"`{sha256(path)}`"] for path in assets]
    parts = [table(["file", "SHA-256 of the file"], rows)]
    for name, sums in {"mnist": MNIST_SHA256, "unipen": UNIPEN_SHA256}.items():
        rows = [[f"`{array}`", f"`{code}`"] for array, code in sums.items()]
        parts.append(f"Of each array of that data set, `load_{name}` verifies:")
        parts.append(table([f"array of `{name}.npz`", "SHA-256 of its bytes"], rows))
    for path in assets:
        if path.stem in ("mnist", "unipen"):
            continue
        made = {
            **json.loads(str(load_arrays(path)["provenance"])),  # verifies the digest
            "digest": str(read_npz(path)["digest"]),
        }
        rows = [[f"`{name}`", f"`{value}`"] for name, value in flat(made)]
        parts.append(f"What `{path.name}` records of its own making:")
        parts.append(table(["record", "value"], rows))
    return "\n\n".join(parts)


def sha256(path):
    """Return what the command `sha256sum` says of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def flat(record, above=""):
    """Yield (name, value) of a nested record, names joined by dots."""
    for name, value in sorted(record.items()):
        if isinstance(value, dict):
            yield from flat(value, f"{above}{name}.")
        else:
            yield above + name, value


def notebooks():
    """How much of each notebook is compared with a fresh run."""
    tilde = sanitizers()["approximate number"]["regex"]
    rows = []
    for path, cells in code_cells():
        kept = [cell for cell in cells if not EXEMPT & tags(cell)]
        outputs = [output for cell in kept for output in cell.outputs]
        source = "\n".join(cell.source for cell in cells)
        rows.append(
            [
                link(path),
                len(cells),
                len(re.findall(r"^\s*assert\b", source, re.M)),
                sum(bool(text_of(output)) for output in outputs),
                sum(is_picture(output) for output in outputs),
                sum(len(re.findall(tilde, text_of(o))) for o in outputs),
            ]
        )
    _names, *columns = zip(*rows, strict=True)
    rows.append(["together", *map(sum, columns)])
    head = ["notebook", "code cells", "assertions", "outputs compared",
            "pictures, not compared", "approximate numbers"]  # fmt: skip
    return table(head, rows)


def exempt():
    """The cells whose output is not compared at all, and why."""
    rows = [
        [
            link(path),
            f"`{cell.source.splitlines()[0]}`",
            cell.metadata["why_not_compared"],
        ]
        for path, cells in code_cells()
        for cell in cells
        if EXEMPT & tags(cell)
    ]
    if not rows:
        return "At present none is: every cell is run and compared."
    return table(["notebook", "cell that begins with", "why"], rows)


def tildes():
    """What is replaced on both sides before they are compared."""
    rows = [
        [name, f"`{rule['regex']}`", f"`{rule['replace']}`"]
        for name, rule in sanitizers().items()
    ]
    return table(["what", "regular expression", "becomes"], rows)


def results():
    """The stored results, and which command makes each of them again."""
    scripts = sorted((ROOT / "benchmarks").glob("*.py"))
    targets = recipes()
    rows = []
    for path in sorted((ROOT / "book" / "results").glob("*.csv")):
        [script] = [s for s in scripts if path.name in s.read_text()]
        [target] = [t for t, (_, lines) in targets.items() if any(
            f"benchmarks/{script.name}" in line for line in lines
        )]  # fmt: skip
        _header, *lines = path.read_text().splitlines()
        made_with = set(re.findall(r"\b[\w-]+=[\d.]+", "\n".join(lines)))
        rows.append(
            [
                f"`book/results/{path.name}`",
                len(lines),
                ", ".join(sorted(made_with)),
                f"`python benchmarks/{script.name}` (part of `make {target}`)",
            ]
        )
    return table(["file", "runs", "made with", "made again by"], rows)


def commands():
    """The targets of the Makefile that check, and what each of them runs."""
    rows = [
        [f"`make {name}`", purpose, "<br>".join(f"`{line}`" for line in lines)]
        for name, (purpose, lines) in recipes().items()
        if name in ("test", "test-slow", "book")
    ]
    return table(["command", "what it is for", "what it runs"], rows)


def recipes():
    """The Makefile's targets: what each is for, and the commands it runs."""
    makefile = (ROOT / "Makefile").read_text()
    found = re.findall(r"^([a-z-]+):.*?## (.*)\n((?:\t.*\n)*)", makefile, re.M)
    return {
        name: (
            purpose,
            [
                line.strip().replace("$(BIN)/", "")
                for line in lines.splitlines()
                if line.startswith("\t$(BIN)/")
            ],
        )
        for name, purpose, lines in found
    }


def sanitizers():
    """The rules of nbval's sanitizer."""
    rules = ConfigParser(interpolation=None)
    rules.read(ROOT / "tests" / "nbval_sanitize.cfg")
    return {name: rules[name] for name in rules.sections()}


def code_cells():
    """Yield each notebook's path and its cells of code."""
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        yield path, [c for c in notebook.cells if c.cell_type == "code"]


def tags(cell):
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", ()))


def is_picture(output):
    """Tell whether an output holds something that nbval does not compare."""
    return bool(PICTURES & output.get("data", {}).keys())


def text_of(output):
    """Return what nbval compares of an output: all but pictures."""
    if "data" not in output:  # printed, or an error
        return output.get("text", "") or output.get("evalue", "")
    kinds = output.data.keys() - PICTURES
    return "\n".join(str(output.data[kind]) for kind in sorted(kinds))


def link(path):
    """Return a link to a chapter."""
    return f"[{path.stem.capitalize()}](/book/{path.name})"


TABLES = {
    function.__name__: function
    for function in (
        versions, files, notebooks, exempt, tildes, results, commands,
    )
}  # fmt: skip


class Checked(SphinxDirective):
    """Insert one of the tables."""

    required_arguments = 1

    def run(self):
        """Return the table, parsed like the page around it."""
        name = choice(self.arguments[0], list(TABLES))
        box = nodes.container(classes=["checked"])
        box += self.parse_text_to_nodes(TABLES[name]())
        return [box]


def setup(app):
    """Register the directive."""
    app.add_directive("checked", Checked)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
