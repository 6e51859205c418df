"""A page of the site as a reader meets it: opened from disk, in both languages, searched, on a phone."""

import pytest

from tests.conftest import why_not

pytest.importorskip("sphinx")
nbformat = pytest.importorskip("nbformat")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of one page."""
    if why_not("browser"):
        pytest.skip(why_not("browser"))
    from tutorials.build import Site

    folder = tmp_path_factory.mktemp("site")
    Site(folder / "site", folder / "work", ["02_graph"], draft=True).build()
    return folder / "site"


@pytest.fixture(scope="module")
def browser(browser_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, site):
    """Open a page of the site; at the end nothing may have been fetched from elsewhere, and nothing complained."""
    complaints = []
    context = browser.new_context(viewport={"width": 1200, "height": 900}, locale="en-US")
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: complaints.append(request.url) if "http" in request.url[:5] else None)

    def go(address):
        page.goto(f"file://{site}/{address}")
        return page

    yield go
    context.close()
    assert complaints == []


def player(page):
    """The text of the step player in the page."""
    page.wait_for_selector("iframe.player")
    frame = page.query_selector("iframe.player").content_frame()
    frame.wait_for_function("document.body.innerText.length > 100")
    return frame.inner_text("body")


def test_the_switch_leads_to_the_same_page_and_players_follow(visit):
    page = visit("en/tutorials/02_graph.html")
    assert "Forward" in player(page)
    page.click("nav.page-bar a.language")
    assert page.url.endswith("zh/tutorials/02_graph.html")
    assert page.inner_text("h1").startswith("计算图") and "前向" in player(page)


def test_chinese_is_found(visit):
    for words in ("叶子节点", "requires_grad"):
        page = visit(f"zh/search.html?q={words}")
        page.wait_for_selector("#search-results li a")
        assert "02_graph" in page.get_attribute("#search-results li a", "href")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_phone_need_not_scroll_sideways(visit, lang):
    page = visit(f"{lang}/tutorials/02_graph.html")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_solutions_are_folded(visit):
    page = visit("en/tutorials/02_graph.html")
    folded = page.query_selector_all("div.cell details.hide")
    assert len(folded) >= 4 and not any(each.get_attribute("open") for each in folded)
    assert page.is_visible("text=A solution >> nth=0") and not page.is_visible("text=waiting.pop() >> nth=0")


def test_the_notebook_is_there(visit, site):
    page = visit("zh/tutorials/02_graph.html")
    address = page.get_attribute("nav.page-bar a:has-text('下载笔记本')", "href")
    notebook = nbformat.read(site / "zh" / "tutorials" / address, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# 计算图")
