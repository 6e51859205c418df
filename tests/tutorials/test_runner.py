"""What tutorials/pages.py finds wrong: outputs, checks, languages out of step."""

from pathlib import Path

import pytest

from tutorials import pages

HEAD = '# %% [markdown] lang="en"\n# # A page\n\n# %% [markdown] lang="zh"\n# # 一页\n\n'
IMPORT = "# %%\nimport tinytorch as torch\n\n"


def page(text):
    return pages.parse(HEAD + text, Path("00_example.py"))


def wrong(text):
    return " ".join(pages.problems(page(text)))


def test_cells_know_their_lines():
    cells = page(IMPORT + '# %% tags=["check"]\nassert True\n').cells
    assert [(cell.kind, cell.lang, cell.line) for cell in cells] == [
        ("markdown", "en", 2),
        ("markdown", "zh", 5),
        ("code", None, 8),
        ("code", None, 11),
    ]
    assert cells[3].tags == {"check"}


def test_outputs_belong_to_cells():
    printed = pages.run(page(IMPORT + "# %%\nx = torch.ones(2)\nprint(x)\n"))
    assert pages.transcript(printed) == "# %% x = torch.ones(2)\ntensor([1., 1.])\n"


def test_errors_name_the_line_of_the_file():
    with pytest.raises(pages.PageFailed, match=r"00_example.py:11: RuntimeError: .*size of tensor"):
        pages.run(page(IMPORT + "# %%\ntorch.ones(2) + torch.ones(3)\n"))


def test_warnings_are_errors():
    text = IMPORT + "# %%\ny = torch.ones(2, requires_grad=True) * 2\ny.grad\n"
    with pytest.raises(pages.PageFailed, match="UserWarning"):
        pages.run(page(text))


EXERCISE = """\
# %% tags=["exercise"]
def double(x):
    return x

# %% tags=["solution"]
def double(x):
    return {solution}

# %% tags=["check"]
assert double({argument}) == 6
"""


def test_a_check_passes_with_the_solution_only():
    pages.run(page(IMPORT + EXERCISE.format(solution="2 * x", argument=3)))
    with pytest.raises(pages.PageFailed, match="AssertionError"):
        pages.run(page(IMPORT + EXERCISE.format(solution="3 * x", argument=3)))
    with pytest.raises(pages.PageFailed, match="passes though the exercise is not solved"):
        pages.run(page(IMPORT + EXERCISE.format(solution="x", argument=6)))
    with pytest.raises(pages.PageFailed, match="should fail by an assert"):
        pages.run(page(IMPORT + EXERCISE.format(solution="x", argument="undefined")))


def test_a_check_leaves_the_random_numbers_alone():
    text = IMPORT + "# %%\n_ = torch.manual_seed(0)\n\n" + EXERCISE.format(solution="2 * x", argument=3)
    text = text.replace("assert", "torch.rand(5)\nassert", 1) + "\n# %%\nprint(torch.rand(1))\n"
    straight = pages.run(page(text.replace('["solution"]', "[]").replace('["check"]', "[]")))
    assert pages.transcript(pages.run(page(text))) == pages.transcript(straight)


def test_the_same_page_for_pytorch():
    source = "import tinytorch as torch\nfrom tinytorch import nn\nimport tinytorch.nn.functional as F\nx = 'tinytorch'"
    expected = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\nx = 'tinytorch'"
    assert pages.for_torch(source) == expected


def test_transcripts_are_read_back():
    text = "# %%\nprint(1)\n\n# %%\npass\n\n# %%\nprint(2)\nprint(3)\n"
    printed = pages.run(page(IMPORT + text))
    kept = pages.transcript(printed)
    assert pages.parse_transcript(page(IMPORT + text), kept) == [entry for entry in printed if entry[1]]
    with pytest.raises(pages.PageFailed, match="no cell begins with 'print\\(1\\)'"):
        pages.parse_transcript(page(IMPORT), kept)


def test_error_messages_share_their_first_line():
    text = '# %% tags=["error"]\nprint("RuntimeError: shape")\nprint("what to do")\n'
    printed = pages.run(page(IMPORT + text))
    assert pages.transcript(printed, first_lines=True).endswith("\nRuntimeError: shape\n")
    assert pages.transcript(printed).endswith("\nwhat to do\n")


def test_durations_are_not_kept():
    printed = pages.run(page(IMPORT + '# %% tags=["varies"]\nprint(0.123)\n'))
    assert pages.transcript(printed) == "# %% print(0.123)\n(varies)\n"


def twins(english, chinese):
    def cell(lang, text):
        return f'# %% [markdown] lang="{lang}"\n' + "".join(f"# {line}\n" for line in text.splitlines()) + "\n"

    return cell("en", english) + cell("zh", chinese)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (twins("Text", "文字"), ""),
        (twins("`x` and $y$", "`x` 和 $y$"), ""),
        ('# %% [markdown] lang="en"\n# Text\n', "no Chinese cell follows"),
        ('# %% [markdown] lang="zh"\n# 文字\n', "follows no English one"),
        ('# %% [markdown] lang="de"\n# Text\n', "lang is 'de'"),
        ("# %% [markdown]\n# 文字\n", "in a cell of both languages"),
        (twins("## Title", "标题"), "headings differ"),
        (twins("$x$", "一个公式"), "formulas differ"),
        (twins("[page](02_graph)", "[一页](03_backward)"), "links differ"),
        (twins(":::{predict}\nWhat?\n:::", "是什么？"), "boxes differ"),
        (twins("```{source} a.py A\n```", "```{source} a.py B\n```"), "fenced code differ"),
        (twins("`x` is `y`", "只有 `x`"), "missing in Chinese: ['y']"),
        (twins("A tensor", "张量tensor"), "a space is missing"),
        (twins("`x` is", "这是`x`"), "a space is missing"),
        (twins("Yes.", "是的."), "half-width punctuation"),
        (twins("*So:* this", "*办法：*这样"), "stars that do not emphasize"),
        (twins("*So*: this", "*办法*：这样"), ""),
        (twins("Yes, it is", "是的， 没错"), "a space beside full-width"),
        ('# %% tags=["solutoin"]\npass\n', "there is no tag 'solutoin'"),
        ('# %% tags=["exercise"]\npass\n\n# %% tags=["check"]\npass\n', "exercise, solution, check"),
    ],
)
def test_what_is_wrong_before_it_runs(text, message):
    assert message in wrong(text) if message else wrong(text) == ""
