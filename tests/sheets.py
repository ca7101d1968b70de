"""Sheets of paper and what is on them, for several test files."""

import numpy as np
from PIL import Image


def enlarged(image, times=10):
    sides = times * np.array(image.shape[::-1])
    return np.asarray(
        Image.fromarray(image).resize(sides, Image.Resampling.BICUBIC)
    ).clip(0, 1)


def ramp(shape, angle):
    """From 0 to 1 across a sheet."""
    down, across = np.indices(shape, np.float32)
    line = np.sin(angle) * down + np.cos(angle) * across
    return (line - line.min()) / np.ptp(line)


def bar(width, height=100, side=200, level=1.0):
    sheet = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    sheet[top : top + height, left : left + width] = level
    return sheet
