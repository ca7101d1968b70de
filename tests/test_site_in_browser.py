"""The built site in a real browser, without a network."""

from browsing import watch


def test_the_browser_reaches_no_other_host(page, served):
    problems = watch(page)
    page.goto(f"{served}/search.html")
    problems.clear()
    for address in ("https://example.org/a", "http://93.184.215.14/b"):
        page.evaluate("address => fetch(address).catch(() => null)", address)
        assert f"another host: {address}" in problems
        assert any(problem.startswith(f"failed: {address}") for problem in problems), (
            problems
        )


def test_the_watch_sees_what_goes_wrong(page, served):
    problems = watch(page)
    page.goto(f"{served}/search.html")
    problems.clear()
    page.evaluate("console.warn('careful'), console.error('broken')")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("fetch('no-such-file')")
    page.wait_for_timeout(200)
    wanted = ("console warning: careful", "console error: broken",
              "script error: thrown", f"status 404: {served}/no-such-file")  # fmt: skip
    for start in wanted:
        assert any(problem.startswith(start) for problem in problems), problems
