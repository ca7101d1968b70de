"""The reference: every public name has its place, made from its docstring."""

import ast
from itertools import chain
from pathlib import Path
import re
import subprocess
import sys

from bs4 import BeautifulSoup
from command_help import help_of
from house import modules, room_of
import nbformat
import pytest

from digitlib.__main__ import main

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "book" / "reference"
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
MODULES = {name: path for name, path in modules().items() if name != "__main__"}
# Parts of a folder that shows all they have for others as if it were one module.
AS_ONE = {"plots.images", "plots.measurements", "plots.networks"}
COMMANDS = ("recognize", "read", "train", "learn", "sweep", "evaluate")


def public(name):
    """The public functions and classes that a module defines, with their docstrings."""
    for node in ast.parse(MODULES[name].read_text()).body:
        kinds = (ast.FunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and not node.name.startswith("_"):
            yield f"digitlib.{name}.{node.name}", ast.get_docstring(node)


@pytest.fixture(scope="session")
def reference(site_pages):
    """The pages of the reference, parsed."""
    return [site_pages[path] for path in site_pages if path.parent.name == "reference"]


@pytest.fixture(scope="session")
def entries(reference):
    """Every documented name, and the text that follows it."""
    found = {}
    for page in reference:
        for term in page.select("dl.py > dt[id]"):
            assert term["id"] not in found, f"{term['id']} stands twice"
            found[term["id"]] = term.find_next_sibling("dd").get_text(" ", strip=True)
    return found


def test_every_module_has_one_place_on_the_page_of_its_room():
    texts = {path.stem: path.read_text() for path in REFERENCE.glob("*.md")}
    modules = re.compile(r"^\.\. automodule:: digitlib\.([\w.]+)$", re.M)
    placed = {room: modules.findall(text) for room, text in texts.items()}
    assert sorted(chain(*placed.values())) == sorted({*MODULES} - AS_ONE)
    for room in {*map(room_of, MODULES)} - {"reading"}:
        here = {name for name in MODULES if room_of(name) == room}
        assert {*placed[room.strip("_")]} - {"reading"} == here - AS_ONE


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there_with_its_docstring(module, entries):
    for name, docstring in public(module):
        if module in AS_ONE:
            name = name.replace(module, room_of(module))
        assert docstring, f"{name} has no docstring"
        first, said = docstring.split("\n\n")[0], entries[name]
        assert re.sub(r"\W", "", first) in re.sub(r"\W", "", said), name


def test_no_private_name_and_no_address_in_memory_is_there(entries, reference):
    assert len(entries) > 150
    for name in entries:
        assert "._" not in name.removeprefix("digitlib._internal"), name
    for page in reference:
        text = page.article.get_text()
        assert not re.search(r"\b0x[0-9a-f]|<function|Alias for field", text)


def test_names_in_docstrings_lead_to_their_entries(reference):
    names = [name for page in reference for name in page.select("code.py-obj")]
    assert [name for name in names if not name.find_parent("a")] == []
    targets = [name.find_parent("a")["href"].rpartition("#")[2] for name in names]
    assert sum(target.startswith("digitlib.") for target in targets) > 80


def test_errors_and_classes_in_fields_lead_to_their_entries(reference):
    links = [link for page in reference for link in page.select("dl.field-list a")]
    targets = {link["href"].rpartition("#digitlib.")[2] for link in links}
    assert {"errors.DigitlibError", "evaluation.Evaluation"} <= targets
    assert "recognizer.Prediction" in targets


def test_the_reference_needs_no_tensorflow():
    code = """
import sys
sys.modules.update(dict.fromkeys(("tensorflow", "keras")))  # None: cannot be imported
from sphinx.ext.autodoc.mock import mock
import yaml
config = yaml.safe_load(open("_config.yml"))["sphinx"]["config"]
for name in ("tensorflow", "keras"):
    del sys.modules[name]
with mock(config["autodoc_mock_imports"]):
    for module in sys.argv[1:]:
        __import__(f"digitlib.{module}")
    assert type(sys.modules["tensorflow"]).__name__ == "_MockModule"
"""
    command = [sys.executable, "-c", code, *MODULES]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def shown_code(path):
    """The cells of code that a page shows."""
    for cell in nbformat.read(path, as_version=4).cells:
        tags = set(cell.metadata.get("tags", ()))
        if cell.cell_type == "code" and not {"remove-cell", "remove-input"} & tags:
            yield cell.source


def imported(path):
    """The names that the cells of a notebook import from digitlib, and where from."""
    for node in ast.walk(ast.parse("\n".join(shown_code(path)))):
        module = node.module if isinstance(node, ast.ImportFrom) else ""
        if module.startswith("digitlib.") and not module.endswith("__"):
            yield from ((name.name, f"{module}.{name.name}") for name in node.names)


def name_in(address):
    """The name that a link to the reference leads to, also that of a module."""
    return address.rpartition("#")[2].removeprefix("module-")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_names_in_cells_lead_to_their_entries(path, site, site_pages, entries):
    page = site_pages[site / "book" / f"{path.stem}.html"]
    links = page.select("a.sphinx-codeautolink-a")
    leads = {(a.get_text(), name_in(a["href"])) for a in links}
    wanted = set(imported(path))
    assert len(wanted) >= 2
    assert wanted <= leads
    for link in links:
        assert link["href"].startswith("../book/reference/")
        assert link.find_parent("pre")
        name = name_in(link["href"])
        assert name in entries or name in {f"digitlib.{module}" for module in MODULES}
    blocks = {block.get_text().strip(): block for block in page.select("article pre")}
    names = {name for name, _ in wanted}
    for source in shown_code(path):
        block = blocks[source.strip()]  # no letter of it is lost
        nodes = ast.walk(ast.parse(source))
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        called = {call.id for call in calls if isinstance(call, ast.Name)}
        assert names & called <= {link.get_text() for link in block.select("a")}


def test_links_in_code_are_told_by_more_than_their_colour(page, served):
    page.goto(f"{served}/book/usage.html")
    style = "link => getComputedStyle(link).textDecorationLine"
    for link in page.locator("a.sphinx-codeautolink-a").all():
        assert link.evaluate(style) == "underline"


def test_other_packages_names_stay_plain_and_a_second_build_keeps_links(tmp_path):
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_parser', 'code_links']\n"
        "html_theme = 'basic'\n"
    )
    # Sphinx-codeautolink fails on PIL.ImageDraw, if it looks at it.
    (tmp_path / "index.md").write_text(
        "# A page\n\n"
        "```{eval-rst}\n.. automodule:: digitlib.errors\n   :members:\n```\n\n"
        "```python\nfrom PIL import ImageDraw\nImageDraw.Outline()\n"
        "from digitlib.errors import DigitlibError\nraise DigitlibError\n```\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", tmp_path, tmp_path / "html"]
    for _ in range(2):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        text = (tmp_path / "html" / "index.html").read_text()
        links = BeautifulSoup(text, "html.parser").select("pre a")
        wanted = ["digitlib.errors", "DigitlibError", "DigitlibError"]
        assert [link.get_text() for link in links] == wanted


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_the_book_shows_the_help_that_is_printed(
    command, site, site_pages, monkeypatch, capsys
):
    monkeypatch.setenv("COLUMNS", "72")
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    printed = capsys.readouterr().out
    assert printed.startswith(" ".join(["usage: digitlib", *command]))
    monkeypatch.setenv("COLUMNS", "30")  # the reader's terminal does not matter
    assert help_of(*command) == printed
    page = site_pages[site / "book" / "reference" / "command.html"]
    blocks = page.select("article pre")
    assert printed.strip() in [block.get_text().strip() for block in blocks]


def test_every_command_has_its_heading():
    listed = re.findall(r"^    (\w+)(?=  |$)", help_of(), re.M)
    assert sorted(listed) == sorted(COMMANDS)
    page = (REFERENCE / "command.md").read_text()
    assert re.findall(r"^## digitlib (\w+)$", page, re.M) == list(COMMANDS)
