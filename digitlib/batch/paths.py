"""Which files are meant: those in a folder, in natural order, and each once."""

import os
import re

from digitlib._internal.checks import check_path
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import readable

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp")


def images_in(path):
    """Return what a path stands for: itself, or the images in a folder.

    Parameters
    ----------
    path : str

    Returns
    -------
    list of (str, DigitlibError or None)
        2.png before 10.png, and no hidden files; the error if there are none.
    """
    if not os.path.isdir(path):
        return [(path, None)]
    try:
        with os.scandir(path) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.lower().endswith(SUFFIXES)
                and not entry.name.startswith(".")  # such as macOS's `._7.png`
                and entry.is_file()
            ]
    except OSError as error:
        why = f"cannot be opened ({error.strerror}); give another folder"
        return [(path, DigitlibError(f"{readable(path)}: {why}"))]
    if not names:
        suffixes = ", ".join(suffix[1:] for suffix in SUFFIXES)
        why = f"no image in this folder; give one with {suffixes} files"
        return [(path, DigitlibError(f"{readable(path)}: {why}"))]
    return [(os.path.join(path, name), None) for name in sorted(names, key=_natural)]


def _natural(name):
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name


def once(paths):
    """Part paths into those of different files, and the others.

    Parameters
    ----------
    paths : iterable of str

    Returns
    -------
    first : list of str
        Without repetition.
    again : list of str
        Those that stand for the same file as one of ``first``, spelled alike or not.
    """
    if isinstance(paths, (str, bytes)) or not hasattr(paths, "__iter__"):
        raise DigitlibError(f"paths: {paths!r}, but a list of paths is needed")
    seen, first, again = set(), [], []
    for path in paths:
        check_path(path)
        path = os.fspath(path)
        whole = os.path.abspath(path)
        (again if whole in seen else first).append(path)
        seen.add(whole)
    return first, again
