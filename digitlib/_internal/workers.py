"""Work on all cores or on a cluster: the one door for all who have much to do."""

from concurrent.futures import BrokenExecutor, CancelledError
import gc
from multiprocessing import current_process
import signal
import warnings

from digitlib.errors import DigitlibError


def run_all(function, tasks, jobs=-1, dask=None, ordered=False):
    """Call a function for many tasks: here, in other processes, or on a cluster.

    A task, the tuple of a call's arguments, is taken when a worker is nearly free, so
    that there may be any number. ``jobs`` at once (-1: one for each core, 1: all here),
    or on the workers of the Dask scheduler at the address ``dask``. Results come as
    soon as they are there, or in the order of the tasks.
    """
    if jobs == 1 and dask is None:
        yield from (function(*task) for task in tasks)
        return
    from joblib import Parallel, delayed, parallel_config

    work = (delayed(_call)(function, *task) for task in tasks)
    # One task at a time, not several joined, or results would have to wait.
    order = "generator" if ordered else "generator_unordered"
    how = {"return_as": order, "batch_size": 1}
    again = "what is finished is kept, so start the same again"
    if dask is None:
        with warnings.catch_warnings(), parallel_config(backend="loky", n_jobs=jobs):
            # A worker that has grown by what TensorFlow compiled is replaced: fine. And
            # whoever stops early knows.
            warnings.filterwarnings("ignore", "A worker stopped")
            warnings.filterwarnings("ignore", "[0-9]+ tasks which were still")
            try:
                yield from Parallel(**how)(work)
            except BrokenExecutor as error:
                why = "ended from outside, perhaps for lack of memory"
                why = f"a worker process was {why}; {again}, with fewer --jobs"
                raise DigitlibError(why) from error
        return
    try:
        with _connect(dask) as client, parallel_config(backend="dask", client=client):
            yield from Parallel(**how)(work)
    except DigitlibError:
        raise
    except Exception as error:  # distributed has many: a worker killed, a line cut
        theirs = type(error).__module__.startswith("distributed")
        if not theirs and not isinstance(error, (OSError, CancelledError)):
            raise
        raise DigitlibError(f"{dask}: the Dask cluster went away; {again}") from error


def _call(function, *task):
    """Call a function; a process of joblib's leaves interrupts to its parent."""
    if current_process().name.startswith("Loky"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(*task)


def _connect(address):
    try:
        from dask.distributed import Client
    except ImportError as error:
        why = "dask: not installed; pip install 'dask[distributed]'"
        raise DigitlibError(why) from error
    # A client that did not connect is closed when it is collected. Were that while the
    # next one starts, both would wait for each other forever.
    gc.collect()
    try:
        return Client(address, timeout=10)
    except (OSError, TypeError, ValueError) as error:
        why = "start one with `dask scheduler`, or leave --dask out"
        raise DigitlibError(f"{address}: no Dask scheduler answers; {why}") from error
