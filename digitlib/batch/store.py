"""Records: what was read in each file, and the table (CSV or JSON lines) of them.

A table is written when a run ends or is interrupted. What is read before, a run keeps
in a `digitlib._internal.store.Store`; if it is killed, the next one goes on from there.
"""

import csv
from dataclasses import dataclass, field
import io
import json
import os

from digitlib._internal.checks import check_path
from digitlib._internal.store import Store
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import readable


@dataclass(frozen=True)
class Record:
    """What is known of one file; `digitlib.reading.Reading`, but plain and small.

    Attributes
    ----------
    path : str
    sha256 : str or None
        Of the content; None if the file could not be opened.
    text, confidence, accepted, reason
        As of a `digitlib.reading.Reading`.
    digits : list of dict
        Of each ``digit``, ``confidence``, ``is_digit``, ``accepted`` and ``box``, as of
        a `digitlib.reading.Digit`.
    error : str or None
        Why the file could not be read; then the other attributes say nothing.
    """

    path: str
    sha256: str | None
    text: str = ""
    confidence: float = 0.0
    accepted: bool = False
    reason: str | None = None
    digits: list = field(default_factory=list)
    error: str | None = None

    @property
    def set_aside(self):
        """Whether a person should look at it."""
        return self.error is None and not self.accepted

    @property
    def key(self):
        """What is the same for all spellings of the path."""
        return key(self.path)


def key(path):
    """Return what is the same for all spellings of a path, printable."""
    return os.path.abspath(readable(path))


def one_line(text):
    """Return a text of several lines as one, with a space for each end."""
    return text.replace("\n", " ")


def as_json(record, **more):
    """Return a record as a line of JSON, without its end.

    Parameters
    ----------
    record : Record
    **more
        Other things to put into the line.

    Returns
    -------
    str
    """
    said = dict(vars(record))
    if record.error is None:
        del said["error"]
    else:
        said = {name: said[name] for name in ("path", "sha256", "error")}
    return json.dumps(said | more)


def _as_csv(line):
    """A line of JSON as one of CSV: one line, whatever is in it."""
    said = json.loads(line)
    said["path"] = readable(said["path"])
    if "error" not in said:
        said["text"] = one_line(said["text"])
        said["accepted"] = json.dumps(said["accepted"])
        said["digits"] = "; ".join(
            " ".join(map(str, [*numbers, int(accepted), *box]))
            for *numbers, accepted, box in map(dict.values, said["digits"])
        )
    out = io.StringIO()
    csv.DictWriter(out, COLUMNS, lineterminator="\n").writerow(said)
    return out.getvalue()


COLUMNS = *Record.__dataclass_fields__, "options"


class Records:
    """A table of records that is being made, by one run at a time.

    Parameters
    ----------
    path : str or os.PathLike
        It ends in ``.csv``, or in ``.jsonl`` or ``.json`` for JSON lines.
    options : str
        Stands for how the images are read; all records must have the same.

    Raises
    ------
    DigitlibError
        If it cannot be written, or has other records or something else in it.
    """

    def __init__(self, path, options):
        self.options = options
        suffix = check_path(path).suffix.lower()
        if suffix not in (".csv", ".jsonl", ".json"):
            raise DigitlibError(
                f"{path}: give a name that ends in .csv or .jsonl, so that its form is "
                "known"
            )
        self._csv = suffix == ".csv"
        self._store = Store(path)
        first = next(self._store.texts(), None)
        if first and json.loads(first)["options"] != options:
            self._store.__exit__()
            raise DigitlibError(
                f"{path}: read with other --digits, --pattern or --weights, or by "
                "another digitlib; give another --output"
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._store as store:
            lines = (text + "\n" for text in store.texts())
            if self._csv:
                lines = (",".join(COLUMNS) + "\n", *map(_as_csv, lines))
            store.write(lines)

    def find(self, path):
        """Return the last `Record` of a file, or None."""
        text = self._store.get(key(path))
        if text is None:
            return None
        said = json.loads(text)
        del said["options"]
        return Record(**said)

    def add(self, record):
        """Keep a record; it takes the place of an older one of the same file."""
        self._store.put(record.key, as_json(record, options=self.options))
