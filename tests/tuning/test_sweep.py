"""Sweeps: every run once, written down, and nothing lost on the way."""

from functools import partial
import os
from pathlib import Path
from threading import Event, Thread
import time

from joblib.externals.loky import get_reusable_executor
import numpy as np
import pytest

from digitlib import training
from digitlib._internal.store import Results
from digitlib.data import split_validation
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate
from digitlib.evaluation import misread as misread_images
from digitlib.model import forward
from digitlib.tuning import sweep as sweep_module
from digitlib.tuning.recipes import Recipe
from digitlib.tuning.sweep import Run, load_results, run_one, sweep

ROOT = Path(__file__).parent.parent.parent
HEADER = "recipe,seed,epochs,judged_on,accuracy,seconds,versions,misread\n"
RECIPES = ["plain", "robust-ink"]


def made_up(recipe, seed, epochs, judged_on):
    """A run whose numbers follow from what was asked for."""
    random = np.random.default_rng([len(recipe), seed, epochs, len(judged_on)])
    misread = np.flatnonzero(random.random(100) < 0.1 * seed)
    said = 1 - len(misread) / 300, round(float(random.random()), 1), "keras=3 tf=2"
    return Run(recipe, seed, epochs, judged_on, *said, tuple(misread.tolist()))


@pytest.fixture
def asked(monkeypatch):
    """Runs are made up, in this process; the keys of those that were asked for."""
    keys_asked = []

    def run_all(_, keys, jobs, dask):
        for key in keys:
            keys_asked.append(key)
            yield made_up(*key)

    monkeypatch.setattr(sweep_module, "run_all", run_all)
    return keys_asked


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results.csv"


def keys(recipes, seeds, epochs=20, judged_on="validation"):
    return [(recipe, n, epochs, judged_on) for recipe in recipes for n in range(seeds)]


def test_the_file_is_a_table(asked, out):
    sweep(["plain+ink"], out, seeds=2, epochs=7)
    header, first, second = out.read_text().splitlines(keepends=True)
    assert header == HEADER
    run = made_up("plain+ink", 0, 7, "validation")
    assert first == f"plain+ink,0,7,validation,1.0,{run.seconds},{run.versions},\n"
    run = made_up("plain+ink", 1, 7, "validation")
    assert second.startswith(f"plain+ink,1,7,validation,{run.accuracy!r},")
    assert second.endswith(f",{' '.join(map(str, run.misread))}\n")
    assert out.stat().st_mode & 0o777 == 0o644


def test_every_recipe_with_every_seed_comes_back(asked, out):
    runs = sweep(RECIPES, out, seeds=4, epochs=7, progress=False)
    assert asked == keys(RECIPES, 4, 7)
    assert runs == [made_up(*key) for key in asked]
    loaded = load_results(out)
    assert loaded == runs
    types = str, int, int, str, float, float, str, tuple
    assert [tuple(map(type, run)) for run in loaded] == [types] * 8
    assert load_results(str(out)) == runs


def test_runs_come_in_order_whatever_is_finished_first(asked, out, monkeypatch):
    def last_first(_, keys, jobs, dask):
        return (made_up(*key) for key in reversed(keys))

    monkeypatch.setattr(sweep_module, "run_all", last_first)
    runs = sweep(RECIPES, out, seeds=3)
    assert [run[:4] for run in runs] == keys(RECIPES, 3)
    assert load_results(out) == runs[::-1]


def test_runs_in_the_file_are_not_repeated(asked, out):
    first = sweep(["plain"], out, seeds=2)
    asked.clear()
    assert sweep(["plain"], out, seeds=2) == first
    assert asked == []
    both = sweep(RECIPES, out, seeds=3)
    assert asked == [key for key in keys(RECIPES, 3) if key not in keys(["plain"], 2)]
    assert both == [made_up(*key) for key in keys(RECIPES, 3)]
    assert sorted(load_results(out)) == sorted(both)
    before = out.read_bytes()
    asked.clear()
    assert sweep(["robust-ink"] * 2, out, seeds=1) == [both[3]] * 2
    sweep(["robust"] * 2, out.parent / "twice.csv", seeds=1)
    assert asked == keys(["robust"], 1)
    assert out.read_bytes() == before


def test_a_run_in_the_file_is_believed(asked, out):
    known = made_up("plain", 0, 20, "validation")._replace(accuracy=0.125)
    out.write_text(HEADER + "plain,0,20,validation,0.125,1.5,v,3 4\n")
    runs = sweep(["plain"], out, seeds=2)
    assert runs[0] == known._replace(seconds=1.5, versions="v", misread=(3, 4))
    assert asked == [("plain", 1, 20, "validation")]


def test_other_epochs_and_other_images_are_other_runs(asked, out):
    sweep(["plain"], out, seeds=1)
    sweep(["plain"], out, seeds=1, epochs=3)
    sweep(["plain"], out, seeds=1, test=True)
    runs = (20, "validation"), (3, "validation"), (20, "test")
    assert asked == [("plain", 0, *run) for run in runs]
    assert [run[:4] for run in load_results(out)] == asked


def test_progress_is_a_line_for_each_run(asked, out, capsys):
    sweep(RECIPES, out, seeds=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    run = made_up("plain", 1, 20, "validation")
    assert lines[1].startswith(f"plain, seed 1: {run.accuracy:.4f} on validation")
    assert [line.split("; ")[1] for line in lines] == [
        f"{n} to go" for n in (3, 2, 1, 0)
    ]
    sweep(RECIPES, out, seeds=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_line_that_was_cut_off_is_left_out_and_run_again(asked, out):
    runs = sweep(["plain"], out, seeds=2, progress=False)
    content = out.read_bytes()
    for cut in (0, 5, len(HEADER), len(HEADER) + 9, len(content) - 1):
        out.write_bytes(content[:cut])
        whole = max(0, content[:cut].count(b"\n") - 1)
        assert load_results(out) == runs[:whole]
        asked.clear()
        assert sweep(["plain"], out, seeds=2, progress=False) == runs
        assert asked == [run[:4] for run in runs[whole:]]
        assert out.read_bytes() == content


def test_the_committed_results_are_taken_as_they_are(asked, out):
    committed = ROOT / "book" / "results" / "recipes.csv"
    out.write_bytes(committed.read_bytes())
    sweep(["plain"], out, seeds=10, progress=False)
    sweep(["plain", "robust"], out, seeds=10, test=True, progress=False)
    assert asked == []
    assert out.read_bytes() == committed.read_bytes()
    assert os.listdir(out.parent) == [out.name]


def test_the_state_of_a_killed_sweep_is_found_again(asked, out):
    results = Results(out, Run._fields, 4)
    for key in keys(["plain"], 2):
        run = made_up(*key)
        results.add(*run[:-1], " ".join(map(str, run.misread)))
    results._store._db.close()
    assert not out.exists()
    runs = sweep(["plain"], out, seeds=3, progress=False)
    assert asked == keys(["plain"], 3)[2:]
    assert load_results(out) == runs
    assert os.listdir(out.parent) == [out.name]


@pytest.mark.parametrize(
    "content",
    [
        b"Dear Sir or Madam,\nhow do you do?\n",
        b"Dear Sir or Madam",
        b"\n",
        b"recipe,seed,epochs\nplain,0,20\n",
        b"plain,0,20,validation,0.9,1.5,v,3 4\n",
        HEADER.encode()[:-1] + b",note\n",
        bytes(range(256)),
    ],
)
def test_another_file_is_refused_and_kept(asked, out, content):
    out.write_bytes(content)
    for read in (load_results, partial(sweep, ["plain"])):
        with pytest.raises(DigitlibError, match="give another") as error:
            read(out)
        assert str(error.value).startswith(f"{out}: ")
        assert "\n" not in str(error.value)
    assert out.read_bytes() == content
    assert asked == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        "plain,0,20,validation,0.9,1.5,v",
        "plain,0,20,validation,0.9,1.5,v,3 4,5",
        "plain,zero,20,validation,0.9,1.5,v,3 4",
        "plain,0,20,validation,0.9,1.5 s,v,3 4",
        "plain,0,20,validation,0.9,1.5,v,3;4",
    ],
)
def test_a_damaged_line_is_named(asked, out, line):
    good = "plain,0,20,validation,0.9,1.5,v,3 4\n"
    out.write_text(f"{HEADER}{good}{line}\n{good}")
    before = out.read_bytes()
    for read in (load_results, partial(sweep, ["plain"])):
        with pytest.raises(DigitlibError) as error:
            read(out)
        assert str(error.value) == f"{out}, line 3: damaged; delete that line"
    assert out.read_bytes() == before
    assert asked == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DigitlibError("x: too large")])
def test_a_sweep_that_stops_keeps_the_finished_runs(asked, out, monkeypatch, error):
    def failing(_, keys, jobs, dask):
        yield from (made_up(*key) for key in keys[:3])
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(sweep_module, "run_all", failing)
        with pytest.raises(type(error)):
            sweep(RECIPES, out, seeds=2)
    assert [run[:4] for run in load_results(out)] == keys(RECIPES, 2)[:3]
    runs = sweep(RECIPES, out, seeds=2)
    assert load_results(out) == runs
    assert asked == keys(RECIPES, 2)[3:]


def test_places_that_cannot_be_written(asked, tmp_path):
    for place, message in (
        (tmp_path / "absent" / "results.csv", "cannot be written"),
        (tmp_path, "give another file"),
        (None, "not a path"),
    ):
        with pytest.raises(DigitlibError, match=message) as error:
            sweep(["plain"], place)
        assert "\n" not in str(error.value)
    assert asked == []
    assert os.listdir(tmp_path) == []


def test_no_results_file(tmp_path):
    for place in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(DigitlibError, match="no such file; `digitlib sweep` makes"):
            load_results(place)
    with pytest.raises(DigitlibError, match="not a path"):
        load_results(5)


@pytest.mark.parametrize(
    ("recipes", "options", "message"),
    [
        (["plain", "best"], {}, "best: no such recipe"),
        (["plain", "plain+rotation"], {}, r"plain\+rotation: no such recipe"),
        (["plain", None], {}, "None"),
        (["plain", Recipe(batch_size=64)], {}, "Recipe"),
        (["plain"], {"seeds": 0}, "seeds: 0"),
        (["plain"], {"seeds": 2.0}, "seeds: 2.0"),
        (["plain"], {"epochs": -1}, "epochs: -1"),
        (["plain"], {"epochs": None}, "epochs: NoneType"),
        (["plain"], {"jobs": 0}, "jobs: 0"),
        (["plain"], {"jobs": -2}, "jobs: -2"),
        (["plain"], {"jobs": "all"}, "jobs: str"),
    ],
)
def test_bad_input_is_found_before_anything_is_run(
    asked, out, recipes, options, message
):
    with pytest.raises(DigitlibError, match=message) as error:
        sweep(recipes, out, **options)
    assert "\n" not in str(error.value)
    assert asked == []
    assert not out.exists()


@pytest.fixture
def few(mnist, tiny, monkeypatch):
    """``tiny``, 100 images for validation after it, and 300 test images."""
    (x_train, y_train), (x_test, y_test) = mnist
    n = len(tiny[0]) + 100
    data = (x_train[:n], y_train[:n]), (x_test[:300], y_test[:300])
    monkeypatch.setattr(sweep_module, "load_mnist", lambda: data)
    split = partial(split_validation, n=100)
    monkeypatch.setattr(sweep_module, "split_validation", split)
    return data


@pytest.mark.parametrize("judged_on", ["validation", "test"])
def test_a_run_is_a_training_and_a_judgement(few, trained, monkeypatch, judged_on):
    (x, y), (x_judged, y_judged) = few
    if judged_on == "validation":
        x_judged, y_judged = x[-100:], y[-100:]
    else:  # the same network will do; what it learns from counts
        learned = []
        learn = lambda _, *xy, **how: learned.extend(xy) or trained  # noqa: E731
        monkeypatch.setattr(sweep_module, "train_recipe", learn)
    run = run_one("plain", 3, 2, judged_on)
    if judged_on == "test":
        assert [*map(len, learned)] == [len(x)] * 2
    probabilities = forward(x_judged / np.float32(255), trained[0].get_weights())
    assert run[:4] == ("plain", 3, 2, judged_on)
    assert np.isclose(run.accuracy, evaluate(probabilities, y_judged).accuracy)
    assert list(run.misread) == sorted(misread_images(probabilities, y_judged))
    assert 0 <= run.seconds < 600
    names = [pair.split("=")[0] for pair in run.versions.split(" ")]
    assert names == ["keras", "tensorflow"]


def test_an_interrupted_run_is_none(few, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_compile_epoch", interrupted)
    with pytest.raises((DigitlibError, KeyboardInterrupt)):
        run_one("plain", 0, 1, "validation")


@pytest.fixture
def workers():
    """Afterwards, the worker processes are gone."""
    yield
    get_reusable_executor().shutdown(wait=True)


def test_runs_in_worker_processes_are_run_one(few, workers, out, capfd, monkeypatch):
    def with_few(*key):  # workers know nothing of what is patched here
        from digitlib.tuning import sweep as there

        there.load_mnist = lambda: few
        there.split_validation = partial(split_validation, n=100)
        return there._run_alone(*key)

    monkeypatch.setattr(sweep_module, "_run_alone", with_few)
    [run] = sweep(["plain"], out, seeds=1, epochs=1, jobs=2)
    printed, errors = capfd.readouterr()
    assert printed.count("\n") == 1
    assert errors == ""
    assert load_results(out) == [run]
    expected = run_one("plain", 0, 1, "validation")
    assert run._replace(seconds=expected.seconds) == expected


unanswered = pytest.param("tcp://127.0.0.1:1", marks=pytest.mark.slow)


@pytest.mark.parametrize("address", ["nonsense", "", "http://localhost", 5, unanswered])
def test_no_dask_scheduler_at_an_address(out, address):
    start = time.monotonic()
    with pytest.raises(DigitlibError, match="no Dask scheduler answers") as error:
        sweep(["plain"], out, dask=address)
    assert time.monotonic() - start < 15
    assert str(error.value).startswith(f"{address}: ")
    assert "\n" not in str(error.value)
    assert load_results(out) == []


@pytest.fixture
def cluster(request):
    """A Dask cluster on this machine; its options are the parameter."""
    from dask.distributed import LocalCluster

    with LocalCluster(processes=True, dashboard_address=None, **request.param) as it:
        yield it


two_workers = pytest.mark.parametrize(
    "cluster", [{"n_workers": 2, "threads_per_worker": 1}], indirect=True
)
two_threads = pytest.mark.parametrize(
    "cluster", [{"n_workers": 1, "threads_per_worker": 2}], indirect=True
)


@pytest.mark.slow
@two_workers
def test_dask_workers_find_what_the_jobs_find(cluster, workers, tmp_path):
    options = {"seeds": 2, "epochs": 1}
    recipes = ["plain", "plain+normalize+ink"]
    address = cluster.scheduler_address
    found = sweep(recipes, tmp_path / "dask.csv", dask=address, **options)
    assert sorted(load_results(tmp_path / "dask.csv")) == sorted(found)
    expected = sweep(recipes, tmp_path / "jobs.csv", jobs=2, **options)
    assert [run.accuracy for run in found] == [run.accuracy for run in expected]
    assert [run.misread for run in found] == [run.misread for run in expected]


@pytest.mark.slow
@two_threads
def test_a_dask_worker_with_two_threads_finds_the_same(cluster, out):
    found = sweep(["plain"], out, seeds=3, epochs=1, dask=cluster.scheduler_address)
    for run in found:
        expected = run_one(*run[:4])
        assert (run.accuracy, run.misread) == (expected.accuracy, expected.misread)


@pytest.mark.slow
@two_workers
def test_a_dask_cluster_that_goes_away(cluster, out, monkeypatch):
    finished, add = Event(), Results.add
    monkeypatch.setattr(Results, "add", lambda *row: (add(*row), finished.set()))

    def close_after_a_run():
        finished.wait()
        cluster.close()

    closing = Thread(target=close_after_a_run, daemon=True)
    closing.start()
    with pytest.raises(DigitlibError, match="the Dask cluster went away") as error:
        sweep(["plain"], out, seeds=50, epochs=1, dask=cluster.scheduler_address)
    closing.join(timeout=60)
    assert "\n" not in str(error.value)
    assert load_results(out)
