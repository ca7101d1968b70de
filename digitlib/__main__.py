"""The command line: ``digitlib`` or ``python -m digitlib``.

Exit status: 0, all inputs could be read; 1, some could not; 2, wrong use; 130,
interrupted.
"""

import argparse
from collections import Counter
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
import errno
from itertools import chain
import json
import os
import re
import sys

import numpy as np

from digitlib.data import checksum, load_mnist, split_validation
from digitlib.errors import DigitlibError
from digitlib.model import forward, load_weights, save_weights
from digitlib.tuning.recipes import CHANGES, find_recipe, train_recipe

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp")


def main(arguments=None):
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):  # a name it cannot show is no error
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return options.run(options)
    except DigitlibError as error:
        return _complain(error)
    except KeyboardInterrupt:
        _complain("interrupted")
        return 130
    except BrokenPipeError:  # the reader of our output, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _complain(f"what is printed cannot be written ({error.strerror})")


def recognize(options):
    """Read each image and print its digit."""
    # These take a while to load, and the other commands do without.
    from digitlib._internal.terminal import draw
    from digitlib.preprocessing import resize_only
    from digitlib.recognizer import Recognizer

    recipe = {"preprocess": resize_only} if options.resize_only else {}
    recognizer = Recognizer(options.weights, **recipe)
    items = [item for path in options.paths for item in _items(path)]
    failed = 0
    with _progress(items, len(items)) as progress:
        for path, error in progress:
            try:
                result = error or recognizer.predict(path)
            except DigitlibError as raised:
                result = raised
            bad = isinstance(result, DigitlibError)
            failed += bad
            if options.json:
                print(_as_json(path, result), flush=True)
            elif bad:
                if progress is not items:
                    progress.clear()
                _complain(result)
            else:
                print(_as_text(path, result.digit, result), flush=True)
                if options.show:
                    print(draw(result.seen, sys.stdout.encoding), flush=True)
    if failed and len(items) > 1:
        _complain(f"{failed} of {len(items)} images could not be read")
    return 1 if failed else 0


def _items(path):
    """What a path stands for: itself, or the images in a folder; each with an error."""
    from digitlib.imaging.loading import readable

    if not os.path.isdir(path):
        return [(path, None)]
    try:
        with os.scandir(path) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.lower().endswith(SUFFIXES)
                and not entry.name.startswith(".")  # hidden, such as macOS's `._7.png`
                and entry.is_file()
            ]
    except OSError as error:
        why = f"{readable(path)}: cannot be opened ({error.strerror})"
        return [(path, DigitlibError(f"{why}; give another folder"))]
    if not names:
        suffixes = ", ".join(suffix[1:] for suffix in SUFFIXES)
        why = f"{readable(path)}: no image in this folder"
        return [(path, DigitlibError(f"{why}; give one with {suffixes} files"))]
    return [(os.path.join(path, name), None) for name in sorted(names, key=_natural)]


def _natural(name):
    """Sort 2.png before 10.png."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if part.isdecimal() else part for part in parts], name


def _progress(items, total, lines=True):
    """Show how far we are, to a person who does not see the lines themselves."""
    if total < 2 or not sys.stderr.isatty() or (lines and sys.stdout.isatty()):
        return nullcontext(items)
    from tqdm import tqdm

    return tqdm(items, total=total, unit=" images", leave=False)


def read(options):
    """Read the number in each image, and print it or write it down."""
    from digitlib.batch.run import once, read_files
    from digitlib.batch.store import Record
    from digitlib.imaging.loading import readable

    items = [item for path in options.paths for item in _items(path)]
    bad = [Record(path, None, error=str(error)) for path, error in items if error]
    paths, again = once(path for path, error in items if not error)
    for path in again:
        _complain(f"{readable(path)}: given twice, read once")
    counts = Counter()
    records = read_files(
        paths,
        options.output,
        digits=options.digits,
        pattern=options.pattern,
        weights=options.weights,
        review=options.review,
        jobs=options.jobs,
        dask=options.dask,
    )
    total = len(bad) + len(paths)
    with (
        closing(records),
        _progress(chain(bad, records), total, not options.output) as progress,
    ):
        for record in progress:
            counts["failed"] += record.error is not None
            counts["aside"] += record.set_aside
            _show(record, options, progress)
    failed = counts["failed"]
    if failed and total > 1:
        _complain(f"{failed} of {total} images could not be read")
    if options.output:
        print(f"{options.output}: {total} images, {counts['aside']} set aside")
    return 1 if failed else 0


def _show(record, options, progress):
    """Print a record as `recognize` prints; only an error, if it is in a file."""
    from digitlib.batch.store import as_json, one_line

    if options.json:
        print(as_json(record), flush=True)
    elif record.error is not None:
        if hasattr(progress, "clear"):
            progress.clear()
        _complain(record.error)
    elif not options.output:
        print(_as_text(record.path, one_line(record.text), record), flush=True)


def train(options):
    """Train the network on the training images and save its weights."""
    recipe = find_recipe(options.recipe)
    if options.batch_size is not None:
        recipe = replace(recipe, batch_size=options.batch_size)
    (x_train, y_train), _ = load_mnist(options.data)
    folder = os.path.dirname(options.out) or "."
    if not os.access(folder, os.W_OK) or os.path.isdir(options.out):
        raise DigitlibError(f"{options.out}: cannot be written; give another --out")

    training = x_train.astype(np.float32) / 255, y_train
    how = {"seed": options.seed, "epochs": options.epochs}
    if options.calibrate:
        fit, validation, twin = _twin(recipe, training, how)
    from importlib.metadata import version

    model, history = train_recipe(recipe, *training, **how)
    epochs = len(history.history.get("loss", []))
    if epochs == 0:
        raise DigitlibError("no epoch was finished, so nothing is saved; train longer")
    acceptance = {}
    if options.calibrate:
        from digitlib.tuning.acceptance import fit_acceptance

        detector, acceptance = fit_acceptance(
            model.get_weights(), twin, fit[0], validation, options.seed
        )
        acceptance["detector"] = detector
    save_weights(
        options.out,
        model,
        recipe={
            "name": options.recipe,
            "images": len(x_train),
            "epochs": epochs,
            "optimizer": "Adam",
            **asdict(recipe),
        },
        seed=options.seed,
        **acceptance,
        data_sha256={"x_train": checksum(x_train), "y_train": checksum(y_train)},
        versions={
            name: version(name) for name in ("digitlib", "keras", "numpy", "tensorflow")
        },
    )
    loss, accuracy = history.history["loss"][-1], history.history["accuracy"][-1]
    print(
        f"{options.out}: {epochs} epochs, training loss {loss:.4f}, "
        f"training accuracy {accuracy:.4f}"
    )
    return 0


def _twin(recipe, training, how):
    """Train the same network without the validation images.

    Returns the fit images and their labels, the validation images and theirs, and the
    weights.
    """
    try:
        fit, validation = split_validation(*training)
    except DigitlibError as error:
        raise DigitlibError("--calibrate: more training images are needed") from error
    twin, history = train_recipe(recipe, *fit, **how)
    if len(history.epoch) < how["epochs"]:
        raise KeyboardInterrupt
    return fit, validation, twin.get_weights()


def sweep(options):
    """Train many recipes with many seeds."""
    from digitlib.tuning.sweep import sweep

    runs = sweep(
        list(dict.fromkeys(options.recipes)),
        options.out,
        seeds=options.seeds,
        epochs=options.epochs,
        test=options.test,
        jobs=options.jobs,
        dask=options.dask,
    )
    for recipe in dict.fromkeys(options.recipes):
        accuracies = [run.accuracy for run in runs if run.recipe == recipe]
        print(f"{recipe}: mean {np.mean(accuracies):.4f} of {len(accuracies)} seeds")
    return 0


def evaluate_weights(options):
    """Judge weights on the test images."""
    from digitlib.evaluation import evaluate  # SciPy's statistics take a while to load

    _, (x_test, y_test) = load_mnist(options.data)
    weights = load_weights(options.weights)
    result = evaluate(forward(x_test.astype(np.float32) / 255, weights), y_test)
    low, high = result.interval
    if options.json:
        found = {
            "accuracy": result.accuracy,
            "interval": [low, high],
            "confusion": result.confusion.tolist(),
        }
        print(json.dumps(found))
        return 0
    print(
        f"accuracy {result.accuracy:.4f} on {len(y_test)} images "
        f"(95 % interval {low:.4f} to {high:.4f})\n"
    )
    print("true\\read" + "".join(f"{digit:6d}" for digit in range(10)) + "   recall")
    for digit, (row, recall) in enumerate(
        zip(result.confusion, result.recall, strict=True)
    ):
        print(f"{digit:9d}" + "".join(f"{n:6d}" for n in row) + f"   {recall:6.3f}")
    print("precision" + "".join(f"{value:6.3f}" for value in result.precision))
    return 0


def _as_text(path, guess, result):
    from digitlib.imaging.loading import readable

    path = readable(path)
    if guess in (None, ""):
        return f"{path}: {result.reason}"
    line = f"{path}: {guess} (confidence {result.confidence:.3f})"
    return line if result.accepted else f"{line} not accepted: {result.reason}"


def _as_json(path, result):
    if isinstance(result, DigitlibError):
        return json.dumps({"path": path, "error": str(result)})
    found = {
        "path": path,
        "digit": result.digit,
        "confidence": round(result.confidence, 6),
        "is_digit": round(result.is_digit, 6),
        "probabilities": [round(float(p), 6) for p in result.probabilities],
        "accepted": result.accepted,
        "reason": result.reason,
    }
    return json.dumps(found)


def _complain(message):
    print(f"digitlib: {message}", file=sys.stderr)
    return 1


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}, but a whole number from 1 is needed")
    return int(text)


class _ShowVersion(argparse.Action):
    def __call__(self, parser, *others):
        from importlib.metadata import version

        print(f"digitlib {version('digitlib')}")
        parser.exit()


def _parser():
    parser = argparse.ArgumentParser(
        prog="digitlib", description="Read handwritten digits with one small network."
    )
    parser.add_argument(
        "--version", action=_ShowVersion, nargs=0, help="print the version and exit"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("recognize", help="read the digit in each image")
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="an image of one digit, or a folder, which means the images in it",
    )
    command.add_argument(
        "--resize-only",
        action="store_true",
        help="the document's recipe: resize the image to 28x28, and do nothing else",
    )
    output = command.add_mutually_exclusive_group()
    output.add_argument(
        "--show", action="store_true", help="draw the image that the network was given"
    )
    command.set_defaults(run=recognize)
    _add_common(command, output, weights="robust")

    command = commands.add_parser(
        "read", help="read the number in each image: codes, amounts, several lines"
    )
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="an image of digits, or a folder, which means the images in it",
    )
    count = command.add_mutually_exclusive_group()
    count.add_argument(
        "--digits", type=_positive, metavar="N", help="how many there are in each"
    )
    count.add_argument(
        "--pattern",
        metavar="TEXT",
        help="the same, as in '#####-####': each # is a digit, and the rest is filled "
        "in",
    )
    output = command.add_mutually_exclusive_group()
    output.add_argument(
        "--output",
        metavar="FILE",
        help="write a line for each image into this .csv or .jsonl file; an image that "
        "it holds already, unchanged, is not read again",
    )
    command.add_argument(
        "--review",
        metavar="DIR",
        help="write each image that is not accepted into this folder, with boxes and "
        "guesses, and a list to key in what a person reads; these are copies of "
        "people's handwriting: protect them, and delete them when you are done",
    )
    command.add_argument(
        "--jobs",
        type=_positive,
        default=1,
        metavar="N",
        help="images at the same time, which are then printed as they are finished "
        "(default: 1)",
    )
    command.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="read on the workers of this Dask scheduler, which must find all files "
        "at the same paths",
    )
    command.set_defaults(run=read)
    _add_common(command, output, weights="reading")

    command = commands.add_parser("train", help="train the network, save its weights")
    command.add_argument("--out", required=True, metavar="FILE", help="where to save")
    command.add_argument(
        "--recipe",
        default="plain",
        metavar="NAME",
        help=f"plain, robust, or with changes, such as plain+affine or robust-affine "
        f"({', '.join(CHANGES)})",
    )
    command.add_argument(
        "--calibrate",
        action="store_true",
        help="also find out when to accept a reading: temperature, detector and "
        "threshold (takes minutes)",
    )
    command.add_argument(
        "--batch-size", type=_positive, metavar="N", help="instead of the recipe's"
    )
    command.add_argument("--epochs", type=_positive, default=20, metavar="N")
    command.add_argument("--seed", type=int, default=0, metavar="N")
    command.set_defaults(run=train)
    _add_data(command)

    command = commands.add_parser(
        "sweep", help="train many recipes with many seeds, write the results down"
    )
    command.add_argument("recipes", nargs="+", metavar="RECIPE", help="as for train")
    command.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="the results; runs that it holds are skipped",
    )
    command.add_argument("--seeds", type=_positive, default=5, metavar="N")
    command.add_argument("--epochs", type=_positive, default=20, metavar="N")
    command.add_argument(
        "--test",
        action="store_true",
        help="learn from all training images and judge on the test images, instead of "
        "the validation images",
    )
    command.add_argument(
        "--jobs",
        type=_positive,
        default=-1,
        metavar="N",
        help="runs at the same time (default: one for each core)",
    )
    command.add_argument(
        "--dask", metavar="ADDRESS", help="run on the workers of this Dask scheduler"
    )
    command.set_defaults(run=sweep)

    command = commands.add_parser("evaluate", help="judge weights on the test images")
    command.set_defaults(run=evaluate_weights)
    _add_common(command, command, weights="plain")
    _add_data(command)
    return parser


def _add_common(command, output, weights):
    command.add_argument(
        "--weights",
        default=weights,
        metavar="NAME_OR_FILE",
        help="plain (the document's training), robust (with distorted images), reading "
        "(with digits from generated fields too), or a file that `digitlib train` "
        f"saved (default: {weights})",
    )
    output.add_argument(
        "--json", action="store_true", help="print one JSON object a line"
    )


def _add_data(command):
    command.add_argument(
        "--data", metavar="FILE", help="another .npz file in the layout of MNIST"
    )


if __name__ == "__main__":
    sys.exit(main())
