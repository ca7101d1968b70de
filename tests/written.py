"""Numbers with a known answer: digits of MNIST's validation part, put in rows."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw
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
    recognizer, found = Recognizer("robust"), {digit: [] for digit in range(10)}
    for image, label in zip(images, labels.tolist(), strict=True):
        [where] = ndimage.find_objects((image > 80).astype(int))
        lies = image[where].shape[0] < 18  # on its side
        if len(found[label]) < MODELS and not lies:
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
    """Ink of a number or several lines, (h, w) uint8, and its digits' boxes in order.

    Lengths are in heights of a digit. Without ``model``, digits of one kind differ.
    """
    gap, leading, margin = (round(part * height) for part in (gap, leading, margin))
    glyphs, boxes = [], []
    for i, line in enumerate(text.split("\n")):
        left, top = margin, margin + i * leading
        for digit in line:
            glyphs.append(glyph(digit, height, len(boxes) if model is None else model))
            wide = glyphs[-1].shape[1]
            boxes.append((left, top, left + wide, top + height))
            left += wide + gap
    _, _, right, bottom = np.max(boxes, axis=0)
    ink = np.zeros((bottom + margin, right + margin), np.uint8)
    for image, (left, top, right, bottom) in zip(glyphs, boxes, strict=True):
        there = ink[top:bottom, left:right]
        np.maximum(there, image, out=there)
    return ink, boxes


def drawn(picture, *strokes):
    """A picture with strokes: each a method of `ImageDraw`, its arguments, options."""
    image = Image.fromarray(picture)
    for method, *arguments, options in strokes:
        getattr(ImageDraw.Draw(image), method)(*arguments, **options)
    return np.asarray(image)


def on_paper(ink, paper=PAPER, dark=INK, angle=0.0, grain=0.0, seed=0):
    """A grey picture of ink, turned counterclockwise by ``angle`` degrees."""
    if angle:
        bicubic = Image.Resampling.BICUBIC
        ink = np.asarray(Image.fromarray(ink).rotate(angle, bicubic, expand=True))
    grey = paper + (ink / 255) * (dark - paper)
    if grain:
        grey = grey + np.random.default_rng(seed).normal(0, grain, ink.shape)
    return grey.round().clip(0, 255).astype(np.uint8)


def alone_turned(ink, box, angle):
    """The rows and columns of the ink in a box, where an image of it is turned."""
    left, top, right, bottom = box
    alone = np.zeros_like(ink)
    alone[top:bottom, left:right] = ink[top:bottom, left:right]
    turned = np.asarray(Image.fromarray(alone).rotate(angle, expand=True))
    return np.nonzero(turned > 127)


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
