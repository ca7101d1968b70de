"""The data set: against published checksums and counts, and against damage."""

import csv
import gzip
import hashlib
import re
import struct
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from digitlib import data
from digitlib.data import (
    CONTESTED,
    MNIST_SHA256,
    UNIPEN_SHA256,
    checksum,
    load_mnist,
    load_unipen,
    split_donors,
    split_validation,
)
from digitlib.errors import DigitlibError
from digitlib.model import ASSETS

# MD5 sums of the four original files, uncompressed, as they are published.
IDX_MD5 = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}
# Images of each digit, as counted by many before us.
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def arrays_of(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def test_types_and_bytes_are_those_of_the_original_files(mnist):
    for name, array in arrays_of(mnist).items():
        assert array.dtype == np.uint8
        # Their header: type code, number of axes, lengths of the axes.
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        assert hashlib.md5(header + array.tobytes()).hexdigest() == IDX_MD5[name]


def test_the_file_beside_the_data_states_the_same_sums():
    stated = (ASSETS / "README.md").read_text()
    for name, sha256 in (MNIST_SHA256 | UNIPEN_SHA256).items():
        assert f"| {name} | {sha256} |" in stated
    for md5 in IDX_MD5.values():
        assert md5 in stated


def test_class_counts(mnist):
    (_, y_train), (_, y_test) = mnist
    assert np.bincount(y_train).tolist() == TRAIN_COUNTS
    assert np.bincount(y_test).tolist() == TEST_COUNTS


def test_the_contested_labels(mnist):
    """As published, and the label that MNIST has for each."""
    _, (_, y_test) = mnist
    expected = {
        947: 8, 1621: 0, 1901: 9, 2130: 4, 2462: 2, 2597: 5, 2654: 6, 3520: 6, 3558: 5,
        5937: 5, 6651: 0, 6783: 1, 8527: 4, 9679: 6, 9729: 5,
    }  # fmt: skip
    assert {i: y_test[i] for i in CONTESTED} == expected


def test_loading_needs_little_memory():
    tracemalloc.start()
    load_mnist()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


@pytest.mark.parametrize("name", MNIST_SHA256)
def test_an_altered_data_set_is_refused(name, mnist, tmp_path, monkeypatch):
    arrays = {key: array.copy() for key, array in arrays_of(mnist).items()}
    arrays[name].flat[-1] ^= 1
    np.savez(tmp_path / "mnist.npz", **arrays)
    monkeypatch.setattr("digitlib.data.MNIST_PATH", tmp_path / "mnist.npz")
    with pytest.raises(DigitlibError, match=f"{name} is not as published"):
        load_mnist()


@pytest.mark.parametrize("name", ["absent.npz", ""])
def test_a_missing_file(tmp_path, name):
    with pytest.raises(DigitlibError, match=f"{name}: no such file"):
        load_mnist(tmp_path / name)


@pytest.mark.parametrize("keep", [0, 10, 1000, 5_000_000, -1])
def test_a_truncated_file(tmp_path, keep):
    path = tmp_path / "cut.npz"
    path.write_bytes((ASSETS / "mnist.npz").read_bytes()[:keep])
    with pytest.raises(DigitlibError, match=r"cut\.npz: not a whole \.npz file"):
        load_mnist(path)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DigitlibError) as error:
        load_mnist(path)
    assert "\n" not in str(error.value)


def test_flipped_bytes_are_refused(tmp_path):
    whole = bytearray((ASSETS / "mnist.npz").read_bytes())
    for position in np.random.default_rng(0).integers(0, len(whole), 5):
        damaged = whole.copy()
        damaged[position] ^= 0xFF
        path = tmp_path / "damaged.npz"
        path.write_bytes(damaged)
        try:
            loaded = load_mnist(path)
        except DigitlibError:
            continue
        # A byte that carries no data (such as a date) may be any.
        for name, array in arrays_of(loaded).items():
            assert hashlib.sha256(array.tobytes()).hexdigest() == MNIST_SHA256[name]


def save(path, **changes):
    train = np.zeros((3, 28, 28), np.uint8), np.array([0, 5, 9], np.uint8)
    test = np.zeros((2, 28, 28), np.uint8), np.array([1, 2], np.uint8)
    arrays = arrays_of((train, test)) | changes
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})


def test_another_file_of_the_same_layout(tmp_path):
    save(tmp_path / "mine.npz")
    (_, y_train), (x_test, _) = load_mnist(tmp_path / "mine.npz")
    assert y_train.tolist() == [0, 5, 9]
    assert x_test.shape == (2, 28, 28)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "no array y_test"),
        ({"x_train": np.zeros((3, 784), np.uint8)}, "x_train is uint8"),
        ({"x_train": np.zeros((3, 28, 28))}, "x_train is float64"),
        ({"x_train": np.zeros((0, 28, 28), np.uint8)}, "x_train is uint8"),
        ({"y_train": np.zeros(2, np.uint8)}, "y_train: shape"),
        ({"y_train": np.zeros(3)}, "y_train is float64"),
        ({"y_train": np.array([0, 1, 10], np.uint8)}, "y_train: values from 0 to 10"),
        ({"y_train": np.array([{}, {}, {}])}, "not a whole"),
    ],
)
def test_another_layout_is_refused(tmp_path, changes, message):
    save(tmp_path / "mine.npz", **changes)
    with pytest.raises(DigitlibError, match=message):
        load_mnist(tmp_path / "mine.npz")


def test_a_file_of_another_kind_is_refused(tmp_path):
    with (tmp_path / "x.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    (tmp_path / "y.npz").write_bytes(gzip.compress(b"no"))
    for path in tmp_path.iterdir():
        with pytest.raises(DigitlibError, match=re.escape(path.name)):
            load_mnist(path)


def split(x, y, *n):
    """Split, lose nothing, and return the sizes of the validation part."""
    (x_fit, y_fit), (x_val, y_val) = split_validation(x, y, *n)
    assert np.array_equal(np.concatenate([x_fit, x_val]), x)
    assert np.array_equal(np.concatenate([y_fit, y_val]), y)
    return len(x_val), len(y_val)


def test_validation_is_the_last_10000(mnist):
    assert split(*mnist[0]) == (10_000, 10_000)


@given(m=st.integers(2, 50), data=st.data())
def test_a_split_loses_nothing(m, data):
    n = data.draw(st.integers(1, m - 1))
    assert split(np.arange(m) * 10, np.arange(m), n) == (n, n)


@pytest.mark.parametrize("n", [0, -1, 5, 6])
def test_a_split_that_leaves_nothing(n):
    with pytest.raises(DigitlibError, match=f"n: {n}"):
        split_validation(np.zeros(5), np.zeros(5), n)


def test_a_split_of_different_lengths():
    with pytest.raises(DigitlibError, match="each image needs one label"):
        split_validation(np.zeros(5), np.zeros(4), 1)


# Pen strokes


@pytest.fixture(scope="module")
def pens():
    return load_unipen(mislabelled=True)


def test_pen_digits_are_those_of_the_file(pens):
    """Put together again, they are the bytes whose sums are published."""
    assert [len(part) for part in pens] == [15_950] * 4
    strokes = [stroke for digit in pens.strokes for stroke in digit]
    again = {
        "points": np.concatenate(strokes),
        "stroke_lengths": np.array([len(stroke) for stroke in strokes], np.int32),
        "strokes_a_digit": np.array([len(digit) for digit in pens.strokes], np.uint8),
        "labels": pens.labels,
    }
    for name, array in again.items():
        assert checksum(array) == UNIPEN_SHA256[name], name
    assert len(np.unique(pens.writers)) == 634
    assert len(np.unique(pens.donors)) == 17
    for writer, donor in zip(pens.writers, pens.donors, strict=True):
        assert writer.startswith(f"{donor}-")


def test_the_longer_side_of_a_digit_is_1000(pens):
    for digit in pens.strokes[::50]:
        points = np.concatenate(digit)
        assert points.dtype == np.int16
        assert points.min() == 0
        assert points.max() == 1000


def test_no_donor_is_in_two_parts(pens):
    parts = split_donors(pens)
    donors = [set(part.donors.tolist()) for part in parts]
    assert donors[1] == {"aga", "app"}
    assert donors[2] == {"val", "uqb", "tos", "imp", "art", "pri"}
    assert sum(map(len, donors)) == len(set().union(*donors)) == 17
    assert sum(len(part.labels) for part in parts) == 15_950
    for part in parts:
        assert len(part.strokes) == len(part.labels) == len(part.writers)
        assert np.bincount(part.labels).min() > 90


def test_a_part_is_of_a_mask_or_of_indices(pens):
    some = pens.part(pens.donors == "aga")
    again = pens.part(np.flatnonzero(pens.donors == "aga"))
    assert all(np.array_equal(*pair) for pair in zip(some[1:], again[1:], strict=True))
    assert some.strokes[7] is again.strokes[7]


def test_wrong_labels_are_listed_and_left_out(pens):
    with open(data.UNIPEN_MISLABELLED_PATH, newline="") as file:
        listed = list(csv.DictReader(file))
    good = load_unipen()
    assert 50 < len(listed) == len(pens.labels) - len(good.labels) < 200
    kept = np.ones(len(pens.labels), bool)
    for row in listed:
        i = int(row["index"])
        kept[i] = False
        assert int(row["label"]) == pens.labels[i]
        assert row["reason"] == "one straight stroke" or (
            re.fullmatch(r"read as \d", row["reason"])
            and int(row["reason"][-1]) != pens.labels[i]
        )
        assert row["writer"] == pens.writers[i]
        assert pens.donors[i] not in data.UNIPEN_TEST
    for array, some in zip(pens[1:], good[1:], strict=True):
        assert np.array_equal(array[kept], some)


def test_altered_pen_strokes_are_refused(tmp_path, monkeypatch):
    with np.load(data.UNIPEN_PATH) as file:
        arrays = dict(file)
    monkeypatch.setattr(data, "UNIPEN_PATH", tmp_path / "unipen.npz")
    for name in UNIPEN_SHA256:
        changed = arrays | {name: np.roll(arrays[name], 1)}
        np.savez(tmp_path / "unipen.npz", **changed)
        with pytest.raises(
            DigitlibError, match=f"unipen.npz: {name} is not as published"
        ):
            load_unipen()
        np.savez(
            tmp_path / "unipen.npz", **{k: changed[k] for k in arrays if k != name}
        )
        with pytest.raises(DigitlibError, match=f"unipen.npz: {name} is not"):
            load_unipen()
