# %% [markdown] lang="en"
# # Old programs, and how to read them
#
# You have found a good explanation, but its program is from 2017: `Variable`, `volatile=True`, `loss.data[0]`, and
# objects that are called like functions. Does all this still mean anything?
#
# After this page you can read programs for PyTorch 0.3, run them on tinytorch, and rewrite them line by line.

# %% [markdown] lang="zh"
# # 老程序，以及怎么读懂它们
#
# 你找到一篇讲得很好的文章，可它的程序是 2017 年的：`Variable`、`volatile=True`、`loss.data[0]`，还有当函数来调用的对象。
# 这些写法现在还有意义吗？
#
# 读完这一页，你能读懂为 PyTorch 0.3 写的程序，能在 tinytorch 上跑起来，还能一行一行地改写成今天的写法。

# %%
import contextlib
import warnings

import tinytorch as torch
from tinytorch import nn
from tinytorch.autograd import Variable


@contextlib.contextmanager
def warned():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for warning in found:
        print(f"{warning.category.__name__}: {warning.message}")


# %% [markdown] lang="en"
# ## Two classes, once
#
# Before version 0.4 there were tensors, which hold numbers, and Variables, which wrapped a tensor and had what autograd
# needs: `data`, the tensor inside; `grad`, the gradient; `grad_fn`, the operation that made it; `requires_grad`;
# `is_leaf`; and `volatile`. Without a Variable, no gradient. Then the two became one.
#
# :::{predict}
# Of which class is a `Variable` today?
# :::

# %% [markdown] lang="zh"
# ## 从前有两个类
#
# 在 0.4 版之前，张量只存数，Variable 则把张量包起来，带上自动求导需要的东西：`data` 是里面的张量，`grad` 是梯度，
# `grad_fn` 是得到它的运算，还有 `requires_grad`、`is_leaf` 和 `volatile`。没有 Variable，就没有梯度。后来两者合并成了一个。
#
# :::{predict}
# 今天，一个 `Variable` 属于哪个类？
# :::

# %%
x = Variable(torch.FloatTensor([1, 2, 3]), requires_grad=True)
plain = torch.tensor([1.0, 2.0, 3.0])
print(type(x).__name__, isinstance(plain, Variable))
print(x.data, x.grad, x.grad_fn, x.is_leaf)

# %% [markdown] lang="en"
# A tensor. `Variable(t, requires_grad=True)` is just another way to make a leaf, and `isinstance(t, Variable)` is true
# of every tensor.
#
# :::{history}
# `x.creator`, in the very first versions, is `x.grad_fn` today. A picture of a Variable as a box around a tensor is a
# picture from that time.
# :::
#
# ## volatile, and what replaced it
#
# `Variable(x, volatile=True)` meant: record nothing that is computed from me. The mark spread from tensor to tensor.
# `no_grad` marks a piece of the program instead.
#
# :::{predict}
# `v` is volatile, `w` requires a gradient. Does `v * w` require one today?
# :::

# %% [markdown] lang="zh"
# 就是张量。`Variable(t, requires_grad=True)` 只是创建叶子节点的另一种写法；任何张量都满足 `isinstance(t, Variable)`。
#
# :::{history}
# 最早的版本里的 `x.creator`，就是今天的 `x.grad_fn`。把 Variable 画成一个包着张量的盒子，那是当年的图。
# :::
#
# ## volatile 和它的替代品
#
# `Variable(x, volatile=True)` 的意思是：由我算出来的都不要记录。这个标记会从一个张量传给另一个张量。`no_grad` 标记的则是一段程序。
#
# :::{predict}
# `v` 带有 volatile 标记，`w` 要求梯度。今天，`v * w` 要求梯度吗？
# :::

# %%
with warned():
    v = Variable(plain, volatile=True)
w = torch.ones(3, requires_grad=True)
print((v * w).requires_grad)
with torch.no_grad():
    print((plain * w).requires_grad)

# %% [markdown] lang="en"
# It does. The word is accepted with a warning and does nothing: an old program that relied on it now records, and needs
# more memory.
#
# ## One number
#
# There were no tensors without dimensions. A loss had the shape `(1,)`, and its number was `loss.data[0]`. Now it has
# the shape `()`, which has no place number 0.

# %% [markdown] lang="zh"
# 要求。这个词还能写，会给出警告，但不起作用：依赖它的老程序现在会做记录，需要更多内存。
#
# ## 一个数
#
# 那时没有零维的张量。损失的形状是 `(1,)`，取出里面的数要写 `loss.data[0]`。现在它的形状是 `()`，没有第 0 个位置。

# %%
loss = (x * x).mean()
print(loss.shape, loss.item())

# %% tags=["tinytorch"]
with warned():
    print(loss.data[0])

# %% [markdown] lang="en"
# PyTorch raises an `IndexError` here. tinytorch understands what was meant, since every old text has it, and says so.
#
# ## Functions that are objects
#
# An operation of your own was an object, made for a single call. What it saved, it saved in itself.

# %% [markdown] lang="zh"
# PyTorch 在这里会抛出 `IndexError`。因为老文章里到处都是这种写法，tinytorch 明白它的意思，同时给出提醒。
#
# ## 函数是对象
#
# 从前，自己写的运算是一个对象，只供一次调用。要保存的东西，就存在对象自己身上。


# %% tags=["tinytorch"]
class Cube(torch.autograd.Function):
    """y = x^3"""

    def forward(self, x):
        self.save_for_backward(x)
        return x**3

    def backward(self, grad):
        (x,) = self.saved_tensors
        return grad * 3 * x**2


cube = Cube()
y = cube(x)
y.sum().backward()
print(x.grad)

# %% [markdown] lang="en"
# Why was it given up? An object has one memory, and it is easily used twice.
#
# :::{break}
# This one multiplies by a number and notes the number in itself. Call the *same* object with 2 and with 10, and go
# backward through both results. Which gradients would be right, and which will come out?
# :::

# %% [markdown] lang="zh"
# 后来为什么放弃了？因为一个对象只有一份记忆，又很容易被用上两次。
#
# :::{break}
# 下面这个对象乘以一个数，并把这个数记在自己身上。用*同一个*对象分别乘 2 和 10，再从两个结果做反向传播。
# 正确的梯度应该是多少，实际会得到多少？
# :::


# %% tags=["tinytorch"]
class Times(torch.autograd.Function):
    """y = n x"""

    def forward(self, x, n):
        self.n = n
        return x * n

    def backward(self, grad):
        return grad * self.n, None


times = Times()
one = torch.tensor(1.0, requires_grad=True)
two = torch.tensor(1.0, requires_grad=True)
(times(one, 2) + times(two, 10)).backward()
print(one.grad, two.grad)

# %% [markdown] lang="en"
# The derivatives are 2 and 10, but both came out as 10: the second call overwrote what the first had noted, without a
# word. Today `forward` and `backward` are static, and each call has a context of its own:

# %% [markdown] lang="zh"
# 导数应该是 2 和 10，得到的却都是 10：第二次调用覆盖了第一次记下的数，而且没有任何提示。今天，`forward` 和 `backward` 都是静态方法，
# 每次调用有自己的上下文：


# %%
class NewTimes(torch.autograd.Function):
    """y = n x"""

    @staticmethod
    def forward(ctx, x, n):
        ctx.n = n
        return x * n

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.n, None


one = torch.tensor(1.0, requires_grad=True)
two = torch.tensor(1.0, requires_grad=True)
(NewTimes.apply(one, 2) + NewTimes.apply(two, 10)).backward()
print(one.grad, two.grad)

# %% [markdown] lang="en"
# ## A program of 2017
#
# Here is a whole one, in the style of that time. It learns to tell points inside a circle from points outside of it.

# %% [markdown] lang="zh"
# ## 一个 2017 年的程序
#
# 下面是一个完整的例子，用的是当年的写法：学习区分圆里面和圆外面的点。

# %%
torch.manual_seed(5)
points = torch.randn(200, 2)
inside = (points.norm(2, 1) < 1.2).type(torch.FloatTensor).view(-1, 1)

# %% tags=["tinytorch"]
x, t = Variable(points), Variable(inside)
w1 = Variable(torch.linspace(-2, 2, 40).view(2, 20), requires_grad=True)
b1 = Variable(torch.linspace(-1, 1, 20), requires_grad=True)
w2 = Variable(torch.FloatTensor(20, 1).zero_(), requires_grad=True)


class OldTanh(torch.autograd.Function):
    def forward(self, x):
        y = x.tanh()
        self.save_for_backward(y)
        return y

    def backward(self, grad):
        (y,) = self.saved_tensors
        return grad * (1 - y * y)


old_losses = []
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for step in range(301):
        h = OldTanh()(x.mm(w1) + b1.expand(200, 20))
        loss = nn.functional.binary_cross_entropy(
            nn.functional.sigmoid(h.mm(w2)), t, size_average=True
        )
        old_losses.append(loss.data[0])
        loss.backward()
        for parameter in (w1, b1, w2):
            parameter.data -= 0.5 * parameter.grad.data
            parameter.grad.data.zero_()
        if step % 100 == 0:
            print(f"{step:3}  {loss.data[0]:.3f}")

# %% [markdown] lang="en"
# And the same today. Compare them line by line.

# %% [markdown] lang="zh"
# 同样的程序，今天这样写。一行一行对照着看。

# %%
w1 = torch.linspace(-2, 2, 40).view(2, 20).requires_grad_()
b1 = torch.linspace(-1, 1, 20).requires_grad_()
w2 = torch.zeros(20, 1, requires_grad=True)
loss_fn = nn.BCEWithLogitsLoss()
new_losses = []
for step in range(301):
    loss = loss_fn(torch.tanh(points @ w1 + b1) @ w2, inside)
    new_losses.append(loss.item())
    loss.backward()
    with torch.no_grad():
        for parameter in (w1, b1, w2):
            parameter -= 0.5 * parameter.grad
            parameter.grad = None
    if step % 100 == 0:
        print(f"{step:3}  {loss.item():.3f}")

# %% tags=["tinytorch"]
print(max(abs(old - new) for old, new in zip(old_losses, new_losses)) < 1e-4)

# %% [markdown] lang="en"
# ## A dictionary
#
# | 2017 | today | why |
# |---|---|---|
# | `Variable(t, requires_grad=True)` | `t.requires_grad_()` | one class |
# | `Variable(t, volatile=True)` | `with torch.no_grad():` | a piece of the program, not a mark that spreads |
# | `loss.data[0]` | `loss.item()` | tensors without dimensions |
# | `w.data -= lr * w.grad.data` | `with torch.no_grad(): w -= lr * w.grad` | writes are noticed |
# | `MyFunction()(x)` | `MyFunction.apply(x)` | each call its own context |
# | `backward(retain_variables=True)` | `backward(retain_graph=True)` | a better name |
# | `size_average=False` | `reduction="sum"` | three choices, not two |
# | `F.sigmoid(x)`, `F.tanh(x)` | `torch.sigmoid(x)`, `torch.tanh(x)` | functions of tensors |
# | `F.softmax(x)` | `F.softmax(x, dim=1)` | the guess was often wrong |
# | `torch.Tensor(2, 3)` | `torch.empty(2, 3)` | `torch.Tensor([2, 3])` means something else |
# | `x.type(torch.cuda.FloatTensor)` | `x.to("cuda")` | kind and place are two things |

# %% [markdown] lang="zh"
# ## 对照表
#
# | 2017 年 | 今天 | 为什么 |
# |---|---|---|
# | `Variable(t, requires_grad=True)` | `t.requires_grad_()` | 两个类合并成了一个 |
# | `Variable(t, volatile=True)` | `with torch.no_grad():` | 管的是一段程序，而不是会传开的标记 |
# | `loss.data[0]` | `loss.item()` | 有了零维张量 |
# | `w.data -= lr * w.grad.data` | `with torch.no_grad(): w -= lr * w.grad` | 写入会被发现 |
# | `MyFunction()(x)` | `MyFunction.apply(x)` | 每次调用有自己的上下文 |
# | `backward(retain_variables=True)` | `backward(retain_graph=True)` | 名字更准确 |
# | `size_average=False` | `reduction="sum"` | 有三种选择，不是两种 |
# | `F.sigmoid(x)`, `F.tanh(x)` | `torch.sigmoid(x)`, `torch.tanh(x)` | 就是张量的函数 |
# | `F.softmax(x)` | `F.softmax(x, dim=1)` | 自动猜维度常常猜错 |
# | `torch.Tensor(2, 3)` | `torch.empty(2, 3)` | `torch.Tensor([2, 3])` 是另一回事 |
# | `x.type(torch.cuda.FloatTensor)` | `x.to("cuda")` | 类型和位置是两件事 |

# %% [markdown] lang="en"
# One trap deserves a look, the capital `Tensor`: numbers are a shape, and a list is the content.

# %% [markdown] lang="zh"
# 有一个坑值得看一眼，就是大写的 `Tensor`：给它几个数，那是形状；给它一个列表，那才是内容。

# %%
print(torch.Tensor(2, 3).shape, torch.Tensor([2, 3]), torch.tensor([2, 3]))
print(torch.Tensor(3).fill_(7), torch.Tensor(3).normal_(0, 1).shape)

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# `Variable` is a class whose call returns a plain tensor around the same memory, with the flag set:
#
# ```{source} tinytorch/autograd/variable.py Variable
# ```

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# `Variable` 是一个类，调用它得到的是普通的张量，与传进来的共用内存，只是设好了标志：
#
# ```{source} tinytorch/autograd/variable.py Variable
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Bring it up to date
# Here is an old function. Rewrite it for today's PyTorch, without `Variable`, `.data` and old arguments. It returns the
# weight after `steps` steps, as a tensor without a history.
#
# ```python
# def fit(x, y, steps):
#     w = Variable(torch.zeros(1), requires_grad=True)
#     for _ in range(steps):
#         loss = nn.functional.mse_loss(x * w, y, size_average=False)
#         loss.backward()
#         w.data -= 0.1 * w.grad.data
#         w.grad.data.zero_()
#     return w.data
# ```
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 改成今天的写法
# 下面是一个老函数。请改写成今天的 PyTorch，不用 `Variable`、`.data` 和旧参数。它返回 `steps` 步之后的权重，是一个没有来历的张量。
#
# ```python
# def fit(x, y, steps):
#     w = Variable(torch.zeros(1), requires_grad=True)
#     for _ in range(steps):
#         loss = nn.functional.mse_loss(x * w, y, size_average=False)
#         loss.backward()
#         w.data -= 0.1 * w.grad.data
#         w.grad.data.zero_()
#     return w.data
# ```
# :::


# %% tags=["exercise"]
def fit(x, y, steps):
    return torch.zeros(1)


# %% tags=["solution"]
def fit(x, y, steps):
    w = torch.zeros(1, requires_grad=True)
    for _ in range(steps):
        loss = nn.functional.mse_loss(x * w, y, reduction="sum")
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return w.detach()


# %% tags=["check"]
x = torch.tensor([0.5, -1.0, 1.0])
w = fit(x, 3 * x, 50)
assert abs(w.item() - 3) < 0.01, "the sum of squares, a rate of 0.1, gradients cleared"
assert not w.requires_grad, "a tensor without a history"
print("fit: right")

# %% [markdown] lang="en"
# :::{exercise} A new Function
# Here is an old one; write it with static methods. It clips the *gradient* to between -1 and 1 and leaves the values as
# they are.
#
# ```python
# class Clip(torch.autograd.Function):
#     def forward(self, x):
#         return x * 1
#
#     def backward(self, grad):
#         return grad.clamp(-1, 1)
# ```
# :::

# %% [markdown] lang="zh"
# :::{exercise} 新式的 Function
# 下面是一个旧式的，请改成静态方法。它把*梯度*截断在 -1 和 1 之间，值保持不变。
#
# ```python
# class Clip(torch.autograd.Function):
#     def forward(self, x):
#         return x * 1
#
#     def backward(self, grad):
#         return grad.clamp(-1, 1)
# ```
# :::


# %% tags=["exercise"]
class Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        return grad * 0


# %% tags=["solution"]
class Clip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(-1, 1)


# %% tags=["check"]
x = torch.tensor([1.0, 2.0], requires_grad=True)
(Clip.apply(x) * torch.tensor([5.0, -0.5])).sum().backward()
assert x.grad.tolist() == [1.0, -0.5], "5 becomes 1, -0.5 stays"
print("Clip: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# PyTorch today still has `Variable`, warns of `volatile`, and refuses `loss.data[0]`, `retain_variables` and Functions
# that are objects. All cells that it can run print the same here and there.
# :::
#
# You have come to the end. The [gallery](../gallery) has more graphs to look at, and the [design notes](../design) tell
# how tinytorch is built.

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 今天的 PyTorch 仍有 `Variable`，对 `volatile` 给出警告，拒绝 `loss.data[0]`、`retain_variables` 和对象式的 Function。
# 凡是它能运行的单元格，两边打印的都一样。
# :::
#
# 教程到这里就结束了。[计算图画廊](../gallery) 里还有更多的图可看，[设计说明](../design) 讲了 tinytorch 是怎么搭起来的。
