# %% [markdown] lang="en"
# # When gradients go wrong
#
# The loss does not fall, or a message in red says something about versions and leaves. What now?
#
# Here are twenty mishaps that people often ask about, in five groups: no gradient arrives, backward refuses, shapes and
# kinds do not fit, rules of your own, and the worst: nothing is said at all. Each is provoked, read and mended. After
# this page you know the messages when you meet them.
#
# :::{predict}
# Before you run a cell, say what will happen: an error, a warning, or a wrong number and no word?
# :::

# %% [markdown] lang="zh"
# # 梯度出了问题怎么办
#
# 损失降不下去，或者红色的报错里说什么版本、什么叶子。怎么办？
#
# 这里有大家常问的二十种毛病，分成五组：梯度没有来、反向传播走不下去、形状或类型对不上、自己写的规则，
# 以及最糟的一种：什么提示都没有。每一种都故意弄出来，读一读，再改好。读完这一页，以后遇到这些报错就认得了。
#
# :::{predict}
# 运行每一格之前，先说说会发生什么：报错、警告，还是给出一个错误的数却什么也不说？
# :::

# %%
import contextlib
import warnings

import tinytorch as torch
from tinytorch import nn


@contextlib.contextmanager
def shown():
    try:
        yield
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def warned():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for warning in found:
        print(f"{warning.category.__name__}: {str(warning.message).split('. ')[0]}")


# %% [markdown] lang="en"
# ## No gradient arrives
#
# **1. The gradient of something in the middle.** `.grad` is kept for leaves; `h` is none.

# %% [markdown] lang="zh"
# ## 梯度没有来
#
# **1. 中间张量的梯度。** `.grad` 只给叶子保留，而 `h` 不是叶子。

# %%
x = torch.tensor(2.0, requires_grad=True)
h = x * 3
(h * h).backward()
with warned():
    print(h.grad)

# %% [markdown] lang="en"
# *Cure:* `h.retain_grad()` before `backward`, or read the gradient of the leaf. (`retain_graph=True` is something else,
# see page 3.) It has to be a tensor that takes part:

# %% [markdown] lang="zh"
# *办法*：在 `backward` 之前调用 `h.retain_grad()`，或者读叶子的梯度。（`retain_graph=True` 是另一回事，见第 3 页。）
# 而且必须是参与求导的张量：

# %% tags=["error"]
with shown():
    torch.ones(2).retain_grad()

# %% [markdown] lang="en"
# **2. Nothing to go back to.** The chain from the loss to the leaves is cut somewhere: by `detach`, `no_grad`, `.item()`,
# `argmax`, a comparison, or because nobody asked for gradients.

# %% [markdown] lang="zh"
# **2. 没有可以往回走的路。** 从损失到叶子的链条在某处断了：`detach`、`no_grad`、`.item()`、`argmax`、比较运算，
# 或者根本没有人要求梯度。

# %% tags=["error"]
with shown():
    scores = torch.tensor([0.2, 0.9, 0.4], requires_grad=True)
    guess = scores.argmax().float()
    (guess - 2).pow(2).backward()

# %% [markdown] lang="en"
# *Cure:* follow the values back from the loss and look at each `requires_grad`. `argmax` has no slope: compute the loss
# from the scores themselves. `viz.record()` shows the place:

# %% [markdown] lang="zh"
# *办法*：从损失往回找，逐个看 `requires_grad`。`argmax` 没有斜率：应该直接用 scores 来算损失。`viz.record()` 会标出断在哪里：

# %% tags=["tinytorch"]
from tinytorch import viz

with viz.record() as recording:
    scores = torch.tensor([0.2, 0.9, 0.4], requires_grad=True)
    guess = scores.argmax().float()
    loss = (guess - 2).pow(2)
recording.draw(loss)

# %% [markdown] lang="en"
# **3. The name was moved.** `w = w - ...` makes a new tensor. The leaf that collects gradients has lost its name.

# %% [markdown] lang="zh"
# **3. 名字挪走了。** `w = w - ...` 会新建一个张量，收集梯度的那个叶子就没有名字了。

# %% tags=["error"]
with shown():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        (w * w).sum().backward()
        with torch.no_grad():
            w = w - 0.1 * w.grad

# %% [markdown] lang="en"
# *Cure:* change it in place, `w -= 0.1 * w.grad` inside `no_grad`, or use an optimizer.
#
# **4. An optimizer with nothing to do.** Layers in a plain list are not found.

# %% [markdown] lang="zh"
# *办法*：就地修改，在 `no_grad` 里写 `w -= 0.1 * w.grad`，或者用优化器。
#
# **4. 优化器无事可做。** 放在普通列表里的层，模块找不到。


# %% tags=["error"]
class Stack(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 2)]


with shown():
    torch.optim.Adam(Stack().parameters())

# %% [markdown] lang="en"
# *Cure:* `nn.ModuleList`. Forgetting `super().__init__()` is caught earlier:

# %% [markdown] lang="zh"
# *办法*：用 `nn.ModuleList`。忘了写 `super().__init__()`，则会更早发现：


# %% tags=["error"]
class Hasty(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)


with shown():
    Hasty()

# %% [markdown] lang="en"
# ## Backward refuses
#
# **5. From more than one number.**

# %% [markdown] lang="zh"
# ## 反向传播走不下去
#
# **5. 结果不止一个数。**

# %% tags=["error"]
with shown():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 2).backward()

# %% [markdown] lang="en"
# *Cure:* `.mean()` or `.sum()` first, or `backward(weights)`.
#
# **6. Twice through the same graph.** Often a state that is carried from one step of a loop to the next, so that the
# second step's graph contains the first one's.

# %% [markdown] lang="zh"
# *办法*：先 `.mean()` 或 `.sum()`，或者 `backward(weights)`。
#
# **6. 同一张图走了两次。** 常见的情形是把状态从循环的一步带到下一步，于是第二步的图里包含了第一步的图。

# %% tags=["error"]
with shown():
    w = torch.tensor(0.5, requires_grad=True)
    state = torch.tensor(1.0)
    for _ in range(2):
        state = torch.tanh(w * state)
        state.backward()

# %% [markdown] lang="en"
# *Cure:* `state = state.detach()` at the beginning of each step. `retain_graph=True` silences the message, too, but
# then each step goes back through all earlier ones.
#
# **7. A saved value was overwritten.** The message counts versions: the tensor was saved at version 0 and is at version
# 1 now.

# %% [markdown] lang="zh"
# *办法*：每一步开头写 `state = state.detach()`。`retain_graph=True` 也能让报错消失，但那样每一步都会把之前所有的步再走一遍。
#
# **7. 保存的值被覆盖了。** 报错里数的是版本：保存时是版本 0，现在是版本 1。

# %% tags=["error"]
with shown():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.mul_(2)
    y.sum().backward()

# %% [markdown] lang="en"
# *Cure:* `y = y * 2`.
#
# **8. The same, by an optimizer.** A step changes the weights in place. If you go back through an older graph
# afterwards, the weights in it are not those of the forward pass.

# %% [markdown] lang="zh"
# *办法*：写成 `y = y * 2`。
#
# **8. 同样的错误，由优化器引起。** 更新一步就是就地修改权重。之后再沿着旧的图往回走，权重已经不是前向时的那些了。

# %% tags=["error"]
with shown():
    layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(layers.parameters(), lr=0.1)
    loss = layers(torch.ones(1, 2)).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    loss.backward()

# %% [markdown] lang="en"
# *Cure:* all backward passes first, then the step; or compute the loss anew. This one is frequent with networks that
# train against each other (GANs).
#
# **9. A leaf was written to.**

# %% [markdown] lang="zh"
# *办法*：先做完所有的反向传播，再更新；或者重新算一遍损失。互相对抗着训练的网络（GAN）常遇到这个问题。
#
# **9. 写了叶子节点。**

# %% tags=["error"]
with shown():
    w = torch.zeros(3, requires_grad=True)
    w[0] = 1.0

# %% [markdown] lang="en"
# *Cure:* `with torch.no_grad():` around it, if the leaf is to get a new value; a `clone()`, if the graph is to go on
# from it.
#
# ## Shapes and kinds
#
# **10. Matrices that do not fit.** The inner sides must be equal: $(n, k) \times (k, m)$.

# %% [markdown] lang="zh"
# *办法*：如果就是想给叶子换个值，外面套上 `with torch.no_grad():`；如果想接着往下算，就写到 `clone()` 里。
#
# ## 形状和类型
#
# **10. 矩阵对不上。** 里面的两边必须相等：$(n, k) \times (k, m)$。

# %% tags=["error"]
with shown():
    nn.Linear(100, 10)(torch.zeros(64, 10))

# %% [markdown] lang="en"
# *Cure:* make the layer for the size that comes, `nn.Linear(10, ...)`, or transpose what lies the wrong way round.
#
# **11. Shapes that do not broadcast.** They are compared from the right.

# %% [markdown] lang="zh"
# *办法*：按实际的输入大小建层，`nn.Linear(10, ...)`；方向放反了的就转置。
#
# **11. 无法广播的形状。** 从右往左比较。

# %% tags=["error"]
with shown():
    torch.zeros(4, 3) + torch.zeros(4)

# %% [markdown] lang="en"
# *Cure:* put a dimension of length 1 where it is missing, here `torch.zeros(4).unsqueeze(1)`.
#
# **12. Float and double.** NumPy makes `float64`, layers are `float32`.

# %% [markdown] lang="zh"
# *办法*：在缺的地方补一个长度为 1 的维度，这里是 `torch.zeros(4).unsqueeze(1)`。
#
# **12. 单精度和双精度。** NumPy 默认是 `float64`，层里是 `float32`。

# %% tags=["error"]
with shown():
    nn.Linear(2, 1)(torch.zeros(3, 2, dtype=torch.float64))

# %% [markdown] lang="en"
# *Cure:* `.float()` where the data come in.
#
# **13. Whole numbers** have no slopes, and in PyTorch no mean either.

# %% [markdown] lang="zh"
# *办法*：在数据进来的地方写 `.float()`。
#
# **13. 整数**没有斜率；在 PyTorch 里，也不能直接求平均值。

# %% tags=["error"]
with shown():
    torch.tensor([1, 2, 3]).mean()

# %% [markdown] lang="en"
# *Cure:* write `1.0` for `1` where you make the tensor, or `.float()` later.
#
# **14. Targets of a classifier.** Class numbers have to be integers, one for each row, and there must be such a class.

# %% [markdown] lang="zh"
# *办法*：创建张量时写 `1.0`，不写 `1`；或者之后再 `.float()`。
#
# **14. 分类器的目标。** 类别编号必须是整数，每行一个，而且得有这个类别。

# %% tags=["error"]
with shown():
    nn.CrossEntropyLoss()(torch.zeros(2, 5), torch.tensor([1, 5]))

# %% [markdown] lang="en"
# *Cure:* count classes from 0, and let the last layer have as many outputs as there are classes.
#
# **15. To NumPy.** An array cannot carry a history.

# %% [markdown] lang="zh"
# *办法*：类别从 0 开始编号，最后一层的输出个数等于类别数。
#
# **15. 转成 NumPy。** 数组带不了计算历史。

# %% tags=["error"]
with shown():
    torch.ones(2, requires_grad=True).numpy()

# %% [markdown] lang="en"
# *Cure:* `.detach().numpy()`.
#
# ## Rules of your own
#
# **16. Too few gradients.** `backward` returns one for each argument of `forward`, and `None` for those that are no
# tensors.

# %% [markdown] lang="zh"
# *办法*：`.detach().numpy()`。
#
# ## 自己写的规则
#
# **16. 梯度给少了。** `forward` 有几个参数，`backward` 就要返回几个梯度，不是张量的给 `None`。


# %% tags=["error"]
class Power(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, n):
        ctx.save_for_backward(x)
        ctx.n = n
        return x**n

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ctx.n * x ** (ctx.n - 1)


with shown():
    Power.apply(torch.tensor(3.0, requires_grad=True), 2).backward()

# %% [markdown] lang="en"
# *Cure:* `return grad * ctx.n * x ** (ctx.n - 1), None`. Whether the first one is right, `torch.autograd.gradcheck` tells
# (page 8).
#
# **17. The gradient is not a number.** Where did the `nan` come from? Anomaly mode stops at the first rule that returns
# one, and warns with the line where that operation was called.

# %% [markdown] lang="zh"
# *办法*：`return grad * ctx.n * x ** (ctx.n - 1), None`。第一个对不对，问 `torch.autograd.gradcheck`（见第 8 页）。
#
# **17. 梯度不是数。** `nan` 是从哪里来的？异常检测模式会停在第一条返回 `nan` 的规则，并用警告指出那个运算是在哪一行调用的。

# %%
x = torch.tensor([0.0, 4.0], requires_grad=True)
(x.sqrt() * torch.tensor([0.0, 1.0])).sum().backward()
print(x.grad)

# %% tags=["error"]
with warnings.catch_warnings(), shown():
    warnings.simplefilter("ignore")
    with torch.autograd.detect_anomaly():
        (x.sqrt() * torch.tensor([0.0, 1.0])).sum().backward()

# %% [markdown] lang="en"
# The slope of the root is infinite at 0, and $0 \cdot \infty$ is no number. *Cure:* keep away from 0,
# `(x + 1e-12).sqrt()`.
#
# Pictures help here, too. The picture of a backward that raised shows how far it came. This is number 7 once more: the
# node that failed is red.

# %% [markdown] lang="zh"
# 平方根在 0 处的斜率是无穷大，而 $0 \cdot \infty$ 不是数。*办法*：离 0 远一点，`(x + 1e-12).sqrt()`。
#
# 这时图也有帮助。反向传播中途报错的话，图上能看到它走到了哪里。下面再来一次第 7 种：出错的节点是红色的。

# %% tags=["tinytorch"]
with viz.record() as recording, contextlib.suppress(RuntimeError):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    z = y * 3
    y.mul_(2)
    loss = (z + y).sum()
    loss.backward()
recording.draw()

# %% [markdown] lang="en"
# ## Nothing is said
#
# **18. Gradients add up.** Without clearing, each step uses the sum of all earlier gradients.

# %% [markdown] lang="zh"
# ## 什么提示都没有
#
# **18. 梯度累加。** 不清零，每一步用的就是以前所有梯度之和。

# %%
w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (w * w).backward()
    print(w.grad.item())

# %% [markdown] lang="en"
# *Cure:* `w.grad = None` or `optimizer.zero_grad()` in each round.
#
# **19. A loss that broadcasts.** Predictions of shape $(3, 1)$ minus targets of shape $(3)$ give a table of 9
# differences: each prediction is compared with all targets. The built-in losses at least warn.

# %% [markdown] lang="zh"
# *办法*：每一轮都写 `w.grad = None` 或 `optimizer.zero_grad()`。
#
# **19. 损失里的广播。** 形状为 $(3, 1)$ 的预测减去形状为 $(3)$ 的目标，是一张 9 个差的表：每个预测都和所有目标比了一遍。
# 自带的损失函数至少会给个警告。

# %%
predicted, target = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([1.0, 2.0, 3.0])
print((predicted - target).shape, ((predicted - target) ** 2).mean().item())
with warned():
    nn.MSELoss()(predicted, target)

# %% [markdown] lang="en"
# Every prediction is right, and the loss is 1.33. *Cure:* `target.unsqueeze(1)`.
#
# **20. Behind autograd's back.** A write through `.data` is not noticed, and the gradient is wrong.

# %% [markdown] lang="zh"
# 预测全对，损失却是 1.33。*办法*：`target.unsqueeze(1)`。
#
# **20. 瞒着自动求导。** 通过 `.data` 写入不会被发现，梯度就错了。

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
y.data.zero_()
y.sum().backward()
print(x.grad)

# %% [markdown] lang="en"
# *Cure:* `detach()` and `no_grad()`, whose writes are counted (page 4).
#
# ## A way to look for mistakes
#
# 1. Can the network learn four examples by heart? If the loss does not fall even there, the mistake is in the code, not in
#    the data.
# 2. Does every parameter have a gradient, and how large is it? See below.
# 3. Draw the graph of the loss. Is every layer in it, and is there a red box?
# 4. A wrong number is computed long before it is seen. Anomaly mode finds the first `nan`, `register_hook` shows the gradients
#    as they pass (page 3).

# %% [markdown] lang="zh"
# *办法*：用 `detach()` 和 `no_grad()`，它们的写入会被计数（见第 4 页）。
#
# ## 找错的步骤
#
# 1. 网络能把四个例子背下来吗？如果连四个例子的损失都降不下去，错就在代码里，不在数据里。
# 2. 每个参数都有梯度吗？有多大？见下面。
# 3. 画出损失的计算图。每一层都在里面吗？有没有红框？
# 4. 错误的数往往早就算出来了，很久以后才被看见。异常检测模式能找到第一个 `nan`，`register_hook` 能看到经过的每一个梯度（见第 3 页）。

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
model(torch.randn(8, 3)).pow(2).mean().backward()
for name, p in model.named_parameters():
    print(f"{name:9} {p.grad.norm().item():.2f}")

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# Messages are made where the mistake is found. The first line is PyTorch's; the rest says what to do. This is the whole
# of number 6:
#
# ```{source} tinytorch/autograd/messages.py freed_error
# ```

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# 报错在发现错误的地方生成。第一行和 PyTorch 一样，其余的说明该怎么办。第 6 条的全部代码就在这里：
#
# ```{source} tinytorch/autograd/messages.py freed_error
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Three mistakes in one loop
# Mend the function: it should return a weight near 2. There are three mistakes.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 一个循环，三个错误
# 改好这个函数：它应该返回一个接近 2 的权重。一共有三处错误。
# :::


# %% tags=["exercise"]
def learn(x, y):
    w = torch.zeros(1, requires_grad=True)
    for _ in range(50):
        loss = ((x * w).unsqueeze(1) - y).pow(2).mean()
        loss.backward()
        w.data = w.data + 0.1 * w.grad
    return w.item()


# %% tags=["solution"]
def learn(x, y):
    w = torch.zeros(1, requires_grad=True)
    for _ in range(50):
        w.grad = None
        loss = (x * w - y).pow(2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
    return w.item()


# %% tags=["check"]
x = torch.tensor([-1.0, 0.5, 1.5])
assert abs(learn(x, 2 * x) - 2) < 0.01, (
    "uphill, without clearing, and with a loss that broadcasts"
)
print("learn: right")

# %% [markdown] lang="en"
# :::{exercise} The length of a vector
# Return the length of `x`, $\sqrt{\sum x_i^2}$, with a gradient that is 0 instead of `nan` where all elements are 0,
# and exact elsewhere. Do not use `norm`.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 向量的长度
# 返回 `x` 的长度 $\sqrt{\sum x_i^2}$；所有元素都为 0 时梯度应为 0 而不是 `nan`，别处要精确。不许用 `norm`。
# :::


# %% tags=["exercise"]
def length(x):
    return (x * x).sum().sqrt()


# %% tags=["solution"]
def length(x):
    square = (x * x).sum()
    if square == 0:
        return square
    return square.sqrt()


# %% tags=["check"]
x = torch.zeros(2, requires_grad=True)
y = torch.tensor([3.0, 4.0], requires_grad=True)
slope = torch.autograd.grad(length(x), x)[0]
assert slope.tolist() == [0.0, 0.0], "at 0 the gradient should be 0"
assert length(y).item() == 5.0, "3, 4, 5"
assert torch.allclose(torch.autograd.grad(length(y), y)[0], torch.tensor([0.6, 0.8])), (
    "x / length elsewhere"
)
print("length: right")

# %% [markdown] lang="en"
# :::{exercise} Who gets nothing?
# Call `loss.backward()`. Return the names of all parameters of `model` that have no gradient then, or one that is 0
# everywhere.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 谁什么也没得到？
# 调用 `loss.backward()`，然后返回 `model` 里所有没有梯度、或者梯度全为 0 的参数的名字。
# :::


# %% tags=["exercise"]
def left_out(model, loss):
    return []


# %% tags=["solution"]
def left_out(model, loss):
    loss.backward()
    return [
        name
        for name, p in model.named_parameters()
        if p.grad is None or not p.grad.any()
    ]


# %% tags=["check"]
net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 1))
middle = net[1](net[0](torch.ones(1, 2)).detach())
found = left_out(net, net[2](middle).sum())
assert found == ["0.weight", "0.bias"], "the first layer is cut off"
print("left_out: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Class and first line of every message on this page are PyTorch's. What you have learned to read here, you can read
# there, and a search for the first line finds others who asked.
# :::
#
# Next: [where the time goes](11_speed).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 这一页每条报错的类型和第一行都与 PyTorch 相同。在这里学会读的，在那里也读得懂；拿第一行去搜索，就能找到别人的讨论。
# :::
#
# 下一页：[时间花在哪里](11_speed)。
