# %% [markdown] lang="en"
# # Inside autograd
#
# You call `loss.backward()`, and a moment later every leaf has its `.grad`. Who decides which rule runs first, and how
# does the engine know that a gradient is complete?
#
# After this page you can write the engine yourself, read the real one, add an operation of your own, and let `gradcheck`
# find the mistake in it.

# %% [markdown] lang="zh"
# # 自动求导的内部
#
# 调用 `loss.backward()`，转眼之间每个叶子节点都有了 `.grad`。哪条规则先算，是谁决定的？引擎又怎么知道一个梯度已经收齐了？
#
# 读完这一页，你能自己写出一个引擎，读懂真正的引擎，添加一种自己的运算，再让 `gradcheck` 把其中的错误找出来。

# %%
import heapq

import matplotlib.pyplot as plt

import tinytorch as torch

# %% [markdown] lang="en"
# ## What an operation leaves behind
#
# Every operation on a tensor that requires a gradient leaves a *node*: the rule's name, what the rule wants to remember,
# and for each input an edge to the node that made it. `grad_fn` is the node of a tensor, `next_functions` are its edges.
# Leaves end in a node called `AccumulateGrad`.

# %% [markdown] lang="zh"
# ## 一次运算留下了什么
#
# 只要输入要求梯度，每次运算都会留下一个*节点*：规则的名字、规则要记住的东西，以及每个输入对应的一条边，指向产生该输入的节点。
# `grad_fn` 是张量的节点，`next_functions` 是它的边。走到叶子节点，尽头是一个叫 `AccumulateGrad` 的节点。


# %%
def short(node):
    return node.name().rpartition(":")[2]


def show(node, depth=0):
    print("    " * depth + short(node))
    for following, _ in node.next_functions:
        if following is not None:
            show(following, depth + 1)


x = torch.tensor([0.0, 1.0], requires_grad=True)
h = torch.exp(x)
y = (h * h + h).sum()
show(y.grad_fn)

# %% [markdown] lang="en"
# `ExpBackward0` appears three times, because three edges lead to it: `h` was used three times. It is one and the same
# node each time. A node can be called: it takes the gradient of its result and returns those of its inputs. Nothing
# else happens; no `.grad` is written.

# %% [markdown] lang="zh"
# `ExpBackward0` 出现了三次，因为有三条边通向它：`h` 用了三次。三处其实是同一个节点。节点可以像函数一样调用：
# 传入结果的梯度，返回各个输入的梯度。除此之外什么也不发生，`.grad` 不会被写入。

# %%
total = y.grad_fn
plus = total.next_functions[0][0]
product, exp = (following for following, _ in plus.next_functions)
print(total(torch.tensor(1.0)))
print(plus(torch.ones(2)))
print(product(torch.ones(2)))
print(exp is product.next_functions[0][0], exp is product.next_functions[1][0], x.grad)

# %% [markdown] lang="en"
# So the whole of backward is: call the nodes, hand on what they return. Here is an engine that does just that.

# %% [markdown] lang="zh"
# 所以反向传播无非是：调用节点，把返回的梯度往下传。下面这个引擎做的就是这件事，别的一概不管。

# %%
ran = []


def naive(node, grad):
    ran.append(short(node))
    if short(node) == "AccumulateGrad":
        leaf = node.variable
        leaf.grad = grad if leaf.grad is None else leaf.grad + grad
        return
    grads = node(grad)
    grads = grads if isinstance(grads, tuple) else (grads,)
    for part, (following, _) in zip(grads, node.next_functions):
        if following is not None:
            naive(following, part)


with torch.no_grad():
    naive(y.grad_fn, torch.tensor(1.0))
print(x.grad)
print(len(ran), ran)

# %% [markdown] lang="en"
# The gradient is right: $2 e^{2x} + e^x$. But `ExpBackward0` ran three times, once for every path.
#
# :::{predict}
# Take a number and double it ten times by `t = t + t`. There are ten additions and one leaf. How many times does `naive`
# call a node? And for thirty doublings?
# :::

# %% [markdown] lang="zh"
# 梯度是对的：$2 e^{2x} + e^x$。可是 `ExpBackward0` 跑了三遍，每条路径一遍。
#
# :::{predict}
# 取一个数，用 `t = t + t` 连续翻倍十次：一共十次加法、一个叶子节点。`naive` 要调用节点多少次？翻倍三十次呢？
# :::


# %%
def doubled(leaf, times):
    for _ in range(times):
        leaf = leaf + leaf
    return leaf


for times in range(1, 11):
    leaf = torch.tensor(1.0, requires_grad=True)
    root = doubled(leaf, times).grad_fn
    ran.clear()
    with torch.no_grad():
        naive(root, torch.tensor(1.0))
    print(times, len(ran), leaf.grad.item())

# %% [markdown] lang="en"
# Twice as many calls with each doubling: $2^{11} - 1$ for ten, more than two thousand million for thirty. A training loop
# would never come back. Every node should run *once*, when all that is going to arrive at its result has arrived.
#
# ## Count the edges first
#
# How can a node know that nothing more will come? By counting beforehand. The engine walks through the graph once and
# notes for every node how many edges lead to it. Then it starts at the loss, and each gradient that arrives takes one off
# the count. At zero the node may run.

# %% [markdown] lang="zh"
# 每翻倍一次，调用次数也翻一倍：十次是 $2^{11} - 1$，三十次就超过二十亿了，训练循环永远跑不完。
# 正确的做法是：每个节点只跑*一次*，等该来的梯度全部到齐再跑。
#
# ## 先数边
#
# 节点怎么知道不会再有梯度来了？靠事先数好。引擎先把图走一遍，记下通向每个节点的边有几条。然后从损失出发，
# 每到达一个梯度，计数就减一。减到零，这个节点就可以跑了。


# %%
def count_edges(root):
    counts, stack = {root: 0}, [root]
    while stack:
        for following, _ in stack.pop().next_functions:
            if following is not None:
                if following not in counts:
                    counts[following] = 0
                    stack.append(following)
                counts[following] += 1
    return counts


def engine(root, grad):
    waiting = count_edges(root)
    arrived = {root: grad}
    ready = [(-root._sequence_nr(), root)]
    while ready:
        node = heapq.heappop(ready)[1]
        ran.append(short(node))
        grad = arrived.pop(node)
        if short(node) == "AccumulateGrad":
            leaf = node.variable
            leaf.grad = grad if leaf.grad is None else leaf.grad + grad
            continue
        grads = node(grad)
        grads = grads if isinstance(grads, tuple) else (grads,)
        for part, (following, _) in zip(grads, node.next_functions):
            if following is None:
                continue
            arrived[following] = (
                arrived[following] + part if following in arrived else part
            )
            waiting[following] -= 1
            if waiting[following] == 0:
                heapq.heappush(ready, (-following._sequence_nr(), following))


x = torch.tensor([0.0, 1.0], requires_grad=True)
h = torch.exp(x)
y = (h * h + h).sum()
ran.clear()
with torch.no_grad():
    engine(y.grad_fn, torch.tensor(1.0))
mine, x.grad = x.grad, None
y.backward()
print(ran)
print(torch.equal(mine, x.grad))

# %% [markdown] lang="en"
# That is autograd's engine: thirty lines, no recursion, each node once. When several nodes are ready, the one that was
# made last goes first (`_sequence_nr` numbers nodes as they are made). The result would be the same in any order, but
# going back in the order of the forward pass frees the large intermediate values soonest.
#
# :::{predict}
# How many calls does `engine` need for the ten doublings?
# :::

# %% [markdown] lang="zh"
# 这就是自动求导的引擎：三十行，不用递归，每个节点只跑一次。如果同时有几个节点可以跑，最后创建的先跑
# （`_sequence_nr` 是节点创建时的编号）。换个顺序结果也一样，但按前向的逆序往回走，占内存的中间值能最早释放。
#
# :::{predict}
# 同样翻倍十次，`engine` 要调用多少次？
# :::

# %%
counts = {"naive": [], "engine": []}
sizes = range(1, 13)
for times in sizes:
    for run in (naive, engine):
        leaf = torch.tensor(1.0, requires_grad=True)
        root = doubled(leaf, times).grad_fn
        ran.clear()
        with torch.no_grad():
            run(root, torch.tensor(1.0))
        counts[run.__name__].append(len(ran))
print(counts["engine"])
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for name, values in counts.items():
    axes.semilogy(sizes, values, "o-", label=name)
axes.set(xlabel="doublings", ylabel="nodes that ran")
axes.legend()
plt.show()

# %% [markdown] lang="en"
# A straight line on a logarithmic scale is exponential growth. The other curve is $n + 1$.
#
# ## How tinytorch does it
#
# Here is the real thing. `_count_edges` you know already; the edges lie in one flat tuple, node and output number in
# turn, because a graph may have millions of them.
#
# ```{source} tinytorch/autograd/engine.py _count_edges
# ```
#
# And this is the loop that runs behind every `loss.backward()`. Look for your own lines: `buffers` is `arrived`,
# `waiting` and `ready` have kept their names.
#
# ```{source} tinytorch/autograd/engine.py _walk
# ```
#
# What it has beyond yours:
#
# - `upcoming` holds one ready node outside of the heap. In a chain there is never a second one, and the heap is never used.
# - `_fit` undoes broadcasting and converts the dtype: a gradient always looks like the tensor that it belongs to.
# - `node.release()` lets go of what the rule saved. This is why a second `backward` fails.
# - Hooks, anomaly mode, and the `watcher` of the step player get their turn; when there are none, each costs one test.

# %% [markdown] lang="zh"
# 对数坐标上的直线就是指数增长。另一条曲线是 $n + 1$。
#
# ## tinytorch 是怎么做的
#
# 下面是真正的引擎。`_count_edges` 你已经认识了。所有的边放在一个扁平的元组里，节点和输出编号交替排列，
# 因为一张图可能有几百万条边。
#
# ```{source} tinytorch/autograd/engine.py _count_edges
# ```
#
# 每次 `loss.backward()` 背后跑的就是下面这个循环。找一找你自己写的那几行：`buffers` 就是 `arrived`，
# `waiting` 和 `ready` 连名字都没变。
#
# ```{source} tinytorch/autograd/engine.py _walk
# ```
#
# 比你的多出来的东西：
#
# - `upcoming` 在堆外面留一个可以跑的节点。链式的图里不会有第二个，堆根本用不上。
# - `_fit` 撤销广播、转换 `dtype`：梯度总是和它所属的张量一个样子。
# - `node.release()` 放掉规则保存的值。第二次 `backward` 会失败，原因就在这里。
# - 钩子、异常检测模式，以及逐步播放器用的 `watcher` 也在这里轮到；没有它们的时候，每样只多做一次判断。

# %% [markdown] lang="en"
# ## A rule of your own
#
# A rule has a forward and a backward, and its docstring is its formula. This is the rule that ran in the example above:
#
# ```{source} tinytorch/ops/exponential.py Exp
# ```
#
# From outside you write the same two methods in a `Function`. Take $y = x / (1 + |x|)$, a curve that flattens on both
# sides; its slope is $1 / (1 + |x|)^2$. One of the two lines below is wrong.

# %% [markdown] lang="zh"
# ## 写一条自己的规则
#
# 一条规则有 forward 和 backward 两半，文档字符串就是它的公式。上面例子里跑的就是这一条：
#
# ```{source} tinytorch/ops/exponential.py Exp
# ```
#
# 自己写的时候，把同样的两个方法放进一个 `Function`。以 $y = x / (1 + |x|)$ 为例，这条曲线两头越来越平，
# 斜率是 $1 / (1 + |x|)^2$。下面的两行公式里，有一行是错的。


# %%
class Flatten(torch.autograd.Function):
    """y = x / (1 + |x|)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + x.abs())

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (1 + x.abs())


points = torch.tensor([-2.0, 0.5, 3.0], dtype=torch.float64, requires_grad=True)
flat = Flatten.apply(points)
flat.sum().backward()
print(flat)
print(points.grad)

# %% [markdown] lang="en"
# The numbers look plausible. Nothing warns: autograd believes whatever a rule says. `gradcheck` does not. It moves each
# input a little to both sides, looks how much the result changes, and compares this with what backward said.
#
# :::{break}
# Read the two matrices. The numerical one is measured, the analytical one is what the rule returned. Which power is
# missing?
# :::

# %% [markdown] lang="zh"
# 数字看上去挺像那么回事，也没有任何警告：规则说什么，自动求导就信什么。`gradcheck` 可不信。
# 它把每个输入往两边各挪一点点，看结果变了多少，再和 backward 的说法对照。
#
# :::{break}
# 读一读这两个矩阵：numerical 是量出来的，analytical 是规则返回的。少了几次方？
# :::

# %% tags=["error"]
try:
    torch.autograd.gradcheck(Flatten.apply, (points,))
except RuntimeError as error:
    print("GradcheckError:", error)

# %% [markdown] lang="en"
# At $x = 0.5$ the measured slope is $0.4444 = (1 / 1.5)^2$, the rule said $1 / 1.5$. The square is missing. Use
# `float64` for such checks: differences of `float32` numbers have too few digits left.

# %% [markdown] lang="zh"
# 在 $x = 0.5$ 处，量出来的斜率是 $0.4444 = (1 / 1.5)^2$，而规则给的是 $1 / 1.5$：少了一个平方。
# 做这种检查要用 `float64`，因为两个 `float32` 数相减之后，有效数字就所剩无几了。


# %%
def right_backward(ctx, grad):
    (x,) = ctx.saved_tensors
    return grad / (1 + x.abs()) ** 2


Flatten.backward = staticmethod(right_backward)
print(torch.autograd.gradcheck(Flatten.apply, (points,)))
print(torch.autograd.gradgradcheck(Flatten.apply, (points,)))

# %% [markdown] lang="en"
# `gradgradcheck` asks the same of the second derivative. It works because `backward` is written in operations that are
# themselves recorded. Every rule in tinytorch has to pass both.
#
# Inside tinytorch a rule is a class of this kind: it sees plain arrays, so it is quicker than a `Function`, and `apply`
# records the node.

# %% [markdown] lang="zh"
# `gradgradcheck` 对二阶导数做同样的检查。它之所以行得通，是因为 `backward` 里用的运算本身也会被记录。
# tinytorch 的每条规则都必须通过这两项检查。
#
# 在 tinytorch 内部，规则就是下面这样一个类：它看到的是普通的数组，所以比 `Function` 快；节点由 `apply` 来记录。

# %% tags=["tinytorch"]
from tinytorch.autograd.rule import Elementwise


class SoftSign(Elementwise):
    """y = x / (1 + |x|),    dy/dx = 1 / (1 + |x|)^2"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + abs(x))

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / (1 + abs(x)) ** 2


print(SoftSign.apply(points))
print(
    torch.autograd.gradcheck(SoftSign.apply, (points,)),
    torch.autograd.gradgradcheck(SoftSign.apply, (points,)),
)

# %% [markdown] lang="en"
# One class, one formula. Note that `backward` is the same line for arrays and for tensors: the engine feeds it arrays,
# and tensors only when somebody wants second derivatives.
#
# ## Exercises
#
# :::{exercise} Who waits for whom?
# Return a list with the short names of all nodes that wait for more than one gradient, in any order.
# :::

# %% [markdown] lang="zh"
# 一个类，一个公式。注意 `backward` 这一行对数组和张量都适用：引擎平时传给它数组，只有要求二阶导数时才传张量。
#
# ## 练习
#
# :::{exercise} 谁在等谁？
# 返回一个列表，列出所有要等不止一个梯度的节点的短名字，顺序不限。
# :::


# %% tags=["exercise"]
def patient(root):
    return []


# %% tags=["solution"]
def patient(root):
    return [short(node) for node, edges in count_edges(root).items() if edges > 1]


# %% tags=["check"]
a = torch.tensor(2.0, requires_grad=True)
b = a.sin()
assert patient((b * b).grad_fn) == ["SinBackward0"], (
    "b is used twice by one multiplication"
)
assert patient(b.grad_fn) == [], "in a chain nobody waits"
assert sorted(patient((b * b + a).grad_fn)) == ["AccumulateGrad", "SinBackward0"], (
    "a leaf can wait, too"
)
print("patient: right")

# %% [markdown] lang="en"
# :::{exercise} The gradient on the way
# Return the gradient that arrives at `node` when backward starts at `root` with `grad`. Change the engine so that it
# stops there and writes no `.grad`.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 半路上的梯度
# 从 `root` 带着 `grad` 开始反向传播，返回到达 `node` 的梯度。把引擎改一改，让它走到那里就停下，并且不写任何 `.grad`。
# :::


# %% tags=["exercise"]
def arriving(root, grad, node):
    return grad


# %% tags=["solution"]
def arriving(root, grad, node):
    waiting = count_edges(root)
    arrived = {root: grad}
    ready = [(-root._sequence_nr(), root)]
    while ready:
        current = heapq.heappop(ready)[1]
        if current is node:
            return arrived[node]
        if short(current) == "AccumulateGrad":
            continue
        grads = current(arrived.pop(current))
        grads = grads if isinstance(grads, tuple) else (grads,)
        for part, (following, _) in zip(grads, current.next_functions):
            if following is None:
                continue
            arrived[following] = (
                arrived[following] + part if following in arrived else part
            )
            waiting[following] -= 1
            if waiting[following] == 0:
                heapq.heappush(ready, (-following._sequence_nr(), following))
    return None


# %% tags=["check"]
a = torch.tensor([1.0, 2.0], requires_grad=True)
b = a * 3
c = (b * b + b).sum()
with torch.no_grad():
    found = arriving(c.grad_fn, torch.tensor(1.0), b.grad_fn)
assert torch.equal(found, torch.tensor([7.0, 13.0])), (
    "it should be 2 b + 1, the sum over three edges"
)
assert a.grad is None, "no .grad should be written"
print("arriving: right")

# %% [markdown] lang="en"
# :::{exercise} A hill
# Write the function $y = 1 / (1 + x^2)$ with a backward of its own that saves the *result* and the input, and passes both
# checks. Its slope is $-2 x y^2$.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 小山包
# 写出函数 $y = 1 / (1 + x^2)$，自带 backward，把*结果*和输入都保存下来，并通过两项检查。它的斜率是 $-2 x y^2$。
# :::


# %% tags=["exercise"]
class Hill(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 1 / (1 + x * x)

    @staticmethod
    def backward(ctx, grad):
        return grad


# %% tags=["solution"]
class Hill(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + x * x)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * -2 * x * y * y


# %% tags=["check"]
assert torch.autograd.gradcheck(Hill.apply, (points,), raise_exception=False), (
    "the first derivative is not right"
)
assert torch.autograd.gradgradcheck(Hill.apply, (points,), raise_exception=False), (
    "the second derivative is not right"
)
print("Hill: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# `naive` and `engine` run unchanged on PyTorch's graphs: `grad_fn`, `next_functions`, `variable` and calling a node are
# the same. PyTorch's own engine is written in C++ and has a thread for each device, but it counts edges and takes the
# node that was made last, just as here.
# :::
#
# Next: [what modules and optimizers add](09_modules_and_optimizers).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# `naive` 和 `engine` 不用改就能在 PyTorch 的图上跑：`grad_fn`、`next_functions`、`variable` 都一样，节点也一样可以调用。
# PyTorch 自己的引擎是用 C++ 写的，每个设备有一个线程，但做法和这里相同：先数边，再从最后创建的节点开始。
# :::
#
# 下一页：[模块和优化器又添了什么](09_modules_and_optimizers)。
