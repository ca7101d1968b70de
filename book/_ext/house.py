"""The directive `house`: the rooms of the package, drawn from its imports.

It reads what every module imports, also within functions, and draws the rooms in
layers: an arrow goes from a room down to what it imports. What follows from two other
arrows is not drawn; the list below the drawing has all. So that the map cannot differ
from the code, nothing of it is written by hand but where a module that lies directly in
the package belongs.
"""

import ast
from collections import defaultdict
from html import escape
from itertools import chain
from pathlib import Path
import textwrap

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "digitlib"

# The modules in no folder: the core that part I explains, and two with a room each.
CORE = (
    "data", "model", "training", "augmentation", "evaluation", "preprocessing",
    "test_time", "recognizer", "errors",
)  # fmt: skip
OWN = {
    "core": "One network: its data, training and judgement, and how it is used.",
    "reading": "Reads the numbers in an image: puts document and the core together.",
    "__main__": "The command line, which may use every room.",
}
PAGES = {"reading": "document", "__main__": "command", "_internal": "internal"}
EVERYWHERE = ("_internal", "errors")  # what every module may import; not drawn

# Sizes in the drawing's units, of which it is as wide as a phone.
WIDE, GAP, LINE, LETTER, ARROW = 370, 10, 16, 6.6, 26


def modules(package=PACKAGE):
    """Return the path of every module by its name below the package.

    A folder counts as one where its ``__init__`` holds more than a docstring.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if path.name != "__init__.py":
            found[".".join(parts)] = path
        elif len(ast.parse(path.read_text()).body) > 1:
            found[".".join(parts[:-1])] = path
    return found


def imports(path, known):
    """Return which of the known modules a file imports, also within functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{n.name}" for n in node.names)]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            names = [node.args[0].value]
        else:
            continue
        found.update(name.removeprefix("digitlib.") for name in names)
    return found & set(known)


def _imports_by_name(call):
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    return name == "import_module" and isinstance(call.args[0], ast.Constant)


def room_of(module):
    """Return the room that a module lies in."""
    room, _, inner = module.partition(".")
    return room if inner or room not in CORE else "core"


def rooms(package=PACKAGE):
    """Return each room's modules, and the other rooms that it imports."""
    known = modules(package)
    inside, used = defaultdict(list), defaultdict(set)
    for module, path in known.items():
        room = room_of(module)
        inside[room].append(module)
        used[room] |= {
            room_of(name)
            for name in imports(path, known)
            if name.partition(".")[0] not in EVERYWHERE
        } - {room}
    inside["core"].sort(key=CORE.index)
    return inside, {room: used[room] for room in inside}


def layers(used):
    """Return the rooms from top to bottom, each just below the last that imports it."""
    placed, left = [], dict(used)
    while left:
        free = [room for room in left if not any(room in left[user] for user in left)]
        if not free:
            raise ValueError(f"rooms import one another in a circle: {sorted(left)}")
        placed.append(sorted(free))
        left = {room: others for room, others in left.items() if room not in free}
    return placed


def needed(used):
    """Return the arrows that do not follow from two others."""

    def below(room):
        return used[room].union(*map(below, used[room]))

    return [
        (room, other)
        for room, others in used.items()
        for other in sorted(others)
        if not any(other in below(between) for between in others)
    ]


def sentence(room, package=PACKAGE):
    """Return what a room is for: the first line of its docstring."""
    if room in OWN:
        return OWN[room]
    text = (package / room / "__init__.py").read_text()
    return ast.get_docstring(ast.parse(text)).splitlines()[0]


def drawing(inside, used):
    """Return the map as SVG, in the colours of the page."""
    upstairs = {room: used[room] for room in used if room != "_internal"}
    boxes, y, parts = {}, 1, []
    for row in [*layers(upstairs), ["_internal"]]:
        width = (WIDE - GAP * (len(row) - 1) - 2) / len(row)
        letters = int(width / LETTER) - 2
        texts = {
            room: textwrap.wrap(
                OWN[room] if inside[room] == [room] else names(inside, room, "{}"),
                letters,
            )
            for room in row
        }
        high = (max(map(len, texts.values())) + 1.6) * LINE
        for place, room in enumerate(row):
            x = 1 + place * (width + GAP)
            boxes[room] = (x, y, width, high)
            parts.append(_box(room, texts[room], boxes[room]))
        y += high + ARROW
    parts += [_arrow(boxes[above], boxes[below]) for above, below in needed(upstairs)]
    said = "; ".join(
        f"{room} imports {', '.join(sorted(others)) or 'no other room'}"
        for room, others in upstairs.items()
    )
    return (
        f'<svg class="house" viewBox="0 0 {WIDE} {y - ARROW + 1:.0f}" role="img" '
        f'aria-label="The rooms of the package. {escape(said)}. All may import '
        f'_internal.">{"".join(parts)}</svg>'
    )


def names(inside, room, form):
    """Return the names of a room's modules, each in some form."""
    modules = [name for name in inside[room] if name != room] or [room]
    return ", ".join(form.format(name.rpartition(".")[2]) for name in modules)


def _box(room, lines, box):
    x, y, width, high = box
    words = "".join(
        f'<text x="{x + 8:.1f}" y="{y + LINE * (2.1 + i):.1f}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{high:.1f}" '
        f'rx="5"/><text class="room" x="{x + 8:.1f}" y="{y + LINE * 1.05:.1f}">{room}'
        f"</text>{words}"
    )


def _arrow(above, below):
    """An arrow from the bottom of one box to the top of another, seen over others."""
    left = max(above[0], below[0])
    right = min(above[0] + above[2], below[0] + below[2])
    start = end = (left + right) / 2
    if left >= right:  # not one above the other
        start, end = (box[0] + box[2] / 2 for box in (above, below))
    top, tip = above[1] + above[3], below[1]
    return (
        f'<path d="M{start:.1f} {top:.1f}L{end:.1f} {tip - 7:.1f}"/>'
        f'<path class="tip" d="M{end:.1f} {tip:.1f}l-5 -9h10z"/>'
    )


def words(inside, used):
    """Return the same as a Markdown list, with a link to each room's page."""
    lines = []
    for room in sorted(chain(*layers(used)), key="_internal".__eq__):
        others = ", ".join(sorted(used[room])) or "no other room"
        page = PAGES.get(room, room)
        lines.append(
            f"- [`{room}`]({page}.md): {sentence(room)} Modules: "
            f"{names(inside, room, '`{}`')}. Imports {others}."
        )
    return "\n".join(lines)


class House(SphinxDirective):
    """Insert the drawing, and what it says in words."""

    def run(self):
        """Return both."""
        for path in modules().values():
            self.env.note_dependency(str(path))
        inside, used = rooms()
        box = nodes.container(classes=["house"])
        box += nodes.raw("", drawing(inside, used), format="html")
        box += self.parse_text_to_nodes(words(inside, used))
        return [box]


def setup(app):
    """Register the directive."""
    app.add_directive("house", House)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
