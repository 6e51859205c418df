"""Pages as notebooks: one language, sources that cannot rot, solutions out of the reader's way."""

import pytest

from tutorials import notebooks, pages

pytest.importorskip("nbformat")


@pytest.mark.parametrize("lang", pages.LANGUAGES)
@pytest.mark.parametrize("name", pages.names())
def test_every_page_becomes_notebooks(name, lang):
    """Every {source} is found; readers' notebooks hold nothing that only the site understands."""
    page = pages.read(name)
    site = notebooks.notebook(page, lang, for_site=True)
    reader = notebooks.notebook(page, lang, for_site=False)
    text = "\n".join(cell.source for cell in reader.cells if cell.cell_type == "markdown")
    assert ":::" not in text and "{source}" not in text and "](../" not in text
    code = [cell.source for cell in reader.cells if cell.cell_type == "code"]
    assert not {cell.source for cell in page.cells if "solution" in cell.tags} & {*code}
    texts = [cell for cell in site.cells if cell.cell_type == "markdown"]
    assert len(texts) == sum(cell.kind == "markdown" and cell.lang in (None, lang) for cell in page.cells)


def test_both_languages_share_their_code():
    """So the second language finds its outputs in the cache."""
    page = pages.read("02_graph")
    code = [
        [
            (cell.source, cell.metadata.tags)
            for cell in notebooks.notebook(page, lang, True).cells
            if cell.cell_type == "code"
        ]
        for lang in pages.LANGUAGES
    ]
    assert code[0] == code[1]


def test_excerpts():
    rule = notebooks.excerpt("tinytorch/ops/exponential.py", "Exp")
    assert rule.startswith("class Exp(Elementwise):") and rule.endswith("return times(grad, conj(y))")
    method = notebooks.excerpt("tinytorch/autograd/node.py", "Node.next_functions")
    assert method.startswith("@property\ndef next_functions") and "class" not in method
    two = notebooks.excerpt("tinytorch/ops/transposition.py", "T", "t")
    assert two.count("class T(") == 1 and "@public(out=False)\ndef t(" in two
    kernel = notebooks.excerpt("_ext/matmul.pyx", "matmul")
    assert kernel.splitlines()[0].split("(")[0].endswith("matmul")
    with pytest.raises(LookupError, match="nothing called Expp"):
        notebooks.excerpt("tinytorch/ops/exponential.py", "Expp")
    with pytest.raises(LookupError, match=r"\{source\} tinytorch/nowhere.py"):
        notebooks.with_sources("```{source} tinytorch/nowhere.py\n```", for_site=True)


def test_chinese_lines_are_joined():
    assert notebooks.joined("第一行，\n第二行\nthird\n第四行") == "第一行，第二行\nthird\n第四行"
    assert notebooks.joined("*重点*\n之后\n\n新的一段") == "*重点*之后\n\n新的一段"
    assert notebooks.joined("```\n一\n二\n```\n") == "```\n一\n二\n```\n"
    assert notebooks.joined("- 一\n- 二") == "- 一\n- 二"
    assert notebooks.joined("界线：\n2 除以\n三") == "界线：2 除以三"
    assert notebooks.joined("，\n`x` 和，\n$y$") == "，`x` 和，$y$"
    assert notebooks.joined("三样：\n1. 一\n2. 二。\n```") == "三样：\n1. 一\n2. 二。\n```"
    assert notebooks.joined(":::{exercise} 题目\n第一行\n第二行\n:::") == ":::{exercise} 题目\n第一行第二行\n:::"


def test_boxes_become_quotations():
    text = ":::{exercise} A title\nDo `this`.\n\nAnd that.\n:::\n\nAfter."
    expected = "> **Exercise: A title**\n>\n> Do `this`.\n>\n> And that.\n\nAfter."
    assert notebooks.for_reader(text, "en") == expected
    assert notebooks.for_reader("见 [参考](../reference/nn)", "zh") == "见 参考"
