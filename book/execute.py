"""Run every notebook of the book from top to bottom and store its outputs.

    python book/execute.py [NAME ...]

Without names: all of them. A notebook is written only when all of its cells
ran, and without what differs from run to run (times, versions), so that a diff
shows what has really changed. The figure of a cell with the tag `picture:NAME`
is also stored as book/_static/NAME.png, for the README.
"""

import base64
from pathlib import Path
import sys
import time

from nbclient import NotebookClient
import nbformat

BOOK = Path(__file__).parent


def execute(path):
    """Run one notebook in its own folder and store it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # what a cell prints becomes one block
        resources={"metadata": {"path": str(BOOK)}},
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    nbformat.write(notebook, path)
    for name, png in pictures(notebook):
        (BOOK / "_static" / f"{name}.png").write_bytes(png)


def pictures(notebook):
    """The tagged figures of a notebook that has run, as (name, PNG bytes)."""
    for cell in notebook.cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("picture:"):
                [output] = [o for o in cell.outputs if "image/png" in o.data]
                name = tag.removeprefix("picture:")
                yield name, base64.b64decode(output.data["image/png"])


def main(names):
    paths = [BOOK / f"{name}.ipynb" for name in names] or sorted(
        BOOK.glob("*.ipynb")
    )
    for path in paths:
        start = time.perf_counter()
        execute(path)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
