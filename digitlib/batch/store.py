"""Records: what was read in each file, and the table (CSV or JSON lines) of them.

A table is written when a run ends or is interrupted. What is read before, a run keeps
in a `digitlib._internal.store.Store`; if it is killed, the next one goes on from there.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
import json
import os

from digitlib._internal.checks import check_path
from digitlib._internal.store import Store, csv_line
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import readable


@dataclass(frozen=True)
class Record:
    """What is known of one file; `digitlib.reading.Reading`, but plain and small."""

    path: str
    sha256: str | None  #: of the content; None if the file could not be opened
    text: str = ""
    confidence: float = 0.0
    accepted: bool = False
    reason: str | None = None
    #: of each a dict with what a `digitlib.reading.Digit` has, but its probabilities
    digits: list = field(default_factory=list)
    error: str | None = None  #: why it could not be read; then the others say nothing

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
    """Return a record, and what else is to be told, as a line of JSON without end."""
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
    return csv_line(said.get(name, "") for name in COLUMNS)


COLUMNS = *Record.__dataclass_fields__, "options"


class Records(AbstractContextManager):
    """A table of records that is being made, by one run at a time.

    ``options`` stand for how the images are read; all records must have the same.
    """

    def __init__(self, path, options):
        self.options = options
        suffix = check_path(path).suffix.lower()
        if suffix not in (".csv", ".jsonl", ".json"):
            why = "give a name that ends in .csv or .jsonl, so that its form is known"
            raise DigitlibError(f"{path}: {why}")
        self._csv = suffix == ".csv"
        self._store = Store(path)
        first = next(self._store.texts(), None)
        if first and json.loads(first)["options"] != options:
            self._store.__exit__()
            why = "read with other --digits, --pattern or --weights, or by another"
            raise DigitlibError(f"{path}: {why} digitlib; give another --output")

    def __exit__(self, *_):
        with self._store as store:
            lines = (text + "\n" for text in store.texts())
            if self._csv:
                lines = (",".join(COLUMNS) + "\n", *map(_as_csv, lines))
            store.write(lines)

    def find(self, path):
        """Return the last `Record` of a file, or None."""
        said = json.loads(self._store.get(key(path)) or "{}")
        said.pop("options", None)
        return Record(**said) if said else None

    def add(self, record):
        """Keep a record; it takes the place of an older one of the same file."""
        self._store.put(record.key, as_json(record, options=self.options))
