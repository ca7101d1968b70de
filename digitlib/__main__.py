"""The command line: ``digitlib`` or ``python -m digitlib``.

Exit status: 0, all inputs could be read; 1, some could not; 2, wrong use; 130,
interrupted.
"""

import argparse
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
import errno
from functools import partial
from itertools import chain
import json
import os
import sys
import tempfile

import numpy as np

from digitlib.data import checksum, load_mnist, split_validation
from digitlib.errors import DigitlibError
from digitlib.model import forward, load_weights, save_weights
from digitlib.tuning.recipes import CHANGES, find_recipe, train_recipe, versions


def main(arguments=None):
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
    if getattr(options, "max_pixels", None):  # so that worker processes know it
        os.environ["DIGITLIB_MAX_PIXELS"] = str(options.max_pixels)
    if hasattr(sys.stdout, "reconfigure"):  # a name it cannot show is no error
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return options.run(options)
    except DigitlibError as error:
        return _complain(error)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:  # who reads it, such as `head`, has enough
            return 0
        return _complain(f"what is printed cannot be written ({error.strerror})")


def recognize(options):
    """Read each image and print its digit."""
    # These take a while to load, and the other commands do without.
    from digitlib._internal.terminal import draw
    from digitlib.imaging.paths import images_in
    from digitlib.preprocessing import resize_only
    from digitlib.recognizer import Recognizer

    recipe = {"preprocess": resize_only} if options.resize_only else {}
    recognizer = Recognizer(options.weights, **recipe)
    items = [item for path in options.paths for item in images_in(path)]

    def as_text(path, result):
        text = _as_text(path, result.digit, result)
        seen = options.show and draw(result.seen, sys.stdout.encoding)
        return f"{text}\n{seen}" if seen else text

    def found():
        for path, error in items:
            try:
                result = error or recognizer.predict(path)
            except DigitlibError as raised:
                result = error = raised
            yield error, partial(_as_json, path, result), partial(as_text, path, result)

    return _show_all(found(), len(items), options)


def read(options):
    """Read the number in each image, and print it or write it down."""
    from digitlib.batch.run import read_files
    from digitlib.batch.store import Record, as_json, one_line
    from digitlib.imaging.loading import readable
    from digitlib.imaging.paths import images_in, once

    items = [item for path in options.paths for item in images_in(path)]
    bad = [Record(path, None, error=str(error)) for path, error in items if error]
    paths, again = once(path for path, error in items if not error)
    for path in again:
        _complain(f"{readable(path)}: given twice, read once")
    names = ("output", "digits", "pattern", "weights", "review", "jobs", "dask")
    records = read_files(paths, **{name: getattr(options, name) for name in names})
    aside = []

    def found():
        for record in chain(bad, records):
            aside.extend([record.path] * record.set_aside)
            text = partial(_as_text, record.path, one_line(record.text), record)
            yield record.error, partial(as_json, record), text

    total = len(bad) + len(paths)
    with closing(records):
        status = _show_all(found(), total, options, lines=not options.output)
    if options.output:
        print(f"{options.output}: {total} images, {len(aside)} set aside")
    return status


def _show_all(found, total, options, lines=True):
    """Print of each image its error, its JSON or its line; return the exit status."""
    failed = 0
    with _progress(found, total, lines) as progress:
        for error, as_json, as_text in progress:
            failed += error is not None
            if options.json:
                print(as_json(), flush=True)
            elif error is not None:
                if progress is not found:
                    progress.clear()
                _complain(error)
            elif lines:
                print(as_text(), flush=True)
    if failed and total > 1:
        _complain(f"{failed} of {total} images could not be read")
    return 1 if failed else 0


def _progress(items, total, lines):
    """Show how far we are, to a person who does not see the lines themselves."""
    if total < 2 or not sys.stderr.isatty() or (lines and sys.stdout.isatty()):
        return nullcontext(items)
    from tqdm import tqdm

    return tqdm(items, total=total, unit=" images", leave=False)


def train(options):
    """Train the network on the training images and save its weights."""
    recipe = find_recipe(options.recipe)
    if options.batch_size is not None:
        recipe = replace(recipe, batch_size=options.batch_size)
    (x_train, y_train), _ = load_mnist(options.data)
    _check_place(options.out)
    training = x_train.astype(np.float32) / 255, y_train
    how = {"seed": options.seed, "epochs": options.epochs}
    if options.calibrate:
        try:
            fit, validation = split_validation(*training)
        except DigitlibError as error:
            why = "--calibrate: more training images are needed"
            raise DigitlibError(why) from error
    # Whatever could fail is asked for before the training, not after.
    known = {
        "seed": options.seed,
        "data_sha256": {"x_train": checksum(x_train), "y_train": checksum(y_train)},
        "versions": versions("digitlib", "keras", "numpy", "tensorflow"),
    }
    model, history = train_recipe(recipe, *training, **how)
    epochs = len(history.history.get("loss", []))
    if epochs == 0:
        raise DigitlibError("no epoch was finished, so nothing is saved; train longer")
    known["recipe"] = {
        "name": options.recipe, "images": len(x_train), "epochs": epochs,
        "optimizer": "Adam", **asdict(recipe),
    }  # fmt: skip
    _save(options.out, model, known)
    if options.calibrate:
        try:
            acceptance = _acceptance(model, recipe, fit, validation, how)
            _save(options.out, model, known | acceptance)
        except BaseException:
            _complain(f"{options.out}: saved, but not calibrated")
            raise
    loss, accuracy = history.history["loss"][-1], history.history["accuracy"][-1]
    said = f"training loss {loss:.4f}, training accuracy {accuracy:.4f}"
    print(f"{options.out}: {epochs} epochs, {said}")
    return 0


def _check_place(out):
    folder = os.path.dirname(out) or "."
    if not os.access(folder, os.W_OK) or os.path.isdir(out):
        raise DigitlibError(f"{out}: cannot be written; give another --out")


def _save(place, model, known):
    """Save weights, if need be in another place: they took long to train."""
    try:
        save_weights(place, model, **known)
    except DigitlibError as error:
        aside = os.path.join(tempfile.mkdtemp(prefix="digitlib-"), "weights.npz")
        save_weights(aside, model, **known)
        raise DigitlibError(f"{error}; the weights are in {aside}") from error


def _acceptance(model, recipe, fit, validation, how):
    """What is fitted with a twin, that has not learned from the validation images."""
    from digitlib.tuning.acceptance import fit_acceptance

    twin, history = train_recipe(recipe, *fit, **how)
    if len(history.epoch) < how["epochs"]:
        raise KeyboardInterrupt
    detector, acceptance = fit_acceptance(
        model.get_weights(), twin.get_weights(), fit[0], validation, how["seed"]
    )
    return {**acceptance, "detector": detector}


def learn(options):
    """Learn somebody's own digits; say how these, and others', are read since."""
    from digitlib.tuning import own_digits

    _check_place(options.out)
    images = own_digits.labelled_images(options.source)
    own = own_digits.prepare_digits(*images)
    for error in own.skipped:
        _complain(error)
    if own.skipped:
        _complain(f"{len(own.skipped)} images are skipped, {len(own.labels)} are used")
    learned = own_digits.learn_digits(own, weights=options.weights, seed=options.seed)
    for name, compared in learned.compared.items():
        print(f"{name}: {compared}")
    learned.save(options.out)
    print(f"{options.out}: saved")
    return 1 if own.skipped else 0


def sweep(options):
    """Train many recipes with many seeds."""
    from digitlib.tuning.sweep import sweep

    recipes = list(dict.fromkeys(options.recipes))
    names = ("out", "seeds", "epochs", "test", "jobs", "dask")
    runs = sweep(recipes, **{name: getattr(options, name) for name in names})
    for recipe in recipes:
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
        found = {"accuracy": result.accuracy, "interval": [low, high]}
        print(json.dumps(found | {"confusion": result.confusion.tolist()}))
        return 0
    interval = f"(95 % interval {low:.4f} to {high:.4f})"
    print(f"accuracy {result.accuracy:.4f} on {len(y_test)} images {interval}\n")
    print("true\\read" + "".join(f"{digit:6d}" for digit in range(10)) + "   recall")
    for digit, row in enumerate(result.confusion):
        counts = "".join(f"{n:6d}" for n in row)
        print(f"{digit:9d}{counts}   {result.recall[digit]:6.3f}")
    print("precision" + "".join(f"{value:6.3f}" for value in result.precision))
    return 0


def _as_text(path, guess, result):
    from digitlib.imaging.loading import in_short

    path = in_short(path)
    if guess in (None, ""):
        return f"{path}: {result.reason}"
    line = f"{path}: {guess} (confidence {result.confidence:.3f})"
    return line if result.accepted else f"{line} not accepted: {result.reason}"


def _as_json(path, result):
    if isinstance(result, DigitlibError):
        return json.dumps({"path": path, "error": str(result)})
    sure = {
        name: round(getattr(result, name), 6) for name in ("confidence", "is_digit")
    }
    found = {"path": path, "digit": result.digit, **sure}
    found["probabilities"] = [round(float(p), 6) for p in result.probabilities]
    return json.dumps(found | {"accepted": result.accepted, "reason": result.reason})


def _complain(message, status=1):
    print(f"digitlib: {message}", file=sys.stderr)
    return status


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}, but a whole number from 1 is needed")
    return int(text)


class _ShowVersion(argparse.Action):
    def __call__(self, parser, *others):
        print("digitlib", *versions("digitlib").values())
        parser.exit()


def _parser():
    parser = argparse.ArgumentParser(
        prog="digitlib", description="Read handwritten digits with one small network."
    )
    parser.add_argument(
        "--version", action=_ShowVersion, nargs=0, help="print the version and exit"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, add_options, name, text in (
        (recognize, _recognize_options, "recognize", "read the digit in each image"),
        (read, _read_options, "read",
         "read the number in each image: codes, amounts, several lines"),
        (train, _train_options, "train", "train the network, save its weights"),
        (learn, _learn_options, "learn", "learn your own digits, and what that costs"),
        (sweep, _sweep_options, "sweep",
         "train many recipes with many seeds, write the results down"),
        (evaluate_weights, _evaluate_options, "evaluate",
         "judge weights on the test images"),
    ):  # fmt: skip
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=run)
        add_options(command, command.add_argument)
    return parser


def _recognize_options(command, add):
    _add_paths(add, "an image of one digit")
    text = "the document's recipe: resize the image to 28x28, and do nothing else"
    add("--resize-only", action="store_true", help=text)
    add_output = command.add_mutually_exclusive_group().add_argument
    text = "draw the image that the network was given"
    add_output("--show", action="store_true", help=text)
    _add_common(add, add_output, "hands")


def _read_options(command, add):
    _add_paths(add, "an image of digits")
    add_count = command.add_mutually_exclusive_group().add_argument
    _add_number(add_count, "--digits", help="how many there are in each")
    text = "the same, as in '#####-####': each # is a digit, and the rest is filled in"
    add_count("--pattern", metavar="TEXT", help=text)
    add_output = command.add_mutually_exclusive_group().add_argument
    text = """write a line for each image into this .csv or .jsonl file; an image that
        it holds already, unchanged, is not read again"""
    add_output("--output", metavar="FILE", help=text)
    text = """write each image that is not accepted into this folder, with boxes and
        guesses, and a list to key in what a person reads; these are copies of people's
        handwriting: protect them, and delete them when you are done"""
    add("--review", metavar="DIR", help=text)
    text = "images at the same time, which are then printed as they are finished"
    _add_number(add, "--jobs", default=1, help=f"{text} (default: 1)")
    text = "read on the workers of this Dask scheduler, which must find all files at"
    add("--dask", metavar="ADDRESS", help=f"{text} the same paths")
    _add_common(add, add_output, "hands")


def _train_options(_, add):
    add("--out", required=True, metavar="FILE", help="where to save")
    text = f"""plain, robust, or with changes, such as plain+affine or robust-affine
        ({", ".join(CHANGES)})"""
    add("--recipe", default="plain", metavar="NAME", help=text)
    text = """also find out when to accept a reading: temperature, detector and
        threshold (takes minutes)"""
    add("--calibrate", action="store_true", help=text)
    _add_number(add, "--batch-size", help="instead of the recipe's")
    _add_number(add, "--epochs", default=20)
    add("--seed", type=int, default=0, metavar="N")
    _add_data(add)


def _learn_options(_, add):
    text = """a folder of folders named 0 to 9, with images of that digit in each; or a
        .csv table with rows of path,digit or path,digit,writer"""
    add("source", metavar="FOLDER_OR_TABLE", help=text)
    _add_max_pixels(add)
    text = "where to save, if nothing is read worse than before"
    add("--out", required=True, metavar="FILE", help=text)
    add("--seed", type=int, default=0, metavar="N")
    _add_weights(add, "hands")


def _sweep_options(_, add):
    add("recipes", nargs="+", metavar="RECIPE", help="as for train")
    text = "the results; runs that it holds are skipped"
    add("--out", required=True, metavar="FILE", help=text)
    _add_number(add, "--seeds", default=5)
    _add_number(add, "--epochs", default=20)
    text = """learn from all training images and judge on the test images, instead of
        the validation images"""
    add("--test", action="store_true", help=text)
    text = "runs at the same time (default: one for each core)"
    _add_number(add, "--jobs", default=-1, help=text)
    add("--dask", metavar="ADDRESS", help="run on the workers of this Dask scheduler")


def _evaluate_options(_, add):
    _add_common(add, add, "plain")
    _add_data(add)


def _add_number(add, name, **more):
    add(name, type=_positive, metavar="N", **more)


def _add_paths(add, what):
    text = f"{what}, or a folder, which means the images in it"
    add("paths", nargs="+", metavar="PATH", help=text)
    _add_max_pixels(add)


def _add_max_pixels(add):
    text = "of an image, at most (default: $DIGITLIB_MAX_PIXELS, or 89478485)"
    _add_number(add, "--max-pixels", help=text)


def _add_weights(add, default):
    text = f"""plain (the document's training), robust (with distorted images), hands
        (with many writers' pen strokes, too), or a file that `digitlib train` or
        `digitlib learn` saved (default: {default})"""
    add("--weights", default=default, metavar="NAME_OR_FILE", help=text)


def _add_common(add, add_output, default):
    _add_weights(add, default)
    add_output("--json", action="store_true", help="print one JSON object a line")


def _add_data(add):
    add("--data", metavar="FILE", help="another .npz file in the layout of MNIST")


if __name__ == "__main__":
    sys.exit(main())
