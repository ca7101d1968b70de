"""Sheets of paper, what is on them, and files of them, for several test files."""

from io import BytesIO

import numpy as np
from PIL import Image


def file_of(picture, **options):
    buffer = BytesIO()
    picture.save(buffer, **{"format": "PNG", **options})
    return buffer.getvalue()


def turned_by(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def enlarged(image, times=10):
    sides = times * np.array(image.shape[::-1])
    large = Image.fromarray(image).resize(sides, Image.Resampling.BICUBIC)
    return np.asarray(large).clip(0, 1)


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
