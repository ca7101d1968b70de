"""Terminals: small images as text, and silence."""

from contextlib import contextmanager, suppress
import os
import sys

import numpy as np

BLOCKS = " ▄▀█"  # by which half is light: none, lower, upper, both
SHADES = " .:-=+*#%@"  # from dark to light


def draw(image, encoding="utf-8", light=0.35):
    """Draw an image (height, width) in [0, 1] with characters, two of its rows a line.

    Where the encoding has no half blocks, plain ASCII takes their place; None, as of an
    output in memory, has all. From ``light`` on, a pixel is light; chosen, for thin
    strokes are seldom brighter.
    """
    image = np.asarray(image)
    image = np.pad(image, ((0, len(image) % 2), (0, 0)))
    upper, lower = image[0::2], image[1::2]
    try:
        BLOCKS.encode(encoding or "utf-8")
        characters, which = BLOCKS, 2 * (upper >= light) + (lower >= light)
    except (UnicodeError, LookupError):
        shade = (upper + lower) / 2 * len(SHADES)
        characters, which = SHADES, shade.astype(int).clip(0, len(SHADES) - 1)
    return "\n".join("".join(characters[i] for i in row) for row in which)


@contextmanager
def no_stderr():
    """Keep away from readers what libraries in C write past ``sys.stderr``."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with suppress(AttributeError, ValueError, OSError):
        sys.stderr.flush()
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
