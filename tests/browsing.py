"""Fixtures and helpers that look at the built site in a real browser.

`site` is the built book's folder, `site_pages` its pages, parsed, `served` its address
over http, `base` that and its address on the disk in turn, `page` an empty page of a
browser that reaches nothing but this machine, `new_page` makes more of them with other
options, `watch` collects what goes wrong on a page, and `visit` opens an address of the
site and waits until it is quiet.
"""

import asyncio
import fcntl
import os
from pathlib import Path
import shutil
import subprocess
import sys
import threading
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler

ROOT = Path(__file__).parent.parent
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = """no-sandbox disable-gpu disable-quic no-first-run disable-sync
           disable-background-networking disable-component-update"""
# The network is off: no name and no address but our own server's is found.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
FLAGS = [*(f"--{flag}" for flag in QUIET.split()), OFFLINE]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, built once a run by the first process that needs it."""
    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = common / "site"
    with (common / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (common / "site.built").exists():
            build(folder)
            (common / "site.built").touch()
    return folder / "_build" / "html"


def build(folder):
    """Build the book into a folder from what is stored, with warnings as errors."""
    command = [Path(sys.executable).parent / "jupyter-book", "build", ROOT, "--all",
               "-W", "--keep-going", "--path-output", folder]  # fmt: skip
    # As at a reader's home, also in CI: without the address of a repository.
    known = ("GITHUB_", "BOOK_")
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(known)}  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]


@pytest.fixture(scope="session")
def addresses(site):
    """The address of every page below the site's."""
    paths = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    return sorted(str(path.relative_to(site)) for path in paths)


@pytest.fixture(scope="session")
def site_pages(site, addresses):
    """Every page of the site, parsed, by its path. Tests leave them as they are."""
    paths = [site / address for address in addresses]
    return {path: BeautifulSoup(path.read_text(), "html.parser") for path in paths}


class StaticHost(StaticFileHandler):
    """Answers as hosts of static sites do: what is missing gets the site's 404.html."""

    def write_error(self, status_code, **kwargs):
        missing = Path(self.root, "404.html")
        if status_code == 404 and missing.is_file():
            self.set_header("Content-Type", "text/html; charset=UTF-8")
            self.finish(missing.read_bytes())
        else:
            super().write_error(status_code, **kwargs)


@pytest.fixture(scope="session")
def served(site):
    """The site's address over http, `http://127.0.0.1:port`, compressed by gzip."""
    options = {"path": str(site), "default_filename": "index.html"}
    settings = {"compress_response": True, "log_function": lambda handler: None}
    host = Application([("/(.*)", StaticHost, options)], **settings)
    [socket] = bind_sockets(0, "127.0.0.1")
    done = threading.Event()

    async def serve():
        HTTPServer(host).add_sockets([socket])
        await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    done.set()
    thread.join()


@pytest.fixture(params=["http", "file"])
def base(request, site):
    """The site's address: over http, and opened from the disk."""
    http = request.param == "http"
    return request.getfixturevalue("served") if http else site.as_uri()


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, steered by Playwright.

    One for each test file, not for the session: while Playwright runs, nothing else
    in the same thread can use asyncio, and later test files do.
    """
    paths = [path for name in CHROMIUM if (path := shutil.which(name))]
    if not paths:
        reason = "Chromium is not installed: apt install chromium"
        (pytest.fail if "CI" in os.environ else pytest.skip)(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=paths[0], args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser):
    """Make an empty page in a profile of its own, with options of `new_context`."""
    contexts = []

    def make(**options):
        contexts.append(browser.new_context(**options))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page):
    """An empty page, 1280 pixels wide and 800 high."""
    return new_page(viewport=DESKTOP)


def visit(page, base, address):
    """Open an address of the site, wait until nothing more happens; give the page."""
    page.goto(f"{base}/{address}")
    page.wait_for_load_state("load")
    page.evaluate("() => new Promise((done) => requestIdleCallback(() => done()))")
    return page


def watch(page):
    """Collect from now on what goes wrong on a page, in a list that grows.

    Errors and warnings, of scripts too, failed requests, and any to another host.
    """
    problems = []

    def on_console(message):
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            problems.append(f"console {message.type}: {message.text} ({where})")

    def on_request(request):
        address = urlsplit(request.url)
        local = ("file", "data", "blob")
        if address.hostname != "127.0.0.1" and address.scheme not in local:
            problems.append(f"another host: {request.url}")

    def on_response(response):
        if response.status >= 400:
            problems.append(f"status {response.status}: {response.url}")

    def on_failure(request):
        # Whoever goes on to another page aborts what is still on its way.
        if request.failure != "net::ERR_ABORTED":
            problems.append(f"failed: {request.url} ({request.failure})")

    page.on("console", on_console)
    page.on("request", on_request)
    page.on("response", on_response)
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.on("requestfailed", on_failure)
    return problems
