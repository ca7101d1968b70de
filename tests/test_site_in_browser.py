"""The built site in a real browser, without a network: how it looks and behaves.

What can be read from its files is in test_site.py.
"""

from io import BytesIO
import re

from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, ROOT, visit, watch
from PIL import Image, ImageChops
from playwright.sync_api import expect
import pytest

FRONT = "book/index.html"
CHAPTER = "book/evaluation.html"  # it has formulas, figures, tables and exercises
A_SLOW_CHAPTER = pytest.param(CHAPTER, marks=pytest.mark.slow)
SAMPLE = [FRONT, CHAPTER, "book/glossary.html", "search.html"]


def found_on(page, base, addresses, look):
    """What `look` finds on each of some pages, by address, where it finds anything."""
    found = {address: look(visit(page, base, address)) for address in addresses}
    return {address: what for address, what in found.items() if what}


def test_the_watch_sees_what_goes_wrong_and_no_other_host_is_reached(page, served):
    problems = watch(page)
    page.goto(f"{served}/search.html")
    problems.clear()
    page.evaluate("console.warn('careful'), console.error('broken')")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    others = ["https://example.org/a", "http://93.184.215.14/b"]
    for address in ["no-such-file", *others]:
        page.evaluate("address => fetch(address).catch(() => null)", address)
    page.wait_for_timeout(200)
    wanted = ["console warning: careful", "console error: broken",
              "script error: thrown", f"status 404: {served}/no-such-file"]  # fmt: skip
    wanted += [
        f"{what}: {url}" for url in others for what in ("another host", "failed")
    ]
    for start in wanted:
        assert any(problem.startswith(start) for problem in problems), problems


def test_every_page_opens_without_a_complaint_and_fits_a_phone(page, base, addresses):
    problems = watch(page)

    def look(page):
        found = problems + cut_off(page, [360])
        problems.clear()
        return found

    assert found_on(page, base, addresses, look) == {}


def test_the_address_of_the_site_leads_to_its_front_page(page, base):
    page.goto(f"{base}/index.html")
    page.locator("h1:visible", has_text="One small network").wait_for()


def test_a_missing_page_says_so_and_leads_back(page, served):
    problems = watch(page)
    assert page.goto(f"{served}/no/such/page.html").status == 404
    # From there it looks upwards for the folder in which the book lives.
    page.wait_for_load_state("networkidle")
    assert [text for text in problems if f"{served}/no/" not in text] == []
    assert "No such page" in page.locator("h1").inner_text()
    page.get_by_role("link", name="One small network", exact=True).first.click()
    assert page.locator("h1:visible").inner_text().startswith("One small network")


def test_the_front_page_is_light(page, served):
    requests = []
    page.on("requestfinished", lambda request: requests.append(request))
    page.goto(f"{served}/{FRONT}", wait_until="networkidle")
    sizes = {request.url: request.sizes() for request in requests}
    parts = ("responseHeadersSize", "responseBodySize")
    assert sum(size[part] for size in sizes.values() for part in parts) <= 700_000


SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push(entry.value);
  }).observe({type: "layout-shift", buffered: true});
"""


def layout_shift(page):
    """How much of a page with `SHIFTS` moves by itself, also while it is scrolled."""
    page.evaluate(
        """async () => {
          const frame = () => new Promise(requestAnimationFrame);
          while (scrollY + innerHeight < document.body.scrollHeight - 1) {
            const before = scrollY;
            scrollBy({top: innerHeight, behavior: "instant"});
            await frame(), await frame();
            if (scrollY === before) break;
          }
        }"""
    )
    return page.evaluate("shifts.reduce((a, b) => a + b, 0)")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_jumps_on_the_front_page(new_page, served, size):
    page = new_page(viewport=size)
    page.add_init_script(SHIFTS)
    visit(page, served, FRONT)
    assert layout_shift(page) < 0.05


MOVING = """() => {
  const longest = (times) => Math.max(...times.split(",").map(parseFloat));
  const moving = [];
  for (const element of document.querySelectorAll("*")) {
    for (const part of [null, "::before", "::after"]) {
      const style = getComputedStyle(element, part);
      const animated = style.animationName !== "none";
      if (longest(style.transitionDuration) > 0.01
          || animated && longest(style.animationDuration) > 0.01
          || style.scrollBehavior === "smooth")
        moving.push(`${element.tagName} .${element.className} ${part ?? ""}`);
    }
  }
  return [...new Set(moving)];
}"""


def test_nothing_moves_for_those_who_asked_for_it(new_page, served):
    page = new_page(reduced_motion="reduce")
    assert found_on(page, served, SAMPLE, lambda page: page.evaluate(MOVING)) == {}


CUT_OFF = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element !== document.body && (
    ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
    || scrolls(element.parentElement));
  const outside = [...document.body.querySelectorAll("*")].filter((element) => {
    const {left, right} = element.getBoundingClientRect();
    return left < width && right > width + 1 && element.checkVisibility()
      && !scrolls(element);
  });
  const names = outside.map((element) => `${element.tagName} .${element.className}`);
  if (document.documentElement.scrollWidth > width) names.push("the page scrolls");
  return names;
}"""


def cut_off(page, widths):
    """What is wider than the page, in windows of some widths."""
    size, found = page.viewport_size, []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        found += [f"{width}: {name}" for name in page.evaluate(CUT_OFF)]
    page.set_viewport_size(size)
    return found


COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}

# Judging the colours of every word of code takes most of the time: of each kind that a
# page has, one is judged, and the others become plain text.
ONE_OF_EACH_KIND = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span[class]")) {
    const kind = `${word.className} ${Boolean(word.closest("details"))}`;
    if (!word.closest("a") && seen.has(kind)) word.replaceWith(word.textContent);
    seen.add(kind);
  }
}"""


def objections(page, options):
    """What axe-core objects to, with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = 1)")
    page.evaluate(ONE_OF_EACH_KIND)
    page.wait_for_function("document.getAnimations().length === 0")
    result = Axe().run(page, options={"resultTypes": ["violations"]} | options)
    rules = result.response["violations"]
    return [(rule["id"], [n["target"] for n in rule["nodes"][:5]]) for rule in rules]


def objections_light_and_dark(page):
    """The same in both themes; in the dark, only colours differ."""
    found = []
    for scheme, options in (("light", {}), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)
        # 404.html has none of the theme, and needs no script to follow.
        followed = (
            "[undefined, scheme].includes(document.documentElement.dataset.theme)"
        )
        page.wait_for_function(f"scheme => {followed}", arg=scheme)
        found += objections(page, options)
    return found


def objections_but_colours(page):
    return objections(page, {"rules": {"color-contrast": {"enabled": False}}})


def test_axe_has_no_objection(page, served):
    assert found_on(page, served, SAMPLE, objections_light_and_dark) == {}


def test_axe_would_object_to_a_word_of_code_that_is_pale(page, served):
    visit(page, served, "book/reference/index.html")
    page.add_style_tag(content="html[data-theme] .highlight .kn {color: #777}")
    rules = [rule for rule, _ in objections_light_and_dark(page)]
    assert rules == 2 * ["color-contrast"]


@pytest.fixture(scope="module", params=["desktop", "phone"])
def tour(request, browser, served, addresses):
    """What there is to object to, by address and kind, on pages opened only once."""
    large = request.param == "desktop"
    context = browser.new_context(viewport=DESKTOP if large else PHONE)
    page = context.new_page()
    page.add_init_script(SHIFTS)

    def look(page):
        shift = layout_shift(page)
        # 640 is also what a window of 1280 shows at twice the size.
        wide = cut_off(page, [640, 768, 1280, 2560] if large else [390])
        axe = objections_light_and_dark if large else objections_but_colours
        return {"jumps": shift >= 0.05, "cut off": wide, "objections": axe(page)}

    yield found_on(page, served, addresses, look)
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jumps", "cut off", "objections"])
def test_no_page_jumps_is_too_wide_or_hinders_anybody(tour, kind):
    assert {
        address: found[kind] for address, found in tour.items() if found[kind]
    } == {}


TABBABLE = """() => {
  const kinds = "a[href], button, input, select, textarea, summary, [tabindex]";
  window.tabbable = [...document.querySelectorAll(kinds)].filter((element) =>
    element.tabIndex >= 0 && !element.disabled && !element.closest("[inert]")
    && !(element.type === "radio" && !element.checked)  // one Tab stop a group
    && element.checkVisibility({visibilityProperty: true}));
  return tabbable.map((element) => [
    element.tagName, element.className,
    (element.innerText || element.title || "").trim().slice(0, 40)].join(" "));
}"""

# Where the focus is: which of these elements, what of it can be seen, and whether it
# is what a click there would hit.
FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const box = element.getBoundingClientRect();
  const [left, top] = [Math.max(box.left - 6, 0), Math.max(box.top - 6, 0)];
  const [right, bottom] = [
    Math.min(box.right + 6, innerWidth), Math.min(box.bottom + 6, innerHeight)];
  const {left: x, top: y, width, height} = element.getClientRects()[0];
  const hit = document.elementFromPoint(x + width / 2, y + height / 2);
  return {
    number: tabbable.indexOf(element),
    name: `${element.tagName} .${element.className} ${element.innerText}`,
    scrolls: element.scrollWidth > element.clientWidth
      || element.scrollHeight > element.clientHeight,
    clip: {x: left, y: top, width: right - left, height: bottom - top},
    clear: element.contains(hit) || Boolean(hit?.contains(element)),
  };
}"""


def screenshot(page, clip):
    return Image.open(BytesIO(page.screenshot(clip=clip))).convert("L")


def tab_through(page, base, address):
    """Press Tab until the page ends; what is missing, out of order or unseen."""
    page.goto(f"{base}/{address}", wait_until="networkidle")
    names = page.evaluate(TABBABLE)
    assert len(names) > 5
    reached, found = [], []
    for _ in range(2 * len(names) + 20):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        # The browser itself makes what scrolls reachable.
        if focused["number"] >= 0 or not focused["scrolls"]:
            reached.append(focused["number"])
        clip = focused["clip"]
        if min(clip["width"], clip["height"]) < 4 or not focused["clear"]:
            found.append(f"out of sight: {focused['name']}")
            continue
        shown = screenshot(page, clip)
        page.evaluate("window.last = document.activeElement, last.blur()")
        change = ImageChops.difference(shown, screenshot(page, clip)).histogram()
        if sum(change[32:]) < 40:  # pixels that differ clearly
            found.append(f"focus cannot be seen: {focused['name']}")
        # Whatever holds the focus here shall still be able to.
        page.evaluate("last.focus({preventScroll: true})")
    else:
        found.append("the focus is trapped")
    found += [f"never reached: {n}" for i, n in enumerate(names) if i not in reached]
    if reached != sorted(reached):
        found.append(f"out of order: {reached}")
    return found


@pytest.mark.parametrize("address", [FRONT, A_SLOW_CHAPTER])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_tab_key_goes_through_a_page(new_page, served, size, address):
    scheme = "dark" if (size, address) == (PHONE, CHAPTER) else "light"
    page = new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    assert tab_through(page, served, address) == []


def test_the_first_tab_offers_to_skip_the_menu(page, served):
    page.goto(f"{served}/{CHAPTER}")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("main :focus").count() == 1


def test_on_a_phone_the_menu_opens_and_closes_by_keyboard(new_page, served):
    page = new_page(viewport=PHONE, reduced_motion="reduce")
    page.goto(f"{served}/{CHAPTER}")
    entry = page.get_by_role("navigation", name="Main").get_by_role("link").first
    assert not entry.is_visible()
    button = page.locator(".primary-toggle")
    button.press("Enter")
    entry.wait_for()
    page.keyboard.press("Tab")
    assert page.locator("dialog :focus").count() == 1
    page.keyboard.press("Escape")
    entry.wait_for(state="hidden")
    expect(button).to_be_focused()


def test_solutions_unfold_by_keyboard(page, served):
    page.goto(f"{served}/{CHAPTER}")
    solution = page.locator("details", has_text="Show the solution").first
    code = solution.locator("pre").first
    assert not code.is_visible()
    summary = solution.locator("summary")
    summary.press("Enter")
    assert code.is_visible()
    assert "Hide the solution" in summary.inner_text()
    summary.press("Space")
    assert not code.is_visible()


def test_code_is_copied_by_keyboard(page, served):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{served}/{CHAPTER}")
    cell = page.locator(".cell_input:visible").first
    cell.locator("button.copybtn").press("Enter")
    page.wait_for_function("navigator.clipboard.readText()")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


def test_the_theme_follows_the_system_until_the_reader_chooses(new_page, base):
    page = new_page(color_scheme="dark")
    page.goto(f"{base}/{FRONT}")
    theme = page.locator("html")

    def ground():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    expect(theme).to_have_attribute("data-theme", "dark")
    dark = ground()
    page.emulate_media(color_scheme="light")
    expect(theme).to_have_attribute("data-theme", "light")
    assert ground() != dark
    for _ in range(3):
        if theme.get_attribute("data-theme") != "dark":
            page.locator(".theme-switch-button:visible").click()
    assert ground() == dark
    page.goto(f"{base}/{CHAPTER}")
    expect(theme).to_have_attribute("data-theme", "dark")
    assert ground() == dark


def test_the_search_finds_a_page_and_leads_there_or_says_that_none_is(page, base):
    problems = watch(page)
    page.goto(f"{base}/{FRONT}")
    page.locator(".search-button__button:visible").first.click()
    page.locator("dialog input[type=search]").fill("confusion matrix")
    page.keyboard.press("Enter")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    page.wait_for_load_state("networkidle")
    results.filter(has_text=re.compile("^Evaluation")).first.click()
    assert page.locator("h1:visible").inner_text().startswith("Evaluation")
    assert problems == []
    page.goto(f"{base}/search.html?q=xylophone")
    page.get_by_text("did not match any documents").wait_for()


def test_a_chapters_notebook_is_downloaded(page, served):
    page.goto(f"{served}/{CHAPTER}")
    link = page.locator("a[href$='.ipynb']")
    if not link.is_visible():
        page.get_by_role("button", name="Download this page").click()
    with page.expect_download() as downloading:
        link.click()
    stored = ROOT / CHAPTER.replace(".html", ".ipynb")
    assert downloading.value.path().read_bytes() == stored.read_bytes()


# Without JavaScript


@pytest.fixture
def plain_page(new_page):
    return new_page(java_script_enabled=False, viewport=DESKTOP)


# What is hidden of the text, but for what waits for a script and says so in its markup.
HIDDEN = """() => [...document.querySelectorAll(
    "article :is(h1, h2, h3, p, li, dt, dd, td, th, pre, img, math, figcaption)")]
  .filter((element) => !element.checkVisibility({opacityProperty: true})
    && !element.closest(
      "details:not([open]), .onlyprint, [hidden], .toggler, #draw-digit"))
  .map((element) => `${element.tagName} .${element.className}`)"""


def test_without_javascript_every_page_shows_its_text_and_no_idle_button(
    plain_page, served, addresses
):
    for address in addresses:
        plain_page.goto(f"{served}/{address}")
        assert len(plain_page.locator("main").inner_text()) > 40, address
        buttons = plain_page.locator("button:visible:enabled")
        idle = buttons.evaluate_all("all => all.map((button) => button.className)")
        assert plain_page.evaluate(HIDDEN) + idle == [], address


def test_without_javascript_the_search_page_says_what_is_missing(plain_page, base):
    plain_page.goto(f"{base}/search.html")
    assert "JavaScript" in plain_page.locator("main").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_javascript_links_look_like_links(new_page, base, scheme):
    page = new_page(java_script_enabled=False, color_scheme=scheme)
    page.goto(f"{base}/{CHAPTER}")
    link = page.locator("article p a.reference.internal").first
    [here, around] = link.evaluate(
        "link => [link, link.parentElement].map(e => getComputedStyle(e).color)"
    )
    assert here != around


def test_without_javascript_notebooks_can_be_had_and_solutions_unfold(plain_page, base):
    plain_page.goto(f"{base}/{CHAPTER}")
    assert plain_page.locator("a[href$='.ipynb']").is_visible()
    solution = plain_page.locator("details", has_text="Show the solution").first
    solution.locator("summary").click()
    assert solution.locator("pre").first.is_visible()


def test_without_javascript_a_phone_leads_on(new_page, base):
    page = new_page(java_script_enabled=False, viewport=PHONE)
    page.goto(f"{base}/{FRONT}")
    page.locator(".prev-next-area a").last.click()
    assert page.locator("h1:visible").inner_text().startswith("The data")
