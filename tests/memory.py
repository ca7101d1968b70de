"""The most memory that this process has had, and how large its files may be."""

from contextlib import contextmanager
from pathlib import Path
import resource


def peak():
    """Return megabytes.

    Linux says it exactly. What getrusage says includes what the parent process had
    when it started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@contextmanager
def no_file_above(size):
    """Let no file of this process become larger than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
