"""Search: of all ways through the lattices of some lines, the most probable one."""

import math

import numpy as np

from digitlib.document.lattice import Segment


def best_path(lattices, count=None):
    """Find the most probable digits of some lines, one after the other.

    Parameters
    ----------
    lattices : list of Lattice
    count : int, how many digits there must be in all; optional

    Returns
    -------
    path : list of (int, Segment or Skip), each in the line of this number
        What to read, or not to; empty if there is no way.
    share : float, 0 to 1: how probable this way is, as part of all ways together
    """
    n = 1 if count is None else count + 1
    # The best cost, and minus the log of the sum over all ways, by digits read so far.
    nothing = np.full((2, n), np.inf)
    table, backs = nothing.copy(), []
    table[:, 0] = 0
    for lattice in lattices:
        at = dict.fromkeys(lattice.nodes, nothing) | {lattice.nodes[0]: table}
        back, steps = {}, [*lattice.segments.items(), *lattice.skips.items()]
        for (a, b), step in sorted(steps, key=lambda item: item[0]):
            came = at[a] + step.cost
            if count is not None and isinstance(step, Segment):
                came = np.column_stack((nothing[:, :1], came[:, :-1]))
            for k in np.flatnonzero(came[0] < at[b][0]):
                back[b, k] = a, step
            together = -np.logaddexp(-came[1], -at[b][1])
            at[b] = np.stack((np.minimum(came[0], at[b][0]), together))
        table = at[lattice.nodes[-1]]
        backs.append(back)
    k = n - 1
    if not lattices or not np.isfinite(table[0, k]):
        return [], 0.0
    share = math.exp(min(0.0, table[1, k] - table[0, k]))
    path = []
    for line in range(len(lattices) - 1, -1, -1):
        node = lattices[line].nodes[-1]
        while node != lattices[line].nodes[0]:
            node, step = backs[line][node, k]
            path.append((line, step))
            k -= count is not None and isinstance(step, Segment)
    return path[::-1], share
