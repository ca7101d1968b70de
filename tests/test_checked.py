"""The page "How this book is checked": its tables tell what is really so."""

import hashlib
from pathlib import Path
import re
import shutil
import sys

import checked
from checked import TABLES
import nbformat
import pytest

from digitlib.data import MNIST_SHA256
from digitlib.model import load_provenance

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "book" / "checks.md").read_text()


def cells(table):
    """A Markdown table's rows, without its head."""
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_the_page_shows_every_table_once_and_the_same_every_time():
    shown = re.findall(r"^```\{checked\} (\w+)$", PAGE, re.M)
    assert sorted(shown) == sorted(TABLES)
    for table in TABLES.values():
        assert table() == table()


def test_versions_are_those_in_use_and_pinned():
    found = dict(cells(checked.versions()))
    assert found["Python"] == ".".join(map(str, sys.version_info[:3]))
    lines = (ROOT / "requirements.txt").read_text()
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+) *(?:#.*)?$", lines, re.M))
    assert len(pins) > 20
    assert {name: found[name] for name in pins} == pins


def test_checksums_and_records_are_those_of_the_files():
    text = checked.files()
    for path in (ROOT / "digitlib" / "assets").glob("*.npz"):
        code = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"| `digitlib/assets/{path.name}` | `{code}` |" in text
    for name in ("plain", "robust", "hands"):
        made = load_provenance(name)
        part = text.partition(f"What `{name}.npz` records")[2]
        assert f"| `seed` | `{made['seed']}` |" in part
        assert f"| `versions.keras` | `{made['versions']['keras']}` |" in part
        assert re.search(r"\| `digest` \| `[0-9a-f]{64}` \|", part)
    part = text.partition("What `segment_judge.npz` records")[2]
    assert "| `learned from` | `" in part


def test_altered_data_stops_the_build(monkeypatch):
    altered = dict.fromkeys(MNIST_SHA256, "0" * 64)
    monkeypatch.setattr("digitlib.data.MNIST_SHA256", altered)
    with pytest.raises(ValueError, match="SHA-256 differs"):
        checked.files()


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book, to which `add` adds a notebook with one cell."""
    (tmp_path / "book").mkdir()
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "nbval_sanitize.cfg", tmp_path / "tests")
    monkeypatch.setattr(checked, "ROOT", tmp_path)

    def add(name, source, outputs, **metadata):
        cell = nbformat.v4.new_code_cell(source, outputs=outputs, metadata=metadata)
        notebook = nbformat.v4.new_notebook(cells=[cell])
        nbformat.write(notebook, tmp_path / "book" / f"{name}.ipynb")

    return add


def printed(text):
    return nbformat.v4.new_output("stream", text=text)


def shown(**texts):
    picture = {"image/png": "abcd"}
    return nbformat.v4.new_output("display_data", picture | texts)


def test_what_is_compared_is_counted(book):
    size = {"text/plain": "<Figure size 640x480 with 1 Axes>"}
    outputs = [printed("~97.6 and ~ 3, not 4"), shown(), shown(**size)]
    book("one", "x = 1\nassert x\nfor i in x:\n    assert i", outputs)
    book("two", "print(1)", [printed("~1")], tags=["nbval-ignore-output"])
    [one, two, together] = cells(checked.notebooks())
    assert one == ["[One](/book/one.ipynb)", "1", "2", "2", "2", "2"]
    assert two == ["[Two](/book/two.ipynb)", "1", "0", "0", "0", "0"]
    assert together == ["together", "2", "2", "2", "2", "2"]


def test_exempt_cells_are_named_with_their_reason(book):
    book("one", "print(1)\n2", [], tags=["nbval-skip"], why_not_compared="The clock.")
    row = ["[One](/book/one.ipynb)", "`print(1)`", "The clock."]
    assert cells(checked.exempt()) == [row]
    book("one", "print(1)", [])
    assert checked.exempt() == "At present none is: every cell is run and compared."


def test_what_is_replaced_is_what_nbval_replaces():
    [(name, found, becomes)] = cells(checked.tildes())
    assert name == "approximate number"
    assert re.sub(found.strip("`"), becomes.strip("`"), "about ~97.6 %") == "about ~N %"


def test_stored_results_name_the_command_that_makes_them():
    found = {row[0].strip("`"): row for row in cells(checked.results())}
    stored = (ROOT / "book" / "results").glob("*.csv")
    assert sorted(found) == sorted(f"book/results/{path.name}" for path in stored)
    for name, (_, runs, made_with, command) in found.items():
        assert int(runs) == len((ROOT / name).read_text().splitlines()) - 1
        assert re.search(r"\b(keras|digitlib)=\d", made_with)
        script = re.search(r"benchmarks/\w+\.py", command)[0]
        assert Path(name).name in (ROOT / script).read_text()
        assert "`make sweeps`" in command


def test_commands_are_those_of_the_makefile():
    found = {row[0]: row[2] for row in cells(checked.commands())}
    assert set(found) == {"`make book`", "`make test`", "`make test-slow`"}
    assert "`pytest --nbval book/" in found["`make test`"]
    makefile = (ROOT / "Makefile").read_text()
    for lines in found.values():
        for line in re.findall(r"`(.*?)`", lines):
            assert f"\t$(BIN)/{line}\n" in makefile
