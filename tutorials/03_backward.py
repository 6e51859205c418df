# %% [markdown] lang="en"
# # Backward
#
# The graph is there. You call `backward()`, and each leaf learns how the result depends on it. What is the number that
# arrives, and why is it sometimes twice what you expected?
#
# After this page you can say what every number in `.grad` means, go backward from results of more than one number, build
# a Jacobian, and tell `retain_grad` from `retain_graph`.

# %% [markdown] lang="zh"
# # 反向传播
#
# 图有了。你调用 `backward()`，每个叶子就知道了结果是怎样随它变化的。到手的那个数是什么意思？为什么有时候恰好是预想的两倍？
#
# 读完这一页，你能说清 `.grad` 里每个数的含义，能从不止一个数的结果出发做反向传播，能拼出雅可比矩阵，
# 还能分清 `retain_grad` 和 `retain_graph`。

# %%
import matplotlib.pyplot as plt

import tinytorch as torch

# %% [markdown] lang="en"
# ## A slope
#
# A round pond has a radius of 3 m, so its area is $\pi r^2$. By how many square metres does it grow for each metre of
# radius?

# %% [markdown] lang="zh"
# ## 斜率
#
# 一个圆形池塘，半径 3 米，面积是 $\pi r^2$。半径每增加一米，面积增加多少平方米？

# %%
radius = torch.tensor(3.0, requires_grad=True)
area = torch.pi * radius**2
area.backward()
print(radius.grad)
step = 0.001
print(f"{(torch.pi * (3 + step) ** 2 - torch.pi * 3**2) / step:.2f}")

# %% [markdown] lang="en"
# `radius.grad` is the derivative $2 \pi r$ at $r = 3$: make the radius a little larger, and the area grows by 18.85
# times as much. The second line measures it with a step of a millimetre.
#
# ## Through several operations
#
# A rectangular pool costs 5 for each square metre of water, and 30 for each metre of the edge around it. Every rule knows
# only its own derivative. The chain rule multiplies them along the way; where a value was used more than once, the ways
# are added up.
#
# :::{predict}
# `width` is used twice: for the water and for the edge. What is the derivative of `cost` with respect to `width`? Do it
# on paper.
# :::

# %% [markdown] lang="zh"
# `radius.grad` 就是导数 $2 \pi r$ 在 $r = 3$ 处的值：半径增加一点点，面积的增加是它的 18.85 倍。第二行用一毫米的步子量了一下。
#
# ## 穿过好几步运算
#
# 一个长方形水池，水面每平方米 5 元，池边每米 30 元。每条规则只知道自己的导数；链式法则沿途把它们乘起来；
# 一个值如果用了不止一次，就把几路的结果加起来。
#
# :::{predict}
# `width` 用了两次：算水面一次，算池边一次。`cost` 对 `width` 的导数是多少？先在纸上算一算。
# :::

# %%
width = torch.tensor(4.0, requires_grad=True)
length = torch.tensor(10.0, requires_grad=True)
water = width * length
path = 2 * (width + length)
cost = 5 * water + 30 * path
cost.backward()
print(width.grad, length.grad)

# %% [markdown] lang="en"
# $5 \cdot 10$ over the water and $30 \cdot 2$ over the edge: 110. In the picture, an arrow carries the shape of a
# gradient and its value; 1/2 and 2/2 say which of two came first.

# %% [markdown] lang="zh"
# 经过水面是 $5 \cdot 10$，经过池边是 $30 \cdot 2$，合起来 110。图中每个箭头上写着梯度的形状和值；1/2 和 2/2 表示两个梯度到达的先后。

# %% tags=["tinytorch"]
from tinytorch import viz

width = torch.tensor(4.0, requires_grad=True)
length = torch.tensor(10.0, requires_grad=True)
water = width * length
path = 2 * (width + length)
cost = 5 * water + 30 * path
viz.draw(cost, direction="backward", values=True)

# %% [markdown] lang="en"
# ## Gradients add up
#
# The two ways to `width` were added up in its `.grad`. The adding does not end with a `backward`: a second one does not
# replace what is in `.grad`, it adds to it.
#
# :::{predict}
# Three times the same, without clearing. What is printed?
# :::

# %% [markdown] lang="zh"
# ## 梯度会累加
#
# 到 `width` 的两路，是在它的 `.grad` 里加起来的。一次 `backward` 结束后，累加并没有结束：第二次 `backward` 不会替换 `.grad` 里的值，
# 而是继续往上加。
#
# :::{predict}
# 同样的计算做三遍，中间不清零。会打印什么？
# :::

# %%
x = torch.tensor(2.0, requires_grad=True)
for _ in range(3):
    (x * x).backward()
    print(x.grad)
x.grad.zero_()
(x * x).backward()
print(x.grad)
x.grad = None
print(x.grad)

# %% [markdown] lang="en"
# This is useful: a batch that does not fit into memory can be taken in pieces. And forgetting to clear is a very common
# mistake in training loops. `optimizer.zero_grad()` clears for you (page 9).
#
# ## More than one number
#
# A single number has a slope. Three numbers have three slopes, so backward does not know where to begin:

# %% [markdown] lang="zh"
# 这很有用：一批数据放不进内存时，可以分几次算。但忘了清零，也是训练循环里很常见的错误。`optimizer.zero_grad()` 会替你清零（见第 9 页）。
#
# ## 结果不止一个数
#
# 一个数有一个斜率，三个数就有三个斜率，反向传播不知道该从哪里开始：

# %% tags=["error"]
try:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x**2).backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# So you must say how much each of the numbers counts. `backward(v)` gives the gradient of the weighted sum
# $\sum_i v_i y_i$.
#
# :::{predict}
# Here $y_i = x_i^2$, so $y_i$ depends on $x_i$ alone. What will `x.grad` be for the weights 1, 10 and 0?
# :::

# %% [markdown] lang="zh"
# 所以必须说明每个数各占多少分量。`backward(v)` 给出的是加权和 $\sum_i v_i y_i$ 的梯度。
#
# :::{predict}
# 这里 $y_i = x_i^2$，$y_i$ 只和 $x_i$ 有关。权重取 1、10、0 时，`x.grad` 是多少？
# :::

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x**2
weights = torch.tensor([1.0, 10.0, 0.0])
y.backward(weights)
print(x.grad)
again = x.detach().requires_grad_()
(again**2 * weights).sum().backward()
print(again.grad)

# %% [markdown] lang="en"
# Each slope $2 x_i$ was multiplied by its weight: 2 by 1, 4 by 10, 6 by 0. The second half of the cell writes the
# weighted sum out and gets the same. For a single number the weight is 1, which is why `backward()` needs no argument
# there.
#
# ## The Jacobian, row by row
#
# The slopes of all results with respect to all inputs form a matrix, the Jacobian. `backward(v)` multiplies it by $v$
# from the left, without ever making it. With $v = (1, 0)$ you get the first row, with $(0, 1)$ the second. The example
# turns polar coordinates, distance and angle, into Cartesian ones.
#
# :::{predict}
# $x = r \cos \varphi$ and $y = r \sin \varphi$. Write down the four derivatives at $r = 2$ and $\varphi = 30^\circ$.
# :::

# %% [markdown] lang="zh"
# 每个斜率 $2 x_i$ 都乘上了自己的权重：2 乘 1，4 乘 10，6 乘 0。后半段代码把加权和直接写出来，结果相同。
# 结果只有一个数时，权重就是 1，所以 `backward()` 不必带参数。
#
# ## 一行一行拼出雅可比矩阵
#
# 所有结果对所有输入的斜率排成一个矩阵，叫作雅可比矩阵。`backward(v)` 相当于从左边用 $v$ 去乘它，却不必真的把它算出来。
# 取 $v = (1, 0)$ 得到第一行，取 $(0, 1)$ 得到第二行。下面的例子把极坐标（距离和角度）换成直角坐标。
#
# :::{predict}
# $x = r \cos \varphi$，$y = r \sin \varphi$。写出 $r = 2$、$\varphi = 30^\circ$ 处的四个导数。
# :::

# %%
polar = torch.tensor([2.0, torch.pi / 6], requires_grad=True)


def cartesian(p):
    distance, angle = p
    return torch.stack([distance * angle.cos(), distance * angle.sin()])


point = cartesian(polar)
rows = []
for v in torch.eye(2):
    polar.grad = None
    point.backward(v, retain_graph=True)
    rows.append(polar.grad)
print(torch.stack(rows))
print(torch.autograd.functional.jacobian(cartesian, polar.detach()))
print(torch.det(torch.stack(rows)))

# %% [markdown] lang="en"
# On paper: $\cos \varphi$ and $-r \sin \varphi$ in the first row, $\sin \varphi$ and $r \cos \varphi$ in the second,
# and the determinant is $r$. A network with a million weights and one loss has a Jacobian of a single row, so one
# `backward` gives all of it. This is why we go backward, and not forward.
#
# ## Once only
#
# The two rows came from two walks through one graph. That was allowed because of `retain_graph=True`.
#
# :::{break}
# Leave it out, and go backward twice.
# :::

# %% [markdown] lang="zh"
# 在纸上算：第一行是 $\cos \varphi$ 和 $-r \sin \varphi$，第二行是 $\sin \varphi$ 和 $r \cos \varphi$，行列式等于 $r$。
# 一个网络有一百万个权重、一个损失，它的雅可比矩阵只有一行，一次 `backward` 就全有了。这就是为什么要反着走，而不是正着走。
#
# ## 只能走一次
#
# 上面的两行，是在同一张图里走了两次得到的。能走两次，是因为写了 `retain_graph=True`。
#
# :::{break}
# 去掉它，做两次反向传播试试。
# :::

# %% tags=["error"]
try:
    x = torch.tensor(1.5, requires_grad=True)
    y = x.exp()
    y.backward()
    y.backward()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# To go back through an operation, its rule needs values from the forward pass: the exponential needs its result. After
# use they are let go, since in training nobody wants them twice and they are what fills the memory. `retain_graph=True`
# keeps them. (A graph of additions keeps nothing, and can be walked as often as you like.)
#
# :::{predict}
# $y = x^2 + 3 x$ has the slope 7 at $x = 2$. Two walks through the same graph: what is in `x.grad` after each?
# :::

# %% [markdown] lang="zh"
# 要穿过一个运算往回走，它的规则需要前向时的某些值：指数函数需要它的结果。用完就放掉，因为训练时没人要用第二次，
# 而占内存的正是它们。`retain_graph=True` 会把它们留着。（只有加法的图什么也不留，想走几次都行。）
#
# :::{predict}
# $y = x^2 + 3 x$ 在 $x = 2$ 处的斜率是 7。在同一张图里走两次，每次之后 `x.grad` 里是多少？
# :::

# %%
x = torch.tensor(2.0, requires_grad=True)
y = x**2 + 3 * x
y.backward(retain_graph=True)
print(x.grad)
y.backward()
print(x.grad)

# %% [markdown] lang="en"
# The second walk added another 7. `retain_graph` keeps the graph; it does not clear the gradient.
#
# ## The numbers in between
#
# `.grad` is kept for leaves only. For a tensor in the middle you have to ask beforehand, with `retain_grad()`. Or have a
# function called with the gradient as it passes: a *hook*. What a hook returns takes the gradient's place.

# %% [markdown] lang="zh"
# 第二次又加上了一个 7。`retain_graph` 保留的是图，并不会把梯度清零。
#
# ## 中间的数
#
# `.grad` 只给叶子保留。想要中间张量的梯度，得事先用 `retain_grad()` 说一声。也可以登记一个*钩子*（hook）：梯度经过时，
# 它会带着梯度被调用一次；它若返回一个值，就顶替原来的梯度。

# %%
x = torch.tensor(2.0, requires_grad=True)
square = x**2
square.retain_grad()
y = square * 3 + 1
y.backward()
print(x.grad, square.grad)

x = torch.tensor(2.0, requires_grad=True)
square = x**2
square.register_hook(lambda grad: print("passes:", grad))
square.register_hook(lambda grad: grad.clamp(-1, 1))
(square * 3 + 1).backward()
print(x.grad)

# %% [markdown] lang="en"
# The second hook cut the gradient 3 down to 1, so 4 arrived at `x` instead of 12. Two of these names are easily mixed up:
#
# | | what it keeps | when you want it |
# |---|---|---|
# | `t.retain_grad()` | the gradient that comes to `t` | to look at a number in the middle |
# | `backward(retain_graph=True)` | what the rules saved | to go backward a second time |
# | `backward(create_graph=True)` | what was saved, and a graph of the gradients themselves | for derivatives of derivatives |

# %% [markdown] lang="zh"
# 第二个钩子把梯度 3 截成了 1，所以到达 `x` 的是 4，而不是 12。有几个名字很容易弄混：
#
# | | 保留什么 | 什么时候用 |
# |---|---|---|
# | `t.retain_grad()` | 到达 `t` 的梯度 | 想看中间的某个数 |
# | `backward(retain_graph=True)` | 规则存下的值 | 想再做一次反向传播 |
# | `backward(create_graph=True)` | 存下的值，外加梯度自己的计算图 | 求导数的导数 |

# %% [markdown] lang="en"
# ## Derivatives of derivatives
#
# Gradients are computed by ordinary operations, so they can be differentiated like anything else. `torch.autograd.grad`
# returns gradients and leaves `.grad` alone.

# %% [markdown] lang="zh"
# ## 导数的导数
#
# 梯度也是用普通的运算算出来的，当然也可以对它求导。`torch.autograd.grad` 直接返回梯度，不动 `.grad`。

# %%
x = torch.linspace(-3, 3, 61, requires_grad=True)
curves = [torch.tanh(x)]
for _ in range(3):
    (slope,) = torch.autograd.grad(curves[-1].sum(), x, create_graph=True)
    curves.append(slope)
print([round(curve[30].item(), 3) + 0.0 for curve in curves])

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for curve, name in zip(curves, ("tanh", "first derivative", "second", "third")):
    axes.plot(x.detach().numpy(), curve.detach().numpy(), label=name)
axes.legend()
plt.show()

# %% [markdown] lang="en"
# The four numbers are the values at 0. The sum is a trick: each element of `tanh(x)` depends on its own $x$ alone, so the
# gradient of the sum is the list of the 61 slopes.
#
# ## How tinytorch does it
#
# What happens at a leaf is itself a node, the last one on every way:
#
# ```{source} tinytorch/autograd/node.py AccumulateGrad.run AccumulateGrad._add
# ```
#
# The first gradient becomes `.grad` as it is, if nobody else holds its memory; later ones are added into it. A lock makes
# sure that two threads do not add at the same time.

# %% [markdown] lang="zh"
# 打印的四个数是 0 处的值。求和是个小技巧：`tanh(x)` 的每个元素只和自己的 $x$ 有关，所以和的梯度就是这 61 个斜率。
#
# ## tinytorch 是怎么做的
#
# 叶子那里发生的事，本身也是一个节点，每条路的最后一站：
#
# ```{source} tinytorch/autograd/node.py AccumulateGrad.run AccumulateGrad._add
# ```
#
# 第一个梯度如果没有别人占着它的内存，就直接成为 `.grad`；后来的加进去。有一把锁，保证两个线程不会同时往里加。

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Newton's method
# Find a zero of `f` from `start`: repeat $x \leftarrow x - f(x) / f'(x)$ ten times, with autograd for the derivative.
# Return a float.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 牛顿法
# 从 `start` 出发找 `f` 的零点：重复十次 $x \leftarrow x - f(x) / f'(x)$，导数用自动求导。返回浮点数。
# :::


# %% tags=["exercise"]
def zero_of(f, start):
    return start


# %% tags=["solution"]
def zero_of(f, start):
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    for _ in range(10):
        y = f(x)
        (slope,) = torch.autograd.grad(y, x)
        with torch.no_grad():
            x -= y / slope
    return x.item()


# %% tags=["check"]
assert abs(zero_of(lambda x: x * x - 2, 1.0) - 2**0.5) < 1e-9, (
    "the square root of 2 is 1.41421..."
)
assert abs(zero_of(lambda x: x.cos() - x, 1.0) - 0.7390851332) < 1e-9, (
    "cos(x) = x at 0.739085..."
)
print("zero_of: right")

# %% [markdown] lang="en"
# :::{exercise} In pieces
# Return the gradient of `((x @ w) ** 2).mean()` with respect to `w`, but take the rows of `x` in pieces of `size` rows,
# so that there is never more than one piece in memory. All pieces have `size` rows.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 分几次算
# 求 `((x @ w) ** 2).mean()` 对 `w` 的梯度，但把 `x` 的行每 `size` 行分成一份来算，使内存里始终只有一份。每份都恰好 `size` 行。
# :::


# %% tags=["exercise"]
def in_pieces(x, w, size):
    return torch.zeros_like(w)


# %% tags=["solution"]
def in_pieces(x, w, size):
    w = w.detach().requires_grad_()
    for piece in x.split(size):
        (((piece @ w) ** 2).sum() / len(x)).backward()
    return w.grad


# %% tags=["check"]
rows = torch.arange(12.0).view(6, 2) / 10
w = torch.tensor([1.0, -2.0], requires_grad=True)
(expected,) = torch.autograd.grad(((rows @ w) ** 2).mean(), w)
assert torch.allclose(in_pieces(rows, w, 2), expected), (
    "gradients of pieces add up; mind what the mean divides by"
)
assert torch.allclose(in_pieces(rows, w, 3), expected), "it should work for any size"
print("in_pieces: right")

# %% [markdown] lang="en"
# :::{exercise} Curvature
# Return the second derivatives of `f` at `x` as a matrix: entry $(i, j)$ comes from differentiating with respect to
# $x_i$, then with respect to $x_j$. (It is called the Hessian.) `f` returns a single number.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 曲率
# 返回 `f` 在 `x` 处的二阶导数矩阵：第 $(i, j)$ 个元素，是先对 $x_i$ 求导、再对 $x_j$ 求导的结果（这叫作海森矩阵）。
# `f` 返回一个数。
# :::


# %% tags=["exercise"]
def hessian(f, x):
    return torch.zeros(len(x), len(x))


# %% tags=["solution"]
def hessian(f, x):
    x = x.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(f(x), x, create_graph=True)
    return torch.stack(
        [torch.autograd.grad(slope, x, retain_graph=True)[0] for slope in slopes]
    )


# %% tags=["check"]
found = hessian(lambda x: x[0] ** 2 * x[1] + x[1] ** 3, torch.tensor([2.0, 3.0]))
assert torch.allclose(found, torch.tensor([[6.0, 4.0], [4.0, 18.0]])), (
    "2 x1, 2 x0; 2 x0, 6 x1"
)
print("hessian: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Everything on this page is the same, the first lines of the errors included. In old programs `retain_graph` is called
# `retain_variables`.
# :::
#
# Next: [computing without a record](04_no_grad).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 这一页的一切都和 PyTorch 一样，包括报错的第一行。老程序里 `retain_graph` 叫 `retain_variables`。
# :::
#
# 下一页：[不做记录的计算](04_no_grad)。
