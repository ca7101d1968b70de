"""The one error."""

from digitlib.errors import DigitlibError


def test_it_is_a_value_error():
    assert issubclass(DigitlibError, ValueError)
    assert str(DigitlibError("digit.png: no such file")) == "digit.png: no such file"
