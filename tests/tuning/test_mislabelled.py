"""Wrong labels: found by networks that do not know the writer, and by nothing else."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest

from digitlib.tuning import mislabelled
from digitlib.tuning.mislabelled import MislabelledSettings, is_piece, judged, wrong

TINY = MislabelledSettings(folds=3, copies=2, images=10, epochs=1, jobs=1)


@pytest.fixture
def some(donors):
    """20 digits of two writers each, and one more."""
    writers = np.unique(donors.writers)[:3]
    of = [np.flatnonzero(donors.writers == writer)[:20] for writer in writers]
    return donors.part(np.concatenate(of))


@pytest.fixture
def trained(monkeypatch):
    """Nothing is trained; from how much it would have been."""
    asked = []

    def train(recipe, x, y, *, seed, epochs, units):
        asked.append((recipe, len(x), seed, epochs, units))
        weights = [np.zeros(shape, np.float32) for shape in ((784, 10), 10)]
        weights[1][seed] = 50  # each network says its own seed
        return SimpleNamespace(get_weights=lambda: weights), None

    monkeypatch.setattr(mislabelled, "train_recipe", train)
    return asked


def test_no_network_judges_a_writer_that_it_knows(some, trained):
    probabilities = judged(some, TINY)
    assert probabilities.shape == (2, len(some.labels), 10)
    said = probabilities.argmax(axis=2)
    assert np.array_equal(*said)
    for writer in np.unique(some.writers):
        own = said[0][some.writers == writer]
        assert len(set(own.tolist())) == 1
        known = len(some.labels) - np.count_nonzero(said[0] == own[0])
        assert trained[own[0]] == ("robust", 10 + 2 * known, own[0], 1, (300, 100))
    assert len(trained) == 3


def test_a_label_is_wrong_where_it_is_always_improbable():
    labels = np.array([3, 3, 3])
    probabilities = np.full((2, 3, 10), 0.001)
    probabilities[:, :, 5] = 0.9
    probabilities[:, 1, 3] = 0.015, 0.01
    probabilities[:, 2, 3] = 0.001, 0.03
    assert wrong(probabilities, labels) == {0: "read as 5", 1: "read as 5"}


@pytest.mark.parametrize(
    ("points", "label", "piece"),
    [
        ([[0, 0], [10, 1000]], 1, False),
        ([[0, 0], [10, 1000]], 4, True),
        ([[0, 0], [1000, 10]], 1, True),  # it lies
        ([[0, 0], [1000, 10]], 4, True),
        ([[0, 0], [40, 500], [10, 1000]], 4, True),
        ([[0, 0], [200, 500], [10, 1000]], 4, False),
        ([[0, 0], [500, 1000], [0, 0]], 0, False),
        ([[0, 0], [0, 0]], 0, False),
    ],
)
def test_a_piece_is_one_straight_stroke(points, label, piece):
    stroke = np.array(points, np.int16)
    assert is_piece((stroke,), label) is piece
    assert is_piece((stroke[::-1],), label) is piece
    assert not is_piece((stroke, stroke), label)


def test_the_list_names_what_the_file_holds(tmp_path, donors, trained, monkeypatch):
    everything = donors.part(slice(0, None, 25))
    everything.donors[10:20] = "val"  # a test donor: neither judged nor listed
    monkeypatch.setattr(mislabelled, "load_unipen", lambda mislabelled: everything)
    mislabelled.main(tmp_path / "list.csv", TINY)
    with open(tmp_path / "list.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    indices = [int(row["index"]) for row in rows]
    assert indices
    assert not {*indices} & {*range(10, 20)}
    for i, row in zip(indices, rows, strict=True):
        assert int(row["label"]) == everything.labels[i]
        assert row["writer"] == everything.writers[i]
        piece = is_piece(everything.strokes[i], everything.labels[i])
        assert row["reason"].startswith("one straight" if piece else "read as")
