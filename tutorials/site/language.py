"""What depends on the reader's language: furo's words in Chinese, the switch on every page, players, the search."""

import re
from html import escape

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

CHINESE = {
    "Back to top": "回到顶部",
    "Contents": "目录",
    "Hide navigation sidebar": "隐藏导航栏",
    "Hide table of contents sidebar": "隐藏目录",
    "Home": "首页",
    "Made with ": "制作工具：",
    "Next": "下一页",
    "On this page": "本页内容",
    "Previous": "上一页",
    "Skip to content": "跳到正文",
    "Toggle Light / Dark / Auto color theme": "切换浅色、深色或自动主题",
    "Toggle site navigation sidebar": "打开或关闭导航栏",
    "Toggle table of contents sidebar": "打开或关闭目录",
}

HAN = "\u4e00-\u9fff"


class SearchChinese(SearchEnglish):
    """Chinese text is found by pairs of neighbouring characters, Latin words as in English.

    Sphinx's own needs a segmenter, and names a stemmer that its scripts do not have.
    """

    lang = "zh"
    js_splitter_code = f"""
function splitQuery(query) {{
    const pairs = (text) => Array.from({{length: Math.max(text.length - 1, 1)}}, (_, i) => text.slice(i, i + 2));
    return (query.match(/[{HAN}]+|[^\\s{HAN}\\p{{P}}]+/gu) || []).flatMap(
        (part) => /[{HAN}]/.test(part) ? pairs(part) : [part]);
}}
"""

    def split(self, input):
        words = re.findall(r"[a-zA-Z0-9_]+", input)
        for run in re.findall(f"[{HAN}]+", input):
            words += [run[i : i + 2] for i in range(max(len(run) - 1, 1))]
        return words


def translate(app):
    """Furo has no Chinese words of its own; those that Sphinx knows stay."""
    if app.config.language.startswith("zh"):
        gettext = app.translator.gettext
        environment = app.builder.templates.environment
        environment.install_gettext_callables(
            lambda text: CHINESE.get(text.strip(), CHINESE.get(text, gettext(text))),
            app.translator.ngettext,
            newstyle=True,
        )


def switch(app, pagename, templatename, context, doctree):
    """For templates: this language, and the same page in the other."""
    here = app.config.language[:2]
    there = {"en": "zh", "zh": "en"}[here]
    context["here"], context["there"] = here, there
    context["same_page"] = (
        f"{context['pathto']('', 1)}../{there}/{pagename}.html".replace("//", "/")
    )
    if 'class="player"' in context.get("body", ""):
        script = f"<head><script>Object.defineProperty(navigator, 'language', {{value: '{here}'}})</script>"
        context["body"] = context["body"].replace(escape("<head>"), escape(script))
    context["notebook"] = (
        pagename.removeprefix("tutorials/")
        if re.match(r"tutorials/\d", pagename)
        else None
    )


def setup(app):
    languages["zh"] = SearchChinese
    app.connect("builder-inited", translate)
    app.connect("html-page-context", switch)
    return {"parallel_read_safe": True}
