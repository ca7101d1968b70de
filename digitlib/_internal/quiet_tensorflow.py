"""TensorFlow and Keras, imported without TensorFlow's start-up lines.

TensorFlow writes these lines from C++, past ``sys.stderr``. A notebook would store
them, and they differ from machine to machine, so the file descriptor itself is turned
away while TensorFlow starts.
"""

import os

from digitlib._internal.terminal import no_stderr
from digitlib.errors import DigitlibError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors, but no notes or warnings
with no_stderr():
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
