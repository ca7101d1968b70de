"""The plan of the house: which room may import which, and how large each may grow."""

import ast
from itertools import chain
from pathlib import Path
import re
import subprocess
import sys
import tomllib

from house import CORE, PACKAGE, imports, layers, modules, needed, room_of, rooms
import pytest
from setuptools import find_packages

ROOT = Path(__file__).parent.parent
MODULES = modules()
FOLDERS = {name.partition(".")[0] for name in MODULES if "." in name}
ONE_TEST = FOLDERS & {*MODULES}  # folders that are used, and tested, as one module
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
each_module = pytest.mark.parametrize("name", MODULES)

PLUMBING = {"_internal", "errors"}  # what everybody may import
TO_RECOGNIZE = {"imaging", "preprocessing", "data", "model"}
TO_READ = TO_RECOGNIZE | {"test_time", "recognizer", "document"}
EVERYTHING = {"synthesis", "training", "augmentation", "evaluation", "reading"}

# Of each room, and of each module in none: what it may import besides itself.
ARROWS = {
    "errors": set(),
    "_internal": set(),
    "imaging": set(),
    "data": set(),
    "evaluation": set(),
    "plots": set(),
    "augmentation": set(),
    "model": {"data"},
    "training": {"data", "model", "augmentation"},
    "preprocessing": {"imaging"},
    "test_time": {"model"},
    "recognizer": TO_RECOGNIZE | {"test_time"},
    "document": TO_READ - {"document"},
    "reading": TO_READ,
    "batch": TO_READ | {"reading"},
    "synthesis": {"imaging", "data", "preprocessing"},
    "tuning": TO_READ | EVERYTHING,
    "__main__": TO_READ | EVERYTHING | {"tuning", "batch"},
}


def lines_of(path):
    return len(path.read_text().splitlines())


def run(code):
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


@each_module
def test_a_module_imports_only_what_its_room_may(name):
    room = name.partition(".")[0]
    used = {other.partition(".")[0] for other in imports(MODULES[name], MODULES)}
    assert used - {room} <= ARROWS[room] | PLUMBING
    if room == "errors":
        assert not used


def test_no_modules_import_one_another_in_a_circle():
    used = {name: imports(path, MODULES) for name, path in MODULES.items()}
    assert sum(map(len, layers(used))) == len(MODULES)
    with pytest.raises(ValueError, match="circle"):
        layers({"a": {"b"}, "b": {"a"}})


def test_imports_are_found_wherever_they_stand(tmp_path):
    file = tmp_path / "some.py"
    file.write_text(
        "import numpy, digitlib.data as d\n"
        "from digitlib import model\n"
        "def f():\n"
        "    from digitlib.imaging.fast import otsu\n"
        "    import_module('digitlib.training')\n"
    )
    assert imports(file, MODULES) == {"data", "model", "imaging.fast", "training"}


@each_module
def test_nobody_imports_a_relative_name(name):
    assert not any(getattr(node, "level", 0) for node in ast.walk(TREES[name]))


def test_the_map_has_every_module_in_one_room_and_arrows_down():
    inside, used = rooms()
    assert sorted(chain(*inside.values())) == sorted(MODULES)
    assert set(inside["core"]) == set(CORE)
    rows = layers(used)
    floor = {room: number for number, row in enumerate(rows) for room in row}
    assert all(floor[above] < floor[below] for above, below in needed(used))
    assert {room_of(name) for name in ("model", "batch.run")} == {"core", "batch"}

    # Arrows that follow from others are left out.
    used = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert needed(used) == [("a", "b"), ("b", "c")]


def test_importing_the_package_imports_nothing_else():
    code = "import sys; a = {*sys.modules}; import digitlib; print(*{*sys.modules} - a)"
    assert run(code) == ["digitlib"]


def test_who_only_recognizes_loads_no_tensorflow():
    loaded = run("import digitlib.recognizer, sys; print(*sys.modules)")
    heavy = {"tensorflow", "keras", "matplotlib", "sklearn", "joblib", "digitlib.plots"}
    assert not heavy & set(loaded)


def test_the_package_is_small():
    assert sum(map(lines_of, PACKAGE.rglob("*.py"))) <= 9620


@each_module
def test_a_module_and_its_functions_are_short(name):
    assert lines_of(MODULES[name]) <= 430
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            body = node.body[documented:]
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert lines <= 50, node.name


def test_decisions_are_fields_and_few_are_constants():
    constants = [
        f"{name}: {target.id}"
        for name, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for place in getattr(node, "targets", None) or [node.target]
        for target in ast.walk(place)
        if isinstance(target, ast.Name) and target.id.isupper()
    ]
    assert len(constants) <= 60, constants


def test_every_package_is_installed():
    with (ROOT / "pyproject.toml").open("rb") as file:
        options = tomllib.load(file)["tool"]["setuptools"]["packages"]["find"]
    assert options.pop("namespaces") is False  # or assets/ were one
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(find_packages(str(ROOT), **options)) == names
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_tests_have_the_shape_of_the_package():
    paths = [*(ROOT / "tests").glob("*/test_*.py")]
    assert {path.parent.name for path in paths} == FOLDERS - ONE_TEST
    for path in paths:
        # Either of a whole module, or of one thing in it: test_loading_limits.py.
        name = f"{path.parent.name}.{path.stem.removeprefix('test_')}_"
        assert any(name.startswith(f"{module}_") for module in MODULES), path.name
    assert all((ROOT / "tests" / f"test_{name}.py").is_file() for name in ONE_TEST)


@each_module
def test_a_module_is_tested_in_its_room(name):
    room, _, last = name.rpartition(".")
    if room in ONE_TEST:
        return  # tested as one module, in tests/test_ROOM.py
    folder = ROOT / "tests" / room
    named = rf"digitlib\.{re.escape(name)}\b|from digitlib\.{room} import .*\b{last}\b"
    assert (folder / f"test_{last}.py").is_file() or any(
        re.search(named, path.read_text()) for path in folder.glob("test_*.py")
    )


def test_ten_changes_begin_in_files_that_are_there():
    text = (ROOT / "book" / "reference" / "index.md").read_text()
    rows = re.findall(r"\|[^|`]*\| `([^`]*)` \| `(tests/[^`]*)` \|", text)
    assert len(rows) == 10
    assert all((ROOT / path).is_file() for row in rows for path in row)
