"""The API reference: pages made from the tree, entries from the docstrings as they stand.

Docstrings are plain text: paragraphs, formulas, examples. So they become paragraphs, preformatted lines and Python
sessions, with nothing in them read as markup but `code` between backquotes and addresses.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.domains.python import PyFunction

import tinytorch
from tinytorch.public import NAMES
from tutorials.notebooks import ROOT

# Pages beside those of the operations: file, titles, modules whose public names they hold.
MODULES = [
    (
        "autograd",
        "Autograd",
        "自动求导",
        ["autograd", "autograd.functional", "autograd.graph"],
    ),
    ("nn", "Modules and losses", "网络模块与损失", ["nn"]),
    ("nn.functional", "nn.functional", "nn.functional", ["nn.functional"]),
    (
        "nn.init",
        "Initial weights, tools for modules",
        "初始化与模块工具",
        ["nn.init", "nn.utils"],
    ),
    ("optim", "Optimizers", "优化器", ["optim"]),
    ("data", "Data loading", "数据加载", ["utils.data"]),
    (
        "linalg",
        "Linear algebra, special functions",
        "线性代数与特殊函数",
        ["linalg", "special"],
    ),
    ("testing", "Testing", "测试工具", ["testing"]),
    ("viz", "Drawings", "画图", ["viz"]),
]

TORCH = ("Creation, types, settings", "创建、类型与设置")

# The comments in ops/__init__.py and functions/__init__.py, which divide the operations into pages, in Chinese.
GROUPS = {
    "number by number": "逐元素的运算",
    "the same memory in another shape; several tensors as one": "同一块内存换个形状；几个张量合成一个",
    "many numbers to one": "许多数变成一个数",
    "some of the elements": "取出与写入部分元素",
    "matrices": "矩阵",
    "what neural networks need": "神经网络要用的运算",
    "special functions": "特殊函数",
    "tensors from elsewhere, and back": "张量的来处与去处",
    "questions and Python's protocols": "查询属性与 Python 协议",
    "random numbers": "随机数",
    "mathematics": "其他数学函数",
}


# ---- pages


def groups():
    """(page, title, package, modules) for each comment in the tables of contents of ops/ and functions/."""
    found: list = []
    for package in ("ops", "functions"):
        title = None
        for line in (
            (ROOT / "tinytorch" / package / "__init__.py")
            .read_text(encoding="utf-8")
            .splitlines()
        ):
            if line.startswith("# "):
                title = line[2:]
                slug = re.sub(r"\W+", "-", title.split(";")[0].replace("'", "")).strip(
                    "-"
                )
                found.append((slug, title, package, []))
            elif title and " import " in line:
                found[-1][3].extend(
                    name.strip() for name in line.split(" import ")[1].split(",")
                )
    return found


def pages(lang):
    """All pages of the reference: a dictionary from file name to MyST Markdown."""
    nr = ("en", "zh").index(lang)
    made = {"tensor": tensor_page(lang), "torch": [f"# {TORCH[nr]}"]}
    for module, names in rest().items():
        made["torch"] += section(module, "torch", names)
    for slug, title, package, modules in groups():
        sections = []
        for module in modules:
            path = f"tinytorch.{package}.{module}"
            names = [
                name for name, value in NAMES.items() if documented_in(value, path)
            ]
            sections += section(path, "torch", sorted(names))
        if sections:
            title = title[0].upper() + title[1:] if lang == "en" else GROUPS[title]
            made[slug] = [f"# {title}", *sections]
    for file, *titles, modules in MODULES:
        made[file] = [f"# {titles[nr]}"]
        for module in modules:
            made[file] += public_sections(module)
    toctree = ["```{toctree}", ":maxdepth: 1", "", *made, "```"]
    about = (Path(__file__).parent / f"reference.{lang}.md").read_text(encoding="utf-8")
    made["index"] = [about, "\n".join(toctree)]
    return {f"{name}.md": "\n\n".join(text) + "\n" for name, text in made.items()}


def section(module, prefix, names, title=None):
    """A heading, what the file says of itself, its entries; nothing where there are no entries."""
    if not names:
        return []
    title = title or module.rsplit(".", 1)[-1]
    return [f"## {title}", f"```{{about}} {module}\n```", *entries(prefix, names)]


def public_sections(module):
    """What torch.nn and the like offer: a section for each file that it is written in."""
    prefix = f"{'tinytorch' if module == 'viz' else 'torch'}.{module}"
    files: dict = {}
    for name in public_names(module_of(module)):
        file = getattr(module_of(module), name).__module__
        files.setdefault(
            file if file.startswith("tinytorch.") else f"tinytorch.{module}", []
        ).append(name)
    sections = []
    for file, names in files.items():
        own = file == f"tinytorch.{module}"
        sections += section(file, prefix, names, prefix if own else None)
    return sections


def tensor_page(lang):
    tensor = tinytorch.Tensor
    names = [name for name in dir(tensor) if not name.startswith("_")]
    own = [
        name
        for name in names
        if not hasattr(tinytorch, name) and not name.endswith("_")
    ]
    functions = [name for name in names if callable(getattr(tinytorch, name, None))]
    in_place = [name for name in names if name.endswith("_")]
    words = {
        "en": (
            "Tensor",
            "Attributes and methods",
            "Methods that are functions, too",
            "In place",
        ),
        "zh": ("张量", "属性与方法", "也可以写成函数的方法", "就地操作"),
    }[lang]
    listed = ", ".join(f"{{py:obj}}`{name} <torch.{name}>`" for name in functions)
    return [
        f"# {words[0]}",
        f"## {words[1]}",
        *entries(
            "torch.Tensor",
            [name for name in own if inspect.getdoc(getattr(tensor, name))],
        ),
        f"## {words[2]}",
        listed,
        f"## {words[3]}",
        ", ".join(f"`{name}`" for name in in_place),
    ]


def module_of(name):
    return importlib.import_module(f"tinytorch.{name}")


def rest():
    """What torch has beside the rules and functions: a dictionary from module to names."""
    found: dict = {}
    for name in sorted(dir(tinytorch)):
        value = getattr(tinytorch, name)
        module = getattr(value, "__module__", "")
        if (
            name.startswith("_")
            or not callable(value)
            or not inspect.getdoc(value)
            or name == "Tensor"
        ):
            continue
        if module.startswith("tinytorch.") and not module.startswith(
            ("tinytorch.ops.", "tinytorch.functions.")
        ):
            found.setdefault(module, []).append(name)
    return dict(sorted(found.items()))


def public_names(module):
    """What a module offers: its __all__, or else the functions and classes that are defined in it."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and getattr(value, "__module__", "") == module.__name__
        ]
    values = {name: getattr(module, name, None) for name in names}
    return [
        name for name, value in values.items() if callable(value) and own_doc(value)
    ]


def documented_in(value, module):
    """Is this a function of the module with a docstring of its own? In-place forms have none."""
    text = own_doc(value) or "In-place form"
    return getattr(value, "__module__", "") == module and not text.startswith(
        "In-place form"
    )


def own_doc(value):
    """The docstring that was written for this very thing; a class does not inherit its base's."""
    text = (
        vars(value).get("__doc__")
        if inspect.isclass(value)
        else getattr(value, "__doc__", None)
    )
    return inspect.cleandoc(text) if isinstance(text, str) else None


def entries(prefix, names):
    return [f"```{{entry}} {prefix}.{name}\n```" for name in names]


# ---- entries


class Text:
    """Prints as itself: for annotations, which are text already."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def signature(name, value):
    """`torch.exp(input: Tensor) -> Tensor`, or the name alone where there is none."""
    try:
        found = inspect.signature(value)
    except (ValueError, TypeError):
        return name

    def plain(annotation):
        if isinstance(annotation, str):
            return Text(annotation.strip("'\""))
        return annotation

    parameters = [
        each.replace(
            annotation=plain(each.annotation), default=plain_default(each.default)
        )
        for each in found.parameters.values()
        if each.name != "self"
    ]
    return name + str(
        found.replace(
            parameters=parameters, return_annotation=plain(found.return_annotation)
        )
    )


def plain_default(value):
    """Defaults without addresses in memory."""
    if value is inspect.Parameter.empty or isinstance(
        value, (str, int, float, tuple, type(None))
    ):
        return value
    text = repr(value)
    return Text("...") if " at 0x" in text or "<" in text else Text(text)


def render(text):
    """A docstring as document nodes."""
    made = []
    for block in re.split(r"\n[ \t]*\n|\n(?=Source: )", text):
        lines = block.split("\n")
        if block.lstrip().startswith(">>> "):
            made.append(nodes.literal_block(block, block, language="pycon"))
        elif all(line.startswith("    ") for line in lines):
            code = inspect.cleandoc("\n" + block)
            made.append(nodes.literal_block(code, code, language="text"))
        elif all(re.match(r"- |  ", line) for line in lines) and lines[0].startswith(
            "- "
        ):
            made.append(
                nodes.bullet_list(
                    "", *(bullet(item) for item in re.split(r"(?:^|\n)- ", block)[1:])
                )
            )
        elif len(lines) > 1 and any(re.search(r"\S {3,}\S|^ ", line) for line in lines):
            made.append(nodes.literal_block(block, block, language="text"))
        else:
            made.append(nodes.paragraph("", "", *inline(block.replace("\n", " "))))
    return made


def bullet(text):
    return nodes.list_item(
        "", nodes.paragraph("", "", *inline(re.sub(r"\s+", " ", text)))
    )


def inline(text):
    """Text with `code` and addresses marked; everything else is itself."""
    for part in re.split(
        r"(`[^`]+`|https?://[^\s,;)]*[^\s,;).:])",
        re.sub(r"(?<=\S) {3,}", "\u2003", text),
    ):
        if part.startswith("`") and len(part) > 2:
            yield nodes.literal(part[1:-1], part[1:-1])
        elif part.startswith("http"):
            yield nodes.reference(part, part.removeprefix("https://"), refuri=part)
        elif part:
            yield nodes.Text(part)


def find(name):
    """The thing called torch.nn.Linear, torch.Tensor.item; the modules above go before functions of their name."""
    path = name.split(".", 1)[1]
    known = [
        module
        for *_, modules in MODULES
        for module in modules
        if path.startswith(f"{module}.")
    ]
    value = module_of(max(known, key=len)) if known else tinytorch
    for part in path.removeprefix(f"{max(known, key=len)}." if known else "").split(
        "."
    ):
        value = getattr(value, part)
    return value


class Entry(PyFunction):
    """Signature and docstring of one public name; of a class also those of its methods."""

    has_content = False
    arguments: list

    def run(self):
        name = self.arguments[0]
        value = find(name)
        kind = "py:class" if inspect.isclass(value) else "py:function"
        if not callable(value) or isinstance(value, property):
            kind = "py:attribute"
        self.name = kind
        self.arguments = [signature(name, value) if callable(value) else name]
        index, description = super().run()
        content = next(
            node
            for node in description.children
            if isinstance(node, addnodes.desc_content)
        )
        text = own_doc(value) or inspect.getdoc(value) or ""
        content += render(text)
        if (
            inspect.isclass(value)
            and issubclass(value, object)
            and name != "torch.Tensor"
        ):
            content += methods(value)
        tensor = tinytorch.Tensor
        if (
            name.count(".") == 1
            and hasattr(tensor, name[6:])
            and not inspect.isclass(value)
        ):
            forms = [
                form for form in (name[6:], name[6:] + "_") if hasattr(tensor, form)
            ]
            listed = ", ".join(f"`Tensor.{form}`" for form in forms)
            content += nodes.paragraph("", "", *inline(listed), classes=["forms"])
        return [index, description]

    def get_signature_prefix(self, sig):
        return (
            [nodes.Text("class"), addnodes.desc_sig_space()]
            if self.name == "py:class"
            else []
        )

    def needs_arglist(self):
        return self.name == "py:function"


def methods(cls):
    """The methods of a class that have docstrings of their own, as a list of definitions."""
    items = []
    for name, value in vars(cls).items():
        value = getattr(value, "__func__", value)
        if (
            not name.startswith("_")
            and (inspect.isfunction(value) or isinstance(value, property))
            and own_doc(value)
        ):
            call = name if isinstance(value, property) else signature(name, value)
            term = nodes.term("", "", nodes.literal(call, call))
            items.append(
                nodes.definition_list_item(
                    "", term, nodes.definition("", *render(own_doc(value)))
                )
            )
    return [nodes.definition_list("", *items, classes=["methods"])] if items else []


class About(Directive):
    """What a file says of itself, and where it is."""

    required_arguments = 1

    def run(self):
        module = self.arguments[0].replace(".", "/")
        stem = (
            "viz" + module.removeprefix("tinytorch/viz") if "/viz" in module else module
        )
        path = f"{stem}.py" if (ROOT / f"{stem}.py").exists() else f"{stem}/__init__.py"
        text = ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        return [*render(text or ""), nodes.paragraph("", "", nodes.literal(path, path))]


def setup(app):
    app.add_directive("about", About)
    app.add_directive("entry", Entry)
    return {"parallel_read_safe": True}
