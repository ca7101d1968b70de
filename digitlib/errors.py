"""The one error that bad input raises."""


class DigitlibError(ValueError):
    """Something given to digitlib cannot be used.

    The message is one line: it names the input, says what is wrong with it, and
    what to do. A batch catches this error, reports it, and goes on. Every function
    raises it for an argument of another kind, shape or range than its text says; where
    there are other causes, they stand under "Raises".
    """
