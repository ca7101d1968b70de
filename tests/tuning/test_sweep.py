"""Sweeps: every run once, written down, and nothing lost on the way."""

from contextlib import contextmanager
from functools import partial
import os
import resource
from threading import Thread
import time

from joblib.externals.loky import get_reusable_executor
import numpy as np
import psutil
import pytest

from digitlib import training
from digitlib.data import split_validation
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate
from digitlib.evaluation import misread as misread_images
from digitlib.model import ASSETS, forward
from digitlib.tuning import sweep as sweep_module
from digitlib.tuning.recipes import Recipe, train_recipe
from digitlib.tuning.sweep import Run, load_results, run_one, sweep

HEADER = "recipe,seed,epochs,judged_on,accuracy,seconds,versions,misread\n"
RECIPES = ["plain", "robust-ink"]


def made_up(recipe, seed, epochs, judged_on):
    """A run whose numbers follow from what was asked for."""
    random = np.random.default_rng([len(recipe), seed, epochs, len(judged_on)])
    misread = np.flatnonzero(random.random(100) < 0.1 * seed)
    return Run(
        recipe,
        seed,
        epochs,
        judged_on,
        1 - len(misread) / 300,
        round(float(random.random()), 1),
        "keras=3 tensorflow=2",
        tuple(misread.tolist()),
    )


@pytest.fixture
def asked(monkeypatch):
    """Runs are made up, in this process; the keys of those that were asked for."""
    keys_asked = []

    def run_all(keys, jobs, dask):
        for key in keys:
            keys_asked.append(key)
            yield made_up(*key)

    monkeypatch.setattr(sweep_module, "_run_all", run_all)
    return keys_asked


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results.csv"


@contextmanager
def no_room(size):
    """No file of this process can become larger than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def keys(recipes, seeds, epochs=20, judged_on="validation"):
    return [
        (recipe, seed, epochs, judged_on) for recipe in recipes for seed in range(seeds)
    ]


def test_every_recipe_with_every_seed(asked, out):
    runs = sweep(RECIPES, out, seeds=3, epochs=7)
    assert asked == keys(RECIPES, 3, 7)
    assert runs == [made_up(*key) for key in asked]


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


def test_results_come_back(asked, out):
    runs = sweep(RECIPES, out, seeds=4, progress=False)
    loaded = load_results(out)
    assert loaded == runs
    assert [tuple(map(type, run)) for run in loaded] == [
        (str, int, int, str, float, float, str, tuple)
    ] * 8
    assert load_results(str(out)) == runs


def test_runs_come_in_order_whatever_is_finished_first(asked, out, monkeypatch):
    def last_first(keys, jobs, dask):
        return (made_up(*key) for key in reversed(keys))

    monkeypatch.setattr(sweep_module, "_run_all", last_first)
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
    [again] = sweep(["robust-ink"], out, seeds=1)
    assert again == made_up("robust-ink", 0, 20, "validation")
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
    assert asked == [
        ("plain", 0, 20, "validation"),
        ("plain", 0, 3, "validation"),
        ("plain", 0, 20, "test"),
    ]
    assert [run[:4] for run in load_results(out)] == asked


def test_a_recipe_named_twice_is_run_once(asked, out):
    first, second = sweep(["plain", "plain"], out, seeds=1)
    assert first == second
    assert len(asked) == 1


def test_progress_is_a_line_for_each_run(asked, out, capsys):
    sweep(RECIPES, out, seeds=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    run = made_up("plain", 1, 20, "validation")
    assert lines[1].startswith(f"plain, seed 1: {run.accuracy:.4f} on validation")
    assert [line.split("; ")[1] for line in lines] == [
        f"{left} to go" for left in (3, 2, 1, 0)
    ]
    sweep(RECIPES, out, seeds=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_every_run_is_in_the_file_at_once(out, monkeypatch):
    seen = []

    def run_all(keys, jobs, dask):
        for key in keys:
            seen.append(load_results(out))
            yield made_up(*key)

    monkeypatch.setattr(sweep_module, "_run_all", run_all)
    runs = sweep(["plain"], out, seeds=4)
    assert seen == [runs[:0], runs[:1], runs[:2], runs[:3]]


def test_a_file_cut_anywhere_goes_on_where_it_was(asked, out):
    runs = sweep(RECIPES, out, seeds=2, progress=False)
    content = out.read_bytes()
    for cut in range(len(content) + 1):
        out.write_bytes(content[:cut])
        whole = max(0, content[:cut].count(b"\n") - 1)
        assert load_results(out) == runs[:whole], cut
        asked.clear()
        assert sweep(RECIPES, out, seeds=2, progress=False) == runs, cut
        assert asked == [run[:4] for run in runs[whole:]], cut
        assert out.read_bytes() == content, cut


def test_a_cut_file_is_mended_even_if_nothing_is_left_to_run(asked, out):
    sweep(["plain"], out, seeds=1)
    whole = out.read_bytes()
    out.write_bytes(whole + b"plain,1,20,valid")
    asked.clear()
    sweep(["plain"], out, seeds=1)
    assert out.read_bytes() == whole
    assert asked == []


def not_results():
    return {
        "letter.txt": b"Dear Sir or Madam,\nhow do you do?\n",
        "one_line.txt": b"Dear Sir or Madam",
        "blank.csv": b"\n",
        "other.csv": b"recipe,seed,epochs\nplain,0,20\n",
        "no_header.csv": b"plain,0,20,validation,0.9,1.5,v,3 4\n",
        "longer.csv": HEADER.encode()[:-1] + b",note\n",
        "weights.npz": (ASSETS / "plain.npz").read_bytes(),
        "binary": bytes(range(256)),
    }


@pytest.mark.parametrize("name", not_results())
def test_another_file_is_refused_and_kept(asked, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(not_results()[name])
    for read in (load_results, partial(sweep, ["plain"])):
        with pytest.raises(DigitlibError, match="give another") as error:
            read(path)
        assert str(error.value).startswith(f"{path}: ")
        assert "\n" not in str(error.value)
    assert path.read_bytes() == not_results()[name]
    assert asked == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        "plain,0,20,validation,0.9,1.5,v",
        "plain,0,20,validation,0.9,1.5,v,3 4,5",
        "plain,zero,20,validation,0.9,1.5,v,3 4",
        "plain,0,2.5,validation,0.9,1.5,v,3 4",
        "plain,0,20,validation,,1.5,v,3 4",
        "plain,0,20,validation,0.9,1.5 s,v,3 4",
        "plain,0,20,validation,0.9,1.5,v,3 4.0",
        "plain,0,20,validation,0.9,1.5,v,3;4",
        "<<<<<<< HEAD",
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


def failing_after(n, error):
    def run_all(keys, jobs, dask):
        for key in keys[:n]:
            yield made_up(*key)
        raise error

    return run_all


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DigitlibError("x: too large")])
def test_a_sweep_that_stops_keeps_the_finished_runs(out, monkeypatch, error):
    with monkeypatch.context() as patch:
        patch.setattr(sweep_module, "_run_all", failing_after(3, error))
        with pytest.raises(type(error)):
            sweep(RECIPES, out, seeds=2)
    assert [run[:4] for run in load_results(out)] == keys(RECIPES, 2)[:3]


def test_a_sweep_that_stopped_can_go_on(asked, out, monkeypatch):
    with monkeypatch.context() as patch:
        stopped = failing_after(3, KeyboardInterrupt())
        patch.setattr(sweep_module, "_run_all", stopped)
        with pytest.raises(KeyboardInterrupt):
            sweep(RECIPES, out, seeds=2)
    runs = sweep(RECIPES, out, seeds=2)
    assert asked == keys(RECIPES, 2)[3:]
    assert load_results(out) == runs


def test_a_full_disk_loses_one_run_at_most(asked, out):
    sweep(["plain"], out, seeds=2, progress=False)
    before = out.read_bytes()
    asked.clear()
    with (
        no_room(len(before) + 10),
        pytest.raises(DigitlibError, match=r"results\.csv: cannot be written") as error,
    ):
        sweep(["plain"], out, seeds=4, progress=False)
    assert "\n" not in str(error.value)
    assert len(asked) == 1
    assert out.read_bytes()[: len(before)] == before
    runs = sweep(["plain"], out, seeds=4, progress=False)
    assert [run[:4] for run in runs] == keys(["plain"], 4)
    assert load_results(out) == runs


def test_a_full_disk_while_mending_changes_nothing(asked, out):
    sweep(["plain"], out, seeds=3, progress=False)
    cut = out.read_bytes()[:-5]
    out.write_bytes(cut)
    asked.clear()
    with (
        no_room(20),
        pytest.raises(DigitlibError, match=r"results\.csv: cannot be written"),
    ):
        sweep(["plain"], out, seeds=3, progress=False)
    assert asked == []
    assert out.read_bytes() == cut
    assert os.listdir(out.parent) == [out.name]


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
def small_mnist(mnist, monkeypatch):
    """2,500 training images, the last 500 for validation, and 300 test images."""
    (x_train, y_train), (x_test, y_test) = mnist
    data = (x_train[:2500], y_train[:2500]), (x_test[:300], y_test[:300])
    monkeypatch.setattr(sweep_module, "load_mnist", lambda: data)
    monkeypatch.setattr(
        sweep_module, "split_validation", partial(split_validation, n=500)
    )
    return data


@pytest.mark.parametrize("judged_on", ["validation", "test"])
def test_a_run_is_a_training_and_a_judgement(small_mnist, judged_on):
    (x, y), (x_judged, y_judged) = small_mnist
    if judged_on == "validation":
        x, y, x_judged, y_judged = x[:2000], y[:2000], x[2000:], y[2000:]
    run = run_one("plain+normalize", 3, 2, judged_on)
    model, _ = train_recipe("plain+normalize", x / np.float32(255), y, seed=3, epochs=2)
    probabilities = forward(x_judged / np.float32(255), model.get_weights())
    assert run[:4] == ("plain+normalize", 3, 2, judged_on)
    assert np.isclose(run.accuracy, evaluate(probabilities, y_judged).accuracy)
    assert list(run.misread) == sorted(misread_images(probabilities, y_judged))
    assert 0 < run.seconds < 600
    names = [pair.split("=")[0] for pair in run.versions.split(" ")]
    assert names == ["keras", "tensorflow"]


def test_an_interrupted_run_is_none(small_mnist, monkeypatch):
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


def test_runs_in_worker_processes_are_run_one(workers, out, capfd):
    runs = sweep(["plain"], out, seeds=2, epochs=1, jobs=2)
    printed, errors = capfd.readouterr()
    assert printed.count("\n") == 2
    assert errors == ""
    assert sorted(load_results(out)) == runs
    assert [run[:4] for run in runs] == keys(["plain"], 2, 1)
    expected = run_one("plain", 1, 1, "validation")
    assert runs[1]._replace(seconds=expected.seconds) == expected
    assert runs[0].misread != expected.misread
    before = out.read_bytes()
    assert sweep(["plain"], out, seeds=2, epochs=1, jobs=2) == runs
    assert out.read_bytes() == before


@pytest.mark.slow
def test_a_worker_process_that_is_killed(workers, out):
    def kill_a_worker():
        while not (out.exists() and out.read_text().count("\n") > 1):
            time.sleep(0.1)
        children = psutil.Process().children(recursive=True)
        [worker, *_] = (p for p in children if "popen_loky" in " ".join(p.cmdline()))
        worker.kill()

    killing = Thread(target=kill_a_worker, daemon=True)
    killing.start()
    with pytest.raises(DigitlibError, match="worker") as error:
        sweep(["plain"], out, seeds=50, epochs=1, jobs=2)
    killing.join(timeout=60)
    assert "\n" not in str(error.value)
    assert load_results(out)


@pytest.mark.parametrize("address", ["nonsense", "", "http://127.0.0.1:1", 5])
def test_an_address_that_is_none(out, address):
    with pytest.raises(DigitlibError, match="no Dask scheduler answers") as error:
        sweep(["plain"], out, dask=address)
    assert str(error.value).startswith(f"{address}: ")
    assert "\n" not in str(error.value)
    assert load_results(out) == []


@pytest.mark.slow
def test_a_dask_scheduler_that_does_not_answer(out):
    start = time.monotonic()
    with pytest.raises(DigitlibError, match=r"^tcp://127.0.0.1:1: no Dask") as error:
        sweep(["plain"], out, dask="tcp://127.0.0.1:1")
    assert time.monotonic() - start < 15
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
def test_a_dask_cluster_that_goes_away(cluster, out):
    def close_after_a_run():
        while not (out.exists() and out.read_text().count("\n") > 1):
            time.sleep(0.1)
        cluster.close()

    closing = Thread(target=close_after_a_run, daemon=True)
    closing.start()
    with pytest.raises(DigitlibError, match="the Dask cluster went away") as error:
        sweep(["plain"], out, seeds=50, epochs=1, dask=cluster.scheduler_address)
    closing.join(timeout=60)
    assert "\n" not in str(error.value)
    assert load_results(out)
