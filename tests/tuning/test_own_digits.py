"""Own digits are learned, judged by others of them, and nobody pays unknowingly."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from PIL import Image
import pytest

from digitlib.__main__ import main
from digitlib.errors import DigitlibError
from digitlib.model import load_provenance, load_trained, save_weights
from digitlib.reading import read
from digitlib.recognizer import Recognizer
from digitlib.synthesis.photographs import photographs
from digitlib.tuning import own_digits
from digitlib.tuning.own_digits import (
    OWN_DIGITS,
    OwnDigits,
    keep_apart,
    labelled_images,
    learn_digits,
    prepare_digits,
)

TINY = replace(OWN_DIGITS, epochs=1, every=1, accept=1, jobs=1)


@pytest.fixture(scope="module")
def hand(mnist):
    """Eight test images of each digit, uint8, in the order of the digits."""
    x, y = mnist[1]
    some = np.concatenate([np.flatnonzero(y == digit)[:8] for digit in range(10)])
    return x[some], y[some].astype(int)


@pytest.fixture(scope="module")
def own(hand):
    return prepare_digits(*hand, settings=TINY)


@pytest.fixture
def few(monkeypatch, mnist, donors):
    """Less to learn from and to judge by: 300 images of MNIST, 60 of UNIPEN."""
    x, y = mnist[0]
    monkeypatch.setattr(own_digits, "load_mnist", lambda: ((x[:300], y[:300]), None))
    monkeypatch.setattr(own_digits, "split_validation", lambda x, y: (
        (x[:200], y[:200]), (x[200:], y[200:])))  # fmt: skip
    parts = donors.part(slice(0, 40)), donors.part(slice(40, 60)), None
    monkeypatch.setattr(own_digits, "split_donors", lambda _: parts)


@pytest.fixture
def trainings(monkeypatch):
    """What was to be trained; nothing really is, and the answers can be spoilt."""
    asked = SimpleNamespace(calls=[], spoil=lambda weights: weights, epochs=None)

    def train_recipe(recipe, x, y, *, start, **how):
        asked.calls.append((recipe, x, y, how))
        model = SimpleNamespace(get_weights=lambda: asked.spoil(start))
        epochs = how["epochs"] if asked.epochs is None else asked.epochs
        return model, SimpleNamespace(epoch=range(epochs))

    monkeypatch.setattr(own_digits, "train_recipe", train_recipe)
    return asked


@pytest.fixture
def folder(hand, tmp_path):
    """The hand in folders named 0 to 9."""
    for i, (image, digit) in enumerate(zip(*hand, strict=True)):
        (tmp_path / "mine" / str(digit)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "mine" / str(digit) / f"{i}.png")
    return tmp_path / "mine"


def upside_down(weights):
    """Weights that take each digit for another."""
    return weights.replace(kernel_3=-weights.kernel_3, bias_3=-weights.bias_3)


def test_folders_are_labels(folder, hand):
    (folder / "10").mkdir()
    (folder / "notes").mkdir()
    paths, labels, writers = labelled_images(folder)
    assert np.array_equal(labels, hand[1])
    assert paths[0] == str(folder / "0" / "0.png")
    assert paths[8:10] == [str(folder / "1" / f"{i}.png") for i in (8, 9)]
    assert writers is None


@pytest.mark.parametrize("first", ["", "path,label,writer\n", "\ufeffPath, Label\n"])
def test_a_table_names_paths_from_where_it_is(tmp_path, first):
    rows = 'a.png,3,Ann\n"b,c.png", 0 ,\n\nsub/d.png,9\n'
    (tmp_path / "list.csv").write_text(first + rows, encoding="utf-8")
    paths, labels, writers = labelled_images(tmp_path / "list.csv")
    names = ("a.png", "b,c.png", "sub/d.png")
    assert paths == [str(tmp_path / name) for name in names]
    assert labels.tolist() == [3, 0, 9]
    assert writers.tolist() == ["Ann", "", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no labelled image in it; give folders named 0 to 9, or a table"),
        (b"path,label\n", "no labelled image"),
        (b"a.png,3\nb.png,x\n", "row 2: label 'x', but a digit is needed"),
        (b"a.png,10\n", "row 1: label '10'"),
        (b"a.png\n", "row 1: label ''"),
        ("ä.png,3".encode("latin-1"), r"cannot be read \(not a table in UTF-8\)"),
        (None, r"cannot be read \(No such file"),
    ],
)
def test_tables_of_another_kind(tmp_path, content, message):
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DigitlibError, match=message) as error:
        labelled_images(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_folders_of_another_kind(tmp_path):
    with pytest.raises(DigitlibError, match="no labelled image"):
        labelled_images(tmp_path)
    (tmp_path / "3").mkdir()
    with pytest.raises(DigitlibError, match="3: no image in this folder"):
        labelled_images(tmp_path)


def test_what_cannot_be_used_is_named_and_skipped(hand, tmp_path):
    (tmp_path / "letter.png").write_text("Dear Sir or Madam")
    pictures = [hand[0][0], str(tmp_path / "letter.png"), hand[0][1], hand[0][0],
                np.zeros((9, 9), np.uint8), np.zeros(3)]  # fmt: skip
    writers = [f"writer {i}" for i in range(6)]
    found = prepare_digits(pictures, range(6), writers, settings=TINY)
    assert found.labels.tolist() == [0, 2]
    assert found.writers.tolist() == ["writer 0", "writer 2"]
    assert np.array_equal(
        found.images[1], Recognizer("robust").predict(hand[0][1]).seen
    )
    letter, same, blank, flat = map(str, found.skipped)
    assert letter.startswith(f"{tmp_path / 'letter.png'}: not an image")
    assert same == "image 3: the same image as image 0"
    assert blank == "image 4: no ink"
    assert flat.startswith("image 5: array: shape (3,)")


@pytest.mark.parametrize(
    ("labels", "writers", "message"),
    [([1], None, "labels: shape"), ([1, 10], None, "labels: values"),
     ([1, 2], ["Ann"], r"writers: shape \(1,\)")],
)  # fmt: skip
def test_labels_and_writers_of_another_kind(hand, labels, writers, message):
    with pytest.raises(DigitlibError, match=message):
        prepare_digits(hand[0][:2], labels, writers, settings=TINY)


def test_a_third_of_each_digit_is_kept_apart():
    labels = np.repeat(np.arange(10), [3, 4, 8, 12, 20, 3, 3, 3, 3, 3])
    apart = keep_apart(labels, seed=1)
    kept = np.bincount(labels[apart], minlength=10)
    assert kept.tolist() == [1, 1, 2, 4, 6, 1, 1, 1, 1, 1]
    assert np.array_equal(apart, keep_apart(labels, seed=1))
    assert not np.array_equal(apart, keep_apart(labels, seed=2))


def test_whole_writers_are_kept_apart_where_there_are_enough():
    labels = np.tile(np.arange(10), 8)
    writers = np.repeat(list("abcdefgh"), 10)
    apart = keep_apart(labels, writers)
    assert len({*writers[apart]}) == 2
    assert not {*writers[apart]} & {*writers[~apart]}
    three = np.repeat(list("aab"), [20, 20, 40])
    for others in (three, np.where(labels == 7, "h", "a")):
        kept = labels[keep_apart(labels, others)]
        assert np.bincount(kept).tolist() == [2] * 10


def test_own_digits_stand_between_those_that_are_known(few, trainings, own):
    learned = learn_digits(own, weights="robust", seed=5, settings=TINY)
    [(recipe, x, y, how)] = trainings.calls
    assert recipe == OWN_DIGITS.recipe
    assert how == {"seed": 5, "epochs": 1, "strength": OWN_DIGITS.strength}
    apart = keep_apart(own.labels, None, 5)
    assert apart.sum() == 20
    lessons, n = [image.tobytes() for image in x], len(y)
    for image, kept in zip(own.images, apart, strict=True):
        times = lessons.count(image.tobytes())
        assert times == 0 if kept else times > 0
    assert abs(1 - 0.2 - (240 / n)) < 0.05  # a fifth is their share
    learn_digits(own, weights="robust", settings=replace(TINY, every=2))
    assert len(trainings.calls[1][2]) == 120 + 60
    assert len(learned.compared["own"].before.confusion) == 10
    counts = {n: of.after.confusion.sum() for n, of in learned.compared.items()}
    assert (counts["own"], counts["MNIST"]) == (20, 100)
    assert 15 <= counts["UNIPEN"] <= 20
    assert all(of.p_value == 1 for of in learned.compared.values())
    assert learned.objection is None
    assert str(learned.compared["MNIST"]).startswith("100 images, before ")


def test_what_is_saved_can_be_used_and_names_nobody(few, trainings, own, tmp_path):
    writers = np.full(len(own.labels), "Ann Example")
    theirs = own._replace(writers=writers)
    learned = learn_digits(theirs, weights="robust", seed=5, settings=TINY)
    learned.save(tmp_path / "mine.npz")
    used, shipped = Recognizer(tmp_path / "mine.npz"), load_trained("robust")
    assert all(map(np.array_equal, used.weights, shipped.weights))
    assert np.array_equal(used.detector, shipped.detector)
    assert 0 < used.threshold < 1
    made = load_provenance(tmp_path / "mine.npz")
    assert (made["recipe"]["own images"], made["recipe"]["kept apart"]) == (60, 20)
    assert made["seed"] == 5
    assert {*made["versions"]} == {"digitlib", "keras", "numpy", "tensorflow"}
    assert made["went on from"] == shipped.provenance
    content = (tmp_path / "mine.npz").read_bytes()
    assert b"Ann" not in content
    assert str(tmp_path).encode() not in content


@pytest.mark.parametrize("name", ["own", "MNIST", "UNIPEN"])
def test_nothing_worse_is_saved(few, trainings, own, monkeypatch, tmp_path, name):
    """Of three comparisons, one by one is that of weights that have lost all."""
    compare = own_digits._compare
    trainings.spoil = upside_down
    asked = iter(["own", "MNIST", "UNIPEN"])
    monkeypatch.setattr(own_digits, "_compare", lambda start, learned, x, y: compare(
        start, learned if next(asked) == name else start, x, y))  # fmt: skip
    learned = learn_digits(own, weights="robust", settings=TINY)
    assert learned.objection.startswith(f"{name}: ")
    assert learned.objection.endswith(" before")
    with pytest.raises(DigitlibError, match=f"{name}.*; nothing is saved"):
        learned.save(tmp_path / "mine.npz")
    assert not (tmp_path / "mine.npz").exists()


@pytest.mark.parametrize("name", ["robust", "hands"])
def test_digits_are_looked_at_as_the_weights_before_did(
    few, trainings, own, tmp_path, name
):
    learned = learn_digits(own, weights=name, seed=5, settings=TINY)
    learned.save(tmp_path / "mine.npz")
    found = Recognizer(tmp_path / "mine.npz").augmentation
    assert found == Recognizer(name).augmentation
    assert (found is None) is (name == "robust")


def test_others_may_lose_by_chance_but_own_digits_must_not():
    labels = np.repeat(np.arange(10), 10)
    right = np.eye(10)[labels]

    def compared(wrong):
        after = np.eye(10)[np.where(np.arange(100) < wrong, labels + 1, labels)]
        start, learned = (
            SimpleNamespace(weights=1000 * scores, provenance={})
            for scores in (right, after)
        )
        return own_digits._compare(start, learned, None, labels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_digits, "scores", lambda _, weights, looks: weights)
        for name, wrong, told in (("own", 0, False), ("own", 1, True),
                                  ("MNIST", 2, False), ("MNIST", 8, True)):  # fmt: skip
            said = own_digits._objection({name: compared(wrong)}, OWN_DIGITS)
            assert (said is not None) is told


def test_too_few_of_a_digit_are_refused_before_anything_is_learned(own, trainings):
    without = np.flatnonzero((own.labels != 4) | (np.arange(80) % 4 == 0))
    fewer = OwnDigits(own.images[without], own.labels[without], None, ())
    with pytest.raises(
        DigitlibError, match="digit 4: 2 images that can be used, but 3"
    ):
        learn_digits(fewer, weights="robust", settings=TINY)
    nothing = OwnDigits(own.images[:0], own.labels[:0], None, ())
    with pytest.raises(DigitlibError, match="digit 0: 0 images"):
        learn_digits(nothing, weights="robust", settings=TINY)
    assert trainings.calls == []


def test_weights_without_a_detector_and_a_seed_out_of_range(own, weights, tmp_path):
    save_weights(tmp_path / "bare.npz", weights)
    with pytest.raises(DigitlibError, match=r"bare\.npz: without a detector"):
        learn_digits(own, weights=tmp_path / "bare.npz", settings=TINY)
    with pytest.raises(DigitlibError, match="seed: -1"):
        learn_digits(own, weights="robust", seed=-1, settings=TINY)


def test_an_interrupted_training_saves_nothing(few, trainings, own):
    trainings.epochs = 0
    with pytest.raises(KeyboardInterrupt):
        learn_digits(own, weights="robust", settings=TINY)


def test_the_same_seed_learns_the_same(few, own):
    first, again, other = (
        learn_digits(own, weights="robust", seed=seed, settings=TINY).trained
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first.weights, again.weights))
    assert first.provenance == again.provenance
    assert not np.array_equal(first.weights.kernel_1, other.weights.kernel_1)


def learn(folder, *more):
    return main(["learn", str(folder), "--weights", "robust", *more])


@pytest.fixture
def here(monkeypatch, tmp_path, few, trainings):
    """A command that learns little, in a folder with an older file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.npz").write_bytes(b"older")
    monkeypatch.setattr(own_digits.prepare_digits, "__kwdefaults__", {"settings": TINY})
    return trainings


def test_the_command_reports_and_saves(here, folder, capsys):
    assert learn(folder, "--out", "mine.npz", "--seed", "3") == 0
    out, err = capsys.readouterr()
    own, mnist, unipen, saved = out.splitlines()
    assert own.startswith("own: 20 images, before ")
    assert mnist.startswith("MNIST: 100 images, before ")
    assert unipen.startswith("UNIPEN: ")
    assert saved == "mine.npz: saved"
    assert err == ""
    assert load_provenance("mine.npz")["seed"] == 3


def test_the_command_goes_on_past_bad_images(here, folder, capsys):
    (folder / "4" / "bad.png").write_bytes(b"no image")
    assert learn(folder, "--out", "mine.npz") == 1
    out, err = capsys.readouterr()
    assert out.endswith("mine.npz: saved\n")
    bad, total = err.splitlines()
    assert bad.startswith(f"digitlib: {folder / '4' / 'bad.png'}: not an image")
    assert total == "digitlib: 1 images are skipped, 80 are used"
    assert load_trained("mine.npz").detector is not None


def test_the_command_replaces_nothing_by_something_worse(
    here, folder, capsys, tmp_path
):
    here.spoil = upside_down
    assert learn(folder, "--out", "mine.npz") == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 3  # how much worse is said
    assert err.startswith("digitlib: own: ")
    assert err.endswith("; nothing is saved: give more images\n")
    assert (tmp_path / "mine.npz").read_bytes() == b"older"


def test_the_command_asks_for_a_place_first(here, folder, capsys):
    assert learn(folder, "--out", "absent/mine.npz") == 1
    assert capsys.readouterr().err.startswith("digitlib: absent/mine.npz: cannot be")
    assert here.calls == []


@pytest.mark.slow
def test_a_hand_with_long_flags_is_learned_and_read(donors, tmp_path):
    """The real thing: 1s that look like roofs, as photographs; and a number of them."""
    rng = np.random.default_rng(0)

    def roof():
        x, y = 450 + rng.normal(0, 40), 650 + rng.normal(0, 60)
        return (np.array([[0, y], [x, 0], [x + rng.normal(0, 20), 1000]]),)

    def written(start):
        some = donors.part(slice(start, None))
        strokes, labels = [], []
        for digit in range(10):
            mine = np.flatnonzero(some.labels == digit)[:12]
            strokes += [roof() if digit == 1 else some.strokes[i] for i in mine]
            labels += [digit] * len(mine)
        return strokes, labels

    strokes, labels = written(0)
    own = prepare_digits(photographs(strokes, 1), labels)
    learned = learn_digits(own, weights="robust", seed=1)
    assert learned.objection is None
    assert learned.compared["UNIPEN"].after.accuracy > 0.975
    learned.save(tmp_path / "mine.npz")
    mine = Recognizer(tmp_path / "mine.npz")
    seen = list(photographs([roof() for _ in range(40)], 2))
    before, after = (
        sum(found.digit == 1 for found in recognizer.predict_many(seen))
        for recognizer in (Recognizer("robust"), mine)
    )
    assert after >= 38
    assert after > before
    assert read(seen[0], recognizer=mine).digits
