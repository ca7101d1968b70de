"""Where the book is published, from the environment of the build.

Nobody who builds the book on a laptop has to know; then there are no buttons
that lead to a repository. GitHub's workflows say by themselves where the
repository is; elsewhere these variables do:

    BOOK_REPOSITORY  such as https://github.com/owner/name
    BOOK_BRANCH      the branch that readers edit; main if it is not set
    BOOK_ADDRESS     where the pages are, such as https://owner.github.io/name/
"""

import os
import re

from sphinx.errors import ConfigError

BINDER = "https://mybinder.org"


def repository(environment):
    """Return the repository's address and the branch, or None and None."""
    address = environment.get("BOOK_REPOSITORY")
    branch = environment.get("BOOK_BRANCH", "main")
    if not address and environment.get("GITHUB_REPOSITORY"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        address = f"{server}/{environment['GITHUB_REPOSITORY']}"
        # Of a pull request: the branch that it is for, since its own may be
        # in another repository.
        branch = environment.get("GITHUB_BASE_REF")
        branch = branch or environment.get("GITHUB_REF_NAME") or "main"
    if not address:
        return None, None
    address = address.removesuffix("/").removesuffix(".git")
    if not re.fullmatch(r"https://[\w.:-]+/[\w.-]+/[\w.-]+", address):
        raise ConfigError(
            f"BOOK_REPOSITORY: {address}, "
            "but an address like https://github.com/owner/name is needed"
        )
    return address, branch


def site(environment):
    """Return the address of the pages, with a slash at its end, or nothing."""
    address = environment.get("BOOK_ADDRESS", "")
    if not address:
        return ""
    if not re.fullmatch(r"https?://[\w.:-]+(/[\w.~-]+)*/?", address):
        raise ConfigError(
            f"BOOK_ADDRESS: {address}, "
            "but an address like https://owner.github.io/name/ is needed"
        )
    return address.removesuffix("/") + "/"


def buttons(address, branch):
    """Return the theme's options for buttons to the repository."""
    if address is None:
        return {}
    options = {
        "repository_url": address,
        "repository_branch": branch,
        "repository_provider": "gitlab" if "gitlab" in address else "github",
        "use_repository_button": True,
        "use_edit_page_button": True,
    }
    if address.startswith(("https://github.com/", "https://gitlab.com/")):
        # Binder reaches only what is public.
        options["launch_buttons"] = {
            "binderhub_url": BINDER,
            "notebook_interface": "jupyterlab",
        }
    return options


def configure(app, config):
    """Hand to the theme what is known."""
    options = buttons(*repository(os.environ))
    config.html_theme_options = {**config.html_theme_options, **options}
    config.html_baseurl = site(os.environ)  # makes each page's canonical link


def draw_with_our_icons(app, pagename, templatename, context, doctree):
    """Replace the icons of brands by general ones, whose font the book has."""
    for button in context.get("header_buttons", ()):
        for each in (button, *button.get("buttons", ())):
            if each.get("icon", "").startswith("fab "):
                each["icon"] = "fas fa-code-branch"


def setup(app):
    """Register the hooks."""
    app.connect("config-inited", configure)
    app.connect("html-page-context", draw_with_our_icons, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
