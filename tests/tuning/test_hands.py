"""The command that learns what a reader needs, with tiny numbers."""

from dataclasses import replace
import json
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib import reading
from digitlib.errors import DigitlibError
from digitlib.model import load_provenance, load_weights
from digitlib.reading import ASSETS, segment_weights, settings
from digitlib.recognizer import Recognizer
from digitlib.tuning import reading_weights
from digitlib.tuning.reading_weights import Plan, choose_thresholds, learn, lessons

TINY = Plan(epochs=3, seed=7, validation=60, copies=1, part=50, fields=1, detect=2,
            learn=2, choose=3, kinds=("clear",), jobs=1)  # fmt: skip


@pytest.fixture
def trained(monkeypatch):
    """Nothing is trained; how it would have been."""
    asked = []

    def train(recipe, x, y, *, seed, epochs):
        asked.append((recipe, len(x), len(y), x.max(), seed, epochs))
        return SimpleNamespace(get_weights=lambda: list(load_weights("reading"))), None

    monkeypatch.setattr(reading_weights, "train_recipe", train)
    return asked


@pytest.fixture
def assets(monkeypatch, tmp_path):
    """Another folder for what is learned."""
    monkeypatch.setattr(reading, "ASSETS", tmp_path)
    yield tmp_path
    settings.cache_clear()
    segment_weights.cache_clear()


def test_the_whole_command(trained, assets, mnist, monkeypatch):
    few = [images[:160] for images in mnist[0]], mnist[1]
    monkeypatch.setattr(reading_weights, "load_mnist", lambda: few)
    reading_weights.main(assets / "work", TINY)
    (twin, n_twin, *rest), (_, n, *_) = trained
    assert [twin, *rest] == ["robust", n_twin, 1.0, 7, 3]
    assert n_twin > 100 + 80  # as they are, and written again, and out of fields
    assert n > n_twin + 60 + 40
    made = load_provenance(assets / "reading.npz")
    assert (made["recipe"]["images"], made["recipe"]["epochs"]) == (n, 3)
    assert set(made["versions"]) == {"digitlib", "keras", "numpy", "tensorflow"}
    assert made["seed"] == 7
    about = load_provenance(assets / "work" / "twin_weights.npz")
    assert about["recipe"]["images"] == n_twin
    for name in ("temperature", "threshold"):
        assert about[name] == made[name]  # the twin decides for both
    learned = settings()["made"]
    assert (learned["learned from"], learned["chosen on"]) == (2, 3)
    assert learned["wrong at most"] == {"known": 0.01, "unknown": 0.01}
    assert list(settings()["threshold"]) == ["known", "unknown"]
    with np.load(assets / "segment_judge.npz") as file:
        assert np.array_equal(file["hidden"], segment_weights()[0])
        assert np.array_equal(file["hidden"], file["hidden"].round(4))


def test_lessons_are_all_that_was_made_of_the_images(tmp_path, mnist):
    images, labels = mnist[0][0][:40], mnist[0][1][:40]
    x, y = lessons(tmp_path / "some.npz", images, labels, replace(TINY, part=40))
    assert np.array_equal(x[:40], images)
    assert np.array_equal(y[:40], labels)
    assert x.dtype == np.uint8
    assert y.min() >= 0  # without what is no digit
    without, _ = lessons(tmp_path / "less.npz", images, labels, TINY)
    assert np.array_equal(x[: len(without)], without)  # then come those of the fields
    assert 60 < len(without) <= 80  # and written again
    assert len(without) < len(x)
    assert np.array_equal(lessons(tmp_path / "some.npz", [], [], TINY)[0], x)


def test_learning_takes_all_lessons(tmp_path, trained, mnist):
    x, y = mnist[0][0][:9], mnist[0][1][:9]
    for some in ([(x, y), (x[:4], y[:4])], []):  # the second time not made again
        weights, n = learn(tmp_path / "network.npz", some, TINY)
        assert n == 13
        assert all(map(np.array_equal, weights, load_weights("reading")))
    assert len(trained) == 1


def test_confidence_is_0_where_no_threshold_would_help(mnist, monkeypatch):
    images, labels = mnist[0][0][:60] / np.float32(255), mnist[0][1][:60]
    asked = []

    def read(image, *, digits, recognizer):
        asked.append(digits)
        reason = "not only digits" if digits else "unsure"
        return SimpleNamespace(confidence=0.9, reason=reason, text="1")

    monkeypatch.setattr(reading, "read", read)
    found = reading_weights.confidences("lines", images, labels, None, TINY)
    assert found == ([(0.0, False)] * 3, [(0.9, False)] * 3)
    assert asked[1::2] == [None] * 3
    assert all(asked[::2])


def test_each_count_has_a_threshold_of_its_own(monkeypatch):
    answers = ([(0.9, True), (0.5, False)], [(0.8, True), (0.7, False)])
    monkeypatch.setattr(reading_weights, "confidences", lambda *_: answers)
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
