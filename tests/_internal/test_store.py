"""The state of a run: nothing that was put is lost, whatever happens."""

from contextlib import suppress
import os
import shutil
import signal
import subprocess
import sys

from memory import no_file_above
import pytest

from digitlib._internal.store import Results, Store, read_results
from digitlib.errors import DigitlibError

HEADER = "name", "part", "value"


@pytest.fixture
def table(tmp_path):
    return tmp_path / "out.csv"


def texts(table):
    with Store(table) as store:
        return [*store.texts()]


def test_what_was_put_is_there_in_order_and_the_last_text_of_a_key_counts(table):
    with Store(table) as store:
        for key, text in (("a", "1"), ("b", "2"), ("ö, 'c'", "3\n"), ("a", "4")):
            store.put(key, text)
        assert (store.get("a"), store.get("b"), store.get("d")) == ("4", "2", None)
    assert texts(table) == ["2", "3\n", "4"]
    assert os.listdir(table.parent) == ["out.csv.state"]
    assert (table.parent / "out.csv.state").stat().st_mode & 0o777 == 0o600


def test_one_run_at_a_time(table):
    code = f"from digitlib._internal.store import Store; Store({str(table)!r})"
    with Store(table) as store:
        store.put("a", "1")
        with pytest.raises(DigitlibError, match="in use by another run"):
            Store(table)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=1)
        assert "in use by another run" in done.stderr
    assert texts(table) == ["1"]


def test_a_killed_run_loses_nothing(table):
    code = f"from digitlib._internal.store import Store; store = Store({str(table)!r})"
    code += "\nfor i in range(10**9): store.put(str(i), str(i)); print(i, flush=True)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    for _ in range(300):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    said = 300 + process.communicate()[0].count(b"\n")
    found = texts(table)
    assert found == [str(i) for i in range(len(found))]
    assert len(found) >= said


def test_a_full_disk_is_one_error_and_what_was_put_stays(table):
    store = Store(table)
    store.put("a", "1")
    with no_file_above(50_000):
        with pytest.raises(DigitlibError, match=r"out.csv.state: cannot be w") as error:
            [store.put(str(i), 1000 * "x") for i in range(1000)]
        kept = len([*store.texts()])
        store.__exit__()
    assert "\n" not in str(error.value)
    assert len(texts(table)) == kept > 1


def test_no_room_for_a_new_state(table):
    with no_file_above(20), pytest.raises(DigitlibError, match="cannot be written"):
        Store(table)
    assert os.listdir(table.parent) == []


def test_a_table_without_a_state_is_refused_or_adopted(table):
    table.write_text("Dear Sir or Madam")
    with pytest.raises(DigitlibError, match="give another place") as error:
        Store(table)
    assert str(error.value).startswith(f"{table}: there already")
    assert os.listdir(table.parent) == ["out.csv"]
    other = table.parent / "other"
    with pytest.raises(DigitlibError, match="give another place"):
        Store(other, table)
    with Store(table, adopt=True) as store:
        store.write(["1\n"])
    assert sorted(os.listdir(table.parent)) == ["out.csv", "out.csv.state"]
    assert table.read_text() == "1\n"


@pytest.mark.parametrize("content", [b"Dear Sir or Madam", bytes(range(256)) * 20])
def test_a_state_that_is_something_else_is_refused_and_kept(table, content):
    state = table.parent / "out.csv.state"
    state.write_bytes(content)
    with pytest.raises(DigitlibError, match="damaged, or something else"):
        Store(table)
    assert state.read_bytes() == content


def test_places_that_cannot_be_written(table):
    for place in (table.parent, table / "absent", table.parent / "a" / "b"):
        with pytest.raises(DigitlibError, match="give another place"):
            Store(place)
    (table.parent / "x.state").mkdir()
    with pytest.raises(DigitlibError, match=r"x.state: not a file"):
        Store(table.parent / "x")
    with pytest.raises(DigitlibError, match="not a path"):
        Store(None)


def test_a_table_that_was_edited_is_kept_aside(table):
    for text in ("1\n", "2\n"):
        with Store(table) as store:
            store.write([text])
    assert sorted(os.listdir(table.parent)) == ["out.csv", "out.csv.state"]
    table.write_text("7\n")
    table.chmod(0o600)
    with Store(table) as store:
        store.write(["3\n"])
    assert table.read_text() == "3\n"
    assert table.stat().st_mode & 0o777 == 0o600
    assert (table.parent / "out.csv.edited").read_text() == "7\n"
    table.unlink()
    with Store(table) as store:
        store.write(["3\n"])
    assert table.read_text() == "3\n"


# Results


def complete(table, *rows):
    with Results(table, HEADER, 2) as results:
        for row in rows:
            results.add(*row)
    return results.rows


def test_rows_are_added_to_a_table_and_no_state_is_left(table):
    assert complete(table, ("a, b", 1, 0.5)) == []
    assert table.read_text() == 'name,part,value\n"a, b",1,0.5\n'
    assert complete(table, ("c", 1, "x"), ("a, b", 2, "")) == [("a, b", "1", "0.5")]
    content = table.read_bytes()
    assert content.endswith(b'0.5\nc,1,x\n"a, b",2,\n')
    assert len(complete(table)) == 3
    assert table.read_bytes() == content
    assert os.listdir(table.parent) == ["out.csv"]


def test_of_two_rows_of_a_key_the_later_counts(table):
    complete(table, ("a", 1, "old"), ("b", 1, ""))
    table.write_text(table.read_text() + "a,1,new\n")
    assert complete(table) == [("a", "1", "new"), ("b", "1", "")]


def test_rows_of_a_killed_run_come_after_those_of_the_table(table):
    complete(table, ("a", 1, ""))
    results = Results(table, HEADER, 2)
    results.add("b", 1, "")
    for end in ("", "-wal"):  # as it lies there when the run is killed
        shutil.copy(f"{table}.state{end}", f"{table.parent}/killed.state{end}")
    killed = table.parent / "killed"
    killed.write_bytes(table.read_bytes())
    assert complete(killed, ("c", 1, "")) == [("a", "1", ""), ("b", "1", "")]
    assert [row[0] for row in read_results(killed, HEADER)] == ["a", "b", "c"]
    results.__exit__()


def test_an_error_in_a_run_keeps_its_rows(table):
    with suppress(RuntimeError), Results(table, HEADER, 2) as results:
        results.add("a", 1, 2)
        raise RuntimeError
    assert read_results(table, HEADER) == [("a", "1", "2")]
