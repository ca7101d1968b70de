"""Which files are meant: those in a folder, in natural order, and each once."""

import os
import re

from digitlib._internal.checks import check_path
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import readable

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp")


def images_in(path):
    """Return what a path stands for, as (path, error or None): itself, or the images
    in a folder, 2.png before 10.png, without hidden files; the error if there are none.
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
    """Part paths into those of different files, and those that stand for one of these
    files again, spelled alike or not.
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
