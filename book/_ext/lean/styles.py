"""Keep of the theme's styles only what the pages use, in one file.

The theme brings nearly 600 kB of rules, most of them for things that this book
does not have. A rule stays when every class, id and element that its selector
names occurs in a page or in a script that a page loads, since scripts set
classes, too.
"""

import base64
from hashlib import sha256
from io import BytesIO
import logging
import posixpath
import re

from fontTools import subset
import tinycss2

ICONS = "Font Awesome 6 Free"
JOINED = "joined.css"
GROUPS = ("media", "supports", "layer", "container")


def names_in_pages(pages):
    """The names of all elements, classes and ids in the pages."""
    names = set()
    for page in pages:
        for element in page.find_all(True):
            names.add(element.name)
            names.update(element.get("class", []))
            names.add(element.get("id"))
    return names


def names_in_script(text):
    """All words of a script, any of which may be a class."""
    return set(re.findall(r"[\w-]+", text))


def _selectors(prelude):
    selector = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _names(selector):
    """The elements, classes and ids that must exist; not those in `:not()`."""
    before = None
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value
        elif token.type == "ident" and before != ":":
            yield token.lower_value
        before = token.value if token.type == "literal" else None


def purge(css, names):
    """Leave out of a style sheet the rules for names that do not occur."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_kept(rules, names))


def _kept(rules, names):
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [
                tinycss2.serialize(selector).strip()
                for selector in _selectors(rule.prelude)
                if names.issuperset(_names(selector))
            ]
            if selectors:
                body = tinycss2.serialize(rule.content)
                yield f"{','.join(selectors)}{{{body}}}\n"
        elif (
            rule.type == "at-rule" and rule.lower_at_keyword in GROUPS and rule.content
        ):
            inner = tinycss2.parse_rule_list(rule.content, True, True)
            if body := "".join(_kept(inner, names)):
                prelude = tinycss2.serialize(rule.prelude).strip()
                yield f"@{rule.at_keyword} {prelude}{{{body}}}\n"
        elif rule.type == "at-rule" and ICONS[:12] not in rule.serialize():
            yield rule.serialize() + "\n"


def icon_font(path, css):
    """A rule that holds a font of only those icons that the rules show."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    signs = set(re.findall("[\ue000-\uf8ff]", css))
    font = subset.load_font(path, subset.Options(flavor="woff"))
    cutter = subset.Subsetter(subset.Options(flavor="woff", hinting=False))
    cutter.populate(text="".join(signs))
    cutter.subset(font)
    font.flavor = "woff"
    file = BytesIO()
    font.save(file)
    data = base64.b64encode(file.getvalue()).decode()
    return (
        f'@font-face{{font-family:"{ICONS}";font-weight:900;font-display:block;'
        f"src:url(data:font/woff;base64,{data})}}\n"
    )


def moved(css, folder):
    """Addresses relative to the folder, seen from above the folder."""
    if folder == ".":
        return css
    return re.sub(
        r"url\(\s*(['\"]?)(?!['\"]|#|/|[a-z]+:)(.+?)\1\s*\)",
        lambda found: f'url("{posixpath.normpath(posixpath.join(folder, found[2]))}")',
        css,
    )


def _read(path, static):
    """A style sheet with what it imports, its addresses seen from `static`."""
    css = moved(path.read_text(), path.parent.relative_to(static).as_posix())
    return re.sub(
        r'@import "(.+?)";',
        lambda found: _read(path.parent / found[1], static),
        css,
    )


def _file(path, link):
    """The file that a link or script of the page names."""
    name = (link.get("href") or link.get("src")).partition("?")[0]
    return (path.parent / name).resolve()


def join(site, pages):
    """Replace the style sheets that every page has by what is used of them."""
    static = site / "_static"
    sheets = {
        path: {
            _file(path, link): link
            for link in page.select('link[rel="stylesheet"]:not([media="print"])')
        }
        for path, page in pages.items()
    }
    shared = [
        sheet
        for sheet in next(iter(sheets.values()))
        if all(sheet in others for others in sheets.values())
    ]
    names = names_in_pages(pages.values())
    for script in {
        _file(path, script)
        for path, page in pages.items()
        for script in page.select("script[src]")
    }:
        names |= names_in_script(script.read_text())
    css = purge("".join(_read(sheet, static) for sheet in shared), names)
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
    css = f'@charset "utf-8";\n{icon_font(font, css)}{css}'
    (static / JOINED).write_text(css)
    version = sha256(css.encode()).hexdigest()[:8]
    for path, links in sheets.items():
        first, *others = (links[sheet] for sheet in shared)
        for link in others:
            link.decompose()
        up = posixpath.relpath("_static", path.parent.relative_to(site).as_posix())
        first["href"] = f"{up}/{JOINED}?v={version}"
