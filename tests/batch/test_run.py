"""Many files: each read once and written down, whatever happens on the way."""

import csv
from functools import partial
import hashlib
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from bs4 import BeautifulSoup
from joblib.externals.loky import get_reusable_executor
from memory import no_file_above
import numpy as np
from PIL import Image
import psutil
import pytest

from digitlib.__main__ import main
from digitlib._internal.store import Store
from digitlib.batch import run as batches
from digitlib.batch.review import Drawing, Review, draw_review, picture_name
from digitlib.batch.run import read_files
from digitlib.batch.store import Record, Records, as_json
from digitlib.data import split_validation
from digitlib.errors import DigitlibError
from digitlib.imaging.paths import once
from digitlib.model import ASSETS, load_provenance, load_weights, save_weights
from digitlib.reading import read
from digitlib.synthesis.forms import fields

N = 8
SEVEN = {"digit": 7, "confidence": 0.25, "is_digit": 0.5, "accepted": False}
SEVEN["box"] = [1, 2, 3, 4]


@pytest.fixture(scope="session")
def made(mnist, tmp_path_factory):
    """A folder with fields, as scanned: 0.png, 1.png, ..."""
    folder = tmp_path_factory.mktemp("fields")
    _, (x, y) = split_validation(*mnist[0])
    for i, field in enumerate(fields(x / np.float32(255), y, N, kind="mixed", seed=3)):
        Image.fromarray(field.image).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def scans(made, tmp_path, monkeypatch):
    """A copy of that folder, ``scans``; we are beside it."""
    (tmp_path / "scans").mkdir()
    for path in made.iterdir():
        (tmp_path / "scans" / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return [os.path.join("scans", f"{i}.png") for i in range(N)]


@pytest.fixture
def asked(monkeypatch):
    """The files that were read, in this process; nothing is really looked at."""
    names = []
    real = batches.read

    def made_up(image, **options):
        if isinstance(image, np.ndarray):
            return real(image, **options)
        names.append(image.name)
        return real(np.ones((64, 64), np.float32))

    monkeypatch.setattr(batches, "read", made_up)
    return names


def lines(path):
    return Path(path).read_bytes().splitlines(keepends=True)


def paths_in(path):
    """The paths in a file of records, as other programs find them."""
    if path.endswith(".csv"):
        with open(path, newline="") as file:
            return [row["path"] for row in csv.DictReader(file)]
    return [json.loads(line)["path"] for line in lines(path)]


def about(value):
    if isinstance(value, tuple):
        return list(value)
    return pytest.approx(value, abs=1e-4) if isinstance(value, float) else value


def letter(path):
    Path(path).write_text("Dear Sir or Madam")
    return path


every_form = pytest.mark.parametrize("output", ["out.csv", "out.jsonl", "out.JSON"])


def test_a_record_is_what_read_says(scans):
    for path, record in zip(scans, read_files(scans), strict=True):
        reading = read(path)
        sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        assert (record.path, record.sha256, record.error) == (path, sha256, None)
        assert record.set_aside != record.accepted
        for name in ("text", "confidence", "accepted", "reason"):
            assert getattr(record, name) == about(getattr(reading, name))
        assert record.digits == [
            {name: about(getattr(digit, name)) for name in SEVEN}
            for digit in reading.digits
        ]


@every_form
def test_what_is_written_comes_back(scans, output):
    scans.append(letter("scans/letter.png"))
    found = list(read_files([*scans, "absent.png"], output))
    again = list(read_files([*scans, "absent.png"], output))
    assert again == found
    assert paths_in(output) == [*scans, "absent.png"]
    assert found[-2].error.startswith("scans/letter.png: not an image")
    assert (found[-1].error, found[-1].sha256) == ("absent.png: no such file", None)


def test_a_table_has_a_line_for_each_file_though_it_has_several_lines(asked, tmp_path):
    record = Record("a,b\nc.png", "12", "12\n34", 0.5, True, None, [SEVEN])
    with Records(tmp_path / "out.csv", "how") as records:
        records.add(record)
    header, line = (tmp_path / "out.csv").read_text().splitlines()
    [row] = csv.DictReader([header, line])
    assert row == {
        "path": "'a,b\\nc.png'", "sha256": "12", "text": "12 34", "confidence": "0.5",
        "accepted": "true", "reason": "", "digits": "7 0.25 0.5 0 1 2 3 4",
        "error": "", "options": "how",
    }  # fmt: skip
    with Records(tmp_path / "out.csv", "how") as records:
        assert records.find("a,b\nc.png").digits == record.digits


def test_a_json_line_has_everything():
    record = Record("ö.png", "12", "7", 0.5, False, "unsure", [SEVEN])
    assert json.loads(as_json(record, options="how")) == {
        "path": "ö.png", "sha256": "12", "text": "7", "confidence": 0.5,
        "accepted": False, "reason": "unsure", "options": "how", "digits": [SEVEN],
    }  # fmt: skip
    failed = {"path": "x", "sha256": None, "error": "x: no such file"}
    assert json.loads(as_json(Record(**failed))) == failed


# Resuming


@every_form
def test_files_in_the_output_are_not_read_again(asked, scans, output):
    list(read_files(scans[:3], output))
    assert asked == scans[:3]
    before = Path(output).read_bytes()
    assert [record.path for record in read_files(scans, output)] == scans
    assert asked == scans
    assert paths_in(output) == scans
    content = Path(output).read_bytes()
    assert content.startswith(before)
    other = [os.path.join(".", "scans", "..", path) for path in scans]
    list(read_files(other, output))
    assert asked == scans
    assert Path(output).read_bytes() == content
    assert not Path(f"{output}.edited").exists()


@pytest.mark.parametrize("left", [b"", b"path,sha256\n", b"Dear Sir or Madam", None])
@every_form
def test_nobodys_editing_of_the_table_damages_a_run(asked, scans, output, left):
    list(read_files(scans[:3], output))
    content = Path(output).read_bytes()
    Path(output).unlink() if left is None else Path(output).write_bytes(left)
    list(read_files(scans[:3], output))
    assert asked == scans[:3]
    assert Path(output).read_bytes() == content
    assert Path(f"{output}.edited").exists() == bool(left)


@every_form
def test_a_changed_file_is_read_again_and_has_one_record(asked, scans, output):
    list(read_files(scans[:3], output))
    Path(output).chmod(0o600)
    Image.new("RGB", (50, 50)).save(scans[1])
    asked.clear()
    found = list(read_files(scans[:3], output))
    assert asked == [scans[1]]
    assert paths_in(output) == [scans[0], scans[2], scans[1]]
    sha256 = hashlib.sha256(Path(scans[1]).read_bytes()).hexdigest()
    assert found[1].sha256 == sha256
    assert sha256.encode() in lines(output)[-1]
    assert os.stat(output).st_mode & 0o777 == 0o600
    asked.clear()
    assert list(read_files(scans[:3], output)) == found
    assert asked == []


@every_form
def test_an_interrupted_run_writes_what_it_has(asked, scans, output, monkeypatch):
    def interrupt(image, **options):
        if len(asked) == 3:
            raise KeyboardInterrupt
        return made_up(image, **options)

    made_up = batches.read
    monkeypatch.setattr(batches, "read", interrupt)
    with pytest.raises(KeyboardInterrupt):
        list(read_files(scans, output, review="review"))
    assert paths_in(output) == scans[:3]
    assert [row["file"] for row in rows("review")] == scans[:3]
    monkeypatch.setattr(batches, "read", made_up)
    list(read_files(scans, output, review="review"))
    assert asked == paths_in(output) == scans


@pytest.mark.parametrize(
    "other", [{"digits": 5}, {"pattern": "##-###"}, {"weights": "other.npz"}]
)
@every_form
def test_records_made_otherwise_are_refused_and_kept(asked, scans, output, other):
    _save_other_weights()
    list(read_files(scans[:2], output))
    before = Path(output).read_bytes()
    asked.clear()
    with pytest.raises(DigitlibError, match="other --digits") as error:
        list(read_files(scans, output, **other))
    assert "\n" not in str(error.value)
    assert asked == []
    assert Path(output).read_bytes() == before


def _save_other_weights(bias=0.5, detector=0, **more):
    """The shipped weights with one number changed."""

    class Model:
        def get_weights(self):
            weights = [array.copy() for array in load_weights()]
            weights[-1][0] += bias
            return weights

    with np.load(ASSETS / "robust.npz") as arrays:
        known = load_provenance() | more
        save_weights("other.npz", Model(), arrays["detector"] + detector, **known)


@pytest.mark.parametrize(
    "change",
    [
        {"bias": 1.5}, {"detector": 1}, {"temperature": 2}, {"threshold": 0.5},
        {"augmentation": {"turn": 5}}, {"augmentation": None},
    ],
)  # fmt: skip
def test_anything_else_learned_is_noticed(asked, scans, change):
    _save_other_weights()
    list(read_files(scans[:1], "out.csv", weights="other.npz"))
    _save_other_weights(**change)
    with pytest.raises(DigitlibError, match="other --digits"):
        list(read_files(scans[:1], "out.csv", weights="other.npz"))


def test_another_threshold_of_the_reader_is_noticed(asked, scans, monkeypatch):
    list(read_files(scans[:1], "out.csv"))
    monkeypatch.setattr(batches, "settings", lambda: {"threshold": 0.5})
    with pytest.raises(DigitlibError, match="other --digits"):
        list(read_files(scans[:1], "out.csv"))


@pytest.mark.parametrize("content", [b"Dear Sir or Madam", b"path,sha256\n", b"\xff"])
@every_form
def test_a_table_of_another_run_is_refused_and_kept(asked, scans, output, content):
    Path(output).write_bytes(content)
    with pytest.raises(DigitlibError, match="give another place") as error:
        list(read_files(scans, output))
    assert "\n" not in str(error.value)
    assert Path(output).read_bytes() == content
    assert asked == []


@every_form
def test_two_runs_at_once_on_one_output_are_refused(asked, scans, output):
    first = read_files(scans, output)
    next(first)
    with pytest.raises(DigitlibError, match="in use by another run"):
        next(read_files(scans, output))
    first.close()
    assert len(list(read_files(scans, output))) == N


@every_form
def test_a_full_disk_leaves_all_as_it_was(asked, scans, output):
    list(read_files(scans[:2], output))
    before = Path(output).read_bytes()
    full = pytest.raises(DigitlibError, match=r"out\..*: cannot be written")
    with no_file_above(1000), full as error:
        list(read_files(scans, output))
    assert "\n" not in str(error.value)
    assert Path(output).read_bytes() == before
    asked.clear()
    list(read_files(scans, output))
    assert asked == scans[2:]


def test_a_file_that_was_refused_is_asked_for_again(asked, scans, monkeypatch):
    """It may now be allowed; that it is still refused is not written down again."""

    made_up = batches.read

    def refuse(image, **options):
        if isinstance(image, np.ndarray):
            return made_up(image, **options)
        raise DigitlibError(f"{image.name}: too large")

    with monkeypatch.context() as refusing:
        refusing.setattr(batches, "read", refuse)
        [record] = read_files(scans[:1], "out.jsonl")
        before = lines("out.jsonl")
        assert [record] == list(read_files(scans[:1], "out.jsonl"))
    assert record.error == "scans/0.png: too large"
    assert lines("out.jsonl") == before
    [record] = read_files(scans[:1], "out.jsonl")
    assert record.error is None
    assert asked == scans[:1]


def test_a_file_that_is_there_again_is_read(asked, scans):
    os.rename(scans[0], "away.png")
    record, _ = read_files(scans[:2], "out.csv")
    assert record.error == "scans/0.png: no such file"
    list(read_files(scans[:2], "out.csv"))
    assert paths_in("out.csv") == scans[:2]
    assert asked == [scans[1]]
    os.rename("away.png", scans[0])
    [record] = read_files(scans[:1], "out.csv")
    assert record.error is None
    assert paths_in("out.csv") == [scans[1], scans[0]]


def test_the_same_file_twice_is_read_once(asked, scans):
    twice = [scans[0], scans[1], scans[0], f".{os.sep}{scans[1]}"]
    assert once(twice) == (scans[:2], twice[2:])
    assert len(list(read_files(twice, "out.csv"))) == 2
    assert asked == scans[:2]
    assert paths_in("out.csv") == scans[:2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"paths": "scans"}, "a list of paths is needed"),
        ({"paths": [5]}, "not a path"),
        ({"output": "out.txt"}, "ends in .csv or .jsonl"),
        ({"output": "absent/out.csv"}, "cannot be written"),
        ({"output": "folder.csv"}, "not a file"),
        ({"review": "absent/review"}, "cannot be written"),
        ({"review": "scans"}, "with images to read in it"),
        ({"review": "scans/0.png"}, "cannot be written"),
        ({"digits": 0}, "digits: 0"),
        ({"digits": 5, "pattern": "###"}, "give only one of them"),
        ({"pattern": "none"}, "0 digits"),
        ({"weights": "absent.npz"}, "no such weights"),
        ({"weights": "plain"}, "without a detector"),
        ({"jobs": 0}, "jobs: 0"),
        ({"jobs": 2, "dask": "nonsense"}, "no Dask scheduler answers"),
    ],
)
def test_wrong_arguments_are_one_error_before_anything_is_read(
    asked, scans, options, message
):
    Path("folder.csv").mkdir()
    with pytest.raises(DigitlibError, match=message) as error:
        list(read_files(**{"paths": scans, **options}))
    assert "\n" not in str(error.value)
    assert asked == []
    assert not Path("out.txt").exists()


# Workers


@pytest.fixture
def workers():
    """Afterwards, the worker processes are gone."""
    yield
    get_reusable_executor().shutdown(wait=True)


def test_two_jobs_find_what_one_finds(workers, scans):
    paths = [*scans, letter("letter.png"), "absent.png"]
    one = list(read_files(paths, "one.jsonl", review="one", digits=5))
    two = list(read_files(paths, "two.jsonl", review="two", digits=5, jobs=2))
    assert sorted(two, key=lambda r: r.path) == sorted(one, key=lambda r: r.path)
    assert sorted(lines("one.jsonl")) == sorted(lines("two.jsonl"))
    assert sorted(os.listdir("one")) == sorted(os.listdir("two"))
    for name in os.listdir("one"):
        if name.endswith(".jpg"):
            assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_paths_are_only_looked_at_when_a_worker_is_free(workers, scans, monkeypatch):
    looked = []
    real = Records.find

    def find(self, path):
        looked.append(path)
        return real(self, path)

    monkeypatch.setattr(Records, "find", find)
    found = read_files([f"{i}.png" for i in range(1000)], "out.csv", jobs=2)
    next(found)
    found.close()
    assert len(looked) < 500


def test_a_full_disk_in_a_worker_ends_the_run_with_one_error(workers, scans):
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (25000, 25000));"
        "from digitlib.__main__ import main;"
        "raise SystemExit(main(['read', 'scans', '--output', 'new.csv', '--review', "
        "'new', '--jobs', '2']))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written (" in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(paths_in("new.csv")) < N


@pytest.mark.slow
def test_a_worker_process_that_is_killed_ends_the_run_with_one_error(scans):
    process = start("scans", "--output", "out.csv", "--review", "review", "--jobs", "2")
    wait_for_a_picture(process)
    children = psutil.Process(process.pid).children(recursive=True)
    [worker, *_] = (p for p in children if "popen_loky" in " ".join(p.cmdline()))
    worker.kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("digitlib: a worker process was ended from outside")
    assert errors.count("\n") == 1
    assert set(paths_in("out.csv")) < set(scans)


@pytest.mark.slow
def test_dask_workers_find_what_one_process_finds(scans):
    from dask.distributed import LocalCluster

    one = list(read_files(scans, "one.csv", review="one"))
    options = {"n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with LocalCluster(**options) as cluster:
        address = cluster.scheduler_address
        dask = list(read_files(scans, "dask.csv", review="dask", dask=address))
    assert sorted(dask, key=lambda r: r.path) == sorted(one, key=lambda r: r.path)
    assert sorted(lines("one.csv")) == sorted(lines("dask.csv"))
    assert sorted(os.listdir("one")) == sorted(os.listdir("dask"))


# Killed


def start(*arguments, **options):
    command = [sys.executable, "-m", "digitlib", "read", *arguments]
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # A shell makes what it starts in the background deaf to interrupts.
    options["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    # Alone in its group, as a command at a terminal is: a key reaches the workers too.
    return subprocess.Popen(command, start_new_session=True, **options)


def wait_for_a_picture(process):
    while not [*Path().glob("review/*.jpg")]:
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.parametrize(("sign", "jobs"), [(signal.SIGKILL, 1), (signal.SIGINT, 2)])
def test_a_run_that_is_killed_loses_nothing_and_repeats_nothing(
    scans, capsys, sign, jobs
):
    arguments = "scans", "--output", "out.jsonl", "--review", "review"
    process = start(*arguments, "--jobs", str(jobs))
    wait_for_a_picture(process)
    os.killpg(process.pid, sign)
    _, errors = process.communicate(timeout=60)
    if sign == signal.SIGINT:
        assert (process.returncode, errors) == (130, "digitlib: interrupted\n")
    with Store("out.jsonl") as store:
        before = [*store.texts()]
    assert len(before) < N
    assert main(["read", *arguments]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    found = Path("out.jsonl").read_text().splitlines()
    assert found[: len(before)] == before
    assert sorted(paths_in("out.jsonl")) == sorted(scans)
    aside = [line for line in map(json.loads, found) if not line["accepted"]]
    assert printed == f"out.jsonl: {N} images, {len(aside)} set aside\n"
    listed = {row["file"] for row in rows("review")}
    assert listed == {line["path"] for line in aside}


# Review


def rows(folder):
    with open(os.path.join(folder, "index.csv"), newline="") as file:
        return list(csv.DictReader(file))


def shown(folder):
    """The number and the picture of each item of the page."""
    text = Path(folder, "index.html").read_text()
    page = BeautifulSoup(text, "html.parser")
    assert not page.select("script")
    return [(part.b.get_text(), part.img["src"]) for part in page.select("figure")]


@pytest.fixture
def unsure(monkeypatch):
    """Nothing is accepted."""
    never = {"known": 2.0, "unknown": 2.0}
    monkeypatch.setitem(batches.settings(), "threshold", never)


def test_what_is_set_aside_is_drawn_and_listed(unsure, scans):
    Path("other").mkdir()
    Path("other/0.png").write_bytes(Path(scans[0]).read_bytes())  # the same name
    paths = [*scans, "other/0.png", letter("letter.png")]
    found = [r for r in read_files(paths, review="review") if r.set_aside]
    assert len(found) == N + 1
    listed = rows("review")
    assert [row["file"] for row in listed] == [record.path for record in found]
    guesses = [record.text.replace("\n", " ") for record in found]
    assert [row["guess"] for row in listed] == guesses
    assert {row["reason"] for row in listed} <= {"unsure", "not only digits"}
    assert {row["keyed"] for row in listed} == {""}
    assert shown("review") == [(row["number"], row["picture"]) for row in listed]
    assert [row["number"] for row in listed] == [str(n + 1) for n in range(N + 1)]
    pictures = {row["picture"] for row in listed}
    others = {"index.csv", "index.csv.state", "index.html"}
    assert {*os.listdir("review")} == pictures | others
    for name in pictures:
        with Image.open(os.path.join("review", name)) as picture:
            picture.load()
            assert 100 < max(picture.size) < 1.1 * Drawing.side
    assert os.stat("review").st_mode & 0o777 == 0o700


def test_boxes_lie_around_the_ink_of_large_small_and_turned_images(tmp_path):
    for size, turned in (((4000, 1000), 1), ((100, 50), 1), ((1000, 4000), 6)):
        exif = Image.Exif()
        exif[0x0112] = turned
        path = str(tmp_path / "image.jpg")
        Image.new("L", size, 255).save(path, exif=exif)
        width, height = size if turned == 1 else size[::-1]
        box = (width // 4, height // 4, width // 2, height * 3 // 4)
        record = Record(path, "1", "7", digits=[SEVEN | {"box": box}])
        picture = np.asarray(draw_review(path, record)).astype(int)
        colored = np.ptp(picture, axis=2) > 60
        across = np.flatnonzero(colored.sum(axis=0) > 0.4 * picture.shape[0])
        scale = picture.shape[1] / width
        assert picture.shape[1] == min(1200, 4 * width)
        assert across.min() == pytest.approx(box[0] * scale, abs=3)
        assert across.max() == pytest.approx(box[2] * scale, abs=3)


def test_what_a_person_keyed_in_stays(unsure, asked, scans):
    list(read_files(scans[:2], "out.csv", review="review"))
    index = Path("review/index.csv")
    keyed = index.read_text().replace("\n", "\r\n").replace(",\r\n", ",00501\r\n")
    index.write_bytes(keyed.rstrip().encode())  # as another program may leave it
    list(read_files(scans[:3], "out.csv", review="review"))
    assert [row["keyed"] for row in rows("review")] == ["00501", "00501", ""]
    assert [number for number, _ in shown("review")] == ["1", "2", "3"]


def test_rows_that_are_missing_in_the_list_come_back(unsure, asked, scans):
    """A run was killed before it wrote them, or somebody deleted some."""
    list(read_files(scans[:3], review="review"))
    page, listed = Path("review/index.html").read_bytes(), rows("review")
    index = Path("review/index.csv")
    for left in (lines(index)[:-1], []):
        index.write_bytes(b"".join(left))
        Path("review/index.html").write_text("")
        list(read_files(scans[:3], review="review"))
        assert Path("review/index.html").read_bytes() == page
        assert rows("review") == listed


def test_a_list_that_is_no_longer_one_is_refused_and_kept(unsure, asked, scans):
    list(read_files(scans[:2], review="review"))
    asked.clear()
    index = Path("review/index.csv")
    other = index.read_bytes().replace(b",", b";")
    index.write_bytes(other)
    with pytest.raises(DigitlibError, match="its first line is not that of") as error:
        list(read_files(scans[:3], review="review"))
    assert "\n" not in str(error.value)
    assert index.read_bytes() == other
    assert asked == []


def test_what_was_set_aside_before_there_was_a_review_is_listed_too(
    unsure, asked, scans
):
    list(read_files(scans[:2], "out.csv"))
    list(read_files(scans[:3], "out.csv", review="review"))
    assert [row["file"] for row in rows("review")] == scans[:3]
    assert sorted(paths_in("out.csv")) == scans[:3]
    asked.clear()
    for name in os.listdir("review"):
        if name.endswith(".jpg"):  # it was keyed in and deleted
            os.remove(os.path.join("review", name))
    list(read_files(scans[:3], "out.csv", review="review"))
    assert asked == []


@pytest.mark.parametrize("name", ["index.csv", "index.html"])
def test_other_files_in_the_review_folder_are_kept(unsure, asked, scans, name):
    Path("review").mkdir()
    Path("review", name).write_text("something else\n")
    with pytest.raises(DigitlibError, match=f"{name}: there already"):
        list(read_files(scans[:2], review="review"))
    assert Path("review", name).read_text() == "something else\n"
    assert asked == []


def test_two_runs_at_once_on_one_review_are_refused(tmp_path):
    in_use = pytest.raises(DigitlibError, match="in use by another run")
    with Review(tmp_path / "review"), in_use:
        Review(tmp_path / "review")


def test_names_of_pictures_are_safe_and_never_the_same():
    paths = ["a/0.png", "b/0.png", "0.png", "0.jpg", "../../etc/x y<.png", "ä" * 300]
    names = {picture_name(Record(path, sha)) for path in paths for sha in "12"}
    assert len(names) == 12
    for name in names:
        assert name.replace("-", "").replace("_", "").removesuffix(".jpg").isalnum()
        assert len(name.encode()) < 255


# The command


def output_of(*arguments):
    process = start(*arguments)
    out, errors = process.communicate(timeout=120)
    return process.returncode, out, errors


def test_without_an_output_there_is_a_line_for_each_image(scans):
    letter("scans/5.png")
    status, out, errors = output_of("scans", "--digits", "5")
    assert status == 1
    expected = [read(path, digits=5) for path in scans if path != "scans/5.png"]
    for line, reading in zip(out.splitlines(), expected, strict=True):
        text = reading.text.replace("\n", " ")
        assert f": {text} (confidence {reading.confidence:.3f})" in line
        assert ("not accepted: unsure" in line) == (reading.reason == "unsure")
    assert errors.splitlines()[0].startswith("digitlib: scans/5.png: not an image")
    assert errors.splitlines()[1:] == [f"digitlib: 1 of {N} images could not be read"]


def test_json_and_what_is_given_twice(scans):
    Path("empty").mkdir()
    status, out, errors = output_of(scans[0], "scans", "empty", "--json")
    assert status == 1
    found = list(map(json.loads, out.splitlines()))
    assert found[0]["error"].startswith("empty: no image in this folder")
    assert [line["path"] for line in found[1:]] == scans
    assert found[1]["text"] == read(scans[0]).text
    assert errors.splitlines() == [
        "digitlib: scans/0.png: given twice, read once",
        f"digitlib: 1 of {N + 1} images could not be read",
    ]


def test_reading_loads_nothing_heavy(workers, scans):
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    for jobs, joblib in (("1", False), ("2", True)):
        process = start("scans", "--jobs", jobs, env=environment)
        _, errors = process.communicate(timeout=120)
        loaded = {line.split("|")[-1].strip() for line in errors.splitlines()}
        assert "digitlib.reading" in loaded
        assert ("joblib" in loaded) == joblib
        heavy = {"tensorflow", "keras", "matplotlib", "sklearn", "pandas", "dask"}
        assert not loaded & heavy


def test_the_help_says_that_the_pictures_are_handwriting():
    status, out, _ = output_of("--help")
    assert status == 0
    assert "copies of people's handwriting: protect them" in " ".join(out.split())
