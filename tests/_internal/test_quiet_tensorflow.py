"""TensorFlow starts without a word, and errors still reach the reader."""

import subprocess
import sys

import pytest


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


def test_no_start_up_lines():
    result = run(
        "import numpy as np, sys\n"
        "from digitlib.model import build_model\n"
        "build_model()(np.zeros((1, 28, 28), np.float32))\n"
        "print('ours', file=sys.stderr)\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "ours\n")


@pytest.mark.parametrize("how", ["build_model()", "main(['train', '--out', 'x.npz'])"])
def test_without_tensorflow_it_says_what_to_install(how):
    result = run(
        "import sys\n"
        "sys.modules['tensorflow'] = sys.modules['tqdm'] = None\n"
        "from digitlib.model import build_model\n"
        "from digitlib.__main__ import main\n"
        f"try:\n    sys.exit({how})\n"
        "except ValueError as error:\n    sys.exit(f'digitlib: {error}')\n"
    )
    assert result.returncode == 1
    expected = "digitlib: TensorFlow is needed for this; in digitlib's folder: pip"
    assert result.stderr.startswith(expected)
    assert result.stderr.count("\n") == 1
