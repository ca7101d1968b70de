"""Sweeps: many recipes with many seeds, each run once and written down.

The results file is a table (CSV) with a line for each finished run; runs that are in it
are not repeated. It is written when a sweep ends or is interrupted. A sweep that is
killed leaves what is finished in a state beside it, with which the next one goes on.
"""

from importlib import import_module
import os
import threading
import time
from typing import NamedTuple

import numpy as np

from digitlib._internal.checks import check_count, check_path
from digitlib._internal.store import Results, read_results
from digitlib._internal.workers import run_all
from digitlib.data import load_mnist, split_validation
from digitlib.errors import DigitlibError
from digitlib.model import forward
from digitlib.tuning.recipes import find_recipe, train_recipe, versions


class Run(NamedTuple):
    """One line of a results file."""

    recipe: str  #: its name
    seed: int  #: of the training
    epochs: int  #: how many
    judged_on: str  #: ``"validation"`` (50,000 images learned) or ``"test"`` (60,000)
    accuracy: float  #: fraction of images read correctly, 0 to 1
    seconds: float  #: that the training took
    versions: str  #: of Keras and TensorFlow
    misread: tuple[int, ...]  #: indices of the images that were read wrongly


# A Dask worker may have several threads, but seeds are the process's.
_ONE_AT_A_TIME = threading.Lock()


def sweep(
    recipes, out, *, seeds=5, epochs=20, test=False, jobs=-1, dask=None, progress=True
):
    """Train each recipe with each of the seeds 0, 1, 2, ... and write the results down.

    Parameters
    ----------
    recipes : list of str
        As for `digitlib.tuning.recipes.find_recipe`.
    out : str or os.PathLike
        The results file. Runs that it holds already are skipped.
    seeds, epochs : int, 1 to 1,000,000
        How many.
    test : bool
        Learn from all training images and judge on the test set. Otherwise learn from
        the first 50,000 and judge on the validation images.
    jobs : int
        How many runs at once; -1 is one for each core. Each has one thread.
    dask : str, optional
        Address of a Dask scheduler; its workers take the place of the jobs.
    progress : bool
        Print a line for each finished run.

    Returns
    -------
    list of Run
        What was asked for, in the order of recipes, then seeds.

    Raises
    ------
    DigitlibError
        If a recipe is unknown, the file cannot be read or written, or Dask does not
        answer. Runs that are finished stay in the file.
    """
    out = check_path(out)
    if isinstance(recipes, str) or not hasattr(recipes, "__iter__"):
        raise DigitlibError(f"recipes: {recipes}, but a list of names is needed")
    recipes = list(recipes)
    for recipe in recipes:
        if not isinstance(recipe, str):  # the file holds names
            raise DigitlibError(f"{recipe}: not the name of a recipe")
        find_recipe(recipe)
    seeds = check_count("seeds", seeds, 1, 1_000_000)
    epochs = check_count("epochs", epochs, 1, 1_000_000)
    if jobs != -1:
        check_count("jobs", jobs, 1, 10_000)
    judged_on = "test" if test else "validation"
    wanted = [(name, n, epochs, judged_on) for name in recipes for n in range(seeds)]
    with Results(out, Run._fields, 4, _run) as results:
        done = {run[:4]: run for run in results.rows}
        missing = [key for key in dict.fromkeys(wanted) if key not in done]
        found = run_all(_run_alone, missing, jobs, dask) if missing else ()
        for n, run in enumerate(found, 1):
            results.add(*run[:-1], " ".join(map(str, run.misread)))
            done[run[:4]] = run
            if progress:
                print(
                    f"{run.recipe}, seed {run.seed}: {run.accuracy:.4f} on "
                    f"{judged_on}, {run.seconds:.0f} s; {len(missing) - n} to go",
                    flush=True,
                )
    return [done[key] for key in wanted]


def load_results(path):
    """Read the list of `Run` in a file that `sweep` wrote."""
    path = check_path(path)
    if not path.is_file():
        raise DigitlibError(f"{path}: no such file; `digitlib sweep` makes one")
    return read_results(path, Run._fields, _run)


def run_one(recipe, seed, epochs, judged_on):
    """Train once and judge once, on the ``"validation"`` or the ``"test"`` images."""
    training, test = load_mnist()
    fit, validation = split_validation(*training)
    learned, judged = (training, test) if judged_on == "test" else (fit, validation)
    (x, y), (x_judged, y_judged) = learned, judged
    import_module("digitlib.training")  # TensorFlow's start is not the recipe's time

    start = time.perf_counter()
    model, history = train_recipe(
        recipe, x / np.float32(255), y, seed=seed, epochs=epochs, progress=False
    )
    seconds = time.perf_counter() - start
    if len(history.epoch) < epochs:
        raise DigitlibError(f"{recipe}, seed {seed}: interrupted; start it again")
    probabilities = forward(x_judged / np.float32(255), model.get_weights())
    misread = np.flatnonzero(probabilities.argmax(axis=1) != y_judged)
    used = " ".join(map("=".join, versions("keras", "tensorflow").items()))
    accuracy = 1 - len(misread) / len(y_judged)
    key = recipe, seed, epochs, judged_on
    return Run(*key, accuracy, round(seconds, 1), used, tuple(misread.tolist()))


def _run_alone(*key):
    """One run in a worker process, with one thread, since runs share the cores."""
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, "1")  # read when TensorFlow is first imported
    with _ONE_AT_A_TIME:
        return run_one(*key)


def _run(cells):
    recipe, seed, epochs, judged_on, accuracy, seconds, versions, misread = cells
    return Run(
        recipe, int(seed), int(epochs), judged_on, float(accuracy), float(seconds),
        versions, tuple(map(int, misread.split())),
    )  # fmt: skip
