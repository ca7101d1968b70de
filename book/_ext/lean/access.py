"""Mend what hinders keyboards and screen readers in the theme's pages."""

# What only a script can answer; the theme hides this class where there is none.
NEEDS_SCRIPT = ".sidebar-toggle, .btn-fullscreen-button"


def mend(page):
    """Correct a page."""
    for icon in page.select("[class*=fa-]"):
        icon["aria-hidden"] = "true"
    # These say by their text what they do; another name would hide it.
    for element in page.select(".search-button-field, details > summary"):
        del element["aria-label"]
    for sidebar in page.select("#pst-primary-sidebar"):
        sidebar["role"] = "complementary"
        sidebar["aria-label"] = "The book"
    for summary in page.select(".has-children > details > summary"):
        summary["aria-label"] = f"Pages of {summary.parent.parent.a.get_text()}"
    for button in page.select(NEEDS_SCRIPT):
        button["class"].append("pst-js-only")
    # Roles that ARIA has given up, or that lack the children they ask for.
    for element in page.select(".citation-list, .citation"):
        del element["role"]
    for formula in page.select("div.math"):
        formula["tabindex"] = "0"  # by keyboard, a wide one scrolls only in focus
    for signature in page.select("dt.sig > dl"):
        # A list of definitions has terms, too; parameters have none.
        signature.name = "div"
        for parameter in signature.select("dd"):
            parameter.name = "div"
            parameter["class"] = "parameter"
    for menu in page.select(".dropdown-download-buttons"):
        _unfold(menu)


def _unfold(menu):
    """Put the file to download in place of the menu, which needs a script to open."""
    link = menu.select_one("a")
    if link is None:
        menu.decompose()
        return
    link["class"] = ["btn", "btn-sm", "pst-navbar-icon"]
    link["aria-label"] = link["title"] = "Download this page's source"
    link["download"] = ""
    del link["target"]
    link.select_one(".btn__text-container").decompose()
    link.i["class"] = ["fas", "fa-download"]
    menu.replace_with(link)
