"""Search: of all ways through the lattices of some lines, the most probable one."""

import math

import numpy as np

from digitlib.document.lattice import Segment


def best_path(lattices, count=None):
    """Find the most probable digits of some lines, one after the other.

    Parameters
    ----------
    lattices : list of Lattice
    count : int, optional
        How many digits there must be in all.

    Returns
    -------
    path : list of (int, Segment or Skip)
        What to read, or not to, and the number of its line. Empty if there is no way.
    share : float, 0 to 1
        The probability of this way, as part of that of all ways together.
    """
    n = 1 if count is None else count + 1

    def counts(step):
        return count is not None and isinstance(step, Segment)

    # The best cost, and minus the log of the sum over all ways, by digits read so far.
    start = np.full((2, n), np.inf)
    start[:, 0] = 0
    table, backs = start, []
    for line, lattice in enumerate(lattices):
        at = {node: np.full((2, n), np.inf) for node in lattice.nodes}
        at[lattice.nodes[0]] = table
        back = {}
        steps = [*lattice.segments.items(), *lattice.skips.items()]
        for (a, b), step in sorted(steps, key=lambda item: item[0]):
            came = at[a] + step.cost
            if counts(step):
                came = np.column_stack((np.full(2, np.inf), came[:, :-1]))
            better = came[0] < at[b][0]
            for k in np.flatnonzero(better):
                back[b, k] = a, step
            both = np.minimum(came, at[b])
            both[1] = -np.logaddexp(-came[1], -at[b][1])
            at[b] = both
        table = at[lattice.nodes[-1]]
        backs.append((line, lattice, back))
    k = n - 1
    if not lattices or not np.isfinite(table[0, k]):
        return [], 0.0
    share = math.exp(min(0.0, table[1, k] - table[0, k]))
    path = []
    for line, lattice, back in reversed(backs):
        node = lattice.nodes[-1]
        while node != lattice.nodes[0]:
            node, step = back[node, k]
            path.append((line, step))
            k -= counts(step)
    return path[::-1], share
