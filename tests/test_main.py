"""The command line, as a person or a program would use it."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, entry_points, version
import io
import json
import os
from pathlib import Path
import pty
import re
import subprocess
import sys
import termios
from types import SimpleNamespace

import numpy as np
from PIL import Image
import pytest

from digitlib.__main__ import main
from digitlib._internal.terminal import draw
from digitlib.data import checksum, split_validation
from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate, fit_temperature
from digitlib.model import (
    forward,
    load_provenance,
    load_trained,
    load_weights,
    save_weights,
)
from digitlib.preprocessing import resize_only
from digitlib.recognizer import Prediction, Recognizer
from digitlib.tuning.acceptance import fit_acceptance
from digitlib.tuning.recipes import Recipe, train_recipe
from digitlib.tuning.sweep import Run, load_results


@pytest.fixture
def images(mnist, tmp_path, monkeypatch):
    """A folder with two digits, a blank page, and a text; we are in it."""
    for name, index in (("seven.png", 0), ("two.png", 1)):
        Image.fromarray(mnist[1][0][index]).save(tmp_path / name)
    Image.new("L", (30, 40), 255).save(tmp_path / "blank.png")
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_bad_image_does_not_stop_the_others(images, capsys):
    names = "seven.png", "absent.png", "letter.txt", "blank.png", "two.png"
    assert main(["recognize", *names]) == 1
    out, err = capsys.readouterr()
    seven, blank, two = out.splitlines()
    assert re.match(r"seven\.png: 7 \(confidence (0\.9|1\.000)", seven)
    assert blank == "blank.png: no ink"
    assert two.startswith("two.png: 2 ")
    absent, letter, total = err.splitlines()
    assert absent == "digitlib: absent.png: no such file"
    assert letter.startswith("digitlib: letter.txt: not an image")
    assert total == "digitlib: 2 of 5 images could not be read"


@pytest.mark.parametrize("command", [["recognize"], ["read", "--digits", "1"]])
def test_how_many_pixels_an_image_may_have(images, capsys, monkeypatch, command):
    monkeypatch.setenv("DIGITLIB_MAX_PIXELS", "1000")
    names, refused = ["blank.png", "seven.png"], "digitlib: blank.png: 30x40 pixels, "
    assert main([*command, *names]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("seven.png: 7 ")
    allow = "more than 1,000; allow more with --max-pixels or DIGITLIB_MAX_PIXELS"
    assert err.splitlines()[0] == refused + allow
    assert main([*command, "--max-pixels", "1200", *names]) == 0
    assert main([*command, "--max-pixels", "1199", *names]) == 1
    assert refused in capsys.readouterr().err


def test_a_data_url_is_an_image_and_is_not_printed_whole(images, capsys):
    content = b64encode(Path("seven.png").read_bytes()).decode()
    for long in ("data:image/png;base64," + content, "x" * 5000):
        main(["recognize", long])
    out, err = capsys.readouterr()
    assert re.fullmatch(r"data:image/png;base64,.*: 7 \(confidence .*\)\n", out)
    assert re.fullmatch(r"digitlib: xxx.*xxx: cannot be opened \(.*\n", err)
    assert max(map(len, (out, err))) < 300


def test_json_has_an_object_a_line(images, capsys):
    assert main(["recognize", "--json", "seven.png", "blank.png", "letter.txt"]) == 1
    seven, blank, letter = map(json.loads, capsys.readouterr().out.splitlines())
    assert (seven["path"], seven["digit"], seven["accepted"]) == ("seven.png", 7, True)
    assert np.isclose(sum(seven["probabilities"]), 1, atol=1e-4)
    assert np.isclose(max(seven["probabilities"]), seven["confidence"])
    assert 0.5 < seven["is_digit"] <= 1
    assert (blank["is_digit"], blank["digit"], blank["accepted"]) == (0, None, False)
    assert blank["reason"] == "no ink"
    assert "not an image" in letter["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["recognize"],
        ["recognize", "x.png", "--json", "--show"],
        ["recognize", "x.png", "--weights"],
        ["read", "x.png", "--digits", "0"],
        ["read", "x.png", "--digits", "5", "--pattern", "#####"],
        ["read", "x.png", "--json", "--output", "x.csv"],
        ["read", "x.png", "--jobs", "0"],
        ["train"],
        ["train", "--out", "w.npz", "--batch-size", "0"],
        ["sweep", "plain"],
        ["sweep", "--out", "r.csv"],
        ["sweep", "plain", "--out", "r.csv", "--jobs", "all"],
    ],
)
def test_wrong_use_has_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "usage: digitlib" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recognize", "seven.png", "--weights", "absent.npz"], "no such weights"),
        (["recognize", "seven.png", "--weights", "letter.txt"], "not a whole .npz"),
        (["read", "seven.png", "--weights", "plain"], "without a detector"),
        (["read", "seven.png", "--output", "letter.txt"], "ends in .csv"),
        (["read", "seven.png", "--output", "absent/x.csv"], "cannot be written"),
        (["read", "seven.png", "--review", "letter.txt"], "cannot be written"),
        (["read", "seven.png", "--review", "."], "with images to read in it"),
        (["evaluate", "--data", "absent.npz"], "no such file"),
        (["train", "--out", "w.npz", "--data", "letter.txt"], "not a whole .npz"),
        (["train", "--out", "absent/w.npz"], "cannot be written"),
        (["train", "--out", "."], "cannot be written"),
        (["train", "--out", "w.npz", "--seed", "-1"], "seed: -1"),
        (["train", "--out", "w.npz", "--batch-size", "60001"], "batch_size: 60001"),
        (["train", "--out", "w.npz", "--recipe", "best"], "best: no such recipe"),
        (["sweep", "plain", "best", "--out", "r.csv"], "best: no such recipe"),
        (["sweep", "plain", "--out", "letter.txt"], "not a results file"),
        (["sweep", "plain", "--out", "."], "give another file"),
    ],
)
def test_bad_files_are_one_line(images, capsys, arguments, message):
    before = sorted(images.iterdir())
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("digitlib: ")
    assert message in err
    assert err.count("\n") == 1
    assert sorted(images.iterdir()) == before


# Recognising: folders, what is not accepted, drawings, progress


def output(*arguments, **options):
    """The finished process of `python -m digitlib`, with text as its output."""
    command = [sys.executable, "-m", "digitlib", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.run(command, check=False, **pipes | options)


def test_a_folder_means_its_images_in_natural_order(images, mnist, capsys):
    folder = images / "many"
    (folder / "folder.png").mkdir(parents=True)
    names = ["10.png", "9.PNG", "a2.tif", "a10.jpeg", "B1.BMP", "1.gif", "02.WebP"]
    for name in names:
        Image.fromarray(mnist[1][0][0]).resize((56, 56)).save(folder / name)
    (folder / "a3.jpg").write_bytes((folder / "a10.jpeg").read_bytes())
    (folder / "a3.tiff").write_bytes((folder / "a2.tif").read_bytes())
    (folder / "letter.txt").write_text("Dear Sir or Madam")
    (folder / "._9.png").write_text("macOS leaves such files")
    assert main(["recognize", "two.png", "many", "seven.png"]) == 0
    lines = [line.split(": ") for line in capsys.readouterr().out.splitlines()]
    inside = ["1.gif", "02.WebP", "9.PNG", "10.png"]
    inside += ["a2.tif", "a3.jpg", "a3.tiff", "a10.jpeg", "B1.BMP"]
    expected = [os.path.join("many", name) for name in inside]
    assert [path for path, _ in lines] == ["two.png", *expected, "seven.png"]
    assert [text[0] for _, text in lines] == list("2777777777" + "7")


def test_a_folder_without_images(images, capsys):
    (images / "empty").mkdir()
    (images / "two\nlines").mkdir()
    assert main(["recognize", "empty", "two.png", "two\nlines"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("two.png: 2 ")
    lines = err.splitlines()
    assert lines[0].startswith("digitlib: empty: no image in this folder; give")
    assert lines[1].startswith("digitlib: 'two\\nlines': no image")
    assert lines[2] == "digitlib: 2 of 3 images could not be read"
    assert len(lines) == 3


def test_a_folder_that_must_not_be_looked_into(images, capsys, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if path == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    (images / "closed").mkdir()
    monkeypatch.setattr("os.scandir", refuse)
    assert main(["recognize", "closed", "--json"]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "path": "closed",
        "error": "closed: cannot be opened (Permission denied); give another folder",
    }


def prediction(digit=7, confidence=0.62, reason=None):
    said = {"digit": digit, "confidence": confidence, "reason": reason}
    arrays = {"probabilities": np.full(10, 0.1, np.float32), "seen": np.eye(28)}
    return Prediction(**said, **arrays, accepted=reason is None, is_digit=0.75)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ((7, 0.9996, None), "7 (confidence 1.000)"),
        ((3, 0.62, "unsure"), "3 (confidence 0.620) not accepted: unsure"),
        ((0, 0.9, "not one digit"), "0 (confidence 0.900) not accepted: not one digit"),
        ((0, 0.9, "not a digit"), "0 (confidence 0.900) not accepted: not a digit"),
        ((None, 0.0, "no ink"), "no ink"),
    ],
)
def test_the_line_of_an_item(monkeypatch, capsys, said, line):
    monkeypatch.setattr(Recognizer, "predict", lambda *_: prediction(*said))
    assert main(["recognize", "x.png"]) == 0  # it could be read, accepted or not
    assert capsys.readouterr() == (f"x.png: {line}\n", "")
    assert main(["recognize", "x.png", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["digit"], found["confidence"], found["reason"]) == said
    assert found["is_digit"] == 0.75
    assert found["accepted"] == (said[2] is None)


def test_show_draws_what_the_network_saw(images, capsys):
    paths = ["seven.png", "absent.png", "blank.png"]
    assert main(["recognize", "--show", *paths]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 15
    for path, first in (("seven.png", 0), ("blank.png", 15)):
        assert lines[first].startswith(path)
        drawn = draw(Recognizer().predict(path).seen)
        assert lines[first + 1 : first + 15] == drawn.split("\n")
    assert "█" in "".join(lines)


def test_an_output_that_cannot_show_it(images):
    """ASCII: shades for blocks, and escapes for a name."""
    (images / "größe.png").write_bytes((images / "seven.png").read_bytes())
    (images / os.fsdecode(b"no\xffutf8.png")).write_bytes(b"")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = output("recognize", "--show", ".", env=environment, encoding="ascii")
    assert done.returncode == 1
    assert "gr\\xf6\\xdfe.png: 7 " in done.stdout
    assert "@@" in done.stdout
    assert "no\\udcffutf8.png" in done.stderr
    assert "Traceback" not in done.stderr
    done = output("recognize", "--json", ".", env=environment, encoding="ascii")
    paths = [json.loads(line)["path"] for line in done.stdout.splitlines()]
    assert os.path.join(".", "größe.png") in paths
    assert os.path.join(".", os.fsdecode(b"no\xffutf8.png")) in paths


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["hands"]),
        (["--weights", "plain"], ["plain"]),
        (["--resize-only"], ["hands", resize_only]),
        (["--weights", "plain", "--resize-only"], ["plain", resize_only]),
    ],
)
def test_weights_and_recipe(images, capsys, options, expected):
    paper = 255 - np.asarray(Image.open("seven.png").resize((90, 60)))
    Image.fromarray(paper).save("paper.png")
    assert main(["recognize", "--json", "paper.png", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = Recognizer(*expected).predict("paper.png")
    assert np.allclose(found["probabilities"], expected.probabilities, atol=1e-5)
    assert found["digit"] == expected.digit


def test_help_says_what_the_weights_are(capsys):
    defaults = {"recognize": "hands", "read": "hands", "evaluate": "plain"}
    for command, default in defaults.items():
        with pytest.raises(SystemExit):
            main([command, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert "plain (the document's training), robust (with" in text
        assert f"(default: {default})" in text


def test_lines_appear_as_they_are_computed(images, monkeypatch):
    class Output(io.StringIO):
        flushed = ""

        def flush(self):
            self.flushed = self.getvalue()

    out, seen = Output(), []
    monkeypatch.setattr(sys, "stdout", out)
    predict = lambda *_: seen.append(out.flushed) or prediction()  # noqa: E731
    monkeypatch.setattr(Recognizer, "predict", predict)
    assert main(["recognize", "a", "b", "c"]) == 0
    assert [text.count("\n") for text in seen] == [0, 1, 2]


def test_an_interrupted_batch(images, monkeypatch, capsys):
    def predict(self, path):
        if path == "b":
            raise KeyboardInterrupt
        return prediction()

    monkeypatch.setattr(Recognizer, "predict", predict)
    assert main(["recognize", "a", "b", "c"]) == 130
    out, err = capsys.readouterr()
    assert out.startswith("a: 7 ")
    assert err == "digitlib: interrupted\n"


def at_a_terminal(*arguments, stdout):
    """What stderr shows on a terminal; ``stdout`` is another one, or a pipe."""
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "-m", "digitlib", *arguments],
        stdout=writer if stdout == "terminal" else subprocess.DEVNULL,
        stderr=writer,
    )
    os.close(writer)
    shown = b""
    with suppress(OSError):  # so ends a terminal on Linux
        while part := os.read(reader, 1000):
            shown += part
    os.close(reader)
    process.wait()
    return shown.decode()


@pytest.mark.parametrize(
    ("command", "stdout", "bar"),
    [
        ("recognize", "pipe", True),
        ("recognize", "terminal", False),
        ("read", "pipe", True),
        ("read", "terminal", False),
        ("read --output x.csv", "pipe", True),
        ("read --output x.csv", "terminal", True),
    ],
)
def test_a_progress_bar_for_a_person_who_sees_no_lines(images, command, stdout, bar):
    paths = "seven.png", "absent.png", "two.png"
    shown = at_a_terminal(*command.split(), *paths, stdout=stdout)
    assert ("0/3" in shown) == bar
    assert re.search(r"[\r\n]digitlib: absent\.png: no such file\r\n", shown)


def test_no_progress_bar_for_one_image_or_a_program(images):
    assert at_a_terminal("recognize", "two.png", stdout="pipe") == ""
    assert "/2" not in output("recognize", "absent.png", "two.png").stderr


@pytest.mark.parametrize("command", ["recognize", "read"])
def test_a_full_disk_behind_the_printed_lines_is_one_line(images, command):
    with open("/dev/full", "w") as full:
        done = output(command, "seven.png", "two.png", stdout=full)
    assert done.returncode == 1
    message = "what is printed cannot be written (No space left on device)"
    assert done.stderr == f"digitlib: {message}\n"


def test_recognizing_loads_nothing_heavy(images):
    code = (
        "import sys; from digitlib.__main__ import main;"
        "main(['recognize', 'seven.png', 'two.png']);"
        "print(*sorted(sys.modules), sep=',')"
    )
    done = subprocess.check_output([sys.executable, "-c", code], text=True)
    loaded = set(done.splitlines()[-1].split(","))
    heavy = {"tensorflow", "keras", "scipy.stats", "scipy.optimize", "sklearn"}
    heavy |= {"pandas", "matplotlib", "tqdm", "joblib", "skimage.io"}
    assert "numpy" in loaded
    assert not heavy & loaded


def test_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"digitlib {version('digitlib')}\n"
    assert output("--version").stdout == f"digitlib {version('digitlib')}\n"


def test_evaluate_is_the_librarys(capsys, test_probabilities, test_labels):
    expected = evaluate(test_probabilities, test_labels)
    assert main(["evaluate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["accuracy"] == expected.accuracy
    assert found["interval"] == list(expected.interval)
    assert found["confusion"] == expected.confusion.tolist()
    assert main(["evaluate"]) == 0
    text = capsys.readouterr().out
    assert f"accuracy {expected.accuracy:.4f} on 10000 images" in text
    row_of_7 = next(line for line in text.splitlines() if line.strip().startswith("7 "))
    assert [int(n) for n in row_of_7.split()[1:11]] == expected.confusion[7].tolist()


# Training


@pytest.fixture
def data(mnist, tiny, tmp_path):
    """A file in MNIST's layout; its training images are ``tiny``."""
    (x, y), (x_test, y_test) = mnist
    n = len(tiny[0])
    np.savez(tmp_path / "tiny.npz", x_train=x[:n], y_train=y[:n], x_test=x_test[:100],
             y_test=y_test[:100])  # fmt: skip
    return str(tmp_path / "tiny.npz")


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "mine.npz")


@pytest.fixture
def trainings(monkeypatch, trained):
    """What was to be trained: recipe, number of images, how; nothing really is.

    The weights of a second model, the twin, are the images that it learned from.
    """
    asked = []

    def train_recipe(recipe, x, y, **how):
        asked.append((recipe, len(x), how))
        model, history = trained
        finished = SimpleNamespace(history=history.history, epoch=range(how["epochs"]))
        twin = SimpleNamespace(get_weights=lambda: [x])
        return model if len(asked) == 1 else twin, finished

    monkeypatch.setattr("digitlib.__main__.train_recipe", train_recipe)
    return asked


def train(data, out, *more):
    return main(["train", "--data", data, "--out", out, *more])


def are_weights_of(path, model):
    saved = load_weights(path)
    return all(
        np.array_equal(array, expected.astype(np.float16))
        for array, expected in zip(saved, model.get_weights(), strict=True)
    )


def test_train_then_use(data, out, trained, tiny, capsys):
    """The recorded recipe gives the same weights again."""
    assert train(data, out, "--epochs", "2", "--seed", "3") == 0
    said = capsys.readouterr().out
    accuracy = trained[1].history["accuracy"][-1]
    assert said.startswith(f"{out}: 2 epochs, training loss ")
    assert said.endswith(f", training accuracy {accuracy:.4f}\n")
    assert are_weights_of(out, trained[0])
    known = load_provenance(out)
    assert known["recipe"]["epochs"] == 2
    assert known["recipe"]["images"] == len(tiny[0])
    with np.load(data) as file:
        sums = {name: checksum(file[name]) for name in ("x_train", "y_train")}
    assert known["data_sha256"] == sums
    assert known["seed"] == 3
    assert {*known["versions"]} == {"digitlib", "keras", "numpy", "tensorflow"}
    assert main(["evaluate", "--json", "--data", data, "--weights", out]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.4


def interrupt_after(monkeypatch, epochs):
    """Make the next training be interrupted when so many epochs are finished."""
    from digitlib import training

    original = training._compile_epoch

    def compile_epoch(*arguments):
        epoch = iter([original(*arguments)] * epochs)

        def run_epoch(*arguments):
            return next(epoch, interrupt)(*arguments)

        return run_epoch

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_compile_epoch", compile_epoch)


@pytest.mark.parametrize("finished", [0, 1])
def test_an_interrupted_training_saves_the_finished_epochs(
    data, out, capsys, monkeypatch, finished
):
    interrupt_after(monkeypatch, finished)
    assert train(data, out, "--epochs", "3") == 1 - finished
    if finished:
        assert load_provenance(out)["recipe"]["epochs"] == 1
    else:
        assert "nothing is saved" in capsys.readouterr().err
        assert not os.path.exists(out)


@pytest.mark.parametrize(
    ("options", "recipe"),
    [
        (["--recipe", "plain+normalize"], Recipe(normalize=True)),
        (["--batch-size", "100"], Recipe(batch_size=100)),
        (
            ["--recipe", "plain+schedule", "--batch-size", "50"],
            Recipe(batch_size=50, rate=0.008, schedule=True),
        ),
    ],
)
def test_train_by_a_recipe(data, out, trained, trainings, tiny, options, recipe):
    assert train(data, out, "--epochs", "2", "--seed", "3", *options) == 0
    assert trainings == [(recipe, len(tiny[0]), {"seed": 3, "epochs": 2})]
    assert are_weights_of(out, trained[0])
    known = load_provenance(out)
    written = known["recipe"]
    assert {name: written[name] for name in asdict(recipe)} == asdict(recipe)
    assert written["name"] == (options[1] if "--recipe" in options else "plain")
    assert not {"temperature", "threshold"} & {*known}
    assert load_trained(out).detector is None


def test_what_may_fail_is_asked_before_the_training(data, out, trainings, monkeypatch):
    def no_such_package(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", no_such_package)
    with pytest.raises(PackageNotFoundError):
        train(data, out)
    assert trainings == []


def test_weights_for_which_there_is_no_room_are_saved_elsewhere(
    data, out, trained, trainings, capsys, monkeypatch, tmp_path
):
    def save(place, *arguments, **known):
        if place == out:
            raise DigitlibError(f"{place}: cannot be written (No space left)")
        save_weights(place, *arguments, **known)

    monkeypatch.setattr("digitlib.__main__.save_weights", save)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert train(data, out, "--epochs", "2") == 1
    line = capsys.readouterr().err
    start = f"digitlib: {out}: cannot be written (No space left); the weights are in "
    assert line.startswith(start)
    assert line.count("\n") == 1
    assert are_weights_of(line.removeprefix(start).strip(), trained[0])


@pytest.fixture
def split(monkeypatch, tiny):
    """The last 200 images are set aside to calibrate with; without them, and they."""
    set_aside = partial(split_validation, n=200)
    monkeypatch.setattr("digitlib.__main__.split_validation", set_aside)
    return set_aside(*tiny)


def test_calibrate_fits_on_images_not_learned_from(
    data, out, trained, trainings, split, tiny, monkeypatch
):
    detector = np.linspace(-1, 1, 222, dtype=np.float32)
    asked = []

    def fit_acceptance(*arguments):
        asked.extend(arguments)
        return detector, {"temperature": 2.5, "threshold": 0.25}

    monkeypatch.setattr("digitlib.tuning.acceptance.fit_acceptance", fit_acceptance)
    assert train(data, out, "--epochs", "2", "--seed", "3", "--calibrate") == 0
    assert [n for _, n, _ in trainings] == [len(tiny[0]), len(tiny[0]) - 200]
    assert trainings[0][0] == trainings[1][0]
    assert trainings[0][2] == trainings[1][2] == {"seed": 3, "epochs": 2}
    weights, twin, images, (x, y), seed = asked
    assert all(map(np.array_equal, weights, trained[0].get_weights()))
    (x_fit, _), validation = split
    assert all(map(np.array_equal, (*twin, images, x, y), (x_fit, x_fit, *validation)))
    assert seed == 3
    known = load_provenance(out)
    assert (known["temperature"], known["threshold"]) == (2.5, 0.25)
    assert "detector" not in known
    assert np.array_equal(Recognizer(out).detector, detector)
    assert are_weights_of(out, trained[0])


@pytest.mark.slow
def test_what_is_calibrated_is_what_the_library_fits(data, out, split, tiny):
    assert train(data, out, "--epochs", "60", "--seed", "3", "--calibrate") == 0
    model, _ = train_recipe("plain", *tiny, seed=3, epochs=60)
    twin, _ = train_recipe("plain", *split[0], seed=3, epochs=60)
    assert are_weights_of(out, model)
    x, y = split[1]
    temperature = fit_temperature(forward(x, twin.get_weights()), y)
    assert abs(temperature - 1) > 0.2  # so that it shows
    detector, found = fit_acceptance(
        model.get_weights(), twin.get_weights(), split[0][0], (x, y), seed=3
    )
    known = load_provenance(out)
    assert np.isclose(known["temperature"], temperature, atol=1e-4)
    assert {name: known[name] for name in found} == found
    assert np.array_equal(load_trained(out).detector, detector)


def test_calibrate_needs_images_to_set_aside(data, out, trainings, capsys):
    assert train(data, out, "--epochs", "1", "--calibrate") == 1
    err = capsys.readouterr().err
    assert err == "digitlib: --calibrate: more training images are needed\n"
    assert trainings == []
    assert not os.path.exists(out)


@pytest.mark.parametrize(
    ("error", "status"),
    [(DigitlibError("3 images of a kind"), 1), (KeyboardInterrupt(), 130)],
)
def test_a_calibration_that_fails_leaves_the_weights(
    data, out, trained, trainings, split, capsys, monkeypatch, error, status
):
    def fit_acceptance(*_):
        raise error

    monkeypatch.setattr("digitlib.tuning.acceptance.fit_acceptance", fit_acceptance)
    assert train(data, out, "--epochs", "2", "--calibrate") == status
    why = str(error) or "interrupted"
    assert capsys.readouterr().err == (
        f"digitlib: {out}: saved, but not calibrated\ndigitlib: {why}\n"
    )
    assert are_weights_of(out, trained[0])
    assert load_trained(out).detector is None


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("digitlib.__main__.load_mnist", interrupted)
    assert main(["evaluate"]) == 130
    assert capsys.readouterr().err == "digitlib: interrupted\n"


def test_both_names_work(images):
    assert output("recognize", "seven.png").stdout.startswith("seven.png: 7")
    [command] = entry_points(group="console_scripts", name="digitlib")
    assert command.load() is main


def test_a_reader_that_has_enough(images):
    command = f"{sys.executable} -m digitlib recognize {'seven.png ' * 200} | head -1"
    command = ["bash", "-c", f"set -o pipefail; {command}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("seven.png: 7")
    assert done.stderr == ""


@pytest.fixture
def sweeps(monkeypatch):
    """Runs are made up, in this process; what was asked for: keys, jobs, dask."""
    asked = []

    def run_all(_, keys, jobs, dask):
        asked.append((keys, jobs, dask))
        for key in keys:
            yield Run(*key, 0.9 + 0.01 * key[1], 1.5, "keras=3", (4, 7))

    monkeypatch.setattr("digitlib.tuning.sweep.run_all", run_all)
    return asked


def test_sweep(sweeps, tmp_path, capsys):
    out = tmp_path / "results.csv"
    command = ["sweep", "plain", "robust-ink", "--out", str(out), "--seeds", "3"]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("plain, seed 0: 0.9000 on validation")
    assert lines[6:] == [
        f"{recipe}: mean 0.9100 of 3 seeds" for recipe in ("plain", "robust-ink")
    ]
    [(keys, jobs, dask)] = sweeps
    recipes = ["plain"] * 3 + ["robust-ink"] * 3
    assert keys == [(name, n % 3, 20, "validation") for n, name in enumerate(recipes)]
    assert (jobs, dask) == (-1, None)
    assert [run[:4] for run in load_results(out)] == keys


def test_a_recipe_twice_counts_once_and_what_is_done_is_only_summed(
    sweeps, tmp_path, capsys
):
    command = ["sweep", "plain", "plain", "--out", str(tmp_path / "results.csv")]
    for lines in (6, 1):
        assert main(command) == 0
        said = capsys.readouterr().out.splitlines()
        assert len(said) == lines
        assert said[-1] == "plain: mean 0.9200 of 5 seeds"


def test_the_options_of_sweep(sweeps, tmp_path):
    command = ["sweep", "plain", "--out", str(tmp_path / "results.csv")]
    options = ["--seeds", "1", "--epochs", "7", "--test", "--jobs", "2"]
    assert main([*command, *options, "--dask", "tcp://here:8786"]) == 0
    assert sweeps == [([("plain", 0, 7, "test")], 2, "tcp://here:8786")]
