"""The one error that bad input raises."""


class DigitlibError(ValueError):
    """Something given to digitlib cannot be used.

    The message is one line: it names the input, says what is wrong with it, and
    what to do. A batch catches this error, reports it, and goes on.
    """
