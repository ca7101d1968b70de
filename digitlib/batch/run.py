"""Batches: many files, each read once and written down, and nothing lost on the way."""

from contextlib import ExitStack, closing
from dataclasses import astuple
from functools import cache, partial
import hashlib
from importlib.metadata import version
import io
import json
import os
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from digitlib._internal.checks import check_count, check_path
from digitlib._internal.files import digest
from digitlib._internal.workers import run_all
from digitlib.batch.review import Review, save_picture
from digitlib.batch.store import Record, Records
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import load_bytes, readable
from digitlib.imaging.paths import once
from digitlib.model import ASSETS
from digitlib.reading import read, settings
from digitlib.recognizer import Recognizer


def read_files(
    paths,
    output=None,
    *,
    digits=None,
    pattern=None,
    weights="hands",
    review=None,
    jobs=1,
    dask=None,
):
    """Read the number in each of many files.

    Parameters
    ----------
    paths : iterable of str
        Of images; one that is given twice is read once.
    output : str or os.PathLike, optional
        A table of records, ``.csv`` or ``.jsonl``, that is written at the end, also
        of an interrupted run. Until then, and for the next run, they are in a file
        beside it, ``.state`` at the end of its name. Files whose record is there, with
        the same content, are not read again; other content replaces a record.
    digits, pattern, weights
        As for `digitlib.reading.read` and `digitlib.model.load_weights`.
    review : str or os.PathLike, optional
        A folder, for pictures and a list of what is not accepted; see
        `digitlib.batch.review.Review`. It then holds copies of people's handwriting.
    jobs : int
        How many processes; -1 is one for each core. Each has one thread.
    dask : str, optional
        Address of a Dask scheduler; its workers take the place of the jobs. They must
        find the files, the weights and ``review`` at the same paths.

    Yields
    ------
    Record
        One for each file, whether it was read now or before: in the order of the paths
        if there is one process, or else as they are finished. With an output, it is
        kept by then. For a file that cannot be read, it has the error.

    Raises
    ------
    DigitlibError
        If an argument cannot be used, or something cannot be written; what was read
        stays.
    """
    paths, _ = once(paths)
    if jobs != -1:
        check_count("jobs", jobs, 1, 10_000)
    weights = str(check_path(weights))
    if not (ASSETS / f"{weights}.npz").is_file():
        weights = os.path.abspath(weights)
    review = None if review is None else Path(os.path.abspath(check_path(review)))
    inside = [p for p in paths if os.path.dirname(os.path.abspath(p)) == str(review)]
    if inside:
        raise DigitlibError(f"{review}: with images to read in it; give another review")
    recognizer = Recognizer(weights)
    # A wrong argument is one error now, not one for each file.
    blank = np.ones((64, 64), np.float32)
    read(blank, digits=digits, pattern=pattern, recognizer=recognizer)
    learned = weights, _digest(recognizer)  # other content is another recognizer
    read_one = partial(_read_one, digits, pattern, learned, review)
    with ExitStack() as opened:
        listed = review and opened.enter_context(Review(review))
        how = [digits, pattern, learned[1], settings(), version("digitlib")]
        how = hashlib.sha256(json.dumps(how).encode()).hexdigest()[:16]
        records = output and opened.enter_context(Records(output, how))
        tasks = ((p, os.path.abspath(p), _known(p, records, listed)) for p in paths)
        found = run_all(read_one, tasks, jobs, dask)
        for record, new in opened.enter_context(closing(found)):
            if new and record.set_aside and review:
                listed.add(record)
            if new and records:
                records.add(record)
            yield record


def _known(path, records, listed):
    """The record that need not be made again, if the content is the same."""
    record = records.find(path) if records else None
    unlisted = listed and record and record.set_aside and record not in listed
    return None if unlisted else record


def _read_one(digits, pattern, learned, review, path, place, known):
    """Read one file, here or in a worker process; tell whether the record is new."""
    try:
        content = load_bytes(place)
        sha256 = hashlib.sha256(content).hexdigest()
    except DigitlibError as error:
        # It names the place, but people know the path as they gave it.
        why = str(error).replace(readable(place), readable(path), 1)
        failed = Record(path, None, error=why)
        return failed, failed != known
    if known and known.sha256 == sha256 and not known.error:
        return known, False
    file = io.BytesIO(content)
    file.name = path  # for errors
    try:
        # The matrices are small; more threads would only wait for each other.
        with _threads().limit(limits=1):
            recognizer = _recognizer(*learned)
            reading = read(file, digits=digits, pattern=pattern, recognizer=recognizer)
    except DigitlibError as error:
        failed = Record(path, sha256, error=str(error))
        return failed, failed != known
    record = Record(
        path, sha256, reading.text, round(reading.confidence, 6), reading.accepted,
        reading.reason, list(map(_plain, reading.digits)),
    )  # fmt: skip
    if review and record.set_aside:
        save_picture(review, file, record)
    return record, True


def _plain(digit):
    sure = {name: round(getattr(digit, name), 6) for name in ("confidence", "is_digit")}
    said = {"digit": digit.digit, **sure, "accepted": digit.accepted}
    return said | {"box": list(digit.box)}


# Once in each process; another digest is another recognizer.
_recognizer = cache(lambda weights, digest: Recognizer(weights))
_threads = cache(ThreadpoolController)


def _digest(recognizer):
    """SHA-256 over all that a recognizer has learned."""
    looks = () if recognizer.augmentation is None else astuple(recognizer.augmentation)
    numbers = np.array([recognizer.temperature, recognizer.threshold, *looks])
    learned = numbers, recognizer.detector, *recognizer.weights
    return digest({str(i): array for i, array in enumerate(learned)})
