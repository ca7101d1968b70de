"""Writing files: whole, or not at all; reading them: whole, or an error."""

import errno
import os
from pathlib import Path
import resource
import stat

import numpy as np
import pytest

from digitlib._internal.files import load_arrays, not_written, replacing, save_arrays
from digitlib.errors import DigitlibError


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"the old file")
    return path


def write(path, content=b"the new file", error=None, umask=None):
    before = os.umask(0o022 if umask is None else umask)
    try:
        with replacing(path) as file:
            file.write(content)
            if error is not None:
                raise error
    finally:
        os.umask(before)


def is_alone(path, content=b"the old file"):
    return path.read_bytes() == content and os.listdir(path.parent) == [path.name]


def no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("content", [b"\x00\r\n\xff", b""])
def test_a_new_file_or_one_in_the_place_of_the_old(tmp_path, old, content):
    write(old, content)
    assert is_alone(old, content)
    old.unlink()
    write(old, content)
    assert is_alone(old, content)


def test_the_old_file_is_there_until_the_end(old):
    with replacing(old) as file:
        file.write(b"the new file")
        file.flush()
        assert old.read_bytes() == b"the old file"
    assert old.read_bytes() == b"the new file"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_others_may_read_it_if_they_might_read_the_old_one(old, umask):
    old.chmod(0o640)
    write(old, umask=umask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    old.unlink()
    write(old, umask=umask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "error",
    [RuntimeError("boom"), KeyboardInterrupt(), SystemExit(1), GeneratorExit(),
     DigitlibError("x: too large")],
)  # fmt: skip
def test_an_exception_inside_leaves_the_old_file(old, error):
    for _ in range(2):  # or none
        with pytest.raises(type(error)) as raised:
            write(old, error=error)
        assert raised.value is error
        assert not old.exists() or is_alone(old)
        old.unlink(missing_ok=True)
    assert os.listdir(old.parent) == []


@pytest.mark.parametrize("function", ["replace", "chmod"])
def test_a_failure_at_the_end_leaves_the_old_file(old, monkeypatch, function):
    monkeypatch.setattr(os, function, no_space)
    with pytest.raises(DigitlibError) as error:
        write(old)
    message = f"{old}: cannot be written (No space left on device); give another place"
    assert str(error.value) == message
    assert isinstance(error.value.__cause__, OSError)
    assert is_alone(old)


def test_a_failure_while_writing_leaves_the_old_file(old):
    with pytest.raises(DigitlibError, match="No space left"):
        write(old, error=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert is_alone(old)


@pytest.mark.parametrize("size", [20_000, 1_000_000])
def test_a_file_that_must_not_grow_leaves_the_old_file(old, size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(DigitlibError, match=r"cannot be written \(File too large"):
            write(old, bytes(size))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert is_alone(old)


def test_an_absent_folder(tmp_path):
    path = tmp_path / "absent" / "file.bin"
    message = rf"^{path}: cannot be written \(No such file or directory\)[^\n]*$"
    with pytest.raises(DigitlibError, match=message):
        write(path)
    assert os.listdir(tmp_path) == []


def test_a_file_in_place_of_the_folder(old):
    with pytest.raises(DigitlibError, match="Not a directory"):
        write(old / "file.bin")
    assert is_alone(old)


@pytest.mark.parametrize(
    ("make", "is_still"), [(os.mkdir, os.path.isdir), (os.mkfifo, Path.is_fifo)]
)
def test_what_is_no_file_is_not_replaced(tmp_path, make, is_still):
    path = tmp_path / "folder or pipe"
    make(path)
    with pytest.raises(DigitlibError, match="folder or pipe: not a file; give another"):
        write(path)
    assert is_still(path)
    assert os.listdir(tmp_path) == [path.name]


ARRAYS = {
    "half": np.arange(6, dtype=np.float16).reshape(2, 3),
    "text": np.array("a = 1"),
    "number": np.array(7),
    "many": np.arange(3),
}


def same(found, arrays):
    return found.keys() == arrays.keys() and all(
        found[name].dtype == arrays[name].dtype and np.array_equal(found[name], a)
        for name, a in arrays.items()
    )


def test_arrays_come_back(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(str(path), ARRAYS)
    assert same(load_arrays(str(path)), ARRAYS)
    first = path.read_bytes()
    save_arrays(path, ARRAYS)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    "change",
    [
        *[{name: None} for name in ARRAYS],  # what is left out
        *[{name: array.copy().reshape(-1)} for name, array in ARRAYS.items()][:3],
        {"half": ARRAYS["half"] + np.float16(1e-3)},
        {"half": ARRAYS["half"].astype(np.float32)},
        {"text": np.array("a = 2")},
        {"number": np.array(8)},
        {"many": np.arange(3)[::-1]},
        {"many": ARRAYS["many"].view(np.uint64)},
        {"new": np.arange(3)},
    ],
)
def test_the_digest_covers_names_types_shapes_and_values(tmp_path, change):
    path = tmp_path / "a.npz"
    save_arrays(path, ARRAYS)
    with np.load(path) as file:
        arrays = {**file, **change}
    np.savez(path, **{name: a for name, a in arrays.items() if a is not None})
    with pytest.raises(DigitlibError, match="its digest differs"):
        load_arrays(path)
    np.savez(path, **ARRAYS)
    with pytest.raises(DigitlibError, match="no digest"):
        load_arrays(path)


def test_no_flipped_bit_goes_unseen(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {name: ARRAYS[name] for name in ("half", "text")}
    save_arrays(path, arrays)
    whole = path.read_bytes()
    errors = []
    for i in range(len(whole)):
        damaged = bytearray(whole)
        damaged[i] ^= 1 << i % 8
        path.write_bytes(damaged)
        try:
            assert same(load_arrays(path), arrays)  # such as the bit of a date
        except DigitlibError as error:
            errors.append(str(error))
    assert len(errors) > len(whole) / 2
    assert not any("\n" in error for error in errors)


def test_the_error_for_an_os_error():
    error = not_written("here.csv", OSError(errno.EACCES, "Permission denied"))
    assert type(error) is DigitlibError
    expected = "here.csv: cannot be written (Permission denied); give another place"
    assert str(error) == expected
