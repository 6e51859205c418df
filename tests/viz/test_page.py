"""The interactive page, driven in headless Chromium: by mouse, by keyboard, on a phone, in both languages."""

import hashlib
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tinytorch.viz import page as page_module
from tinytorch.viz.graph import Edge, Graph, Group, Node, Summary
from tinytorch.viz.layout import layout
from tinytorch.viz.page import FOLDER, SCRIPTS, page
from tinytorch.viz.store import from_json

import tinytorch as torch
from tests.viz import programs
from tests.viz.samples import ODD_NAMES, SAMPLES, chain
from tinytorch import viz

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
STYLE = (FOLDER / "page.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def chromium(browser_path):
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path):
    """show(graph, ...): a tab with the graph's page, opened from disk. The test fails if the page asks for anything
    else, writes to the console, raises an error or opens a dialog."""
    contexts, wrong = [], []

    def open_page(graph, settings=None, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(page(graph, **(settings or {})), encoding="utf-8")
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-US", "offline": True, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("console", lambda message: wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: request.url == path.as_uri() or wrong.append(request.url))
        tab.goto(path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def boxes(tab) -> list[str]:
    return tab.eval_on_selector_all(".box", "all => all.map(box => box.dataset.id)")


def classes(tab, identity: str) -> set[str]:
    return set(tab.get_attribute(f'[data-id="{identity}"]', "class").split())


def press(tab, *keys: str) -> None:
    for key in keys:
        tab.keyboard.press(key)


# ---- the file -------------------------------------------------------------------------------------------------------


def content(html: str, identity: str) -> str:
    return re.search(f'id="{identity}">(.*?)</script>', html, re.DOTALL)[1]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_graph_stands_in_the_page(name):
    graph = SAMPLES[name]()
    assert from_json(content(page(graph), "graph")) == graph


def test_names_cannot_leave_their_place():
    html = page(SAMPLES["odd_names"](), title="</script><script>alert(1)</script>")
    assert html.count("<script") == html.count("</script>") == 3
    assert "<script>alert" not in html and "<!--" not in html


def test_the_policy_allows_this_style_and_this_script_only():
    html = page(SAMPLES["two_layer"]())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src 'none'; ")
    for pattern, kind in (
        (r"<style>(.*?)</style>", "style-src"),
        (r'<script type="module">(.*?)</script>', "script-src"),
    ):
        text = re.search(pattern, html, re.DOTALL)[1]
        assert f"{kind} {page_module._digest(text)}" in policy
    assert "unsafe" not in policy
    assert set(re.findall(r"\w+://[^\s\"']*", html)) == {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_direction_has_two_values():
    with pytest.raises(ValueError, match='has to be "forward" or "backward"'):
        page(Graph(), direction="up")


def test_the_same_graph_gives_the_same_bytes():
    code = "from tests.viz.samples import SAMPLES; from tinytorch.viz.page import page; import sys, hashlib\n"
    code += "print(hashlib.sha256(page(SAMPLES['gpt']()).encode()).hexdigest())"
    run = {"capture_output": True, "text": True, "check": True, "cwd": Path(__file__).parents[2]}
    digests = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, **run).stdout.strip()
        for seed in "12"
    }
    assert digests == {hashlib.sha256(page(SAMPLES["gpt"]()).encode()).hexdigest()}


def test_every_script_is_used_and_says_what_it_is_for():
    assert sorted(f"{name}.js" for name in SCRIPTS) == sorted(path.name for path in FOLDER.glob("*.js"))
    for path in FOLDER.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// ") and "innerHTML" not in text and len(text.splitlines()) < 500


def test_every_text_is_there_in_both_languages():
    words = (FOLDER / "words.js").read_text(encoding="utf-8")
    entries = re.findall(r'^  (\w+): \[\s*"([^"]*)",\s*"([^"]*)",?\s*\],$', words, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^  \w+: \[", words, re.MULTILINE)) > 80
    used = "".join(path.read_text(encoding="utf-8") for path in FOLDER.iterdir() if path.name != "words.js")
    for name, english, chinese in entries:
        assert re.search(r"[\u4e00-\u9fff]", chinese) or name in ("otherLanguage", "counter", "leafGradient"), name
        assert set(re.findall(r"{\d}", english)) == set(re.findall(r"{\d}", chinese)), name
        assert name.startswith("key") or re.search(rf"""["']{name}["']|{name[-4:]}`""", used), name


@pytest.mark.parametrize("theme", [":root {", ':root[data-theme="dark"] {'])
def test_every_text_has_contrast(theme):
    """4.5 at least, as WCAG 2.2 asks for (AA, success criterion 1.4.3)."""
    block = STYLE.split(theme)[1].split("}")[0]
    colours = dict(re.findall(r"--([\w-]+): #([0-9a-f]{6})", block))

    def luminance(name):
        parts = [int(colours[name][k : k + 2], 16) / 255 for k in (0, 2, 4)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    boxes = ("ground", "panel", "op", "leaf", "data", "cut", "result", "module")
    for text, ground in [
        *(("ink", name) for name in (*boxes, "failed", "now")),
        *(("soft", name) for name in boxes),
        ("accent", "panel"), ("accent", "ground"), ("ground", "accent"), ("note-ink", "note"), ("gradient", "leaf"),
        ("gradient", "ground"), ("failed-ink", "failed"), ("failed-ink", "panel"), ("ground", "now-rim"),
    ]:  # fmt: skip
        light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


# ---- the twin of the layout -----------------------------------------------------------------------------------------


def random_graph(seed: int) -> Graph:
    """Of few or many edges, with modules in modules."""
    draw = random.Random(seed)
    degrees = draw.choice([(0, 1), (0, 0, 1, 2), (0, 1, 1, 2, 3), (1, 1, 1, 1, 2)])
    graph = Graph()
    for number in range(draw.randrange(0, 5)):
        parent = draw.choice([None, *(group.id for group in graph.groups)])
        graph.groups.append(Group(f"g{number}", f"part{number}", "Part", parent))
    for number in range(draw.randrange(1, 40)):
        group = draw.choice([None, *(group.id for group in graph.groups)])
        graph.nodes.append(Node(f"n{number}", "op", "Add", group=group))
        for _ in range(draw.choice(degrees) if number else 0):
            graph.edges.append(
                Edge(f"n{draw.randrange(max(0, number - draw.choice((1, 3, 20))), number)}", f"n{number}")
            )
    return graph


def sizes_for(graph: Graph, seed: int):
    draw = random.Random(seed)
    sizes = {node.id: (draw.randrange(40, 160) + 0.5, draw.randrange(20, 90) + 0.25) for node in graph.nodes}
    labels = {k: (draw.randrange(20, 60), 24) for k in range(len(graph.edges))} if draw.random() < 0.5 else {}
    titles = {group.id: (draw.randrange(20, 200), 16) for group in graph.groups}
    return sizes, labels, titles, sorted(labels)[::3]


def lists(layout) -> dict:
    box = {name: [box.x, box.y, box.width, box.height] for name, box in (layout.nodes | layout.frames).items()}
    paths = [[list(point) for point in path] for path in layout.edges]
    labels = [None if place is None else list(place) for place in layout.labels]
    return {"size": [layout.width, layout.height], "boxes": box, "paths": paths, "labels": labels}


@pytest.mark.browser
def test_the_layout_is_the_same_as_in_python(chromium):
    cases = [make() for make in SAMPLES.values()] + [random_graph(seed) for seed in range(100)]
    expected, given = [], []
    for seed, graph in enumerate(cases):
        sizes, labels, titles, weak = sizes_for(graph, seed)
        expected.append(lists(layout(graph, sizes, labels=labels, titles=titles, weak=weak)))
        given.append({
            "nodes": [{"id": node.id, "group": node.group} for node in graph.nodes],
            "edges": [{"source": edge.source, "target": edge.target} for edge in graph.edges],
            "groups": [{"id": group.id, "parent": group.parent} for group in graph.groups],
            "sizes": list(sizes.items()), "labels": list(labels.items()), "titles": list(titles.items()), "weak": weak,
        })  # fmt: skip
    scripts = "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ("slots", "layered", "layout"))
    code = f"""given => {{ {scripts}
      return given.map((graph) => {{
        const [sizes, labels, titles] = [graph.sizes, graph.labels, graph.titles].map((entries) => new Map(entries));
        const places = layout(graph, sizes, labels, titles, new Set(graph.weak));
        const boxes = {{}};
        for (const [id, box] of [...places.nodes, ...places.frames]) boxes[id] = [box.x, box.y, box.width, box.height];
        return {{ size: [places.width, places.height], boxes, paths: places.edges, labels: places.labels }};
      }});
    }}"""
    context = chromium.new_context()
    tab = context.new_page()
    for number, (here, there) in enumerate(zip(expected, tab.evaluate(code, given))):
        assert here == there, number
    context.close()


# ---- looking --------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("locale, scheme", [("en-US", "light"), ("zh-CN", "dark")])
def test_every_sample_can_be_stepped_through(show, name, locale, scheme):
    graph = SAMPLES[name]()
    tab = show(graph, locale=locale, color_scheme=scheme)
    assert tab.inner_text("h1").split() == graph.title.split()
    assert tab.get_attribute("html", "lang") == ("zh-CN" if locale == "zh-CN" else "en")
    assert len(boxes(tab)) == len(graph.nodes) or len(graph.nodes) > 60
    press(tab, "End")
    press(tab, "Home")
    said = set()
    for number in range(1, min(len(graph.steps), 40) + 1):
        press(tab, "ArrowRight")
        assert tab.inner_text("#counter") == f"{number} / {len(graph.steps)}"
        assert tab.locator(".box.current").count() == 1
        said.add(tab.inner_text("#sentence"))
    assert "" not in said and not any("undefined" in text or "null" in text for text in said)
    assert "undefined" not in tab.inner_text("body")


@pytest.mark.browser
@pytest.mark.parametrize("program", programs.PROGRAMS, ids=lambda program: program.__name__)
def test_every_program_can_be_stepped_through(show, program):
    """Gradients end in the leaves, whose page says what Python knows."""
    with viz.record():
        loss, params = program()
        loss.backward(None if loss.dim() == 0 else loss.detach().clone().fill_(1))
    graph = viz.draw(loss, params).graph
    tab = show(graph, {"start_at_player": True})
    reached = set()
    for number in range(1, len(graph.steps) + 1):
        assert tab.inner_text("#counter") == f"{number} / {len(graph.steps)}"
        step = graph.steps[number - 1]
        assert "current" in classes(tab, step.node)
        if step.kind == "accumulate":
            reached.add(step.node)
            assert ".grad" in tab.inner_text("#sentence") and "grad_" in tab.inner_text("#step .formula")
        press(tab, "ArrowRight")
    assert reached == {node.id for node in graph.nodes if node.kind == "leaf"} != set()
    assert tab.locator(".box.gone").count() == sum(bool(node.saved) for node in graph.nodes)


@pytest.mark.browser
def test_details_of_a_node(show):
    tab = show(SAMPLES["two_layer"]())
    assert "w1 (1000, 100), ‖grad‖ 3242" in " ".join(tab.inner_text("#details").split())
    tab.hover('[data-id="n3"]')
    text = tab.inner_text("#details")
    for part in ("Clamp → h_relu", "h_relu = clamp(h, min=0)", "grad_h = grad_h_relu * (h >= 0)", "(64, 100) float32",
                 "train.py:9", "h_relu = h.clamp(min=0)", "ClampBackward1", "norm 130.5"):  # fmt: skip
        assert part in text, part
    tab.mouse.move(5, 400)
    assert "Clamp" not in tab.inner_text("#details h2")
    tab.click('[data-id="n3"]')
    tab.mouse.move(5, 400)
    assert "Clamp" in tab.inner_text("#details h2")
    tab.click("#details button.link >> text=h")
    assert "MatMul → h" in tab.inner_text("#details h2")
    press(tab, "Escape")
    assert tab.inner_text("#details h2") == "Overview"


@pytest.mark.browser
def test_numbers_of_tensors(show):
    looked_at = Summary((2,), "float32", text="[1., nan]", norm=1.0, mean=0.5, low=1.0, high=1.0, unusual=1)
    tab = show(
        Graph([Node("n0", "leaf", "leaf", name="w", outputs=(looked_at,), grad=Summary((2,), "float32", norm=1e-9))])
    )
    tab.hover('[data-id="n0"]')
    text = tab.inner_text("#details")
    for part in ("[1., nan]", "norm 1", "mean 0.5", "range 1 … 1", "1 nan or infinite", "norm 1e-9"):
        assert part in text, part


@pytest.mark.browser
def test_direction(show):
    tab = show(SAMPLES["two_layer"](), {"direction": "backward"})
    assert tab.get_attribute("#backward", "aria-pressed") == "true"
    assert tab.get_attribute(".link path", "marker-end") is None
    assert "‖g‖ 91.25" in tab.text_content("#scene")
    places = tab.eval_on_selector_all(".box", "all => all.map(box => box.getAttribute('transform'))")
    tab.click("#forward")
    assert tab.get_attribute(".link path", "marker-start") is None
    assert "‖g‖" not in tab.text_content("#scene") and "(64, 1000)" in tab.text_content(".label")
    assert places == tab.eval_on_selector_all(".box", "all => all.map(box => box.getAttribute('transform'))")


@pytest.mark.browser
def test_zoom_pan_and_fit(show):
    tab = show(SAMPLES["two_layer"]())
    look = "scene => scene.style.transform"
    fitted = tab.eval_on_selector("#scene", look)
    box = tab.locator('[data-id="n3"]').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.wheel(0, -400)
    tab.locator(f"#scene:not([style*='{fitted}'])").wait_for()
    grown = tab.locator('[data-id="n3"]').bounding_box()
    assert grown["width"] > 1.5 * box["width"]
    assert abs(grown["x"] + grown["width"] / 2 - x) < 2  # what is under the pointer stays there
    tab.mouse.move(40, 300)
    tab.mouse.down()
    tab.mouse.move(140, 350, steps=4)
    tab.mouse.up()
    moved = tab.locator('[data-id="n3"]').bounding_box()
    assert abs(moved["x"] - grown["x"] - 100) < 2 and abs(moved["y"] - grown["y"] - 50) < 2
    tab.click("#fit")
    assert tab.eval_on_selector("#scene", look) == fitted
    press(tab, "+", "-", "0")
    assert tab.eval_on_selector("#scene", look) == fitted


@pytest.mark.browser
def test_modules_open_and_close(show):
    tab = show(SAMPLES["module_net"]())
    everything = boxes(tab)
    places = tab.eval_on_selector_all(".box", "all => all.map(box => box.getAttribute('transform'))")
    tab.click('.frame .title[data-id="g1"]')
    assert "g1" in boxes(tab) and "n1" not in boxes(tab)
    assert tab.get_attribute('[data-id="g1"]', "aria-expanded") == "false"
    assert "Linear(in_features=4" in tab.inner_text("#details")
    tab.click('.box[data-id="g1"]')
    assert boxes(tab) == everything
    assert places == tab.eval_on_selector_all(".box", "all => all.map(box => box.getAttribute('transform'))")
    tab.click("#close-all")
    assert boxes(tab) == ["n0", "g0", "n10", "n11"]
    tab.click("#open-all")
    assert boxes(tab) == everything


@pytest.mark.browser
def test_depth_says_what_is_open_at_first(show):
    for depth, expected in ((0, ["n0", "g0", "n10", "n11"]), (1, ["n0", "g1", "g2", "g3", "n10", "n11"])):
        assert boxes(show(SAMPLES["module_net"](), {"depth": depth})) == expected
    assert len(boxes(show(SAMPLES["module_net"](), {"depth": 2}))) == 12


@pytest.mark.browser
def test_search(show):
    tab = show(SAMPLES["gpt"]())
    assert len(boxes(tab)) <= 60
    tab.fill("#query", "blocks.7.attn.query.bias")
    assert tab.inner_text("#found") == "– of 1"
    press(tab, "Enter")
    assert tab.inner_text("#found") == "1 of 1"
    assert "blocks.7.attn.query.bias" in tab.inner_text("#details h2")
    assert tab.locator(".box.chosen.found").count() == 1  # and its modules have been opened
    tab.fill("#query", "softmaxbackward")
    press(tab, "Enter", "Enter")
    assert tab.inner_text("#found") == "2 of 12"
    press(tab, "Shift+Enter", "Shift+Enter")
    assert tab.inner_text("#found") == "12 of 12"
    tab.click("#found-next")
    assert tab.inner_text("#found") == "1 of 12"
    tab.fill("#query", "no such thing")
    assert tab.inner_text("#found") == "nothing found"
    press(tab, "Escape")
    assert tab.input_value("#query") == "" and tab.locator(".box.found").count() == 0


@pytest.mark.browser
def test_search_by_line(show):
    tab = show(SAMPLES["two_layer"]())
    tab.fill("#query", "train.py:10")
    press(tab, "Enter")
    assert "y_pred = h_relu.mm(w2)" in tab.inner_text("#details")


# ---- the player -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_step_backward_shows_all_of_it(show):
    graph = SAMPLES["two_layer"]()
    tab = show(graph, {"start_at_player": True})
    assert tab.inner_text("#counter") == "1 / 14"
    assert "MatMul computes h = x @ w1 of shape (64, 100). It saves x for backward." in tab.inner_text("#sentence")
    assert "todo" in classes(tab, "n8") and "todo" not in classes(tab, "n2")
    number = next(k for k, step in enumerate(graph.steps) if step.kind == "backward" and step.node == "n5") + 1
    tab.fill("#position", str(number))
    card = tab.inner_text("#step")
    for part in ("grad_h_relu = grad_y_pred @ w2^T", "grad_w2 = h_relu^T @ grad_y_pred", "norm 42", "norm 130.5",
                 "h_relu (64, 100)", "Freed after this step: h_relu, w2.", "a second time", "Ready queue"):  # fmt: skip
        assert part in card, part
    assert "current" in classes(tab, "n5") and {"used"} <= classes(tab, "n3") & classes(tab, "n4")
    assert tab.get_attribute("#backward", "aria-pressed") == "true"
    assert tab.locator(".link.lit").count() == 2 and tab.locator("#threads path").count() == 2
    assert "gone" not in classes(tab, "n5")
    press(tab, "ArrowRight")
    assert "gone" in classes(tab, "n5")  # freed once it has run
    assert "w2 receives its gradient" in tab.inner_text("#sentence") and "15080" in tab.inner_text("#step")
    press(tab, "ArrowLeft")
    assert "gone" not in classes(tab, "n5")


@pytest.mark.browser
def test_gradients_are_counted_as_they_arrive(show):
    tab = show(SAMPLES["double_use"]())
    badge = '[data-id="n0"] .badge text'
    press(tab, "ArrowRight", "ArrowRight")
    assert tab.text_content(badge) == ""
    assert "1 of 2 arrived" in tab.inner_text("#step") and "2 of 2 arrived" in tab.inner_text("#step")
    press(tab, "ArrowRight")
    assert tab.text_content(badge) == "1/2" and "(1 of 2)" in tab.inner_text("#sentence")
    press(tab, "ArrowRight")
    assert tab.text_content(badge) == "2/2" and "6." in tab.inner_text("#step")


@pytest.mark.browser
def test_every_result_has_its_own_incoming_gradient(show):
    x = torch.ones(2, 2, requires_grad=True)
    with viz.record():
        a, b = x.unbind(0)
        loss = (a * 3 + b * 4).sum()
    graph = viz.draw(loss, direction="backward").graph
    tab = show(graph)
    turn = next(k for k, step in enumerate(graph.steps, 1) if step.kind == "backward" and step.node == "n1")
    tab.fill("#position", str(turn))
    card = tab.inner_text("#step")
    assert "norm 4.243" in card and "norm 5.657" in card, card


@pytest.mark.browser
def test_an_error_is_red_and_says_why(show):
    tab = show(SAMPLES["error_graph"]())
    assert "modified by an inplace operation" in tab.inner_text("#error")
    assert "failed" in classes(tab, "n1")
    press(tab, "End")
    assert "stops here with an error" in tab.inner_text("#sentence")
    assert "was changed at train.py:3" in tab.inner_text("#step") and "Freed" not in tab.inner_text("#step")


@pytest.mark.browser
def test_it_plays_by_itself_and_stops_at_the_end(show):
    tab = show(SAMPLES["double_use"]())
    tab.select_option("#speed", "4")
    tab.click("#play")
    assert tab.get_attribute("#play", "aria-label") == "Pause (Space)"
    tab.locator("#counter", has_text="4 / 4").wait_for()
    assert tab.get_attribute("#play", "aria-label") == "Play (Space)"


@pytest.mark.browser
def test_a_graph_without_steps_and_one_without_nodes(show):
    tab = show(chain(3))
    assert tab.inner_text("#sentence") == "No steps were recorded for this graph."
    press(tab, "ArrowRight", "End", " ")
    assert tab.locator(".box.current").count() == 0
    assert boxes(show(Graph())) == []


# ---- for everybody --------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_by_keyboard_alone(show):
    tab = show(SAMPLES["module_net"]())
    focus = "document.activeElement.closest('[data-id]')?.dataset.id ?? document.activeElement.id"
    seen = []
    while not seen or seen[-1] not in boxes(tab):
        press(tab, "Tab")
        seen.append(tab.evaluate(focus))
        assert len(seen) < 30, seen
    assert seen[:4] == ["forward", "backward", "open-all", "close-all"] and "query" in seen
    assert seen[-1] == "n0"
    walk = [("ArrowDown", "n4"), ("ArrowUp", None), ("ArrowDown", None), ("ArrowLeft", None), ("ArrowRight", None)]
    for key, expected in walk:
        press(tab, key)
        found = tab.evaluate(focus)
        assert found == expected or (expected is None and found in boxes(tab))
    tab.focus('[data-id="n4"]')
    press(tab, "Backspace")  # closes the module around the node
    assert tab.evaluate(focus) == "g1" and "g1" in boxes(tab)
    press(tab, "Enter")
    assert "g1" not in boxes(tab) and tab.evaluate(focus) == "g1"
    press(tab, "ArrowDown")  # from the frame's title into it
    assert tab.evaluate(focus) == "n1"
    press(tab, "ArrowUp", "ArrowUp")  # and out again
    assert tab.evaluate(focus) == "g0"
    assert "Net" in tab.inner_text("#details h2")  # what has the focus shows its details
    press(tab, "Escape", "c", "e", "d", "t", "?")
    assert tab.get_attribute("#backward", "aria-pressed") == "true"
    assert tab.get_attribute("html", "data-theme") == "dark"
    assert "Backspace" in tab.inner_text("#keys")
    press(tab, "?", "l")
    assert tab.inner_text("#backward") == "反向" and not tab.is_visible("#keys")


@pytest.mark.browser
@pytest.mark.parametrize("name", SAMPLES)
def test_every_control_has_a_name(show, name):
    tab = show(SAMPLES[name](), {"start_at_player": True})
    nameless = tab.evaluate("""() => [...document.querySelectorAll("button, input, select, [role], svg, [tabindex]")]
      .filter((place) => place.ariaHidden !== "true" && !place.hidden && !["status", "search"].includes(place.role))
      .filter((place) => !((place.ariaLabel ?? "") + (place.textContent ?? "")).trim())
      .map((place) => place.outerHTML.slice(0, 80))""")
    assert nameless == []
    referred = tab.evaluate("""() => [...document.querySelectorAll("[for], [aria-controls]")]
      .map((place) => place.getAttribute("for") ?? place.getAttribute("aria-controls"))""")
    ids = tab.eval_on_selector_all("[id]", "all => all.map(place => place.id)")
    assert len(ids) == len(set(ids)) and set(referred) <= set(ids)
    assert tab.locator('#scene [tabindex="0"]').count() == 1  # one stop of the tab key, arrows from there
    assert tab.get_attribute("#sentence", "aria-live") == "polite"


@pytest.mark.browser
def test_language(show):
    tab = show(SAMPLES["two_layer"](), locale="zh-CN")
    for part in ("前向", "反向", "适应窗口", "图例", "叶子节点"):
        assert part in tab.inner_text("body"), part
    press(tab, "End")
    assert "收到梯度" in tab.inner_text("#sentence") and "就绪队列" in tab.inner_text("#step")
    assert "梯度到此为止" in show(SAMPLES["module_net"](), locale="zh-CN").text_content("#scene")
    tab.click("#language")
    assert "receives its gradient" in tab.inner_text("#sentence")
    assert not re.search(r"[\u4e00-\u9fff]", tab.inner_text("body").replace("中文", ""))


@pytest.mark.browser
def test_theme(show, tmp_path):
    tab = show(SAMPLES["two_layer"](), color_scheme="dark")
    dark = tab.screenshot(path=tmp_path / "dark.png")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert tab.evaluate(ground) == "rgb(20, 23, 28)"
    tab.click("#theme")
    assert tab.evaluate(ground) == "rgb(255, 255, 255)"
    assert tab.screenshot(path=tmp_path / "light.png") != dark


@pytest.mark.browser
def test_less_motion(show):
    animation = "getComputedStyle(document.querySelector('.link.lit path')).animationName"
    for motion, name in (("no-preference", "flow"), ("reduce", "none")):
        tab = show(SAMPLES["two_layer"](), {"start_at_player": True}, reduced_motion=motion)
        assert tab.evaluate(animation) == name


@pytest.mark.browser
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_on_a_phone(show, locale):
    tab = show(SAMPLES["module_net"](), viewport=PHONE, has_touch=True, locale=locale)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.tap("#next")
    tab.tap('.box[data-id="n4"]')
    assert "Addmm" in tab.text_content("#details h2")
    assert tab.locator("#canvas").bounding_box()["height"] > 350
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ---- what could go wrong --------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_odd_names_do_no_harm(show):
    tab = show(SAMPLES["odd_names"](), {"title": ODD_NAMES[0]})
    assert tab.title() == ODD_NAMES[0]
    assert tab.locator("script").count() == 3
    for identity in boxes(tab):
        tab.focus(f'[data-id="{identity}"]')
    assert "</script><script>alert(1)</script>" in tab.text_content("#scene")


@pytest.mark.browser
def test_nothing_else_can_run_or_be_loaded(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page(SAMPLES["two_layer"]()).replace("<body>", "<body><script>globalThis.ran = 1</script>"))
    context = chromium.new_context(offline=True)
    tab = context.new_page()
    refused = []
    tab.on("console", lambda message: refused.append(message.text))
    tab.goto(path.as_uri())
    assert tab.evaluate("globalThis.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    assert tab.evaluate("fetch('data:,x').then(() => 'loaded', () => 'refused')") == "refused"
    context.close()


@pytest.mark.browser
def test_thousands_of_operations(show):
    tab = show(chain(5000))
    assert len(boxes(tab)) <= 60
    tab.click("#open-all")
    assert len(boxes(tab)) <= 140
    tab.fill("#query", "train.py:4000")
    press(tab, "Enter")
    assert "n4000" in boxes(tab)
    assert (
        tab.evaluate("""() => { const start = performance.now();
      for (let i = 0; i < 5; i++) document.querySelector("#close-all").click();
      return performance.now() - start; }""")
        < 5000
    )
