"""Files of which nothing is lost when writing fails, and no damage goes unseen."""

import contextlib
import hashlib
import os
import stat
import tempfile

import numpy as np

from digitlib._internal.checks import check_path
from digitlib.errors import DigitlibError


@contextlib.contextmanager
def replacing(path):
    """Open a file for writing that takes the place of ``path`` only when complete.

    It is written aside, in the same folder, and moved into place at the end of the
    ``with`` block. Until then, and if anything fails, the older file stays whole. Who
    may read that may read the new one; anybody, if there was none.
    """
    if path.exists() and not path.is_file():  # such as a folder, or /dev/null
        raise DigitlibError(f"{path}: not a file; give another place")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                yield file
                file.close()
                # A temporary file is private by default.
                mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
                os.chmod(file.name, mode)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise not_written(path, error) from error


def save_arrays(path, arrays):
    """Write a dict of arrays as an ``.npz`` file, with a digest over all of them."""
    with replacing(check_path(path)) as file:
        np.savez(file, **arrays, digest=np.array(digest(arrays)))


def load_arrays(path):
    """Read what `save_arrays` wrote, a dict, if its digest is still the same."""
    arrays = read_npz(path)
    if "digest" not in arrays:
        raise DigitlibError(f"{path}: no digest; give a file that digitlib wrote")
    if str(arrays.pop("digest")) != digest(arrays):
        raise DigitlibError(
            f"{path}: altered since it was written (its digest differs); "
            "restore it or make it again"
        )
    return arrays


def read_npz(path):
    """Read all arrays of an ``.npz`` file, without pickle, as a dict."""
    path = check_path(path)
    if not path.is_file():
        raise DigitlibError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged header, read as Python, raises anything
        raise DigitlibError(
            f"{path}: not a whole .npz file ({type(error).__name__}); "
            "copy or download it again"
        ) from error


def digest(arrays):
    """SHA-256 over names, dtypes, shapes and bytes, in the order of the names."""
    sha256 = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        sha256.update(array.tobytes())
    return sha256.hexdigest()


def not_written(path, error):
    """The `digitlib.errors.DigitlibError` for an ``OSError`` while writing."""
    return DigitlibError(
        f"{path}: cannot be written ({error.strerror}); give another place"
    )
