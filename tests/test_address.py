"""Where the book is published: buttons and addresses, known from the environment."""

from pathlib import Path
import re
import subprocess
import sys
import tomllib

from address import buttons, repository
from address import site as site_address
from bs4 import BeautifulSoup
import nbformat
import pytest
from sphinx.errors import ConfigError
import yaml

ROOT = Path(__file__).parent.parent
GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "owner/name",
    "GITHUB_REF_NAME": "next",
}
MERGE = GITHUB | {"GITHUB_REF_NAME": "7/merge", "GITHUB_BASE_REF": "main"}
ELSEWHERE = GITHUB | {"GITHUB_SERVER_URL": "https://git.example.org:8443"}
BOOK = {"BOOK_REPOSITORY": "https://gitlab.com/a/b.git"}


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, (None, None)),
        ({"GITHUB_REPOSITORY": ""}, (None, None)),
        (GITHUB, ("https://github.com/owner/name", "next")),
        (MERGE, ("https://github.com/owner/name", "main")),
        (ELSEWHERE, ("https://git.example.org:8443/owner/name", "next")),
        (GITHUB | BOOK, ("https://gitlab.com/a/b", "main")),
        (BOOK | {"BOOK_BRANCH": "draft"}, ("https://gitlab.com/a/b", "draft")),
        ({"BOOK_REPOSITORY": "https://x.org/a/b/"}, ("https://x.org/a/b", "main")),
    ],
)
def test_the_repository_is_where_the_environment_says(environment, found):
    assert repository(environment) == found


@pytest.mark.parametrize(
    "given", ["https://o.github.io/a", "https://o.github.io/a/", "http://127.0.0.1:80"]
)
def test_the_address_of_the_pages_ends_in_a_slash(given):
    assert site_address({}) == site_address({"BOOK_ADDRESS": ""}) == ""
    assert site_address({"BOOK_ADDRESS": given}) == given.rstrip("/") + "/"


@pytest.mark.parametrize(
    "address", ["owner/name", "https://github.com/owner", "git@github.com:a/b", "x y"]
)
def test_what_is_no_address_stops_the_build(address):
    with pytest.raises(ConfigError, match=r"BOOK_REPOSITORY: .* is needed"):
        repository({"BOOK_REPOSITORY": address})
    with pytest.raises(ConfigError, match=r"BOOK_ADDRESS: .* is needed"):
        site_address({"BOOK_ADDRESS": address.replace("https", "ftp")})


def test_binder_is_offered_only_for_what_it_can_reach():
    assert buttons(None, None) == {}
    assert "launch_buttons" in buttons("https://github.com/a/b", "main")
    assert "launch_buttons" in buttons("https://gitlab.com/a/b", "main")
    assert "launch_buttons" not in buttons("https://git.example.org/a/b", "main")


@pytest.fixture(scope="module")
def unknown(site, site_pages):
    names = ("book/index", "book/data", "404", "genindex")
    return {name: site_pages[site / f"{name}.html"] for name in names}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    book = tmp_path_factory.mktemp("small")
    (book / "part").mkdir()
    below = "# {}\n\n```{{toctree}}\n{}\n```\n"
    (book / "index.md").write_text(below.format("Small book", "part/one\npart/two"))
    (book / "part" / "two.md").write_text(below.format("Two", "three"))
    (book / "part" / "three.md").write_text("# Three\n")
    (book / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One")])
    nbformat.write(notebook, book / "part" / "one.ipynb")
    (book / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "extensions = ['myst_nb', 'sphinx_book_theme', 'address', 'not_found']\n"
        "html_theme = 'sphinx_book_theme'\n"
        "html_title = 'Small book'\n"
        "html_favicon = 'icon.svg'\n"
        "nb_execution_mode = 'off'\n"
        "suppress_warnings = ['*']\n"
    )
    env = {**GITHUB, "BOOK_ADDRESS": "https://owner.github.io/name"}
    command = [sys.executable, "-m", "sphinx", "-q", book, book / "html"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert run.returncode == 0, run.stderr
    names = ("index", "part/one", "404", "genindex")
    pages = {name: (book / "html" / f"{name}.html").read_text() for name in names}
    return {name: BeautifulSoup(t, "html.parser") for name, t in pages.items()}


def outside(page):
    """Addresses at other hosts that a page leads to from its buttons or its head."""
    inside = page.select("header a[href^=http], .bd-header-article a[href^=http]")
    head = page.select("head link[rel=canonical]")
    return {link["href"] for link in inside + head}


def test_without_an_address_there_is_no_button_that_would_lead_nowhere(unknown):
    for name, page in unknown.items():
        assert outside(page) == set(), name
        assert not page.select("[class*=launch-], [class*=btn-source-]"), name


def test_with_an_address_edit_and_launch_lead_to_the_right_file(known):
    assert known["part/one"].select("[class*=launch-]")
    assert known["part/one"].select("[class*=btn-source-]")
    edit = "https://github.com/owner/name/edit/next"
    binder = "https://mybinder.org/v2/gh/owner/name/next?urlpath=lab/tree"
    for name, wanted in {
        "part/one": {f"{edit}/part/one.ipynb", f"{binder}/part/one.ipynb"},
        "index": {f"{edit}/index.md"},
        "genindex": set(),
    }.items():
        itself = f"https://owner.github.io/name/{name}.html"
        repository = "https://github.com/owner/name"
        assert outside(known[name]) == wanted | {itself, repository}


def test_no_button_has_the_icon_of_a_brand_whose_font_the_book_lacks(known):
    for name in ("index", "part/one", "genindex"):
        icons = known[name].select(".article-header-buttons i")
        assert any("fa-code-branch" in icon["class"] for icon in icons)
        assert not any("fab" in icon["class"] for icon in icons)


# The page for what is not found

PAGES = ["index", "part/one", "part/two", "part/three"]
LEADS = ["search.html", *(f"{name}.html" for name in PAGES)]


def test_the_404_page_loads_nothing_but_an_icon_and_leads_home_and_to_the_search(known):
    page = known["404"]
    assert not page.select("script, img, link[rel=stylesheet]")
    addresses = [link["href"] for link in page.select("a")]
    assert [a.removeprefix("https://owner.github.io/name/") for a in addresses] == LEADS
    assert page.select_one("link[rel=icon]")["href"].startswith("https://owner.github")
    assert page.select_one("meta[name=robots]")["content"] == "noindex"


def test_without_an_address_the_404_pages_links_are_right_where_it_lies(unknown):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    addresses = [link["href"] for link in unknown["404"].select("a")]
    assert addresses == [f"{name}.html" for name in ("search", toc["root"], *files)]


@pytest.mark.parametrize("path", ["nowhere", "book/nowhere.html", "a/b/c/d.html"])
def test_the_404_page_leads_home_from_any_depth(path, page, served):
    assert page.goto(f"{served}/{path}").status == 404
    link = page.get_by_role("link", name="One small network", exact=True)
    page.wait_for_function(
        "home => [...document.links].some(link => link.href == home)",
        arg=f"{served}/book/index.html",
    )
    link.click()
    assert page.url == f"{served}/book/index.html"


def test_the_workflow_names_no_repository_and_builds_with_the_address():
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text()
    assert not re.search(r"github\.com/|github\.io", text)
    steps = yaml.safe_load(text)["jobs"]["check"]["steps"]
    [build] = [step for step in steps if step.get("run") == "make book"]
    assert build["env"]["BOOK_ADDRESS"] == "${{ steps.pages.outputs.base_url }}"
    [pages] = [step for step in steps if step.get("id") == "pages"]
    assert pages["uses"].startswith("actions/configure-pages@")
    assert steps.index(pages) < steps.index(build)


def test_binder_installs_what_everybody_does_on_a_python_that_works():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if line[0] != "#"] == ["-r ../requirements.txt"]
    python = (ROOT / "binder" / "runtime.txt").read_text().strip()
    assert re.fullmatch(r"python-3\.(11|12|13)", python)


def test_the_citation_file_is_whole_and_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["authors"] == [{"name": "The digitlib authors"}]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    assert citation["title"].startswith(config["title"])


def test_how_to_contribute_is_one_page_that_readers_are_led_to():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert len(text.split()) < 700
    for heading in ("Change a chapter", "Add a figure", "Run the checks"):
        assert f"\n## {heading}\n" in text
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"`make ([a-z-]+)`", text))
    assert {"book", "test", "test-slow", "notebooks"} <= named <= targets
    for path in re.findall(r"`([\w/]+\.(?:py|yml))`", text):
        assert (ROOT / path).is_file(), path
    assert "(CONTRIBUTING.md)" in (ROOT / "README.md").read_text()
    assert "<../CONTRIBUTING.md>" in (ROOT / "book" / "checks.md").read_text()
