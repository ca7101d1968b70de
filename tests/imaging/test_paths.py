"""Which files are meant; the command line's tests have more of it."""

import os

import pytest

from digitlib.errors import DigitlibError
from digitlib.imaging.paths import images_in, once


def test_a_folder_means_its_images_and_a_file_itself(tmp_path):
    for name in ("10.png", "2.JPG", "notes.txt", "._2.png"):
        (tmp_path / name).touch()
    found = [(os.path.join(tmp_path, name), None) for name in ("2.JPG", "10.png")]
    assert images_in(str(tmp_path)) == found
    assert images_in("absent.png") == [("absent.png", None)]


def test_no_image_in_a_folder_is_an_error_that_comes_with_it(tmp_path):
    [(path, error)] = images_in(str(tmp_path))
    assert path == str(tmp_path)
    assert isinstance(error, DigitlibError)
    assert str(error).startswith(f"{tmp_path}: no image in this folder; give")


def test_a_path_spelled_otherwise_is_the_same():
    again = ["a.png", f".{os.sep}b.png"]
    assert once(["a.png", "b.png", *again]) == (["a.png", "b.png"], again)
    with pytest.raises(DigitlibError, match="a list of paths"):
        once("a.png")
