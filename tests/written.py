"""Numbers with a known answer: digits of MNIST's validation part, put in rows."""

from functools import cache

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib.data import load_mnist, split_validation
from digitlib.document.layout import find_lines
from digitlib.recognizer import Recognizer

PAPER, INK = 235, 40
MODELS = 4  # of each digit


@cache
def models():
    """Images of each digit that are well made: the recogniser is sure of them."""
    _, (images, labels) = split_validation(*load_mnist()[0])
    recognizer, found = Recognizer(), {digit: [] for digit in range(10)}
    for image, label in zip(images, labels.tolist(), strict=True):
        if len(found[label]) == MODELS:
            continue
        [where] = ndimage.find_objects((image > 80).astype(int))
        if image[where].shape[0] < 18:  # lies on its side
            continue
        prediction = recognizer.predict(255 - image)
        if prediction.digit == label and prediction.trust > 0.99:
            found[label].append(image[where])
        if all(len(some) == MODELS for some in found.values()):
            break
    return found


def glyph(digit, height, model=0):
    """The ink of one digit, ``height`` pixels tall: uint8, 255 is full ink."""
    image = Image.fromarray(models()[int(digit)][model % MODELS])
    width = max(2, round(height * image.width / image.height))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def write(text, height=40, *, gap=0.35, leading=1.8, margin=1.0, model=None):
    """Ink of a number, of several lines if there is a line break.

    Lengths are in heights of a digit. Without ``model``, digits of one kind differ.

    Returns
    -------
    ink : numpy.ndarray, shape (h, w), uint8
        255 is full ink.
    boxes : list of (int, int, int, int)
        Left, top, right and bottom of each digit, in reading order.
    """
    placed, top, widest = [], round(margin * height), 0
    for line in text.split("\n"):
        left = round(margin * height)
        for digit in line:
            number = len(placed) if model is None else model
            drawn = glyph(digit, height, number)
            placed.append((drawn, left, top))
            left += drawn.shape[1] + round(gap * height)
        widest = max(widest, left - round(gap * height))
        top += round(leading * height)
    bottom = top - round(leading * height) + height
    beyond = round(margin * height)
    ink = np.zeros((bottom + beyond, widest + beyond), np.uint8)
    boxes = []
    for drawn, left, top in placed:
        tall, wide = drawn.shape
        there = ink[top : top + tall, left : left + wide]
        np.maximum(there, drawn, out=there)
        boxes.append((left, top, left + wide, top + tall))
    return ink, boxes


def on_paper(ink, paper=PAPER, dark=INK, angle=0.0, grain=0.0, seed=0):
    """A grey picture of ink, turned counterclockwise by ``angle`` degrees."""
    if angle:
        turned = Image.fromarray(ink).rotate(
            angle, Image.Resampling.BICUBIC, expand=True
        )
        ink = np.asarray(turned)
    grey = paper + (ink / 255) * (dark - paper)
    if grain:
        grey = grey + np.random.default_rng(seed).normal(0, grain, ink.shape)
    return grey.round().clip(0, 255).astype(np.uint8)


@cache
def line_of(text, height=48, **options):
    """The ink of one line of digits, and how tall they are."""
    layout = find_lines(floats(on_paper(write(text, height, **options)[0])))
    return layout.lines[0].ink, layout.height


def distance(text, other):
    """How many digits must be inserted, deleted or replaced (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(text, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(last + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def floats(grey):
    return grey / np.float32(255)
