"""TensorFlow and Keras, imported without TensorFlow's start-up lines.

TensorFlow writes these lines from C++, past ``sys.stderr``. A notebook would store
them, and they differ from machine to machine, so the file descriptor itself is turned
away while TensorFlow starts.
"""

import contextlib
import os
import sys

from digitlib.errors import DigitlibError


@contextlib.contextmanager
def _no_stderr():
    with contextlib.suppress(ValueError, OSError):
        sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors, but no notes or warnings
with _no_stderr():
    try:
        import tensorflow
    except ImportError as error:
        raise DigitlibError(
            "TensorFlow is needed for this; in digitlib's folder: "
            "pip install '.[train]'"
        ) from error
    import keras

    tensorflow.config.list_logical_devices()  # the devices announce themselves here

__all__ = ["keras", "tensorflow"]
