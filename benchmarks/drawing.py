"""How long the page takes from a move of the pen to the new answer.

    python benchmarks/drawing.py [SITE]

Builds nothing: `make book` does. Needs a Chromium. Draws on the front page through the
pointer, and prints the milliseconds that the page spends on one move: drawing it,
reading the canvas, and showing the answer. The best of several runs counts, since the
others shared the machine.
"""

from itertools import islice
from pathlib import Path
import sys

import numpy as np
from playwright.sync_api import sync_playwright
from recognition import report

from digitlib.data import load_mnist, split_validation

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "tests")]
from drawings import drawings  # noqa: E402
from print import find_browser  # noqa: E402

READY = "document.querySelector('.draw-say').textContent.startsWith('Draw')"
WATCH = """() => {
  let begun;
  window.moves = [];
  addEventListener("pointermove", () => { begun = performance.now(); }, true);
  addEventListener("pointermove", (event) => {
    if (event.buttons) window.moves.push(performance.now() - begun);
  });
}"""
PLACE = """(canvas) => {
  canvas.scrollIntoView({ block: "center", behavior: "instant" });
  return canvas.getBoundingClientRect().toJSON();
}"""


def milliseconds(page, many):
    """Draw, and return what every move took."""
    box = page.locator("#draw-digit canvas").evaluate(PLACE)
    page.evaluate("window.moves = []")
    for strokes, _ in many:
        page.locator(".draw-clear").evaluate("button => button.click()")
        for stroke in strokes:
            points = [box["x"], box["y"]] + stroke * box["width"]
            page.mouse.move(*points[0])
            page.mouse.down()
            for point in points[1:]:
                page.mouse.move(*point)
            page.mouse.up()
    return page.evaluate("window.moves")


def main():
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "html")
    _, (images, labels) = split_validation(*load_mnist()[0])
    many = list(islice(drawings(images, labels), 6))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto((site / "book" / "index.html").resolve().as_uri())
        page.wait_for_function(READY)
        page.evaluate(WATCH)
        runs = [milliseconds(page, many) for _ in range(5)]
        browser.close()
    print(f"{len(runs[0])} moves on {len(many)} drawings, the best of {len(runs)} runs")
    for name, part in (("median", 0.5), ("95 of 100 within", 0.95)):
        best = min(np.quantile(run, part) for run in runs)
        report(f"from a move of the pen to the answer, {name}", best, 16, "ms")


if __name__ == "__main__":
    main()
