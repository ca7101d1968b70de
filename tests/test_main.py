"""The command line, as a person or a program would use it."""

from importlib.metadata import entry_points
import json
import subprocess
import sys

import numpy as np
from PIL import Image
import pytest

from digitlib.__main__ import main
from digitlib.evaluation import evaluate
from digitlib.model import load_provenance, load_weights


@pytest.fixture
def images(mnist, tmp_path, monkeypatch):
    """A folder with two digits, a blank page, and a text; we are in it."""
    for name, index in (("seven.png", 0), ("two.png", 1)):
        Image.fromarray(mnist[1][0][index]).save(tmp_path / name)
    Image.new("L", (30, 40), 255).save(tmp_path / "blank.png")
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_recognize(images, capsys):
    assert main(["recognize", "seven.png", "blank.png", "two.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("seven.png: 7 (confidence 0.9") or "1.000" in lines[0]
    assert lines[1] == "blank.png: no ink"
    assert lines[2].startswith("two.png: 2 ")


def test_a_bad_image_does_not_stop_the_others(images, capsys):
    assert main(["recognize", "absent.png", "letter.txt", "two.png"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("two.png: 2 ")
    lines = err.splitlines()
    assert lines[0] == "digitlib: absent.png: no such file"
    assert lines[1].startswith("digitlib: letter.txt: not an image")
    assert lines[2] == "digitlib: 2 of 3 images could not be read"


def test_json_has_an_object_a_line(images, capsys):
    assert main(["recognize", "--json", "seven.png", "blank.png", "letter.txt"]) == 1
    seven, blank, letter = map(json.loads, capsys.readouterr().out.splitlines())
    assert (seven["path"], seven["digit"], seven["accepted"]) == ("seven.png", 7, True)
    assert np.isclose(sum(seven["probabilities"]), 1, atol=1e-4)
    assert np.isclose(max(seven["probabilities"]), seven["confidence"])
    assert (blank["digit"], blank["accepted"], blank["reason"]) == (
        None,
        False,
        "no ink",
    )
    assert "not an image" in letter["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["recognise", "x.png"],
        ["recognize"],
        ["train"],
        ["train", "--out", "w.npz", "--epochs", "0"],
        ["train", "--out", "w.npz", "--batch-size", "many"],
        ["evaluate", "--weights"],
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
        (["evaluate", "--data", "absent.npz"], "no such file"),
        (["evaluate", "--data", "letter.txt"], "not a whole .npz"),
        (["train", "--out", "w.npz", "--data", "letter.txt"], "not a whole .npz"),
        (["train", "--out", "absent/w.npz"], "cannot be written"),
        (["train", "--out", "."], "cannot be written"),
        (["train", "--out", "w.npz", "--seed", "-1"], "seed: -1"),
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


@pytest.fixture
def small_data(mnist, tmp_path):
    (x_train, y_train), (x_test, y_test) = mnist
    path = tmp_path / "small.npz"
    np.savez(path, x_train=x_train[:500], y_train=y_train[:500],
             x_test=x_test[:100], y_test=y_test[:100])  # fmt: skip
    return path


def train_small(small_data, out, *more):
    return main(["train", "--data", str(small_data), "--out", str(out), *more])


def test_train_then_use(small_data, tmp_path, capsys):
    out = tmp_path / "mine.npz"
    assert train_small(small_data, out, "--epochs", "3", "--seed", "4") == 0
    assert f"{out}: 3 epochs" in capsys.readouterr().out
    provenance = load_provenance(out)
    assert provenance["recipe"]["epochs"] == 3
    assert provenance["recipe"]["images"] == 500
    assert provenance["data_sha256"] != load_provenance("plain")["data_sha256"]
    assert provenance["seed"] == 4
    assert (
        main(["evaluate", "--json", "--data", str(small_data), "--weights", str(out)])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["accuracy"] > 0.6


def test_the_recorded_recipe_reproduces(small_data, tmp_path):
    for name in ("a.npz", "b.npz"):
        assert train_small(small_data, tmp_path / name, "--epochs", "1") == 0
    first, second = (load_weights(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_an_interrupted_training_saves_the_finished_epochs(
    small_data, tmp_path, capsys, monkeypatch
):
    from digitlib import training

    original = training._FinishedEpochs.on_epoch_end

    def interrupting(self, epoch, logs=None):
        if epoch == stop:
            raise KeyboardInterrupt
        original(self, epoch, logs)

    monkeypatch.setattr(training._FinishedEpochs, "on_epoch_end", interrupting)
    out = tmp_path / "mine.npz"
    stop = 0
    assert train_small(small_data, out) == 1
    assert "nothing is saved" in capsys.readouterr().err
    assert not out.exists()
    stop = 2
    assert train_small(small_data, out) == 0
    assert load_provenance(out)["recipe"]["epochs"] == 2


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("digitlib.__main__.load_mnist", interrupted)
    assert main(["evaluate"]) == 130
    assert capsys.readouterr().err == "digitlib: interrupted\n"


def test_both_names_work(images):
    module = subprocess.run(
        [sys.executable, "-m", "digitlib", "recognize", "seven.png"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert module.stdout.startswith("seven.png: 7")
    [command] = entry_points(group="console_scripts", name="digitlib")
    assert command.load() is main


def test_a_reader_that_has_enough(images):
    command = f"{sys.executable} -m digitlib recognize {'seven.png ' * 200} | head -1"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.stdout.startswith("seven.png: 7")
    assert result.stderr == ""
