"""The site's parts: boxes of the pages, what its checks find, how docstrings are rendered."""

import pytest

pytest.importorskip("sphinx")

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tutorials import pages
from tutorials.site import checks, mathematics, reference

PAGE = '<!doctype html><html lang="{lang}"><body id="top">{body}</body></html>'


def site(tmp_path, english, chinese="", more=()):
    for lang, body in (("en", english), ("zh", chinese)):
        (tmp_path / lang).mkdir()
        (tmp_path / lang / "a.html").write_text(PAGE.format(lang=lang, body=body), encoding="utf-8")
    for name, text in dict(more).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return " ".join(checks.check(tmp_path))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('<a href="a.html#top">here</a> <a href="https://example.org">elsewhere</a> <img src="data:,">', ""),
        ('<a href="b.html">there</a>', "en/a.html leads to b.html, which is not there"),
        ('<a href="#middle">there</a>', "leads to #middle, and that page has no such place"),
        ('<img src="b.png">', "leads to b.png, which is not there"),
        ('<script src="https://example.org/x.js"></script>', "fetches https://example.org/x.js"),
        ('<img src="//example.org/x.png">', "fetches //example.org/x.png"),
        ('<link rel="stylesheet" href="https://example.org/x.css">', "fetches https://example.org/x.css"),
        ("<style>@import 'https://example.org/x.css';</style>", "fetches https://example.org/x.css"),
        ('<p style="background: url(https://example.org/x.png)">', "fetches https://example.org/x.png"),
        ('<iframe srcdoc="&lt;script src=&quot;https://example.org/x.js&quot;&gt;"></iframe>', "fetches https"),
    ],
)
def test_links(tmp_path, body, message):
    found = site(tmp_path, body)
    assert message in found if message else found == ""


def test_languages(tmp_path):
    assert "only.html is there in one language only" in site(
        tmp_path, "", more={"en/only.html": PAGE.format(lang="en", body="")}
    )
    (tmp_path / "zh" / "a.html").write_text(PAGE.format(lang="en", body=""))
    assert "zh/a.html says that it is in 'en'" in " ".join(checks.check(tmp_path))


def test_style_sheets_and_pictures(tmp_path):
    more = {
        "en/x.css": "p { background: url('https://example.org/x.png') }",
        "en/y.svg": '<svg><image href="http://example.org/y.png"/></svg>',
    }
    found = site(tmp_path, "", more=more)
    assert "x.css fetches https://example.org/x.png" in found and "y.svg fetches http://example.org/y.png" in found


def test_docstrings_are_rendered_as_they_stand():
    text = (
        "y = a*b* <c> `x`,    dy = 1\n\nSource: https://example.org/a_b.html\n\n>>> 1 + 1\n2\n\n- one\n- two\n  lines"
    )
    formula, source, session, items = reference.render(text)
    assert formula.astext() == "y = a*b* <c> x,\u2003dy = 1" and formula[1].tagname == "literal"
    assert source[1]["refuri"] == "https://example.org/a_b.html"
    assert session["language"] == "pycon" and session.astext() == ">>> 1 + 1\n2"
    assert [item.astext() for item in items] == ["one", "two lines"]


def test_signatures_have_no_addresses():
    def example(input: "Tensor", *, key=object(), by=len) -> "Tensor":  # noqa: B008, F821
        """Nothing."""

    assert reference.signature("f", example) == "f(input: Tensor, *, key=..., by=...) -> Tensor"


def test_every_group_of_operations_has_a_page_in_both_languages():
    assert [title for _, title, _, _ in reference.groups() if title not in reference.GROUPS] == []
    english, chinese = (reference.pages(lang) for lang in ("en", "zh"))
    assert english.keys() == chinese.keys()
    everything = "".join(english.values())
    for name in (
        "torch.exp",
        "torch.Tensor.item",
        "torch.nn.Linear",
        "torch.optim.Adam",
        "torch.no_grad",
        "tinytorch.viz.draw",
    ):
        assert f"{{entry}} {name}\n" in everything


@pytest.mark.parametrize("name", pages.names())
def test_every_formula_can_be_drawn(name):
    text = "\n\n".join(cell.source for cell in pages.read(name).cells if cell.kind == "markdown")
    blocks = MarkdownIt().use(dollarmath_plugin).parse(text)
    for token in [*blocks, *(token for block in blocks for token in block.children or [])]:
        if token.type.startswith("math"):
            assert mathematics.mathml(token.content, block=False).startswith("<math")
