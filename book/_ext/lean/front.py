"""The front page at the site's own address, instead of a redirection.

A redirection costs a round trip and shows nothing meanwhile; a copy of the
page does not.
"""

import posixpath
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

NAME = "index.html"
ADDRESSES = ("href", "src", "action")


def copy(site, root):
    """Write the front page, its addresses seen from the root of the site."""
    folder = posixpath.dirname(root)
    if not folder:
        return
    page = BeautifulSoup((site / f"{root}.html").read_text(), "html.parser")
    for name in ADDRESSES:
        for element in page.find_all(attrs={name: True}):
            element[name] = moved(element[name], folder)
    page.html["data-content_root"] = "./"
    (site / NAME).write_text(str(page))


def moved(address, folder):
    """A relative address in the folder, seen from above the folder."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return address
    path = posixpath.normpath(posixpath.join(folder, parts.path))
    return parts._replace(path=path).geturl()
