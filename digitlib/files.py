"""Writing files so that nothing is lost when writing fails."""

import contextlib
import os
import tempfile

from digitlib.errors import DigitlibError


@contextlib.contextmanager
def replacing(path):
    """Open a file for writing that takes the place of ``path`` only when complete.

    It is written aside, in the same folder, and moved into place at the end of the
    ``with`` block. Until then, and if anything fails, the older file stays whole.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    file object, binary

    Raises
    ------
    DigitlibError
        If the folder does not exist, must not be written to, or the disk is full.
    """
    if path.exists() and not path.is_file():  # such as a folder, or /dev/null
        raise DigitlibError(f"{path}: not a file; give another place")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                yield file
                file.close()
                os.chmod(file.name, 0o644)  # a temporary file is private by default
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise not_written(path, error) from error


def not_written(path, error):
    """The `digitlib.errors.DigitlibError` for an ``OSError`` while writing."""
    return DigitlibError(
        f"{path}: cannot be written ({error.strerror}); give another place"
    )
