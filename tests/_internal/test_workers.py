"""Workers: what a process must not do, whatever its task is."""

import signal
import weakref

from dask import distributed
import pytest

from digitlib._internal.workers import run_all
from digitlib.errors import DigitlibError


def handler():
    return signal.getsignal(signal.SIGINT)


def test_an_interrupt_is_left_to_the_parent():
    before = handler()
    assert list(run_all(handler, [()] * 4, jobs=2)) == [signal.SIG_IGN] * 4
    assert list(run_all(handler, [()] * 2, jobs=1)) == [before] * 2
    assert handler() == before


def test_what_was_left_of_a_client_is_gone_before_the_next_one_starts(monkeypatch):
    class Left:
        def __init__(self):
            self.self = self

    left = weakref.ref(Left())
    assert left() is not None
    seen = []

    def client(address, timeout):
        seen.append(left())
        raise OSError

    monkeypatch.setattr(distributed, "Client", client)
    with pytest.raises(DigitlibError, match="no Dask scheduler"):
        list(run_all(handler, [()], dask="tcp://nobody:1"))
    assert seen == [None]
