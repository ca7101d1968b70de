"""Mend what hinders keyboards and screen readers in the theme's pages."""


def mend(page):
    """Correct a page."""
    for icon in page.select("i[class*=fa-], span[class*=fa-]"):
        icon["aria-hidden"] = "true"
    # These say by their text what they do; another name would hide it.
    for element in page.select(".search-button-field, details > summary"):
        del element["aria-label"]
    # Roles that ARIA has given up, or that lack the children they ask for.
    for element in page.select(".citation-list, .citation"):
        del element["role"]
    # By keyboard, a wide formula scrolls only when it can take the focus.
    for formula in page.select("div.math"):
        formula["tabindex"] = "0"
    for sidebar in page.select("#pst-primary-sidebar"):
        sidebar["role"] = "complementary"
        sidebar["aria-label"] = "The book"
