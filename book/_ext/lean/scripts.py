"""Load only scripts that do something on a page, and none before it shows."""

import re

# What the book does not use at all: icons as scripts (`styles` has the icon
# font), and running code in the page.
UNUSED = re.compile("fontawesome|thebe")
UNUSED_TEXT = re.compile("THEBE_JS_URL|kernelName")

# Scripts that do nothing without these elements; and the settings they read.
NEEDS = {
    "togglebutton|toggleHint|toggleOpen": ".toggle, .admonition.dropdown",
    "design-tabs": ".sd-tab-set",
    "clipboard|copybutton": "div.highlight pre",
}

# The theme decides between light and dark only after the page was painted.
THEME = """{
    const mode = localStorage.getItem("mode") || "auto";
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.mode = mode;
    document.documentElement.dataset.theme =
      mode === "auto" ? (dark ? "dark" : "light") : mode;
}"""

# A page opened as a file may not read others, so search shows titles only.
SEARCH = """
    if (location.protocol === "file:")
      DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
"""


def lighten(page, path):
    """Drop, defer and correct the scripts of a page."""
    for element in page.select("script, link[href]"):
        address = element.get("src") or element.get("href") or ""
        text = element.get_text()
        if (
            UNUSED.search(address)
            or UNUSED_TEXT.search(text)
            or element.get("type") == "text/x-thebe-config"
            or "preload" in element.get("rel", [])
            or any(
                re.search(script, address + text) and not page.select_one(needed)
                for script, needed in NEEDS.items()
            )
        ):
            element.decompose()
    for script in page.select("script[src]"):
        if "documentation_options" in script["src"]:
            # Smaller than another request; the scripts below it read it.
            options = (path.parent / script["src"].partition("?")[0]).read_text()
            del script["src"]
            script.string = options + SEARCH
        elif not script.has_attr("async"):
            script["defer"] = ""
    page.html["data-theme"] = "light"
    for script in page.select("script:not([src])"):
        if 'localStorage.getItem("theme")' in script.get_text():
            script.string = THEME
