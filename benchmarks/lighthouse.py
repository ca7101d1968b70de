"""What Lighthouse says of every page, served with compression as static hosts do.

    python benchmarks/lighthouse.py [SITE] [--runs N] [--pages NAME...]

Builds nothing: `make book` does. Needs Node and a Chromium; npx fetches Lighthouse.
Prints a row for each page of the table of contents on each kind of device: the median
of the runs. Ends with status 1 when a page misses a limit.
"""

import argparse
from functools import cache, partial
import gzip
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
import io
import json
import os
from pathlib import Path
import shutil
from statistics import median
import subprocess
import sys
import tempfile
from threading import Thread

import yaml

ROOT = Path(__file__).parent.parent
LIGHTHOUSE = "lighthouse@12"  # 13 needs Node 22
BROWSER = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
COMPRESSED = (".html", ".css", ".js", ".svg", ".json", ".txt")
QUALITIES = ("performance", "accessibility", "best-practices", "seo")
LIMITS = {"desktop": (95, 95, 95, 95), "mobile": (85, 95, 95, 95)}
LARGEST_SHIFT, LARGEST_FRONT_PAGE = 0.05, 700


@cache
def zipped(path):
    return gzip.compress(Path(path).read_bytes())


class Handler(SimpleHTTPRequestHandler):
    """Serves files as static hosts do: text compressed, everything cacheable."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        path = self.translate_path(self.path)
        if not path.endswith(COMPRESSED) or not Path(path).is_file():
            return super().send_head()
        body = zipped(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, *arguments):
        """Say nothing: the table is the output."""


def serve(folder):
    """A server of the folder on a free port, and its address."""
    handler = partial(Handler, directory=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def pages():
    """The addresses of the pages in the table of contents, the front page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [f"{name}.html" for name in (toc["root"], *(c["file"] for c in chapters))]


def measure(address, device):
    """One run: the four scores, layout shift, kilobytes and the failed audits."""
    with tempfile.TemporaryDirectory() as profile:
        command = ["npx", "--yes", LIGHTHOUSE, address, "--output=json", "--quiet",
                   f"--chrome-flags={BROWSER} --user-data-dir={profile}"]  # fmt: skip
        command += ["--preset=desktop"] if device == "desktop" else []
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(ran.stdout)
    audits = report["audits"]
    scores = [round(100 * report["categories"][name]["score"]) for name in QUALITIES]
    shift = audits["cumulative-layout-shift"]["numericValue"]
    size = audits["total-byte-weight"]["numericValue"] / 1000
    paint = audits["largest-contentful-paint"]["numericValue"] / 1000
    failed = {
        reference["id"]
        for name in QUALITIES[1:]
        for reference in report["categories"][name]["auditRefs"]
        if audits[reference["id"]]["score"] == 0
    }
    return [*scores, shift, paint, size], failed


def what_is_missing():
    """A line that says which program must be installed, or None."""
    os.environ.setdefault("CHROME_PATH", shutil.which("chromium") or "")
    if not shutil.which("npx"):
        return "Lighthouse needs Node: install Node 20 with npm and try again."
    if not os.environ["CHROME_PATH"]:
        return "Lighthouse needs Chromium: install it, or say where with CHROME_PATH."
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", nargs="?", default=ROOT / "_build" / "html", type=Path)
    parser.add_argument("--runs", default=3, type=int, help="the median of how many")
    parser.add_argument("--pages", nargs="*", default=pages(), help="only these")
    arguments = parser.parse_args()
    if missing := what_is_missing():
        return missing
    if not (arguments.site / "book").is_dir():
        return f"{arguments.site} holds no book: run `make book` first."
    server, address = serve(arguments.site)
    bad = False
    print(f"{'page':24} {'device':8} perf  a11y  best  seo   shift  LCP s     kB")
    for page in arguments.pages:
        for device, limits in LIMITS.items():
            runs = [measure(f"{address}/{page}", device) for _ in range(arguments.runs)]
            values = [
                median(column) for column in zip(*(r for r, _ in runs), strict=True)
            ]
            *scores, shift, paint, size = values
            good = shift < LARGEST_SHIFT and all(
                score >= limit for score, limit in zip(scores, limits, strict=True)
            )
            good &= page != pages()[0] or size <= LARGEST_FRONT_PAGE
            bad |= not good
            table = "  ".join(f"{score:4.0f}" for score in scores)
            failed = " ".join(sorted(set().union(*(names for _, names in runs))))
            verdict = "" if good else "MISSED"
            print(f"{page:24} {device:8} {table}  {shift:.3f}  {paint:5.2f}",
                  f" {size:5.0f}", verdict, failed, flush=True)  # fmt: skip
    server.shutdown()
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
