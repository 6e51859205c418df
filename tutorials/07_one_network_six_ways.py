# %% [markdown] lang="en"
# # One network, told six times
#
# The same small network can be written in ten lines or in forty. Do they compute the same? And who does the work of the
# lines that you no longer write?
#
# After this page you can write a two-layer network in all ways from plain NumPy to `nn.Module`, and say each time who
# does the work.

# %% [markdown] lang="zh"
# # 同一个网络，讲六遍
#
# 同一个小网络，可以写成十行，也可以写成四十行。它们算的是同样的东西吗？省下来的那些行，又是谁替你做了？
#
# 读完这一页，你能从只用 NumPy 开始，一直写到 `nn.Module`，并且说得出每一步都是谁在干活。

# %%
import matplotlib.pyplot as plt
import numpy as np

import tinytorch as torch
from tinytorch import nn

# %% [markdown] lang="en"
# ## The task
#
# Sixty-four robot arms, drawn at random: an upper arm and a forearm with two angles. From sine and cosine of both
# angles (4 numbers) the network shall say where the hand is (2 numbers). The truth is simple enough to be learned and
# too crooked for a line. One hidden layer of 40 numbers with a ReLU: two matrices, $w_1$ of shape $(4, 40)$ and $w_2$
# of shape $(40, 2)$. The ReLU makes negative numbers 0 and leaves the others as they are.

# %% [markdown] lang="zh"
# ## 任务
#
# 随机生成六十四条机械臂：一节上臂、一节前臂、两个角度。由两个角度的正弦和余弦（4 个数），网络要说出手在哪里（2 个数）。
# 真实的规律不难学，但也不是直线能描述的。中间是一个有 40 个数的隐藏层，加一个 ReLU：共两个矩阵，$w_1$ 的形状是 $(4, 40)$，
# $w_2$ 的形状是 $(40, 2)$。ReLU 把负数变成 0，其余的数不变。

# %%
torch.manual_seed(7)
shoulder, elbow = torch.rand(2, 64) * 3
x = torch.stack([shoulder.sin(), shoulder.cos(), elbow.sin(), elbow.cos()], dim=1)
bent = shoulder + elbow
y = torch.stack([shoulder.cos() + bent.cos(), shoulder.sin() + bent.sin()], dim=1)
start_w1 = torch.randn(4, 40) * 0.5
start_w2 = torch.randn(40, 2) * 0.2
rate, steps = 0.05, 401
print(x.shape, y.shape)
told = {}


def note(name, step, loss):
    told.setdefault(name, []).append(loss)
    if step % 100 == 0:
        print(f"{step:3}  {loss:.4f}")


# %% [markdown] lang="en"
# ## First: NumPy, everything by hand
#
# Forward is three lines and the loss. Backward is the chain rule, from the loss to the weights, in the opposite order. A
# product has two lines there, one for each of its sides.
#
# :::{predict}
# Which of the backward lines need something from the forward pass: `h`, `r`, `w2`? (Page 5 has the rule of the product.)
# :::

# %% [markdown] lang="zh"
# ## 第一遍：只用 NumPy，全部手写
#
# 前向是三行，再加上损失。反向就是链式法则，按相反的顺序从损失走到权重；前向的每个乘积在反向时对应两行，左右两边各一行。
#
# :::{predict}
# 反向的哪几行要用到前向时的 `h`、`r`、`w2`？（乘积的规则见第 5 页。）
# :::

# %%
xs, ys = x.numpy(), y.numpy()
w1, w2 = start_w1.numpy().copy(), start_w2.numpy().copy()
for step in range(steps):
    h = xs @ w1
    r = np.maximum(h, 0)
    y_pred = r @ w2
    loss = ((y_pred - ys) ** 2).mean()
    note("NumPy", step, loss.item())

    grad_y = 2 * (y_pred - ys) / ys.size
    grad_w2 = r.T @ grad_y
    grad_r = grad_y @ w2.T
    grad_h = grad_r * (h > 0)
    grad_w1 = xs.T @ grad_h

    w1 -= rate * grad_w1
    w2 -= rate * grad_w2

# %% [markdown] lang="en"
# Each side of a product needs the other one: `grad_w2` needs `r`, and `grad_r` needs `w2`. Of `h` only the sign is
# needed.
#
# ## Second: tensors, still by hand
#
# The names of the functions change, and nothing else: `np.maximum(h, 0)` becomes `h.clamp(min=0)`. What is gained is that
# PyTorch could run the same lines on a GPU.

# %% [markdown] lang="zh"
# 乘积的每一边都要用到另一边：`grad_w2` 要用 `r`，`grad_r` 要用 `w2`。`h` 则只用到正负号。
#
# ## 第二遍：换成张量，仍然手写
#
# 变的只是函数的名字：`np.maximum(h, 0)` 变成 `h.clamp(min=0)`。换来的好处是：PyTorch 可以把同样的几行放到 GPU 上跑。

# %%
w1, w2 = start_w1.clone(), start_w2.clone()
for step in range(steps):
    h = x.mm(w1)
    r = h.clamp(min=0)
    y_pred = r.mm(w2)
    loss = (y_pred - y).pow(2).mean()
    note("tensors", step, loss.item())

    grad_y = 2 * (y_pred - y) / y.numel()
    grad_w2 = r.t().mm(grad_y)
    grad_r = grad_y.mm(w2.t())
    grad_h = grad_r * (h > 0)
    grad_w1 = x.t().mm(grad_h)

    w1 -= rate * grad_w1
    w2 -= rate * grad_w2

# %% [markdown] lang="en"
# ## Third: autograd
#
# Five lines of calculus become one call. The forward pass may now have branches and loops: whatever ran is what gets
# differentiated.

# %% [markdown] lang="zh"
# ## 第三遍：自动求导
#
# 五行求导变成一次调用。前向里现在可以有分支、有循环：实际跑了什么，就对什么求导。

# %%
w1 = start_w1.clone().requires_grad_()
w2 = start_w2.clone().requires_grad_()
for step in range(steps):
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).mean()
    note("autograd", step, loss.item())
    loss.backward()
    with torch.no_grad():
        w1 -= rate * w1.grad
        w2 -= rate * w2.grad
    w1.grad = w2.grad = None

# %% tags=["tinytorch"]
from tinytorch import viz

y_pred = x.mm(w1).clamp(min=0).mm(w2)
loss = (y_pred - y).pow(2).mean()
viz.draw(loss, direction="backward")

# %% [markdown] lang="en"
# Read the picture from the loss upwards: the arrows carry `grad_y`, `grad_r`, `grad_h` and the gradients of the
# weights, the lines of the first telling.
#
# ## Fourth: a rule of your own
#
# Suppose there were no ReLU. Then you write its rule, and autograd does the rest. There are three ways to write it. In
# the first one, `forward` gets the context `ctx`, where it leaves what `backward` will need:

# %% [markdown] lang="zh"
# 从损失开始往上读：箭头上传递的是 `grad_y`、`grad_r`、`grad_h` 和权重的梯度，正是第一遍里手写的那几行。
#
# ## 第四遍：自己写一条规则
#
# 假如没有现成的 ReLU，就自己写一条规则，其余的交给自动求导。写法有三种。第一种，`forward` 拿到上下文 `ctx`，
# 把 `backward` 要用的东西放在里面：


# %%
class Positive(torch.autograd.Function):
    """y = x where x > 0, else 0"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x > 0)


# %% [markdown] lang="en"
# In the second, newer one, `forward` is an ordinary function, and `setup_context` keeps what `backward` will need:

# %% [markdown] lang="zh"
# 第二种较新：`forward` 就是普通的函数，由 `setup_context` 留下 `backward` 要用的东西：


# %%
class PositiveToo(torch.autograd.Function):
    """y = x where x > 0, else 0"""

    @staticmethod
    def forward(x):
        return x.clamp(min=0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x > 0)


def train(relu, name):
    w1 = start_w1.clone().requires_grad_()
    w2 = start_w2.clone().requires_grad_()
    for step in range(steps):
        loss = (relu(x.mm(w1)).mm(w2) - y).pow(2).mean()
        note(name, step, loss.item())
        loss.backward()
        with torch.no_grad():
            w1 -= rate * w1.grad
            w2 -= rate * w2.grad
        w1.grad = w2.grad = None


train(Positive.apply, "Function")
train(PositiveToo.apply, "setup_context")

# %% [markdown] lang="en"
# The third is from the first years of PyTorch: `forward` and `backward` are methods of an object that is made anew for
# each call. PyTorch has given it up; tinytorch still runs it, so that old texts can be followed (page 13).

# %% [markdown] lang="zh"
# 第三种出自 PyTorch 的早期：`forward` 和 `backward` 是对象的方法，每调用一次就新建一个对象。PyTorch 已经不支持了，
# tinytorch 仍然能跑，好让读者跟得上老教程（见第 13 页）。


# %% tags=["tinytorch"]
class OldPositive(torch.autograd.Function):
    """y = x where x > 0, else 0"""

    def forward(self, x):
        self.save_for_backward(x)
        return x.clamp(min=0)

    def backward(self, grad):
        (x,) = self.saved_tensors
        return grad * (x > 0)


train(lambda h: OldPositive()(h), "old Function")
y_pred = Positive.apply(x.mm(w1)).mm(w2)
viz.draw((y_pred - y).pow(2).mean())

# %% [markdown] lang="en"
# ## Fifth: layers in a row
#
# `nn.Linear` holds a matrix and multiplies by it; `nn.Sequential` calls one layer after the other; `nn.MSELoss` is the
# mean of the squares; `optim.SGD` subtracts: `for p in model.parameters(): p -= rate * p.grad`. To compare, we put our
# own starting weights in. A `Linear` keeps its matrix transposed: one row for each output.

# %% [markdown] lang="zh"
# ## 第五遍：一层接一层
#
# `nn.Linear` 保管一个矩阵，并负责乘上它；`nn.Sequential` 一层一层往下调用；`nn.MSELoss` 就是平方的平均；`optim.SGD` 负责减，做的就是 `for p in model.parameters(): p -= rate * p.grad`。
# 为了比较，我们放进自己的初始权重。`Linear` 存的矩阵是转置过的：每个输出占一行。

# %%
model = nn.Sequential(
    nn.Linear(4, 40, bias=False), nn.ReLU(), nn.Linear(40, 2, bias=False)
)
with torch.no_grad():
    model[0].weight.copy_(start_w1.t())
    model[2].weight.copy_(start_w2.t())
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
for step in range(steps):
    loss = loss_fn(model(x), y)
    note("Sequential", step, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% [markdown] lang="en"
# ## Sixth: a module of your own, and Adam
#
# When layers do not simply follow one another, you write a class: layers in `__init__`, the way through them in
# `forward`. This one has biases, its own starting weights, and Adam, which gives each weight a step size of its own. So
# its numbers are others, and they should be better.
#
# :::{note} Function or Module?
# A `Function` is one operation. It keeps nothing from call to call, and brings its own `backward`. A `Module` keeps
# parameters and puts operations together; its `backward` comes from theirs, so nobody writes one.
# :::
#
# :::{predict}
# How many numbers does this network learn? Count the biases, too.
# :::

# %% [markdown] lang="zh"
# ## 第六遍：自己的模块，加上 Adam
#
# 如果各层不是简单地首尾相接，就写一个类：层放在 `__init__` 里，数据怎样经过它们写在 `forward` 里。这一个带偏置，
# 用自己的初始权重，优化器换成 Adam，它给每个权重单独的步长。所以数字不再相同，而且应该更好。
#
# :::{note} Function 还是 Module？
# `Function` 是一个运算，两次调用之间什么也不保留，并且自带 `backward`。`Module` 保管参数，把若干运算组合起来；
# 它的 `backward` 由这些运算的 `backward` 得来，不用自己写。
# :::
#
# :::{predict}
# 这个网络一共要学多少个数？别忘了偏置。
# :::


# %%
class Arm(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.inner = nn.Linear(4, hidden)
        self.outer = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.outer(torch.relu(self.inner(x)))


torch.manual_seed(7)
model = Arm()
print(model)
print(sum(parameter.numel() for parameter in model.parameters()))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(steps):
    loss = loss_fn(model(x), y)
    note("Module, Adam", step, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %% [markdown] lang="en"
# $4 \cdot 40 + 40$ in the inner layer and $40 \cdot 2 + 2$ in the outer one. `torch.summary` makes a table of that; for
# PyTorch the package torchsummary does.

# %% [markdown] lang="zh"
# 内层有 $4 \cdot 40 + 40$ 个，外层有 $40 \cdot 2 + 2$ 个。`torch.summary` 会列成一张表；在 PyTorch 里，这是 torchsummary 这个包做的事。

# %% tags=["tinytorch"]
torch.summary(model, (4,))

# %% tags=["tinytorch"]
viz.draw(loss_fn(model(x), y))

# %% [markdown] lang="en"
# ## Side by side
#
# All but the last one tell the same network from the same start. Their losses should be the same.

# %% [markdown] lang="zh"
# ## 放在一起看
#
# 除了最后一遍，讲的都是同一个网络，起点也相同，所以损失应该一样。

# %%
for name in [
    "tensors",
    "autograd",
    "Function",
    "setup_context",
    "Sequential",
    "Module, Adam",
]:
    apart = max(abs(one - other) for one, other in zip(told["NumPy"], told[name]))
    print(
        f"{name:14} last loss {told[name][-1]:.4f}   the same as NumPy: {apart < 1e-4}"
    )

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for (name, losses), width in zip(told.items(), (9, 7, 5, 3, 2, 1, 2, 2)):
    axes.semilogy(losses, label=name, linewidth=width, alpha=0.6)
axes.set(xlabel="step", ylabel="loss")
axes.legend(fontsize=8)
plt.show()

# %% [markdown] lang="en"
# :::{break}
# In the third telling, leave out the line that clears the gradients. Each step is then much larger. Predict whether the
# loss falls faster or slower, then run it.
# :::

# %% [markdown] lang="zh"
# :::{break}
# 在第三遍里，去掉清空梯度的那一行，每一步就会大得多。先猜损失会降得更快还是更慢，再运行。
# :::

# %%
w1 = start_w1.clone().requires_grad_()
w2 = start_w2.clone().requires_grad_()
for step in range(101):
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).mean()
    if step % 20 == 0:
        print(f"{step:3}  {loss.item():.2f}  cleared: {told['autograd'][step]:.2f}")
    loss.backward()
    with torch.no_grad():
        w1 -= rate * w1.grad
        w2 -= rate * w2.grad

# %% [markdown] lang="en"
# Slower, and not even steadily. Every step now uses the sum of all gradients so far. The weights move like a ball
# without friction: it gathers speed, shoots past the bottom of the valley and up the other side. A little of that is
# useful, and is called momentum (page 9).
#
# ## How tinytorch does it
#
# The fifth telling calls this for each layer:
#
# ```{source} tinytorch/nn/linear.py Linear.forward
# ```
#
# and the ReLU between them is one rule:
#
# ```{source} tinytorch/ops/rectifiers.py Relu
# ```

# %% [markdown] lang="zh"
# 反而更慢，而且忽高忽低。现在每一步用的都是到目前为止所有梯度之和。权重就像一个没有摩擦的球：越滚越快，冲过谷底，
# 又爬上对面的山坡。这个效果留一点点是有用的，叫作动量（见第 9 页）。
#
# ## tinytorch 是怎么做的
#
# 第五遍里，每一层调用的就是：
#
# ```{source} tinytorch/nn/linear.py Linear.forward
# ```
#
# 中间的 ReLU 是一条规则：
#
# ```{source} tinytorch/ops/rectifiers.py Relu
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Biases by hand
# Add a bias to both layers of the first telling: return the gradients of the mean squared error with respect to `w1`,
# `b1`, `w2`, `b2`, without autograd. Shapes: `x` $(n, i)$, `w1` $(i, h)$, `b1` $(h)$, `w2` $(h, o)$, `b2` $(o)$.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 手写偏置
# 给第一遍的两层都加上偏置：不用自动求导，返回均方误差对 `w1`、`b1`、`w2`、`b2` 的梯度。
# 形状：`x` 是 $(n, i)$，`w1` 是 $(i, h)$，`b1` 是 $(h)$，`w2` 是 $(h, o)$，`b2` 是 $(o)$。
# :::


# %% tags=["exercise"]
def gradients(x, y, w1, b1, w2, b2):
    return w1 * 0, b1 * 0, w2 * 0, b2 * 0


# %% tags=["solution"]
def gradients(x, y, w1, b1, w2, b2):
    h = x.mm(w1) + b1
    r = h.clamp(min=0)
    grad_y = 2 * (r.mm(w2) + b2 - y) / y.numel()
    grad_h = grad_y.mm(w2.t()) * (h > 0)
    return x.t().mm(grad_h), grad_h.sum(dim=0), r.t().mm(grad_y), grad_y.sum(dim=0)


# %% tags=["check"]
leaves = [
    torch.randn(shape, dtype=torch.float64, requires_grad=True)
    for shape in ((4, 5), (5,), (5, 2), (2,))
]
a, b = x[:10].double(), y[:10].double()
w1, b1, w2, b2 = leaves
expected = torch.autograd.grad(
    ((torch.relu(a @ w1 + b1) @ w2 + b2) - b).pow(2).mean(), leaves
)
with torch.no_grad():
    found = gradients(a, b, w1, b1, w2, b2)
for name, one, other in zip(("w1", "b1", "w2", "b2"), found, expected):
    assert one.shape == other.shape, (
        f"the gradient of {name} should have the shape of {name}"
    )
    assert torch.allclose(one, other), f"the gradient of {name} is not right"
print("gradients: right")

# %% [markdown] lang="en"
# :::{exercise} A leak
# Write a `Function` for a ReLU that leaks: $x$ where $x > 0$, else $x / 10$. Save as little as you can.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 漏一点
# 为“漏一点”的 ReLU 写一个 `Function`：结果为 $x$（当 $x > 0$ 时），否则为 $x / 10$。保存的东西越少越好。
# :::


# %% tags=["exercise"]
class Leaky(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        return grad


# %% tags=["solution"]
class Leaky(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x > 0)
        return torch.where(x > 0, x, x / 10)

    @staticmethod
    def backward(ctx, grad):
        (positive,) = ctx.saved_tensors
        return torch.where(positive, grad, grad / 10)


# %% tags=["check"]
points = torch.tensor([-3.0, -0.5, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
expected = torch.tensor([-0.3, -0.05, 0.5, 2.0], dtype=torch.float64)
assert torch.allclose(Leaky.apply(points), expected), "look at the negative numbers"
assert torch.autograd.gradcheck(Leaky.apply, (points,), raise_exception=False), (
    "look at backward"
)
print("Leaky: right")

# %% [markdown] lang="en"
# :::{exercise} A module with a shortcut
# Complete the class: the result of `inner` with a ReLU is *added* to the input, and the sum goes into `outer`. This is a
# residual block, the idea behind very deep networks.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 带捷径的模块
# 把这个类补完：经过 `inner` 和 ReLU 的结果，先与输入*相加*，再进入 `outer`。这就是残差块，非常深的网络靠的就是它。
# :::


# %% tags=["exercise"]
class Shortcut(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.outer = nn.Linear(4, 2)

    def forward(self, x):
        return self.outer(x)


# %% tags=["solution"]
class Shortcut(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.outer = nn.Linear(4, 2)

    def forward(self, x):
        return self.outer(x + torch.relu(self.inner(x)))


# %% tags=["check"]
block = Shortcut()
by_hand = (
    x + (x @ block.inner.weight.t() + block.inner.bias).clamp(min=0)
) @ block.outer.weight.t()
assert torch.allclose(block(x), by_hand + block.outer.bias, atol=1e-6), (
    "outer(x + relu(inner(x)))"
)
print("Shortcut: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Everything runs on PyTorch and prints the same numbers, except for the old form of the `Function` and for
# `torch.summary`: seed, starting weights and arithmetic are PyTorch's.
# :::
#
# Next: [inside autograd](08_inside_autograd).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 除了旧式的 `Function` 和 `torch.summary`，其余全都能在 PyTorch 上运行，打印的数字也相同：随机种子、初始权重和算术都与 PyTorch 一致。
# :::
#
# 下一页：[自动求导的内部](08_inside_autograd)。
