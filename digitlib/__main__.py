"""The command line: ``digitlib`` or ``python -m digitlib``.

Exit status: 0, all inputs could be read; 1, some could not; 2, wrong use; 130,
interrupted.
"""

import argparse
from dataclasses import asdict, replace
from importlib.metadata import version
import json
import os
import sys

import numpy as np

from digitlib.data import checksum, load_mnist, split_validation
from digitlib.errors import DigitlibError
from digitlib.model import forward, load_weights, save_weights
from digitlib.recipes import CHANGES, find_recipe, train_recipe
from digitlib.recognizer import Recognizer


def main(arguments=None):
    """Run one command and return the exit status."""
    options = _parser().parse_args(arguments)
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


def recognize(options):
    """Read each image and print its digit."""
    recognizer = Recognizer(options.weights)
    failed = 0
    results = recognizer.predict_many(options.paths)
    for path, result in zip(options.paths, results, strict=True):
        bad = isinstance(result, DigitlibError)
        failed += bad
        if options.json:
            print(json.dumps({"path": path, **_as_json(result)}))
        elif bad:
            _complain(result)
        elif result.digit is None:
            print(f"{path}: {result.reason}")
        else:
            print(f"{path}: {result.digit} (confidence {result.confidence:.3f})")
    if failed and len(options.paths) > 1:
        _complain(f"{failed} of {len(options.paths)} images could not be read")
    return 1 if failed else 0


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
    temperature = {}
    if options.calibrate:
        temperature = {"temperature": _temperature(recipe, training, how)}
    model, history = train_recipe(recipe, *training, **how)
    epochs = len(history.history.get("loss", []))
    if epochs == 0:
        raise DigitlibError("no epoch was finished, so nothing is saved; train longer")
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
        **temperature,
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


def _temperature(recipe, training, how):
    """Fit the temperature of a twin that has not learned from the validation images.

    Where its 95 % interval contains 1, nothing needs to be mended, and it is 1.
    """
    from digitlib.evaluation import bootstrap_interval, fit_temperature

    try:
        fit, (x_val, y_val) = split_validation(*training)
    except DigitlibError as error:
        raise DigitlibError("--calibrate: more training images are needed") from error
    twin, history = train_recipe(recipe, *fit, **how)
    if len(history.epoch) < how["epochs"]:
        raise KeyboardInterrupt
    probabilities = forward(x_val, twin.get_weights())
    low, high = bootstrap_interval(fit_temperature, probabilities, y_val, 100)
    if low <= 1 <= high:
        return 1.0
    return round(fit_temperature(probabilities, y_val), 4)


def sweep(options):
    """Train many recipes with many seeds."""
    from digitlib.sweep import sweep

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


def _as_json(result):
    if isinstance(result, DigitlibError):
        return {"error": str(result)}
    return {
        "digit": result.digit,
        "confidence": round(result.confidence, 6),
        "probabilities": [round(float(p), 6) for p in result.probabilities],
        "accepted": result.accepted,
        "reason": result.reason,
    }


def _complain(message):
    print(f"digitlib: {message}", file=sys.stderr)
    return 1


def _positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}, but a whole number from 1 is needed")
    return int(text)


def _parser():
    parser = argparse.ArgumentParser(
        prog="digitlib", description="Read handwritten digits with one small network."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("recognize", help="read the digit in each image")
    command.add_argument(
        "paths", nargs="+", metavar="PATH", help="an image of one digit"
    )
    command.set_defaults(run=recognize)
    _add_common(command, weights=True)

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
        help="first train on 50,000 images, and fit the temperature on the others",
    )
    command.add_argument(
        "--batch-size", type=_positive, metavar="N", help="instead of the recipe's"
    )
    command.add_argument("--epochs", type=_positive, default=20, metavar="N")
    command.add_argument("--seed", type=int, default=0, metavar="N")
    command.set_defaults(run=train)
    _add_common(command, data=True)

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
    _add_common(command, weights=True, data=True)
    return parser


def _add_common(command, weights=False, data=False):
    if weights:
        command.add_argument(
            "--weights",
            default="plain",
            metavar="NAME_OR_FILE",
            help="plain, or a file that `digitlib train` saved (default: plain)",
        )
        command.add_argument(
            "--json", action="store_true", help="print one JSON object a line"
        )
    if data:
        command.add_argument(
            "--data", metavar="FILE", help="another .npz file in the layout of MNIST"
        )


if __name__ == "__main__":
    sys.exit(main())
