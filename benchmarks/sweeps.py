"""Compare the recipes: what each change to the training adds, alone and together.

    python benchmarks/sweeps.py [--dask ADDRESS]

Recipes are compared on the validation images. The winner and the plain recipe are then
judged on the test set. Results go to book/results/recipes.csv. Runs that are in the
file already are skipped. This may be interrupted or killed: what is done is kept.
"""

import argparse
from pathlib import Path

from digitlib.tuning.recipes import CHANGES, ROBUST
from digitlib.tuning.sweep import sweep

RESULTS = Path(__file__).parent.parent / "book" / "results" / "recipes.csv"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dask", metavar="ADDRESS")
    dask = parser.parse_args().dask
    alone = [f"plain+{change}" for change in CHANGES if change != "fade"]
    without = [f"robust-{change}" for change in ROBUST]
    more = [f"robust+{change}" for change in CHANGES if change not in ROBUST]
    sweep(["plain"], RESULTS, seeds=10, dask=dask)
    sweep(["robust", *alone, *without, *more], RESULTS, seeds=5, dask=dask)
    sweep(["plain", "robust"], RESULTS, seeds=10, test=True, dask=dask)


if __name__ == "__main__":
    main()
