# %% [markdown] lang="en"
# # The graph
#
# You compute a number from other numbers. Afterwards you ask: which of them made it what it is? Where is that written
# down?
#
# After this page you can find that record, walk through it, draw it, and say of every tensor whether it is in it.

# %% [markdown] lang="zh"
# # 计算图
#
# 你用一些数算出了另一个数。算完之后再问：它是由哪些数、怎么算出来的？这件事记在哪里？
#
# 读完这一页，你能找到这份记录，在里面走一遍，把它画出来，还能说出每个张量在不在里面。

# %%
import tinytorch as torch

# %% [markdown] lang="en"
# ## Asking to be remembered
#
# A taxi asks for a fixed price and a price per kilometre. We know the distances and the bills of three rides, and guess
# the two prices. How wrong is the guess?
#
# :::{predict}
# Only `rate` and `fixed` say `requires_grad=True`. For which of the other tensors below will `requires_grad` be true?
# :::

# %% [markdown] lang="zh"
# ## 要求梯度
#
# 坐出租车要付起步价，再加每公里的单价。我们知道三趟车的距离和车费，来猜这两个价格。猜得有多离谱？
#
# :::{predict}
# 只有 `rate` 和 `fixed` 写了 `requires_grad=True`。下面其他的张量里，哪些的 `requires_grad` 会是真？
# :::

# %%
distance = torch.tensor([2.0, 5.0, 9.0])
paid = torch.tensor([8.0, 14.0, 22.0])
rate = torch.tensor(1.5, requires_grad=True)
fixed = torch.tensor(3.0, requires_grad=True)

price = rate * distance + fixed
error = (price - paid).pow(2).mean()
print(price)
print(error)
print("requires_grad, is_leaf, grad_fn is None:")
for name in ["distance", "paid", "rate", "fixed", "price", "error"]:
    tensor = globals()[name]
    print(f"{name:9}", tensor.requires_grad, tensor.is_leaf, tensor.grad_fn is None)

# %% [markdown] lang="en"
# `requires_grad=True` is a request: "I will want to know how the result depends on me." It spreads: whatever is computed
# from such a tensor requires a gradient as well, and remembers in `grad_fn` the operation that made it. `distance` and
# `paid` asked for nothing, and nothing is recorded for them.
#
# That is why `price` prints a `grad_fn`. Its name, `AddBackward0`, says what it is for: it is the way *back* through an
# addition.
#
# ## Walking back
#
# A `grad_fn` knows the `grad_fn` of each of its inputs. These are its `next_functions`. So from the last number you can
# walk back to the first.

# %% [markdown] lang="zh"
# `requires_grad=True` 是一个要求：“我以后想知道，结果是怎么随我变化的。” 这个要求会传下去：凡是由这样的张量算出来的，
# 也都要求梯度，并且在 `grad_fn` 里记着自己是由哪个运算得到的。`distance` 和 `paid` 没有提出要求，就什么也不记。
#
# 所以打印 `price` 时会看到 `grad_fn`。它的名字 `AddBackward0` 说明了用途：这是穿过一次加法*往回走*的路。
#
# ## 往回走
#
# 每个 `grad_fn` 都认得自己各个输入的 `grad_fn`，放在 `next_functions` 里。所以从最后一个数出发，可以一路走回最初的数。


# %%
def walk(node, depth=0):
    print("    " * depth + type(node).__name__)
    for next_node, _ in node.next_functions:
        if next_node is not None:
            walk(next_node, depth + 1)


walk(error.grad_fn)

# %% [markdown] lang="en"
# Read it from the bottom: `rate` is multiplied by `distance`, `fixed` is added, `paid` subtracted, the differences
# squared and averaged. The ends of the walk are called `AccumulateGrad`: there, a gradient will be put down. There are
# two, one for each tensor that asked. `distance` and `paid` are not there at all: their places are `None`.

# %% [markdown] lang="zh"
# 从下往上读：`rate` 乘以 `distance`，加上 `fixed`，减去 `paid`，差求平方，再取平均。路的尽头叫 `AccumulateGrad`，
# 将来梯度就放在那里。这样的尽头有两个，正好对应两个要求梯度的张量。`distance` 和 `paid` 根本不在里面，
# 它们的位置是 `None`。

# %%
multiplication = (
    error.grad_fn.next_functions[0][0]
    .next_functions[0][0]
    .next_functions[0][0]
    .next_functions[0][0]
)
print(type(multiplication).__name__, multiplication.next_functions[1])
print(multiplication.next_functions[0][0].variable is rate)

# %% [markdown] lang="en"
# ## The first picture
#
# Nobody wants to read graphs as indented text. `viz.draw` draws what was recorded, with the names of your variables.

# %% [markdown] lang="zh"
# ## 第一张图
#
# 谁也不想读缩进的文字。`viz.draw` 把记录下来的东西画成图，并写上你的变量名。

# %% tags=["tinytorch"]
from tinytorch import viz

viz.draw(error)

# %% [markdown] lang="en"
# The grey boxes are operations, in the order in which they ran; the green one is what we drew. The blue ones are the
# *leaves*: tensors that no operation made and that ask for a gradient. Yellow is data, which takes part and asks for
# nothing. Orange is what an operation keeps because its way back needs it: the slope of a square depends on what was
# squared, so `pow` keeps its input. And where is `paid`? The slope of a difference is 1, whatever is subtracted. Nobody
# needs `paid` any more, so nobody kept it, and the picture can only say `?`.
#
# The other view of the same graph is the way back. The arrows turn round, and on each of them stands the gradient that
# travels along it. Page 3 explains the numbers.

# %% [markdown] lang="zh"
# 灰框是运算，按发生的顺序排列；绿框是我们要画的结果。蓝框是*叶子节点*：不是由运算得到、又要求梯度的张量。
# 黄框是数据，参与计算，但什么也不要求。
# 橙色的是运算留下来的东西，因为往回走时要用：平方的斜率取决于被平方的数，所以 `pow` 把输入留了下来。那么 `paid` 到哪里去了？
# 不管减去多少，差的斜率都是 1。以后谁也用不着 `paid`，就没有人留着它，图上只好写一个 `?`。
#
# 同一个图还可以反过来看，看往回走的路。箭头掉了个头，每个箭头上写着沿着它传递的梯度。这些数怎么来的，第 3 页再讲。

# %% tags=["tinytorch"]
viz.draw(error, direction="backward")

# %% [markdown] lang="en"
# ## One step at a time
#
# The page below plays the whole story: forward, then backward, in the order in which it really happens. Use the arrow
# keys or the buttons. Watch what is kept in the forward pass and let go in the backward pass.

# %% [markdown] lang="zh"
# ## 一步一步来
#
# 下面的页面把整个过程放一遍：先前向，再反向，顺序和实际发生的一模一样。用方向键或按钮来走。留意哪些东西在前向时留下、
# 在反向时放掉。

# %% tags=["tinytorch"]
player = viz.draw(error, values=True).save("taxi.html")

# %% [markdown] lang="en"
# ## Leaves
#
# Two questions are often mixed up: does a tensor *require* a gradient, and is it a *leaf*? By convention every tensor
# without a history is a leaf, so `distance` is one as well. Only leaves that require a gradient get one.
#
# :::{predict}
# Below, `requires_grad_()` makes the request afterwards. Which of `before` and `after` remember that `late` made them?
# :::

# %% [markdown] lang="zh"
# ## 叶子节点
#
# 有两件事常被弄混：一个张量*要求*梯度吗？它是*叶子*吗？按约定，凡是没有来历的张量都算叶子，所以 `distance` 也是。
# 但只有要求梯度的叶子才会得到梯度。
#
# :::{predict}
# 下面的 `requires_grad_()` 是事后才提出要求的。`before` 和 `after` 中，哪个记得自己来自 `late`？
# :::

# %%
late = torch.tensor([1.0, 2.0])
before = late * 3
late.requires_grad_()
after = late * 3
print(before)
print(after)
print(late.is_leaf, before.is_leaf, after.is_leaf)

# %% [markdown] lang="en"
# What was computed before the request has no record: nothing is noted down "just in case".
#
# :::{break}
# Take the request back from a tensor in the middle; then ask for the gradient of whole numbers.
# :::

# %% [markdown] lang="zh"
# 提出要求之前算出来的，没有任何记录：不会“以防万一”先记下来。
#
# :::{break}
# 试试让中间的张量撤回要求；再试试让整数要求梯度。
# :::

# %% tags=["error"]
try:
    price.requires_grad_(False)
except RuntimeError as problem:
    print("RuntimeError:", problem)

# %% tags=["error"]
try:
    torch.tensor([1, 2, 3], requires_grad=True)
except RuntimeError as problem:
    print("RuntimeError:", problem)

# %% [markdown] lang="en"
# The first message still calls tensors variables: once they had a class of their own. It also names what you want
# instead: `detach()` gives the same numbers without a history. That is the subject of page 4.
#
# ## The graph is what ran
#
# Nobody declared this graph. It was written down line by line while Python computed, so it holds what really happened:
# the branch that was taken, the rounds that a loop made. Another input may leave another graph behind.

# %% [markdown] lang="zh"
# 第一条报错里还把张量叫作变量（Variable），因为从前它们另有一个类。报错也说了该怎么办：`detach()` 给出同样的数，但不带来历。
# 这是第 4 页的内容。
#
# ## 跑了什么，图里就有什么
#
# 没有人事先声明过这个图。它是 Python 一边算一边记下来的，所以记的就是实际发生的事：走了哪个分支，循环了几圈。
# 换一个输入，留下的图就可能不一样。


# %%
def grow(x):
    while x.norm() < 100:
        x = x * 2
    return x if x[0] > 0 else -x


for start in [[3.0, 4.0], [0.3, -0.4], [-60.0, 80.0]]:
    x = torch.tensor(start, requires_grad=True)
    y = grow(x)
    names, node = [], y.grad_fn
    while node is not None:
        names.append(type(node).__name__)
        node = node.next_functions[0][0] if node.next_functions else None
    print(x.detach(), "->", y.detach())
    print(len(names), "nodes:", *sorted(set(names)))

# %% [markdown] lang="en"
# The condition `x.norm() < 100` is not in the graph: a comparison answers yes or no, and has no slope.
#
# ## How tinytorch does it
#
# Every operation of a tensor goes through one function. It takes the arrays out of the tensors, and if one of the inputs
# requires a gradient, it makes a *node*, which learns who made each input:
#
# ```{source} tinytorch/autograd/rule.py Application.node
# ```
#
# That is all the recording there is. A list of edges that somebody could walk:
#
# ```{source} tinytorch/autograd/node.py Node.next_functions
# ```
#
# Every rule has the same two halves. `forward` computes, and saves what the way back will need; `backward` is the way
# back. Here is the exponential's:
#
# ```{source} tinytorch/ops/exponential.py Exp
# ```

# %% [markdown] lang="zh"
# 条件 `x.norm() < 100` 不在图里：比较的结果不是真就是假，没有斜率可言。
#
# ## tinytorch 是怎么做的
#
# 张量的每个运算都要经过同一个函数。它从张量里取出数组；只要有一个输入要求梯度，就造一个*节点*，
# 让节点知道每个输入是谁造的：
#
# ```{source} tinytorch/autograd/rule.py Application.node
# ```
#
# 所谓记录，不过如此。再加上可以一路走下去的边：
#
# ```{source} tinytorch/autograd/node.py Node.next_functions
# ```
#
# 每条规则都有同样的两半。`forward` 负责算，并存下往回走时要用的东西；`backward` 就是往回走的路。比如指数函数：
#
# ```{source} tinytorch/ops/exponential.py Exp
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Find the leaves
# Return all leaves that would get a gradient from `result`, each of them once, in any order. An `AccumulateGrad` has the
# tensor in its attribute `variable`; a tensor may be used twice.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 找出叶子
# 返回所有会从 `result` 得到梯度的叶子，每个只出现一次，顺序随意。`AccumulateGrad` 的属性 `variable` 就是那个张量；
# 注意一个张量可能被用了两次。
# :::


# %% tags=["exercise"]
def leaves(result):
    return []


# %% tags=["solution"]
def leaves(result):
    found, waiting, seen = [], [result.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [next_node for next_node, _ in node.next_functions]
    return found


# %% tags=["check"]
found = {id(leaf) for leaf in leaves(error)}
assert found == {id(rate), id(fixed)}, "the leaves of error are rate and fixed"
twice = torch.tensor(2.0, requires_grad=True)
assert len(leaves(twice * twice + twice)) == 1, (
    "twice is one leaf, however often it is used"
)
chain = twice
for _ in range(3000):
    chain = chain + 1
assert len(leaves(chain)) == 1, "a long graph should not be walked by recursion"
print("leaves: right")

# %% [markdown] lang="en"
# :::{exercise} A graph to order
# Return something computed from `x` whose walk back is: a sum, a product, an exponential, `x`. In the product, only one
# factor may lead on.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 按图索骥
# 由 `x` 算出一个结果并返回，使得往回走依次是：一次求和、一次乘法、一次指数函数、`x`。乘法的两个因子里只许有一个通向别处。
# :::


# %% tags=["exercise"]
def to_order(x):
    return x


# %% tags=["solution"]
def to_order(x):
    return (x.exp() * 2).sum()


# %% tags=["check"]
names, node = [], to_order(torch.ones(3, requires_grad=True)).grad_fn
while node is not None:
    names.append(type(node).__name__)
    node = node.next_functions[0][0] if node.next_functions else None
assert names == ["SumBackward0", "MulBackward0", "ExpBackward0", "AccumulateGrad"], (
    f"it is {names}"
)
print("to_order: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# All of it: `grad_fn`, `next_functions`, `variable`, the names of the nodes. Only `viz` is tinytorch's; for PyTorch
# there is the package torchviz, whose pictures `viz.draw(error, style="torchviz")` imitates.
# :::
#
# Next: [walking back with numbers](03_backward).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 全都一样：`grad_fn`、`next_functions`、`variable`，连节点的名字也一样。只有 `viz` 是 tinytorch 自己的；PyTorch 有一个叫
# torchviz 的包，`viz.draw(error, style="torchviz")` 画的就是它那种样子。
# :::
#
# 下一页：[带着数往回走](03_backward)。
