"""Work on all cores or on a cluster: the one door for all who have much to do."""

from concurrent.futures import BrokenExecutor, CancelledError
import gc
from multiprocessing import current_process
import signal
import warnings

from digitlib.errors import DigitlibError


def run_all(function, tasks, jobs=-1, dask=None, ordered=False):
    """Call a function for many tasks: here, in other processes, or on a cluster.

    Tasks are taken from their iterable when a worker is nearly free for them, so that
    there may be any number.

    Parameters
    ----------
    function : callable
    tasks : iterable of tuple
        The arguments of each call.
    jobs : int
        How many at once; -1 is one for each core, and 1 does all here.
    dask : str, optional
        Address of a Dask scheduler; its workers take the place of the jobs.
    ordered : bool
        Whether results come in the order of the tasks, or as soon as they are there.

    Yields
    ------
    object
        What each call returned.

    Raises
    ------
    DigitlibError
        If joblib or Dask is not installed, a process is killed, or Dask does not
        answer; and whatever a call raises.
    """
    if jobs == 1 and dask is None:
        yield from (function(*task) for task in tasks)
        return
    try:
        from joblib import Parallel, delayed, parallel_config
    except ImportError as error:
        raise DigitlibError("joblib: not installed; pip install joblib") from error

    work = (delayed(_call)(function, *task) for task in tasks)
    # One task at a time, not several joined, or results would have to wait.
    order = "generator" if ordered else "generator_unordered"
    how = {"return_as": order, "batch_size": 1}
    again = "what is finished is kept, so start the same again"
    if dask is None:
        with warnings.catch_warnings(), parallel_config(backend="loky", n_jobs=jobs):
            # What TensorFlow compiled stays in memory; a worker that has grown is
            # replaced, and that is fine.
            warnings.filterwarnings("ignore", "A worker stopped")
            # Whoever stops early knows.
            warnings.filterwarnings("ignore", "[0-9]+ tasks which were still")
            try:
                yield from Parallel(**how)(work)
            except BrokenExecutor as error:
                raise DigitlibError(
                    "a worker process was ended from outside, perhaps for lack of "
                    f"memory; {again}, with fewer --jobs"
                ) from error
        return
    try:
        with _connect(dask) as client, parallel_config(backend="dask", client=client):
            yield from Parallel(**how)(work)
    except DigitlibError:
        raise
    except Exception as error:  # distributed has many: a worker killed, a line cut
        if not isinstance(error, (OSError, CancelledError)) and (
            not type(error).__module__.startswith("distributed")
        ):
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
        raise DigitlibError(
            "dask: not installed; pip install 'dask[distributed]'"
        ) from error
    # A client that did not connect is closed when it is collected. Were that while the
    # next one starts, both would wait for each other forever.
    gc.collect()
    try:
        return Client(address, timeout=10)
    except (OSError, TypeError, ValueError) as error:
        raise DigitlibError(
            f"{address}: no Dask scheduler answers; start one with `dask scheduler`, "
            "or leave --dask out"
        ) from error
