# %% [markdown] lang="en"
# # Computing without a record
#
# `no_grad`, `detach`, `.data`: three ways to compute something that autograd does not follow. They look alike. One of
# them gives wrong gradients without a word. Which?
#
# After this page you can choose the right one, see in a picture where a gradient stops, and read the errors that guard
# values against being overwritten.

# %% [markdown] lang="zh"
# # 不做记录的计算
#
# `no_grad`、`detach`、`.data`：三种让自动求导不跟踪的办法，看起来差不多。其中有一种会悄悄给出错误的梯度，是哪一种？
#
# 读完这一页，你会选对办法，能从图上看出梯度在哪里停下，还能读懂那些防止值被覆盖的报错。

# %%
import tinytorch as torch

# %% [markdown] lang="en"
# ## A block without a record
#
# Inside `torch.no_grad()` nothing is recorded. That is what you want for testing a model, and for the steps of gradient
# descent: a record would cost memory, and nobody will go back through it.
#
# :::{predict}
# Which of `a`, `b` and `c` have a `grad_fn`?
# :::

# %% [markdown] lang="zh"
# ## 不做记录的代码块
#
# 在 `torch.no_grad()` 里什么都不记录。测试模型、用梯度下降更新参数时，要的就是这个：记录要占内存，而没有人会沿着这些记录往回走。
#
# :::{predict}
# `a`、`b`、`c` 中，哪些有 `grad_fn`？
# :::

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)
a = w * 2
with torch.no_grad():
    b = w * 2
    c = a * 2
print(a.grad_fn is not None, b.grad_fn, c.grad_fn)
print(b.requires_grad, w.requires_grad)


@torch.no_grad()
def largest(weights):
    return weights.abs().max()


print(largest(w))

# %% [markdown] lang="en"
# The block does not change `w`; it changes what operations do. As a decorator it covers a whole function.
#
# ## Cutting one tensor loose
#
# `detach()` gives a tensor with the same numbers, in the same memory, and without a history. What is computed from it
# does not lead back. The rest of the graph stays as it is.
#
# :::{predict}
# Below, $y = x^2$ and $z = x \cdot y$, once as it is and once with `y.detach()`. The derivative of $x^3$ at 3 is 27. What
# comes out in the second case?
# :::

# %% [markdown] lang="zh"
# 这个代码块改变的不是 `w`，而是其中的运算。写成装饰器，就对整个函数起作用。
#
# ## 单独剪断一个张量
#
# `detach()` 给出一个数值相同、内存相同、但没有来历的张量。梯度不会经过它往回传，图的其余部分照旧。
#
# :::{predict}
# 下面 $y = x^2$，$z = x \cdot y$，一次照原样算，一次用 `y.detach()`。$x^3$ 在 3 处的导数是 27。第二种情况会得到多少？
# :::

# %%
for cut in (False, True):
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    z = x * (y.detach() if cut else y)
    z.backward()
    print(z.item(), x.grad.item())

# %% [markdown] lang="en"
# Nine: the detached 9 counts as a constant. Such a cut is used on purpose, for a target that should stand still, or for
# the state that a recurrent network carries from one piece of text to the next. (`y.detach_()`, in place, takes the
# history from `y` itself.)
#
# ## Three graphs side by side
#
# Take $\text{loss} = \text{mean}((w x)^2 + w)$. Two ways lead from $w$ to the loss, and gradients come back on both:

# %% [markdown] lang="zh"
# 是九：剪断之后的 9 就当作常数。有时是故意这样剪的，例如希望目标保持不动，或者循环网络把状态从一段文字带到下一段。
# （`y.detach_()` 是就地操作，去掉的是 `y` 自己的来历。）
#
# ## 三张图并排看
#
# 以 $\text{loss} = \text{mean}((w x)^2 + w)$ 为例。从 $w$ 到损失有两条路，梯度也沿两条路传回来：

# %% tags=["tinytorch"]
from tinytorch import viz

x = torch.tensor([1.0, 2.0])
w = torch.tensor([3.0, 4.0], requires_grad=True)
viz.draw(((w * x) ** 2 + w).mean())

# %% [markdown] lang="en"
# Now cut the first way, once with each of the three. `viz.record()` also notes what autograd does not.

# %% [markdown] lang="zh"
# 现在用三种办法分别剪断第一条路。自动求导不记的东西，`viz.record()` 也会记下来。


# %% tags=["tinytorch"]
def under_no_grad():
    with torch.no_grad():
        product = w * x
    return (product**2 + w).mean()


def with_detach():
    product = w * x
    constant = product.detach()
    return (constant**2 + w).mean()


def with_data():
    product = w * x
    constant = product.data
    return (constant**2 + w).mean()


# %% tags=["tinytorch", "hide-input"]
class SideBySide:
    def __init__(self, functions):
        self.drawings = {}
        for function in functions:
            with viz.record() as recording:
                loss = function()
            self.drawings[function.__name__] = recording.draw(loss, legend=False)

    def _repr_html_(self):
        columns = ""
        for name, drawing in self.drawings.items():
            svg = drawing._repr_svg_().replace(
                "<svg ", '<svg style="min-width: 15rem; width: 100%" ', 1
            )
            columns += f'<div style="flex: 1"><code>{name}</code>{svg}</div>'
        return f'<div style="display: flex; overflow-x: auto">{columns}</div>'


SideBySide([under_no_grad, with_detach, with_data])

# %% [markdown] lang="en"
# The red dashed boxes mark where the gradient stops. In all three the product is a constant for the loss. Only the
# direct way to $w$ is left, and its gradient is 1/2 for each element, whatever $x$ is. Under `no_grad` the product was
# never recorded; the other two cut a record that was there. As pictures, `detach()` and `.data` are the same. The
# difference is in the memory.
#
# ## Memory, shared
#
# A detached tensor shares its memory. Writing into it changes the original.

# %% [markdown] lang="zh"
# 红色虚线框标出梯度停在哪里。三种情况下，乘积对损失来说都成了常数，只剩下直接通到 $w$ 的那条路；
# 不管 $x$ 是多少，每个元素的梯度都是 1/2。在 `no_grad` 里，乘积根本没有被记录；另外两种是把已有的记录剪断。
# 只看图，`detach()` 和 `.data` 没有区别，区别在内存上。
#
# ## 共用的内存
#
# 剪断出来的张量和原来的共用内存。往里写，原来的也会变。

# %%
y = torch.tensor([1.0, 2.0], requires_grad=True).exp()
loose = y.detach()
loose[0] = 0
print(y)

# %% [markdown] lang="en"
# Now remember page 3: the exponential saved its result, because its slope *is* its result. We have just overwritten it.
#
# :::{break}
# Go backward from `y`.
# :::

# %% [markdown] lang="zh"
# 回想第 3 页：指数函数存下了自己的结果，因为它的斜率*就是*结果。而我们刚刚把它覆盖了。
#
# :::{break}
# 从 `y` 做反向传播试试。
# :::

# %% tags=["error"]
try:
    y.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# Every tensor counts how often it was written to: its *version*. A rule that saves a tensor notes the version, and
# compares it when backward needs the tensor. `detach()` shares the counter, so the damage is noticed. And `.data`?

# %% [markdown] lang="zh"
# 每个张量都会数自己被写过几次，这叫*版本号*。规则保存一个张量时，会记下当时的版本号，反向传播要用它时再比一比。
# `detach()` 与原张量共用这个计数器，所以破坏会被发现。那么 `.data` 呢？

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
print(y._version, y.detach()._version)
y.data[0] = 0
print(y._version)
y.sum().backward()
print(x.grad)

# %% [markdown] lang="en"
# The slope of $e^x$ at 1 is 2.7183, not 0, and there was no word about it. `.data` has a counter of its own. It comes
# from the time before `no_grad`; today there is hardly a reason to use it.
#
# | | what it does | writes are noticed |
# |---|---|---|
# | `with torch.no_grad():` | no operation inside is recorded | yes |
# | `t.detach()` | one tensor without its history, same memory | yes |
# | `t.data` | the same, behind autograd's back | no |
# | `t.detach().clone()` | a copy without a history | they go into the copy |
#
# ## In place, and when not
#
# Writing into tensors is allowed in the middle of a graph, as long as nobody needs the old numbers.
#
# :::{predict}
# One of these two works. Which? Think of what each rule has to save.
# :::

# %% [markdown] lang="zh"
# $e^x$ 在 1 处的斜率是 2.7183，不是 0，可是没有任何提示。`.data` 有自己单独的计数器。它是 `no_grad` 出现之前的做法，
# 今天几乎没有理由再用。
#
# | | 做什么 | 写入会被发现吗 |
# |---|---|---|
# | `with torch.no_grad():` | 里面的运算都不记录 | 会 |
# | `t.detach()` | 一个没有来历的张量，内存相同 | 会 |
# | `t.data` | 一样，但瞒着自动求导 | 不会 |
# | `t.detach().clone()` | 一份没有来历的副本 | 写的是副本，不影响原来的 |
#
# ## 就地操作：什么时候可以，什么时候不行
#
# 在图的中间写张量是允许的，只要没有人还需要旧的数。
#
# :::{predict}
# 下面两段，有一段能行。是哪一段？想想每条规则要保存什么。
# :::

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 3
y += 1
y.sum().backward()
print(x.grad)

# %% tags=["error"]
try:
    y = x.sigmoid()
    y += 1
    y.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# A product with a constant saves the constant, not its result; the sigmoid saves its result, since its slope is
# $y (1 - y)$. The cure is `y = y + 1`, which makes a new tensor.
#
# Writing is recorded, too. A tensor can be filled place by place, and the gradients find their way back from each place:

# %% [markdown] lang="zh"
# 乘以常数，存的是常数，不是结果；sigmoid 存的是结果，因为它的斜率是 $y (1 - y)$。改成 `y = y + 1`，新建一个张量，就没事了。
#
# 写入本身也会被记录。张量可以一个位置一个位置地填，梯度会从每个位置找到回去的路：

# %%
side = torch.tensor([2.0, 5.0], requires_grad=True)
sizes = torch.zeros(2, 2)
sizes[0] = 4 * side
sizes[1, 0] = side[0] ** 2
sizes[1, 1] = side[1] ** 2
print(sizes)
sizes.backward(torch.ones(2, 2))
print(side.grad)

# %% [markdown] lang="en"
# The upper row holds the circumference of two squares, the lower one their area: $4 + 2 s$ comes back for each side
# $s$. `sizes` itself was no leaf any more after the first write. With `torch.zeros`, which asks for no gradient, that
# is allowed.
#
# Leaves that do ask are guarded. If a recorded operation changed one, it would be no leaf any more:

# %% [markdown] lang="zh"
# 上面一行是两个正方形的周长，下面一行是面积，所以传回来的梯度是 $4 + 2 s$，其中 $s$ 是边长。第一次写入之后，`sizes` 自己就不再是叶子了。
# 它来自 `torch.zeros`，不要求梯度，所以允许这样写。
#
# 要求梯度的叶子节点就看得很紧。它要是被记录下来的运算改动，就不再是叶子了：

# %% tags=["error"]
try:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    w -= 0.1
except RuntimeError as error:
    print("RuntimeError:", error)

# %%
with torch.no_grad():
    w -= 0.1
print(w, w.is_leaf)

# %% [markdown] lang="en"
# And a mistake that raises nothing: `w = w - 0.1 * w.grad`. It computes a new tensor and hangs the name `w` onto it.
# The leaf is gone, and the next `w.grad` is `None`.

# %% [markdown] lang="zh"
# 还有一种不报错的错误：`w = w - 0.1 * w.grad`。它算出一个新张量，再把名字 `w` 挂上去。原来的叶子不见了，
# 接下来的 `w.grad` 就是 `None`。

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)
(w * w).sum().backward()
w = w - 0.1 * w.grad
print(w.is_leaf, w.grad_fn is not None)

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# `no_grad` sets a flag of the current thread, and puts it back at the end, also after an error:
#
# ```{source} tinytorch/autograd/grad_mode.py no_grad
# ```
#
# `detach` makes a tensor around the same memory and gives it no node. The counter of writes is shared. (The last lines
# tell `viz.record()` about the cut.)
#
# ```{source} tinytorch/ops/detach.py detach
# ```
#
# The version is compared when a saved tensor is taken out:
#
# ```{source} tinytorch/autograd/saved.py unpack
# ```

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# `no_grad` 设置当前线程的一个标志，结束时恢复原状，中途出错也一样：
#
# ```{source} tinytorch/autograd/grad_mode.py no_grad
# ```
#
# `detach` 在同一块内存外面新建一个张量，不给它节点；数写入次数的计数器则是共用的。（最后几行是把这次剪断告诉 `viz.record()`。）
#
# ```{source} tinytorch/ops/detach.py detach
# ```
#
# 取出保存的张量时，会比较版本号：
#
# ```{source} tinytorch/autograd/saved.py unpack
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Mean of the past
# Update `average` in place to `0.9 * average + 0.1 * weights`, so that nothing is recorded although `weights` requires a
# gradient.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 过去的平均
# 把 `average` 就地更新为 `0.9 * average + 0.1 * weights`，并且什么都不记录，虽然 `weights` 要求梯度。
# :::


# %% tags=["exercise"]
def remember(average, weights):
    pass


# %% tags=["solution"]
def remember(average, weights):
    with torch.no_grad():
        average.mul_(0.9).add_(weights, alpha=0.1)


# %% tags=["check"]
average = torch.zeros(2)
remember(average, torch.tensor([1.0, 2.0], requires_grad=True))
assert torch.allclose(average, torch.tensor([0.1, 0.2])), (
    "a tenth of the weights, nine tenths of the past"
)
assert not average.requires_grad, "nothing should be recorded"
print("remember: right")

# %% [markdown] lang="en"
# :::{exercise} Straight through
# `round()` is flat: its gradient is 0 everywhere. Return a tensor with the *values* of `x.round()`, through which
# gradients pass as through `x` itself. One line with `detach` is enough.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 直通
# `round()` 处处是平的，梯度到处为 0。返回一个张量，*值*等于 `x.round()`，梯度却像穿过 `x` 本身那样原样通过。用 `detach`，一行就够。
# :::


# %% tags=["exercise"]
def rounded(x):
    return x.round()


# %% tags=["solution"]
def rounded(x):
    return x + (x.round() - x).detach()


# %% tags=["check"]
x = torch.tensor([0.4, 1.6], requires_grad=True)
y = rounded(x)
assert torch.equal(y, torch.tensor([0.0, 2.0])), "the values are the rounded ones"
assert torch.equal(torch.autograd.grad(y.sum(), x)[0], torch.ones(2)), (
    "the gradient passes as if nothing had happened"
)
print("rounded: right")

# %% [markdown] lang="en"
# :::{exercise} A sum that forgets
# A state is carried along: $s \leftarrow s / 2 + x_i$ for each element of `x`. Return the last state, so that the
# gradient reaches back to the last `reach` elements only.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 会忘事的和
# 一个状态不断往下传：对 `x` 的每个元素做 $s \leftarrow s / 2 + x_i$。返回最后的状态，但梯度只往回传到最后 `reach` 个元素。
# :::


# %% tags=["exercise"]
def last_state(x, reach):
    state = torch.tensor(0.0)
    for element in x:
        state = state / 2 + element
    return state


# %% tags=["solution"]
def last_state(x, reach):
    state = torch.tensor(0.0)
    for place, element in enumerate(x):
        if place == len(x) - reach:
            state = state.detach()
        state = state / 2 + element
    return state


# %% tags=["check"]
x = torch.tensor([8.0, 4.0, 2.0, 1.0], requires_grad=True)
state = last_state(x, 2)
assert state.item() == 4.0, "the value is the whole sum: 1 + 2/2 + 4/4 + 8/8"
assert torch.autograd.grad(state, x)[0].tolist() == [0.0, 0.0, 0.5, 1.0], (
    "only the last two elements get a gradient"
)
print("last_state: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# All of this holds in PyTorch, the silent `.data` included. Both also have `torch.inference_mode()`, a stricter
# `no_grad` for programs that never train. In PyTorch 0.3 you would write `Variable(x, volatile=True)` instead of
# `no_grad` (page 13).
# :::
#
# Next: [a line through points](05_linear_regression).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 以上在 PyTorch 里都成立，包括悄无声息的 `.data`。两者都还有 `torch.inference_mode()`，是更严格的 `no_grad`，给从不训练的程序用。
# 在 PyTorch 0.3 里，不用 `no_grad`，而是写 `Variable(x, volatile=True)`（见第 13 页）。
# :::
#
# 下一页：[用直线拟合数据点](05_linear_regression)。
