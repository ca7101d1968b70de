"""The state of a run: what is finished, in a file of its own, that nobody edits."""

from contextlib import AbstractContextManager
import csv
import hashlib
import io
import json
import shutil
import sqlite3

from digitlib._internal.checks import check_path
from digitlib._internal.files import not_written, replacing
from digitlib.errors import DigitlibError


class Store(AbstractContextManager):
    """Texts by key, in an SQLite file beside the table that is made of them.

    It has the table's name and ``.state``. A process may be killed at any moment, or
    the disk be full: what was put stays. It serves one run at a time. A table, or one
    of the other files made of it, that has no state was written by something else and
    is refused, unless the caller reads (``adopt``) it.
    """

    def __init__(self, table, *others, adopt=False):
        self.table = check_path(table)
        self.path = self.table.with_name(f"{self.table.name}.state")
        self._adopt = adopt
        for path in (self.table, self.path, *others):
            if path.exists() and not path.is_file():
                raise DigitlibError(f"{path}: not a file; give another place")
        new = not self.path.exists() or not self.path.stat().st_size
        for path in (self.table, *others):
            if new and not adopt and path.exists() and path.stat().st_size:
                why = f"there already, but no {self.path.name} that tells of its run;"
                why = f"{why} move it away, or give another place"
                raise DigitlibError(f"{path}: {why}")
        try:
            self.path.touch(0o600)  # the table may be somebody's own, too
        except OSError as error:
            raise not_written(self.table, error) from error
        # A thread of joblib's takes tasks from their list, and asks what is known.
        how = {"timeout": 0, "isolation_level": None, "check_same_thread": False}
        self._db = sqlite3.connect(self.path, **how)
        try:
            self._do("PRAGMA locking_mode = EXCLUSIVE")
            self._do("PRAGMA journal_mode = WAL")
            self._do("PRAGMA synchronous = NORMAL")
            self._do("BEGIN IMMEDIATE")  # from now on, nobody else
            self._do("CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text)")
            self._do("COMMIT")
        except BaseException:
            self._db.close()
            if new:
                self.path.unlink(missing_ok=True)
            raise

    def __exit__(self, *_):
        self._db.close()

    def _do(self, command, *values):
        try:
            return self._db.execute(command, values)
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            why = f"cannot be written ({error}); give another place"
            if code == sqlite3.SQLITE_BUSY:
                why = "in use by another run; wait for its end"
            elif code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                why = "damaged, or something else; move it away"
            raise DigitlibError(f"{self.path}: {why}") from error

    def get(self, key):
        """Return the text of a key, or None."""
        found = self._do("SELECT text FROM texts WHERE key = ?", key).fetchone()
        return found and found[0]

    def put(self, key, text):
        """Keep a text; it takes the place of an older one, but goes to the end."""
        self._do("REPLACE INTO texts VALUES (?, ?)", key, text)

    def texts(self):
        """Yield all texts in the order in which they were put."""
        rows = self._do("SELECT text FROM texts WHERE key != '' ORDER BY rowid")
        yield from (text for (text,) in rows)

    def write(self, lines):
        """Write the table anew, of lines with their ends; an edited one is copied."""
        if self.table.exists() and not self._adopt:
            try:
                content = self.table.read_bytes()
                if content and hashlib.sha256(content).hexdigest() != self.get(""):
                    shutil.copy(self.table, f"{self.table}.edited")
            except OSError as error:
                raise not_written(self.table, error) from error
        digest = hashlib.sha256()
        with replacing(self.table) as file:
            for line in lines:
                file.write(line.encode())
                digest.update(line.encode())
        self.put("", digest.hexdigest())


class Results(AbstractContextManager):
    """A table (CSV) of results that a run completes; ``rows`` were there already.

    Its first ``key`` columns name a line; of each key, the last line counts. The table
    is written when the run ends or is interrupted, and the state removed. If the run is
    killed, the next one takes new lines from the state. ``parse`` makes of a list of
    str what a line says, or raises ValueError.
    """

    def __init__(self, path, header, key, parse=tuple):
        self._header, self._key = header, key
        old = []
        if path.exists():
            read_results(path, header, parse)
            old = read_results(path, header)
        self._store = Store(path, adopt=True)
        for cells in {cells[:key]: cells for cells in old}.values():
            if self._store.get(json.dumps(cells[:key])) is None:
                self.add(*cells)
        self.rows = [parse(json.loads(text)) for text in self._store.texts()]

    def __exit__(self, *_):
        with self._store as store:
            rows = map(json.loads, store.texts())
            store.write(map(csv_line, [self._header, *rows]))
        store.path.unlink(missing_ok=True)  # the table tells all

    def add(self, *cells):
        """Keep a line: str or numbers, one for each column."""
        cells = [str(cell) for cell in cells]
        self._store.put(json.dumps(cells[: self._key]), json.dumps(cells))


def read_results(path, header, parse=tuple):
    """Return what each line of a table of results says.

    A last line that has no end was cut off and is left out.
    """
    if not path.is_file():  # /dev/full, for one, never ends
        raise DigitlibError(f"{path}: not a file; give another file")
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines(True) or [""]
    except (OSError, UnicodeError) as error:
        raise DigitlibError(f"{path}: cannot be read; give another file") from error
    whole = csv_line(header)
    if first != whole and (lines or not whole.startswith(first)):
        raise DigitlibError(f"{path}: not a results file; give another")
    found = []
    for number, line in enumerate(lines, 2):
        try:
            if line.endswith("\n"):
                found.append(parse(next(csv.reader([line]))))
        except (ValueError, csv.Error) as error:
            why = f"{path}, line {number}: damaged; delete that line"
            raise DigitlibError(why) from error
    return found


def csv_line(cells):
    """Return a line of a table (CSV), with its end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
