"""Mend what hinders keyboards and screen readers in the theme's pages."""


def mend(page):
    """Correct a page."""
    for icon in page.select("[class*=fa-]"):
        icon["aria-hidden"] = "true"
    for button in page.select(".search-button-field"):
        del button["aria-label"]
