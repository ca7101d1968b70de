"""The data set: against published checksums and counts, and against damage."""

import gzip
import hashlib
import shutil
import struct
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from digitlib.data import (
    CONTESTED,
    MNIST_PATH,
    MNIST_SHA256,
    load_mnist,
    split_validation,
)
from digitlib.errors import DigitlibError

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


def idx_header(array):
    """The header of an original file: type code, number of axes, their lengths."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)


def test_shapes_types_and_order(mnist):
    for name, array in arrays_of(mnist).items():
        n = 60_000 if name.endswith("train") else 10_000
        assert array.shape == ((n, 28, 28) if name.startswith("x") else (n,))
        assert array.dtype == np.uint8


def test_bytes_are_those_of_the_original_files(mnist):
    for name, array in arrays_of(mnist).items():
        original = idx_header(array) + array.tobytes()
        assert hashlib.md5(original).hexdigest() == IDX_MD5[name]


def test_the_file_beside_the_data_states_the_same_sums():
    stated = (MNIST_PATH.parent / "README.md").read_text()
    for name, sha256 in MNIST_SHA256.items():
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
    with pytest.raises(DigitlibError, match=f"{name} is not MNIST's"):
        load_mnist()


def test_a_missing_file(tmp_path):
    with pytest.raises(DigitlibError, match=r"absent\.npz: no such file"):
        load_mnist(tmp_path / "absent.npz")
    with pytest.raises(DigitlibError, match="no such file"):
        load_mnist(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 1000, 5_000_000, -1])
def test_a_truncated_file(tmp_path, keep):
    path = tmp_path / "cut.npz"
    path.write_bytes(MNIST_PATH.read_bytes()[:keep])
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
    whole = bytearray(MNIST_PATH.read_bytes())
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
    arrays = {
        "x_train": np.zeros((3, 28, 28), np.uint8),
        "y_train": np.array([0, 5, 9], np.uint8),
        "x_test": np.zeros((2, 28, 28), np.uint8),
        "y_test": np.array([1, 2], np.uint8),
    }
    arrays.update(changes)
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


def test_a_single_array_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    shutil.move(tmp_path / "x.npy", tmp_path / "x.npz")
    with pytest.raises(DigitlibError, match=r"x\.npz"):
        load_mnist(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_bytes(gzip.compress(b"no"))
    with pytest.raises(DigitlibError, match=r"y\.npz"):
        load_mnist(tmp_path / "y.npz")


def test_validation_is_the_last_10000(mnist):
    (x_train, y_train), _ = mnist
    (x_fit, y_fit), (x_val, y_val) = split_validation(x_train, y_train)
    assert len(x_fit) == len(y_fit) == 50_000
    assert np.array_equal(x_val, x_train[50_000:])
    assert np.array_equal(y_val, y_train[50_000:])


@given(m=st.integers(2, 50), data=st.data())
def test_a_split_loses_nothing(m, data):
    n = data.draw(st.integers(1, m - 1))
    x, y = np.arange(m) * 10, np.arange(m)
    (x_fit, y_fit), (x_val, y_val) = split_validation(x, y, n)
    assert np.concatenate([x_fit, x_val]).tolist() == x.tolist()
    assert np.concatenate([y_fit, y_val]).tolist() == y.tolist()
    assert len(x_val) == len(y_val) == n


@pytest.mark.parametrize("n", [0, -1, 5, 6])
def test_a_split_that_leaves_nothing(n):
    with pytest.raises(DigitlibError, match=f"n: {n}"):
        split_validation(np.zeros(5), np.zeros(5), n)


def test_a_split_of_different_lengths():
    with pytest.raises(DigitlibError, match="each image needs one label"):
        split_validation(np.zeros(5), np.zeros(4), 1)
