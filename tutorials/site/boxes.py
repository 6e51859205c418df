"""The boxes of the pages, :::{predict} and so on, with titles in the reader's language."""

from docutils import nodes
from docutils.parsers.rst import Directive

from tutorials.notebooks import BOXES, WORDS


class Box(Directive):
    """An admonition called by the kind of the box, and by a title of its own where there is one."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        lang = self.state.document.settings.language_code[:2]
        title = WORDS[lang][self.name]
        if self.arguments:
            title += ("：" if lang == "zh" else ": ") + self.arguments[0]
        box = nodes.admonition(classes=[self.name, "admonition-box"])
        children, messages = self.state.inline_text(title, self.lineno)
        box += nodes.title(title, "", *children)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box, *messages]


def setup(app):
    for name in BOXES:
        app.add_directive(name, Box, override=True)
    return {"parallel_read_safe": True}
