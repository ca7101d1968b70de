"""Records: what was read in each file, as a table (CSV) or as JSON lines.

A file of records grows by one whole line for each image that was read. Its lines stay
when the run that writes them is killed, and the next run goes on from there.
"""

import csv
from dataclasses import dataclass
import io
import json
import os
from typing import NamedTuple

from digitlib._internal.checks import check_path
from digitlib._internal.files import Growing, replacing
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import readable

COLUMNS = (
    "path", "sha256", "text", "confidence", "accepted", "reason", "digits", "error",
    "options",
)  # fmt: skip
FORMATS = {  # by suffix: how such a file begins
    ".csv": (",".join(COLUMNS) + "\n").encode(),
    ".jsonl": b'{"path": ',
    ".json": b'{"path": ',
}


class Place(NamedTuple):
    """A digit of a `Record`."""

    digit: int  #: 0 to 9
    confidence: float  #: the probability of it, given that it is one
    is_digit: float  #: the probability that it is one
    accepted: bool  #: whether it is sure by itself
    box: tuple  #: left, top, and the first column and row beyond


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
    digits : tuple of Place
    error : str or None
        Why the file could not be read; then the other attributes say nothing.
    """

    path: str
    sha256: str | None
    text: str = ""
    confidence: float = 0.0
    accepted: bool = False
    reason: str | None = None
    digits: tuple = ()
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
    """Return what is the same for all spellings of a path.

    Parameters
    ----------
    path : str

    Returns
    -------
    str
        Printable.
    """
    return os.path.abspath(readable(path))


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
    found = {"path": record.path, "sha256": record.sha256}
    if record.error is not None:
        return json.dumps({**found, "error": record.error, **more})
    found |= {
        "text": record.text,
        "confidence": record.confidence,
        "accepted": record.accepted,
        "reason": record.reason,
        "digits": [place._asdict() for place in record.digits],
    }
    return json.dumps({**found, **more})


def _of_json(line):
    found = json.loads(line)
    options = found.pop("options")
    places = [
        Place(**{**place, "box": tuple(place["box"])})
        for place in found.pop("digits", ())
    ]
    return Record(**found, digits=tuple(places)), options


def _as_csv(record, options):
    """A record as a line of CSV: one line, whatever is in it."""
    digits = (
        f"{place.digit} {place.confidence} {place.is_digit} {place.accepted:d} "
        + " ".join(map(str, place.box))
        for place in record.digits
    )
    said = ("", "", "", "")
    if record.error is None:
        accepted = json.dumps(record.accepted)
        said = one_line(record.text), record.confidence, accepted, record.reason
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        [readable(record.path), record.sha256, *said, "; ".join(digits), record.error,
         options]
    )  # fmt: skip
    return out.getvalue()


def _of_csv(line):
    [row] = csv.reader([line])
    path, sha256, text, confidence, accepted, reason, digits, error, options = row
    sha256 = sha256 or None
    if error:
        return Record(path, sha256, error=error), options
    places = []
    for place in digits.split("; ") if digits else ():
        digit, confidence_, is_digit, sure, *box = place.split()
        box = tuple(map(int, box))
        places.append(
            Place(int(digit), float(confidence_), float(is_digit), sure == "1", box)
        )
    return Record(
        path, sha256, text, float(confidence), json.loads(accepted), reason or None,
        tuple(places),
    ), options  # fmt: skip


def one_line(text):
    """Return a text of several lines as one, with a space for each end."""
    return text.replace("\n", " ")


class Records:
    """A file of records that is being written.

    It can be in use only once at a time. What it holds already stays; a last line that
    was cut off is removed.

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
        self.path = check_path(path)
        self.options = options
        suffix = self.path.suffix.lower()
        if suffix not in FORMATS:
            raise DigitlibError(
                f"{path}: give a name that ends in .csv or .jsonl, so that its form is "
                "known"
            )
        self._csv = suffix == ".csv"
        self._file = Growing(self.path, FORMATS[suffix])
        try:
            self._places = {}  # where the last record of each file is
            self._n = 0
            for number, (offset, line) in enumerate(self._file.lines(), 1):
                if not self._csv or offset:
                    self._places[self._parse(line, number).key] = offset
                    self._n += 1
            self._content = self.path.open("rb")
        except BaseException:
            self._file.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._content, self._file:
            if self._n > len(self._places):
                self._drop_old()

    def find(self, path):
        """Return the last `Record` of a file, or None."""
        offset = self._places.get(key(path))
        if offset is None:
            return None
        self._content.seek(offset)
        return self._parse(self._content.readline(), 0)

    def add(self, record):
        """Write a record; it takes the place of an older one of the same file."""
        line = (
            _as_csv(record, self.options)
            if self._csv
            else as_json(record, options=self.options)
        )
        self._places[record.key] = self._file.append(line.encode() + b"\n")
        self._n += 1

    def _parse(self, line, number):
        try:
            record, options = (_of_csv if self._csv else _of_json)(line.decode())
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DigitlibError(
                f"{self.path}, line {number}: damaged; delete that line"
            ) from error
        if options != self.options:
            raise DigitlibError(
                f"{self.path}: read with other --digits, --pattern or --weights, or by "
                "another digitlib; give another --output"
            )
        return record

    def _drop_old(self):
        """Leave one record for each file."""
        kept = {0, *self._places.values()} if self._csv else {*self._places.values()}
        with replacing(self.path) as file:
            for offset, line in self._file.lines():
                if offset in kept:
                    file.write(line)
