"""Graphs made by hand, for tests of what draws them: nothing here computes anything."""

from __future__ import annotations

from tinytorch.viz.graph import Edge, Flow, Graph, Group, Node, Place, Saved, Step, Summary

ODD_NAMES = [
    "</script><script>alert(1)</script>",
    '"]; x [label="',
    "line\nbreak\r\nand\ttab",
    "back\\slash \\n \\l \\",
    "a|b{c}d<e>f",
    "\x1b[31mred\x1b[0m \x07 \x00 \x9b2J",
    "\u202egnp.exe \u2028 \u200b",
    "Gewicht_ä 重み 🦆",
    "&amp; & &#x3c; --> <!-- ]]>",
    "`code` #35; %% ;click",
    "",
    " \n leading blank",
]


def summary(*shape: int, dtype: str = "float32", norm: float | None = None, text: str | None = None) -> Summary:
    return Summary(shape, dtype, text=text, norm=norm)


class Maker:
    """Adds nodes and edges one after the other."""

    def __init__(self, title: str = "") -> None:
        self.graph = Graph(title=title)
        self.known: dict[str, Node] = {}

    def node(self, kind: str, label: str, shape: tuple[int, ...] = (), after: tuple[str, ...] = (), **more) -> str:
        """A node with one output of this shape; its id."""
        graph = self.graph
        edges = []
        for number, source in enumerate(after):
            origin = self.known[source]
            needs = origin.kind in ("leaf", "op") and kind != "cut"
            edges.append(Edge(source, f"n{len(graph.nodes)}", 0, number, origin.outputs[0], needs_grad=needs))
        inputs = tuple(edge.summary for edge in edges if edge.summary)
        graph.nodes.append(Node(f"n{len(graph.nodes)}", kind, label, outputs=(summary(*shape),), inputs=inputs, **more))
        graph.edges += edges
        self.known[graph.nodes[-1].id] = graph.nodes[-1]
        return graph.nodes[-1].id

    def leaf(self, name: str, *shape: int, **more) -> str:
        return self.node("leaf", "leaf", shape, name=name, **more)

    def data(self, name: str, *shape: int, **more) -> str:
        return self.node("data", "data", shape, name=name, **more)

    def op(self, label: str, name: str | None, shape: tuple[int, ...], *after: str, **more) -> str:
        return self.node("op", label, shape, after, name=name, **more)

    def group(self, name: str, label: str, parent: str | None = None) -> str:
        self.graph.groups.append(Group(f"g{len(self.graph.groups)}", name, label, parent))
        return self.graph.groups[-1].id


def line(number: int, code: str, function: str = "") -> Place:
    return Place("train.py", number, function, code)


def two_layer() -> Graph:
    """loss = ((x @ w1).clamp(min=0) @ w2 - y).pow(2).sum(), after backward: gradients, steps, nothing freed yet."""
    m = Maker("loss")
    x, w1 = m.data("x", 64, 1000), m.leaf("w1", 1000, 100, grad=summary(1000, 100, norm=3241.5))
    h = m.op("MatMul", "h", (64, 100), x, w1, formula="h = x @ w1", gradients=("grad_w1 = x^T @ grad_h",),
             backward="MmBackward0", where=line(8, "h = x.mm(w1)"), saved=(Saved("x", summary(64, 1000), x),),
             grad=summary(64, 100, norm=91.25))  # fmt: skip
    relu = m.op("Clamp", "h_relu", (64, 100), h, formula="h_relu = clamp(h, min=0)", backward="ClampBackward1",
                gradients=("grad_h = grad_h_relu * (h >= 0)",), where=line(9, "h_relu = h.clamp(min=0)"),
                saved=(Saved("h", summary(64, 100), h),), grad=summary(64, 100, norm=130.5))  # fmt: skip
    w2 = m.leaf("w2", 100, 10, grad=summary(100, 10, norm=15077.0))
    pred = m.op("MatMul", "y_pred", (64, 10), relu, w2, formula="y_pred = h_relu @ w2", backward="MmBackward0",
                gradients=("grad_h_relu = grad_y_pred @ w2^T", "grad_w2 = h_relu^T @ grad_y_pred"),
                where=line(10, "y_pred = h_relu.mm(w2)"), grad=summary(64, 10, norm=42.0),
                saved=(Saved("h_relu", summary(64, 100), relu), Saved("w2", summary(100, 10), w2)))  # fmt: skip
    y = m.data("y", 64, 10)
    here = line(11, "loss = (y_pred - y).pow(2).sum()")
    diff = m.op("Sub", None, (64, 10), pred, y, formula="a - b", backward="SubBackward0", where=here,
                gradients=("grad_y_pred = grad",), grad=summary(64, 10, norm=42.0))  # fmt: skip
    square = m.op("Pow", None, (64, 10), diff, formula="a^2", backward="PowBackward0", where=here,
                  gradients=("grad_a = 2 a grad",), saved=(Saved("a", summary(64, 10), diff),),
                  grad=summary(64, 10, norm=25.298221281347036))  # fmt: skip
    m.op("Sum", "loss", (), square, formula="loss = sum(a)", backward="SumBackward0", where=here, is_output=True,
         gradients=("grad_a = expand(grad)",), grad=summary(norm=1.0, text="1."))  # fmt: skip
    graph = m.graph
    for edge in graph.edges:
        origin = next(node for node in graph.nodes if node.id == edge.source)
        edge.grad = origin.grad if edge.needs_grad else None
    graph.steps = steps_of(graph)
    return graph


def steps_of(graph: Graph) -> list[Step]:
    """Forward in order, then backward in reverse, each leaf after the node that feeds it."""
    nodes = {node.id: node for node in graph.nodes}
    expected = {
        node.id: sum(edge.source == node.id and edge.needs_grad for edge in graph.edges) for node in graph.nodes
    }
    arrived = dict.fromkeys(nodes, 0)
    steps = [Step("forward", node.id) for node in graph.nodes if node.kind == "op"]
    for node in reversed([node for node in graph.nodes if node.kind == "op"]):
        flows, leaves = [], []
        for number, edge in enumerate(graph.edges):
            if edge.target == node.id and edge.needs_grad:
                arrived[edge.source] += 1
                flow = Flow(number, edge.grad, arrived[edge.source], expected[edge.source])
                flows.append(flow)
                if nodes[edge.source].kind == "leaf":
                    leaves.append(Step("accumulate", edge.source, incoming=edge.grad, outgoing=(flow,)))
        failed = node.error
        steps.append(Step("backward", node.id, node.grad, tuple(flows), frees=bool(node.saved), error=failed))
        if failed:
            break
        steps += leaves
    return steps


def module_net() -> Graph:
    """Net(layer1, act, layer2) in frames, with a mean squared error outside of them and a detach."""
    m = Maker("loss")
    net = m.group("", "Net")
    one = m.group("layer1", "Linear(in_features=4, out_features=3, bias=True)", net)
    act = m.group("act", "ReLU()", net)
    two = m.group("layer2", "Linear(in_features=3, out_features=1, bias=True)", net)
    x = m.data("x", 8, 4)
    w1, b1 = m.leaf("layer1.weight", 3, 4, group=one), m.leaf("layer1.bias", 3, group=one)
    t1 = m.op("T", None, (4, 3), w1, group=one, formula="layer1.weight^T", backward="TBackward0")
    a1 = m.op("Addmm", None, (8, 3), b1, x, t1, group=one, formula="layer1.bias + x @ a", backward="AddmmBackward0",
              saved=(Saved("x", summary(8, 4), x),))  # fmt: skip
    h = m.op("ReLU", "h", (8, 3), a1, group=act, formula="h = max(a, 0)", backward="ReluBackward0")
    w2, b2 = m.leaf("layer2.weight", 1, 3, group=two), m.leaf("layer2.bias", 1, group=two)
    t2 = m.op("T", None, (3, 1), w2, group=two, formula="layer2.weight^T", backward="TBackward0")
    keeps = (Saved("h", summary(8, 3), h, freed=True), Saved("layer2.weight", summary(1, 3), w2))
    pred = m.op("Addmm", "pred", (8, 1), b2, h, t2, group=two, backward="AddmmBackward0", saved=keeps)
    cut = m.node("cut", "Detach", (8, 1), (pred,), note="gradient stops here: detach", where=line(20, "pred.detach()"))
    loss = m.op("MSELoss", "loss", (), pred, cut, is_output=True, backward="MseLossBackward0",
                where=line(21, "loss = F.mse_loss(pred, pred.detach())"))  # fmt: skip
    assert loss == f"n{len(m.graph.nodes) - 1}"
    m.graph.steps = steps_of(m.graph)
    return m.graph


def error_graph() -> Graph:
    """backward raised at the exponential: its saved result was written to."""
    m = Maker("out")
    message = (
        "one of the variables needed for gradient computation has been modified by an inplace operation\n\n"
        "y = exp(x) keeps y for its backward, and y was changed at train.py:3."
    )
    x = m.leaf("x", 3)
    y = m.op("Exp", "y", (3,), x, formula="y = e^x", gradients=("grad_x = y grad_y",), backward="ExpBackward0",
             where=line(2, "y = x.exp()"), saved=(Saved("y", summary(3)),), error=message)  # fmt: skip
    z = m.op("Add", "y", (3,), y, note="in place, version 1", formula="y += 1", backward="AddBackward0",
             where=line(3, "y += 1"), grad=summary(3, norm=1.7320508))  # fmt: skip
    m.op("Sum", "out", (), z, formula="out = sum(y)", backward="SumBackward0", is_output=True,
         where=line(4, "out = y.sum()"), grad=summary(norm=1.0, text="1."))  # fmt: skip
    m.graph.error = f"RuntimeError: {message}"
    m.graph.steps = steps_of(m.graph)
    return m.graph


def double_use() -> Graph:
    """y = w * w: the leaf is used twice, and its gradient arrives 1/2 and 2/2."""
    m = Maker("y")
    w = m.leaf("w", grad=summary(norm=6.0, text="6."))
    keeps = (Saved("a", summary(), w), Saved("b", summary(), w))
    m.op("Mul", "y", (), w, w, formula="y = w * w", gradients=("grad_w = grad_y * w", "grad_w = grad_y * w"),
         backward="MulBackward0", saved=keeps, is_output=True, grad=summary(norm=1.0, text="1."))  # fmt: skip
    for edge in m.graph.edges:
        edge.grad = summary(norm=3.0, text="3.")
    m.graph.steps = steps_of(m.graph)
    return m.graph


def odd_names(names: list[str] | None = None) -> Graph:
    """Every text of a graph is something that could break what it is written into; three nodes a name."""
    names = ODD_NAMES if names is None else names
    m = Maker(names[0])
    outer = None
    for number, name in enumerate(names):
        outer = m.group(name, name, outer if number % 3 else None)
        place = Place(name, 1, name, name)
        leaf = m.leaf(name, 2, group=outer, note=name, where=place)
        op = m.op(name, name, (2,), leaf, group=outer, formula=name, gradients=(name,), backward=name, where=place,
                  saved=(Saved(name, Summary((2,), name, text=name), leaf), Saved(name, summary(3))))  # fmt: skip
        m.node("cut", name, (2,), (op,), name=name, note=name, error=name, group=outer)
    m.graph.error = names[0]
    return m.graph


def chain(length: int) -> Graph:
    """One leaf and a chain of operations."""
    graph = Graph(title="long chain")
    graph.nodes.append(Node("n0", "leaf", "leaf", name="x", outputs=(summary(3),)))
    for number in range(1, length):
        where = line(number, "x = x.sin()")
        graph.nodes.append(Node(f"n{number}", "op", "Sin", outputs=(summary(3),), backward="SinBackward0", where=where))
        graph.edges.append(Edge(f"n{number - 1}", f"n{number}", summary=summary(3)))
    graph.nodes[-1].is_output = True
    return graph


def gpt(blocks: int = 12) -> Graph:
    """A language model of `blocks` equal blocks in modules, some 30 operations each."""
    m = Maker("loss")
    net = m.group("", "GPT")

    def linear(source: str, name: str, parent: str, inside: int, outside: int) -> str:
        group = m.group(name, f"Linear(in_features={inside}, out_features={outside}, bias=True)", parent)
        weight, bias = (
            m.leaf(f"{name}.weight", outside, inside, group=group),
            m.leaf(f"{name}.bias", outside, group=group),
        )
        turned = m.op("T", None, (inside, outside), weight, group=group, backward="TBackward0")
        return m.op("Addmm", None, (128, outside), bias, source, turned, group=group, backward="AddmmBackward0")

    def norm(source: str, name: str, parent: str) -> str:
        group = m.group(name, "LayerNorm((64,), eps=1e-05, elementwise_affine=True)", parent)
        weight, bias = m.leaf(f"{name}.weight", 64, group=group), m.leaf(f"{name}.bias", 64, group=group)
        return m.op(
            "LayerNorm", None, (128, 64), source, weight, bias, group=group, backward="NativeLayerNormBackward0"
        )

    def attention(source: str, name: str, parent: str) -> str:
        group = m.group(name, "CausalSelfAttention", parent)
        heads = []
        for part in ("query", "key", "value"):
            flat = linear(source, f"{name}.{part}", group, 64, 64)
            view = m.op("View", None, (8, 16, 4, 16), flat, group=group, backward="ViewBackward0")
            heads.append(m.op("Transpose", None, (8, 4, 16, 16), view, group=group, backward="TransposeBackward0"))
        keys = m.op("Transpose", None, (8, 4, 16, 16), heads[1], group=group, backward="TransposeBackward0")
        scores = m.op("MatMul", "scores", (8, 4, 16, 16), heads[0], keys, group=group, backward="UnsafeViewBackward0")
        scaled = m.op("Div", None, (8, 4, 16, 16), scores, group=group, backward="DivBackward0")
        masked = m.op("MaskedFill", None, (8, 4, 16, 16), scaled, mask, group=group, backward="MaskedFillBackward0")
        soft = m.op("Softmax", None, (8, 4, 16, 16), masked, group=group, backward="SoftmaxBackward0")
        mixed = m.op("MatMul", None, (8, 4, 16, 16), soft, heads[2], group=group, backward="UnsafeViewBackward0")
        back = m.op("Transpose", None, (8, 16, 4, 16), mixed, group=group, backward="TransposeBackward0")
        flat = m.op("View", None, (128, 64), back, group=group, backward="ViewBackward0")
        return linear(flat, f"{name}.proj", group, 64, 64)

    mask, tokens = m.data("mask", 16, 16), m.data("tokens", 8, 16)
    table = m.group("wte", "Embedding(100, 64)", net)
    h = m.op("Embedding", None, (128, 64), m.leaf("wte.weight", 100, 64, group=table), tokens, group=table,
             backward="EmbeddingBackward0")  # fmt: skip
    listed = m.group("blocks", "ModuleList", net)
    for number in range(blocks):
        name = f"blocks.{number}"
        block = m.group(name, "Block", listed)
        inner = attention(norm(h, f"{name}.ln1", block), f"{name}.attn", block)
        h = m.op("Add", None, (128, 64), h, inner, group=block, backward="AddBackward0")
        wide = linear(norm(h, f"{name}.ln2", block), f"{name}.fc", block, 64, 256)
        soft = m.op("GELU", None, (128, 256), wide, group=block, backward="GeluBackward0")
        h = m.op(
            "Add", None, (128, 64), h, linear(soft, f"{name}.out", block, 256, 64), group=block, backward="AddBackward0"
        )
    logits = linear(norm(h, "ln_f", net), "head", net, 64, 100)
    m.op("CrossEntropyLoss", "loss", (), logits, m.data("targets", 128), is_output=True, backward="NllLossBackward0")
    m.graph.steps = [Step("forward", node.id) for node in m.graph.nodes if node.kind == "op"]
    return m.graph


SAMPLES = {make.__name__: make for make in (two_layer, module_net, error_graph, double_use, odd_names, gpt)}
