"""How fast digits are recognised, how much memory it takes, and what it is compared to.

    python benchmarks/recognition.py

Prints a line for each claim: what was measured (the best of several runs), the limit,
and the ratio to Keras's way of doing the same, measured in the same run.
"""

from pathlib import Path
import sys
import tempfile

from main_line import peak_megabytes, seconds
import numpy as np
from PIL import Image

from digitlib.data import load_mnist
from digitlib.model import build_model, forward, load_weights
from digitlib.recognizer import Recognizer

NOTHING = "import numpy, PIL.Image"


def report(name, value, limit, unit):
    verdict = "within" if value <= limit else "OVER"
    print(f"{name}: {value:.3g} {unit} ({verdict} the limit of {limit:g})", flush=True)


def compare(name, ours, theirs):
    print(f"  ours / {name}: {ours:.3g} s / {theirs:.3g} s = {ours / theirs:.2g}")


def photograph(digit, width, height):
    """A digit of MNIST, dark on paper with grain and a shadow from the left."""
    random = np.random.default_rng(0)
    side = height // 2
    ink = np.asarray(Image.fromarray(digit).resize((side, side))) / 255
    paper = np.linspace(0.6, 0.9, width) * np.ones((height, 1))
    top, left = (height - side) // 2, (width - side) // 3
    paper[top : top + side, left : left + side] *= 1 - 0.8 * ink
    paper += random.normal(0, 0.02, paper.shape)
    grey = (paper.clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def many(function, repeats):
    """Seconds of one call, of so many in a row."""
    return seconds(lambda: [function() for _ in range(repeats)]) / repeats


def one_image(recognizer, model, image):
    scaled = image[np.newaxis] / np.float32(255)
    took = many(lambda: recognizer.predict(image), 200)
    called = many(lambda: model(scaled), 20)
    predicted = many(lambda: model.predict(scaled, verbose=0), 5)
    report("an array of 28x28 to its digit", 1000 * took, 1, "ms")
    compare("model.predict", took, predicted)
    compare("model(x)", took, called)
    took = many(lambda: forward(scaled, recognizer.weights), 1000)
    report("the forward pass alone", 1e6 * took, 50, "microseconds")
    compare("model.predict", took, predicted)
    compare("model(x)", took, called)


def photo(recognizer, folder, digit, label):
    path = folder / "photo.jpg"
    photograph(digit, 4000, 3000).save(path, quality=90)
    size = path.stat().st_size / 2**20
    print(f"a photo of 4000x3000 pixels, {size:.1f} MB, shows a {label}: it is read as "
          f"{recognizer.predict(path).digit}")  # fmt: skip
    took = seconds(lambda: recognizer.predict(path))
    report("a JPEG of 12 megapixels to its digit", 1000 * took, 150, "ms")
    compare("only decoding it with Pillow", took, seconds(lambda: decode(path)))
    command = [sys.executable, "-m", "digitlib", "recognize", str(path)]
    took, peak = peak_megabytes(*command)
    report("the peak memory of a process that reads it", peak, 300, "MB")
    _, nothing = peak_megabytes(sys.executable, "-c", NOTHING)
    print(f"  a process that only imports NumPy and Pillow: {nothing:.0f} MB")


def decode(path):
    with Image.open(path) as picture:
        picture.load()


def batch(recognizer, model, images):
    took = seconds(lambda: list(recognizer.predict_many(images)), 2)
    report("10,000 images through predict_many", took, 10, "s")
    scaled = images / np.float32(255)
    compare("model.predict", took, seconds(lambda: model.predict(scaled, verbose=0)))


def cold_start(folder, digit):
    path = folder / "photo.png"
    photograph(digit, 800, 600).save(path)
    command = [sys.executable, "-m", "digitlib", "recognize", str(path)]
    took = min(next(peak_megabytes(*command)) for _ in range(5))
    report("cold start: digitlib recognize photo.png", took, 0.6, "s")
    keras = min(next(peak_megabytes(sys.executable, "-c", "import keras"))
                for _ in range(2))  # fmt: skip
    compare("a process that only imports Keras", took, keras)


def main():
    _, (images, labels) = load_mnist()
    recognizer, model = Recognizer(), build_model()
    model.set_weights(load_weights("robust"))
    one_image(recognizer, model, images[0])
    batch(recognizer, model, images)
    with tempfile.TemporaryDirectory() as folder:
        photo(recognizer, Path(folder), images[0], labels[0])
        cold_start(Path(folder), images[0])


if __name__ == "__main__":
    main()
