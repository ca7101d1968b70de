"""Workers: what a process must not do, whatever its task is."""

import os
import signal
import time
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


def test_one_job_is_done_here_and_each_task_when_its_turn_comes():
    asked = []
    results = run_all(lambda n: asked.append(n) or os.getpid(), zip(range(3)), jobs=1)
    assert (next(results), asked) == (os.getpid(), [0])
    assert [*results] == [os.getpid()] * 2


def test_results_in_the_order_of_the_tasks():
    def late(n):
        time.sleep((3 - n) / 10)
        return n

    assert [*run_all(late, zip(range(4)), jobs=2, ordered=True)] == [0, 1, 2, 3]
    assert {*run_all(late, zip(range(4)), jobs=2)} == {0, 1, 2, 3}


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
