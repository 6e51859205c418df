# %% [markdown] lang="en"
# # Tensors
#
# A transposed matrix of a million numbers takes as long to make as one of twelve. How can that be?
#
# After this page you can make tensors, tell which of them share memory, write into them on purpose and not by accident,
# and hand them to NumPy and back.

# %% [markdown] lang="zh"
# # 张量
#
# 转置一个一百万个数的矩阵，和转置一个十二个数的矩阵，花的时间一样多。这是怎么做到的？
#
# 读完这一页，你会创建张量，能看出哪些张量共用同一块内存，知道什么时候是有意写入、什么时候是误改，
# 还会在张量和 NumPy 数组之间来回转换。

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinytorch as torch

# %% [markdown] lang="en"
# ## Numbers in a grid
#
# A tensor is a block of numbers of one kind, arranged in as many dimensions as you like. Here are the temperatures of
# three rooms, measured four times a day.

# %% [markdown] lang="zh"
# ## 排成格子的数
#
# 张量就是一组同一类型的数，可以排成任意多个维度。下面是三个房间的温度，每天测四次。

# %%
rooms = torch.tensor(
    [[18.5, 21.0, 22.5, 20.0], [17.0, 19.5, 20.0, 18.0], [15.0, 16.0, 18.5, 16.5]]
)
print(rooms)
print(rooms.shape, rooms.size(1), rooms.dim(), rooms.numel())

# %% [markdown] lang="en"
# Three rows, four columns: the shape is `(3, 4)`, there are 2 dimensions and 12 numbers. (`size()` is another word for
# `shape`, and `size(1)` its second number.) Most tensors are not typed in
# but made by rule, or drawn at random. `rand` draws evenly between 0 and 1, `randn` from the normal distribution; with
# the same seed, the same numbers are drawn every time. `..._like(x)` takes shape and kind from `x`, `x.new_...` the
# kind alone. `empty` fills nothing in: it holds what happened to be there, until `uniform_`, `normal_` or `fill_` write
# into it.

# %% [markdown] lang="zh"
# 三行四列：形状是 `(3, 4)`，有 2 个维度、12 个数。（`size()` 和 `shape` 是一回事，`size(1)` 是其中的第二个数。）
# 大多数张量不是一个个敲进去的，而是按规则生成，或者随机抽取。
# `rand` 在 0 和 1 之间均匀抽取，`randn` 按正态分布抽取；随机种子相同，抽出来的数每次都相同。`..._like(x)` 沿用 `x` 的形状和类型，
# `x.new_...` 只沿用类型。`empty` 什么也不填，里面是内存中碰巧留下的数，等着 `uniform_`、`normal_` 或 `fill_` 往里写。

# %%
print(torch.zeros(2, 3))
print(torch.full((2, 2), 7.0))
print(torch.arange(0, 1, 0.25), torch.linspace(0, 1, 5))
print(torch.ones(2, dtype=torch.long), torch.zeros_like(rooms).shape, rooms.new_ones(2))
torch.manual_seed(1)
print(torch.rand(3), torch.randn(3))
print(torch.randn_like(rooms).shape, torch.empty(3).uniform_(10, 20))

# %% [markdown] lang="en"
# ## One kind of number
#
# The kind is the `dtype`. Numbers with a point become `float32`, whole numbers `int64`. In an expression the more general
# kind wins.
#
# :::{predict}
# Which dtypes do `counts`, `counts / 2` and `counts * 0.5` have? Write it down before you run the cell.
# :::

# %% [markdown] lang="zh"
# ## 数的类型
#
# 数的类型叫作 `dtype`。带小数点的数是 `float32`，整数是 `int64`。混在一个算式里时，更一般的类型说了算。
#
# :::{predict}
# `counts`、`counts / 2` 和 `counts * 0.5` 的 `dtype` 各是什么？先写下来，再运行。
# :::

# %%
counts = torch.tensor([3, 4, 5])
print(counts.dtype, (counts / 2).dtype, (counts * 0.5).dtype, (counts // 2).dtype)
print(counts.float(), counts.to(torch.float64), rooms.long()[0])
print(counts.type(), counts.type(torch.DoubleTensor).type())

# %% [markdown] lang="en"
# `long()` cuts off what is behind the point. `type()` is the older way: without an argument it says the kind in a word,
# with one it converts. Dividing whole numbers gives floating point ones, but not every operation is so kind. What is the
# mean of whole numbers?

# %% [markdown] lang="zh"
# `long()` 直接去掉小数部分。`type()` 是较老的写法：不带参数时报出类型的名字，带参数时做转换。
# 整数相除会自动变成浮点数，但不是每种运算都这么体贴。整数的平均值是什么？

# %% tags=["error"]
try:
    counts.mean()
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# The first line is PyTorch's, word for word: you can search for it. Below it stands what to do. This is how errors look
# throughout tinytorch.
#
# ## Dimensions come and go
#
# A reduction takes a dimension away. `dim=1` means: along the second dimension, so one number for every row is left.

# %% [markdown] lang="zh"
# 第一行和 PyTorch 的报错一字不差，可以直接拿去搜索；下面几行说的是怎么改。tinytorch 的报错都是这个样子。
#
# ## 维度的增减
#
# 归约会消去一个维度。`dim=1` 的意思是：沿着第二个维度算，于是每一行只剩一个数。

# %%
print(rooms.sum(dim=1))
values, places = rooms.max(dim=1)
print(values, places)
print(rooms.mean(dim=0))

# %% [markdown] lang="en"
# `max` along a dimension returns two tensors: the largest values, and where they are. `unsqueeze` puts a dimension of
# length 1 in, `squeeze` takes it out; without a number, `squeeze` takes out all of them. That matters for
# *broadcasting*: shapes are compared from the right, and a side of length 1 is repeated as often as needed.

# %% [markdown] lang="zh"
# 沿着某个维度求 `max` 会返回两个张量：最大值，以及最大值的位置。`unsqueeze` 插入一个长度为 1 的维度，`squeeze` 把它去掉；不带参数的 `squeeze` 会去掉所有长度为 1 的维度。
# 这和*广播*有关：形状从右往左比较，长度为 1 的那一边会按需要重复。

# %%
average = rooms.mean(dim=1)
column = average.unsqueeze(1)
print(average.shape, column.shape, column.squeeze(1).shape, column.squeeze().shape)
print(rooms - column)

# %% [markdown] lang="en"
# :::{break}
# Leave the `unsqueeze` out: `(3, 4)` minus `(3,)`. Compare the two shapes from the right before you run it. Had there
# been three measurements a day, `(3, 3)` minus `(3,)`, it would have run, and subtracted from every *column* the average
# of a room. Such a mistake raises nothing.
# :::

# %% [markdown] lang="zh"
# :::{break}
# 去掉 `unsqueeze` 试试：`(3, 4)` 减 `(3,)`。运行之前，先从右往左比一比这两个形状。假如每天只测三次，`(3, 3)` 减 `(3,)`
# 就能运行，不过它是从每一*列*里减去某个房间的平均值。这样的错误不会有任何提示。
# :::

# %% tags=["error"]
try:
    rooms - average
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# ## Views: one memory, many shapes
#
# Memory is one long row of cells. A tensor of shape `(3, 4)` is such a row together with a rule how to walk it: the
# *strides*. `(4, 1)` says that one step down skips 4 numbers, and one step to the right skips 1.
#
# :::{predict}
# `grid.t()` is the transpose, shape `(4, 3)`. Which strides does it need, so that not a single number has to move?
# :::

# %% [markdown] lang="zh"
# ## 视图：一块内存，多种形状
#
# 内存是长长的一排格子。形状为 `(3, 4)` 的张量，就是这样一排格子加上一条走法，这条走法叫作*步幅*（stride）。
# `(4, 1)` 的意思是：往下走一步跳过 4 个数，往右走一步跳过 1 个数。
#
# :::{predict}
# `grid.t()` 是转置，形状为 `(4, 3)`。要想一个数都不搬动，它的步幅应该是多少？
# :::

# %%
grid = torch.arange(12).view(3, 4)
print(grid)
print(grid.stride(), grid.t().stride(), grid[:, 1].stride(), grid[:, ::2].stride())
print(grid.t().data_ptr() == grid.data_ptr())

# %% [markdown] lang="en"
# The transpose begins at the same address and only exchanges the two strides. That answers the question at the top:
# nothing is moved, however large the matrix is. A tensor that looks at another one's memory is called a *view*. The
# picture shows in which order each of them walks the same twelve cells.

# %% [markdown] lang="zh"
# 转置从同一个地址开始，只是把两个步幅对调了一下。开头的问题就有了答案：不管矩阵多大，一个数都没有搬动。
# 像这样使用另一个张量的内存的张量，叫作*视图*。下图画的是它们各按什么顺序走过同样的十二个格子。

# %% tags=["hide-input"]
views = {
    "grid, strides (4, 1)": grid,
    "grid.t(), strides (1, 4)": grid.t(),
    "grid[:, ::2], strides (4, 2)": grid[:, ::2],
}
figure, rows = plt.subplots(len(views), figsize=(7, 3.4), layout="constrained")
for axes, (title, view) in zip(rows, views.items()):
    axes.set_title(title, loc="left", fontsize=10, family="monospace")
    axes.set(xlim=(-0.6, 11.6), ylim=(-0.5, 0.5))
    axes.axis("off")
    for cell in range(12):
        axes.add_patch(
            plt.Rectangle((cell - 0.5, -0.42), 1, 0.84, fill=False, edgecolor="silver")
        )
    for row, cells in enumerate(view):
        for cell in cells.tolist():
            axes.add_patch(
                plt.Rectangle(
                    (cell - 0.46, -0.38), 0.92, 0.76, color=f"C{row}", alpha=0.3
                )
            )
    for order, cell in enumerate(view.flatten().tolist()):
        axes.text(cell, 0, str(order), ha="center", va="center")
plt.show()

# %% [markdown] lang="en"
# Each colour is a row of the view; the number in a cell says when it is visited. Whoever shares memory shares what is
# written into it:

# %% [markdown] lang="zh"
# 每种颜色是视图的一行，格子里的数是它第几个被访问。既然共用内存，写进去的东西自然也是共享的：

# %%
row = grid[1]
row[0] = 100
column = grid.t()[2]
column.zero_()
print(grid)

# %% [markdown] lang="en"
# `view` gives another shape to the same memory. That works only if the numbers can be walked with fixed strides. After a
# transpose they often cannot.
#
# :::{break}
# Ask for the transpose as one row of 12.
# :::

# %% [markdown] lang="zh"
# `view` 给同一块内存换一个形状。前提是这些数能用固定的步幅走完，转置之后往往就做不到了。
#
# :::{break}
# 试着把转置看成一行 12 个数。
# :::

# %% tags=["error"]
try:
    grid.t().view(12)
except RuntimeError as error:
    print("RuntimeError:", error)

# %%
flat = grid.t().reshape(12)
print(flat)
print(
    grid.is_contiguous(), grid.t().is_contiguous(), flat.data_ptr() == grid.data_ptr()
)
print(grid.view(2, -1).shape, grid.view(-1, 3, 4).permute(2, 0, 1).shape)
print(grid.view(-1, 3, 4).transpose(0, 2).shape)

# %% [markdown] lang="en"
# `reshape` copies where it must and shares where it can; `-1` stands for "as many as are left"; `permute` puts all
# dimensions in a new order, `transpose` exchanges two of them. When you need to be sure of a memory of your own, say
# `clone()`.
#
# ## Indexing
#
# :::{predict}
# Three ways to pick numbers out of `grid`. Which of them still see the change to `grid` at the end?
# :::

# %% [markdown] lang="zh"
# `reshape` 能共用就共用，不得已才复制；`-1` 表示“剩下多少就是多少”；`permute` 把所有维度按新的顺序排列，`transpose`
# 只对调其中两个。如果一定要有一份自己的内存，就写 `clone()`。
#
# ## 索引
#
# :::{predict}
# 从 `grid` 里取数的三种办法。最后修改 `grid` 时，哪几个会跟着变？
# :::

# %%
grid = torch.arange(12).view(3, 4)
by_slice = grid[:2, 1:3]
by_list = grid[[0, 2]]
by_mask = grid[grid > 8]
grid[0, 1] = -1
print(by_slice)
print(by_list)
print(by_mask)

# %% [markdown] lang="en"
# Only the slice: first row and second column can be walked with strides, so a slice is a view. A list of rows or a mask
# picks numbers at any places, so they are copied. On the *left* of `=`, all three write into the tensor itself:

# %% [markdown] lang="zh"
# 只有切片会变：切片可以用步幅走完，所以是视图。用列表或掩码挑出来的数可能在任何位置，只能复制。
# 不过，放在 `=` 的*左边*时，三种写法都会写进原来的张量：

# %%
grid[grid > 8] = 8
grid[[0, 2]] += 10
print(grid)

# %% [markdown] lang="en"
# ## In place
#
# A method whose name ends in `_` changes the tensor it is called on. `x += 1` does so, too. `x = x + 1` makes a new
# tensor and hangs the name `x` onto it; everybody else keeps the old one.

# %% [markdown] lang="zh"
# ## 就地操作
#
# 名字以 `_` 结尾的方法会改动张量本身，`x += 1` 也一样。`x = x + 1` 则是新建一个张量，再把名字 `x` 挂上去，
# 别人手里的还是旧的。

# %%
x = torch.ones(3)
alias = x
x.add_(1).mul_(3)
x += 1
print(alias)
x = x + 1
print(alias, x)

# %% [markdown] lang="en"
# So there are four ways to add. Three of them leave both tensors as they are and differ in where the result goes; the
# fourth writes into the first tensor.

# %% [markdown] lang="zh"
# 于是，加法有四种写法。前三种都不动原来的两个张量，区别只在结果放到哪里；第四种写进前一个张量。

# %%
a, b = torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])
result = torch.empty(2)
print(a + b, torch.add(a, b), torch.add(a, b, out=result), a)
print(a.add_(b), a, result)
table = torch.zeros(2, 3)
print(table.t_().shape, table.unsqueeze_(0).shape, table.transpose_(1, 2).shape)
print(torch.clamp(a - 20, min=0), np.maximum((a - 20).numpy(), 0))

# %% [markdown] lang="en"
# `t_`, `unsqueeze_` and `transpose_` change the shape in place: `table` is another table each time. `clamp` cuts off
# what is too small or too large; with `min=0` it does what `np.maximum(x, 0)` does.
#
# The difference between `a + b` and `a.add_(b)` will matter a great deal once gradients are recorded: values that
# backward still needs must not be overwritten.
#
# ## NumPy and back

# %% [markdown] lang="zh"
# `t_`、`unsqueeze_`、`transpose_` 就地改变形状：每次之后 `table` 的形状都不同了。`clamp` 把太小或太大的数截断；
# 写 `min=0` 时，作用和 `np.maximum(x, 0)` 相同。
#
# 等到开始记录梯度时，`a + b` 和 `a.add_(b)` 的区别会非常要紧：反向传播还要用的值，不能被覆盖。
#
# ## 与 NumPy 互相转换

# %%
array = np.array([1.0, 2.0, 3.0])
shared = torch.from_numpy(array)
copied = torch.tensor(array)
array[0] = 99
print(shared, copied)
back = shared.numpy()
back[1] = -1
print(array, shared)

# %% [markdown] lang="en"
# `from_numpy` and `numpy()` share the memory, `torch.tensor` copies. Note the dtype: NumPy's floating point numbers are
# `float64`, and stay so. Layers and losses want `float32`, so a typical first line is
# `torch.from_numpy(a.astype(np.float32))`.
#
# ## How tinytorch does it
#
# A tensor of tinytorch *is* a NumPy array with a few things around it. Its strides are NumPy's, which count bytes:

# %% [markdown] lang="zh"
# `from_numpy` 和 `numpy()` 共用内存，`torch.tensor` 则会复制。留意 `dtype`：NumPy 的浮点数是 `float64`，转过来还是
# `float64`。而网络层和损失函数要的是 `float32`，所以常见的第一行是 `torch.from_numpy(a.astype(np.float32))`。
#
# ## tinytorch 是怎么做的
#
# tinytorch 的张量*就是*一个 NumPy 数组，外面再包几样东西。它的步幅就是 NumPy 的步幅，只不过按字节数：

# %% tags=["tinytorch"]
print(type(grid._array), grid._array.strides, grid.stride())

# %% [markdown] lang="en"
# So a transpose is one line. It stands in a *rule*, a small class that says how an operation is computed and, below that,
# how a gradient comes back through it. Page 3 explains the lower half.
#
# ```{source} tinytorch/ops/transposition.py Transpose
# ```
#
# `ViewRule` is for all operations whose result shares the memory of their input.

# %% [markdown] lang="zh"
# 所以转置只要一行代码。这一行写在一条*规则*里：规则是一个小小的类，上半部分说怎么算，下半部分说梯度怎么传回来。
# 下半部分留到第 3 页再讲。
#
# ```{source} tinytorch/ops/transposition.py Transpose
# ```
#
# 凡是结果与输入共用内存的运算，都用 `ViewRule`。

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Each room on the same scale
# Return `x` with every row shifted and scaled to mean 0 and largest absolute value 1. No loop.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 换到同一个尺度
# 把 `x` 的每一行平移、缩放，使平均值为 0、绝对值最大为 1，然后返回。不许用循环。
# :::


# %% tags=["exercise"]
def same_scale(x):
    return x


# %% tags=["solution"]
def same_scale(x):
    x = x - x.mean(dim=1, keepdim=True)
    return x / x.abs().amax(dim=1, keepdim=True)


# %% tags=["check"]
scaled = same_scale(rooms)
assert scaled.shape == rooms.shape, "the shape should stay (3, 4)"
assert torch.allclose(scaled.mean(dim=1), torch.zeros(3), atol=1e-6), (
    "every row should have mean 0"
)
assert torch.allclose(scaled.abs().max(dim=1).values, torch.ones(3)), (
    "the largest absolute value should be 1"
)
assert rooms[0, 0] == 18.5, "the argument itself should not change"
print("same_scale: right")

# %% [markdown] lang="en"
# :::{exercise} A chessboard
# Return a board of `n` times `n` zeros with ones on the black squares: where row plus column is odd. Write the ones
# through two slices, no loop.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 棋盘
# 返回一个 `n` 乘 `n` 的棋盘：全是 0，黑格处（行号加列号为奇数）是 1。用两个切片写入，不许用循环。
# :::


# %% tags=["exercise"]
def chessboard(n):
    return torch.zeros(n, n)


# %% tags=["solution"]
def chessboard(n):
    board = torch.zeros(n, n)
    board[::2, 1::2] = 1
    board[1::2, ::2] = 1
    return board


# %% tags=["check"]
assert chessboard(3).tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]], (
    "look at the board of 3 x 3"
)
assert chessboard(8).sum() == 32, "half of the 64 squares are black"
print("chessboard: right")

# %% [markdown] lang="en"
# :::{exercise} Do they share memory?
# Return whether writing into `a` can change `b`. Find out by trying it, and leave both as they were. (Both are floating
# point and not empty; assume that they share all of their memory or none of it.)
# :::

# %% [markdown] lang="zh"
# :::{exercise} 共用内存吗？
# 判断写入 `a` 会不会改变 `b`，返回真或假。动手试一下就知道了，试完要把两者恢复原样。（两者都是浮点数、都不为空；
# 假定它们要么共用全部内存，要么完全不共用。）
# :::


# %% tags=["exercise"]
def share_memory(a, b):
    return None


# %% tags=["solution"]
def share_memory(a, b):
    a_before, b_before = a.clone(), b.clone()
    a.add_(1)
    changed = not torch.equal(b, b_before)
    a.copy_(a_before)
    return changed


# %% tags=["check"]
a = torch.arange(6.0)
assert share_memory(a, a.view(2, 3).t()) is True, "a transposed view shares memory"
assert share_memory(a, a.clone()) is False, "a clone does not"
assert share_memory(a, a[[0, 1, 2, 3, 4, 5]]) is False, "a list of indices copies"
assert a.tolist() == [0, 1, 2, 3, 4, 5], "a should be as it was"
print("share_memory: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Put `import torch` in the place of `import tinytorch as torch`, and this page prints the same, but for the cell with
# `_array` and for what stands below the first line of an error.
# :::
#
# :::{torch} On a GPU
# PyTorch's tensors may also live on a graphics card. `x.to("cuda")` or `x.cuda(0)` copies a tensor to the first one,
# `x.cpu()` brings it back; `x.device` says where it is. All tensors of an operation must be in the same place, and
# `numpy()` works on the CPU only. Programs that should run anywhere ask `torch.cuda.is_available()` once, at the top.
# In tinytorch the answer is always `False`.
# :::
#
# Next: [what happens when a tensor asks for its gradient](02_graph).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 把 `import tinytorch as torch` 换成 `import torch`，这一页打印的结果完全一样，只有用到 `_array` 的那一格、
# 以及报错第一行以下的文字除外。
# :::
#
# :::{torch} 放到 GPU 上
# PyTorch 的张量还可以放在显卡上。`x.to("cuda")` 或 `x.cuda(0)` 把张量复制到第一块显卡，`x.cpu()` 再取回来；`x.device` 说明它在哪里。
# 参与同一个运算的张量必须在同一个地方，而 `numpy()` 只能用于 CPU 上的张量。要想到处都能跑，程序开头先问一次
# `torch.cuda.is_available()`。在 tinytorch 里，答案总是 `False`。
# :::
#
# 下一页：[张量要求梯度时，会发生什么](02_graph)。
