"""The command that learns what a reader needs, with tiny numbers."""

from dataclasses import replace
import json
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib import reading
from digitlib.data import checksum, load_unipen
from digitlib.errors import DigitlibError
from digitlib.model import ASSETS, load_provenance, load_weights
from digitlib.reading import segment_weights, settings
from digitlib.recognizer import Recognizer
from digitlib.tuning import hands
from digitlib.tuning.hands import Plan, choose_thresholds, learn, lessons, many_hands

TINY = Plan(epochs=3, seed=7, validation=60, copies=2, parts=2, fields=1, detect=2,
            learn=2, choose=3, kinds=("clear",),
            judged=("clear", "amount"), jobs=1)  # fmt: skip


@pytest.fixture
def trained(monkeypatch):
    """Nothing is trained; how it would have been."""
    asked = []

    def train(recipe, x, y, *, seed, epochs, units):
        asked.append((recipe, len(x), len(y), x.max(), seed, epochs, units))
        return SimpleNamespace(get_weights=lambda: list(load_weights("hands"))), None

    monkeypatch.setattr(hands, "train_recipe", train)
    return asked


@pytest.fixture
def assets(monkeypatch, tmp_path):
    """Another folder for what is learned."""
    monkeypatch.setattr(hands, "ASSETS", tmp_path)
    monkeypatch.setattr(reading, "ASSETS", tmp_path)
    yield tmp_path
    settings.cache_clear()
    segment_weights.cache_clear()


def test_the_whole_command(trained, assets, mnist, donors, monkeypatch):
    few = [images[:160] for images in mnist[0]], mnist[1]
    parts = donors.part(slice(0, 60)), donors.part(slice(60, 110)), None
    monkeypatch.setattr(hands, "load_mnist", lambda: few)
    monkeypatch.setattr(hands, "split_donors", lambda _: parts)
    hands.main(assets / "work", TINY)
    [(recipe, n, n_labels, *rest)] = trained
    assert [recipe, n_labels, *rest] == ["robust", n, 1.0, 7, 3, (100, 100)]
    assert n > 100 + 40 + 120  # as they are, some of them again, twice all strokes
    made = load_provenance(assets / "hands.npz")
    assert (made["recipe"]["images"], made["recipe"]["epochs"]) == (n, 3)
    assert set(made["versions"]) == {"digitlib", "keras", "numpy", "tensorflow"}
    assert made["data_sha256"]["unipen"]["labels"] == checksum(
        load_unipen(mislabelled=True).labels
    )
    assert made["seed"] == 7
    learned = settings()["made"]
    assert (learned["learned from"], learned["chosen on"]) == (4, 6)  # of two kinds
    assert learned["wrong at most"] == {"known": 0.01, "unknown": 0.01}
    assert list(settings()["threshold"]) == ["known", "unknown"]
    with np.load(assets / "segment_judge.npz") as file:
        assert np.array_equal(file["hidden"], segment_weights()[0])
        assert np.array_equal(file["hidden"], file["hidden"].round(4))


def test_hands_are_some_images_and_copies_of_all_strokes(mnist, donors):
    images, labels = mnist[0][0][:40], mnist[0][1][:40]
    some = donors.part(slice(0, 9))
    written, digits = many_hands(images, labels, some, 3, 2)
    assert len(written) == len(digits) == 20 + 27
    assert np.array_equal(np.array(written[:20]) * 255, images[::2])
    assert written[20:29] == written[29:38] == written[38:] == some.strokes
    assert digits.tolist() == [*labels[::2], *[*some.labels] * 3]


def test_lessons_are_written_again_and_cut_out(tmp_path, mnist, donors):
    written = many_hands(*(of[:80] for of in mnist[0]), donors.part(slice(0, 60)), 1, 2)
    x, y = lessons(tmp_path / "some.npz", *written, TINY)
    assert x.dtype == np.uint8
    assert y.min() >= 0  # without what is no digit
    without, _ = lessons(tmp_path / "less.npz", *written, replace(TINY, parts=0))
    assert np.array_equal(x[: len(without)], without)  # then come those of the fields
    assert 60 + 25 < len(without) <= 100  # all strokes, and images that are legible
    assert len(without) < len(x)
    assert np.array_equal(lessons(tmp_path / "some.npz", [], [], TINY)[0], x)


def test_learning_is_not_done_again(tmp_path, trained, mnist):
    x, y = mnist[0][0][:9], mnist[0][1][:9]
    for _ in range(2):
        weights = learn(tmp_path / "network.npz", x, y, TINY)
        assert all(map(np.array_equal, weights, load_weights("hands")))
    assert len(trained) == 1


def test_confidence_is_0_where_no_threshold_would_help(mnist, monkeypatch):
    images, labels = mnist[0][0][:60] / np.float32(255), mnist[0][1][:60]
    asked = []

    def read(image, *, digits, recognizer):
        asked.append(digits)
        reason = "not only digits" if digits else "unsure"
        return SimpleNamespace(confidence=0.9, reason=reason, text="1")

    monkeypatch.setattr(reading, "read", read)
    found = hands.confidences("lines", images, labels, None, TINY)
    assert found == ([(0.0, False)] * 3, [(0.9, False)] * 3)
    assert asked[1::2] == [None] * 3
    assert all(asked[::2])


def test_each_count_has_a_threshold_of_its_own(monkeypatch):
    answers = ([(0.9, True), (0.5, False)], [(0.8, True), (0.7, False)])
    monkeypatch.setattr(hands, "confidences", lambda *_: answers)
    for wrong, expected in (((0.0, 0.0), [0.9, 0.8]), ((1.0, 0.0), [0.5, 0.8])):
        plan = replace(TINY, wrong=wrong)
        assert choose_thresholds(None, None, None, plan) == expected


def test_no_damage_to_the_judge_of_segments_goes_unseen(assets):
    whole = (ASSETS / "segment_judge.npz").read_bytes()
    (assets / "segment_judge.npz").write_bytes(whole)
    expected, refused = json.dumps(settings()), 0
    for i in range(0, len(whole), 13):
        broken = bytearray(whole)
        broken[i] ^= 1 << i % 8
        (assets / "segment_judge.npz").write_bytes(broken)
        settings.cache_clear()
        try:
            assert json.dumps(settings()) == expected
        except DigitlibError:
            refused += 1
    assert refused > 600  # a time in the archive may change
    (assets / "segment_judge.npz").unlink()
    settings.cache_clear()
    with pytest.raises(DigitlibError, match="segment_judge"):
        reading.read(np.pad(np.ones((20, 4), np.float32), 8), recognizer=Recognizer())
