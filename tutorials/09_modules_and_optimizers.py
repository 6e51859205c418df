# %% [markdown] lang="en"
# # Modules and optimizers
#
# `model.parameters()` finds every weight of a network, however deeply it is nested, and `optimizer.step()` moves them.
# Nobody told either of them where the weights are. How do they know?
#
# After this page you can write a layer, momentum and Adam yourself, check them against the ready-made ones, and stop and
# resume a training as if nothing had happened.

# %% [markdown] lang="zh"
# # 模块与优化器
#
# 不管网络嵌套得多深，`model.parameters()` 都能找到每一个权重，`optimizer.step()` 都能更新它们。没有人告诉它们权重在哪里，
# 它们是怎么知道的？
#
# 读完这一页，你能自己写出一个层、动量和 Adam，并与现成的对照，还能把训练停下来再接着跑，就像没停过一样。

# %%
import io

import matplotlib.pyplot as plt

import tinytorch as torch
from tinytorch import nn

# %% [markdown] lang="en"
# ## A module notices what you assign
#
# Here is a layer that shifts and scales. `nn.Parameter` marks a tensor as something to be learned; a *buffer* is kept
# with the module but not learned.
#
# :::{predict}
# Four things are assigned in `__init__`. Which of them will `named_parameters` list?
# :::

# %% [markdown] lang="zh"
# ## 模块会留意你赋给它的东西
#
# 下面是一个做平移和缩放的层。`nn.Parameter` 表示这个张量是要学习的；*缓冲区*（buffer）随模块一起保存，但不学习。
#
# :::{predict}
# `__init__` 里赋了四样东西。`named_parameters` 会列出哪几样？
# :::


# %%
class Scale(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(size))
        self.shift = nn.Parameter(torch.zeros(size))
        self.register_buffer("calls", torch.tensor(0))
        self.note = torch.zeros(size)

    def forward(self, x):
        self.calls += 1
        return x * self.factor + self.shift


layer = Scale(3)
print([name for name, _ in layer.named_parameters()])
print([name for name, _ in layer.named_buffers()])

# %% [markdown] lang="en"
# `calls` is a buffer, `note` an ordinary attribute. The trick is Python's `__setattr__`: a class that defines it is
# asked at every assignment `self.x = value`. A module sorts the value by its type: parameters into one dictionary,
# modules into another, everything else where it would go anyway. So modules that contain modules form a tree, and
# `parameters()` walks it.

# %% [markdown] lang="zh"
# `calls` 是缓冲区，`note` 只是普通的属性。诀窍在于 Python 的 `__setattr__`：类里定义了它，每次 `self.x = value` 都会先经过它。
# 模块按类型分拣：参数进一个字典，模块进另一个字典，别的照常放。模块里还有模块，就组成一棵树，
# `parameters()` 把这棵树走一遍。

# %%
torch.manual_seed(0)
model = nn.Sequential(
    nn.Linear(2, 3), Scale(3), nn.Sequential(nn.Tanh(), nn.Linear(3, 1))
)
for name, parameter in model.named_parameters():
    print(f"{name:12} {tuple(parameter.shape)}")

# %% [markdown] lang="en"
# The names are the ways through the tree: `2.1.weight` is in child 2, and there in child 1. The pictures use the same
# names, with that of the model in front, and draw each module as a frame.

# %% [markdown] lang="zh"
# 名字就是树上的路径：`2.1.weight` 是 2 号子模块里 1 号子模块的权重。图上用的也是这些名字，前面再加上模型的名字；每个模块画成一个框。

# %% tags=["tinytorch"]
from tinytorch import viz

result = model(torch.ones(4, 2)).mean()
viz.draw(result, show_saved=False)

# %% [markdown] lang="en"
# :::{break}
# Keep the layers in a plain Python list. `__setattr__` sees a list, not modules. What will the optimizer say?
# :::

# %% [markdown] lang="zh"
# :::{break}
# 把层放进普通的 Python 列表。`__setattr__` 看到的是列表，不是模块。优化器会怎么说？
# :::


# %%
class Forgetful(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 3), nn.Linear(3, 1)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# %% tags=["error"]
try:
    torch.optim.SGD(Forgetful().parameters(), lr=0.1)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown] lang="en"
# The cure is `nn.ModuleList([...])` in place of the list. If another layer is registered beside such a list, there is
# no error at all: the forgotten layers just never learn.
#
# ## Three ways down
#
# An optimizer knows a list of tensors and a rule. Let us watch three rules in a valley that is a hundred times as steep
# in one direction as in the other:
#
# $$ f(a, b) = \frac{a^2}{100} + b^2 $$

# %% [markdown] lang="zh"
# 把列表换成 `nn.ModuleList([...])` 就好了。如果旁边还有一个正常登记的层，那就连错误都不会有：被遗忘的层只是永远学不到东西。
#
# ## 下山的三种走法
#
# 优化器只认得一串张量和一条规则。来看三条规则在一个山谷里怎么走，这个山谷一个方向比另一个方向陡一百倍：
#
# $$ f(a, b) = \frac{a^2}{100} + b^2 $$


# %%
def valley(point):
    a, b = point
    return a**2 / 100 + b**2


def walk(make, steps=40):
    point = torch.tensor([-8.0, 1.5], requires_grad=True)
    optimizer = make([point])
    path = [point.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        valley(point).backward()
        optimizer.step()
        path.append(point.tolist())
    return path


ways = {
    "SGD, lr 0.9": lambda params: torch.optim.SGD(params, lr=0.9),
    "SGD, momentum 0.9": lambda params: torch.optim.SGD(params, lr=0.3, momentum=0.9),
    "Adam": lambda params: torch.optim.Adam(params, lr=0.3),
}
for name, make in ways.items():
    a, b = walk(make)[-1]
    print(f"{name:18} {a:7.3f} {b:7.3f}")

# %% tags=["hide-input"]
figure, plots = plt.subplots(3, 1, figsize=(7, 6), sharex=True, layout="constrained")
across, up = torch.linspace(-9, 5, 60), torch.linspace(-2, 2, 40)
height = valley((across.unsqueeze(0), up.unsqueeze(1)))
for axes, (name, make) in zip(plots, ways.items()):
    axes.contour(
        across.numpy(), up.numpy(), height.numpy(), levels=12, cmap="Greys", alpha=0.6
    )
    axes.plot(*zip(*walk(make)), "o-", markersize=3)
    axes.set_title(name, loc="left", fontsize=10)
    axes.set(ylabel="b")
plots[-1].set(xlabel="a")
plt.show()

# %% [markdown] lang="en"
# Plain descent must use a rate that the steep direction can bear. It jumps from wall to wall there, and crawls along the
# valley. Momentum adds up the pushes: along the valley they agree and grow, across it they cancel. Adam divides each
# direction by the usual size of its slope, so that steep and flat are treated alike.
#
# ## Written out
#
# With momentum, each parameter has a buffer $m$ that remembers the earlier gradients:
#
# $$ m \leftarrow \mu m + g \qquad p \leftarrow p - \eta \, m $$

# %% [markdown] lang="zh"
# 普通的梯度下降，学习率要迁就陡的方向：在那里左右来回跳，沿着山谷却只能慢慢爬。动量把每次的推力累加起来：
# 顺着山谷的推力方向一致，越推越快；横着的相互抵消。Adam 在每个方向上都除以坡度平时的大小，陡的和平的一视同仁。
#
# ## 自己写一遍
#
# 加上动量，每个参数多了一个缓冲 $m$，记着以前的梯度：
#
# $$ m \leftarrow \mu m + g \qquad p \leftarrow p - \eta \, m $$


# %%
class MySGD:
    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum = list(params), lr, momentum
        self.buffers = [None] * len(self.params)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            m = self.buffers[i]
            m = p.grad.clone() if m is None else self.momentum * m + p.grad
            self.buffers[i] = m
            p -= self.lr * m


def close(path, other):
    return torch.allclose(torch.tensor(path), torch.tensor(other), atol=1e-4)


mine = walk(lambda params: MySGD(params, lr=0.3, momentum=0.9))
print(close(mine, walk(ways["SGD, momentum 0.9"])))

# %% [markdown] lang="en"
# The two ways are the same. Adam (Kingma and Ba, 2014) keeps two averages that forget slowly: $m$ of the gradients and
# $v$ of their squares. Both begin at 0, which is too small, and the division by $1 - \beta^t$ makes up for it:
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 $$
#
# $$ p \leftarrow p - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} $$
#
# :::{predict}
# In the very first step, $t = 1$: how far does Adam move a parameter whose gradient is 1000, and one whose gradient is 0.001?
# :::

# %% [markdown] lang="zh"
# 两条路径一样。Adam（Kingma 和 Ba，2014）保留两个慢慢遗忘的平均：$m$ 是梯度的平均，$v$ 是梯度平方的平均。两者都从 0 开始，
# 偏小，除以 $1 - \beta^t$ 就补回来了：
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1) g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 $$
#
# $$ p \leftarrow p - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} $$
#
# :::{predict}
# 第一步，$t = 1$：梯度为 1000 的参数，Adam 会让它走多远？梯度为 0.001 的呢？
# :::


# %%
class MyAdam(MySGD):
    def __init__(self, params, lr, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr)
        self.betas, self.eps, self.t = betas, eps, 0
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        self.t += 1
        one, two = self.betas
        for p, m, v in zip(self.params, self.m, self.v):
            m.mul_(one).add_((1 - one) * p.grad)
            v.mul_(two).add_((1 - two) * p.grad**2)
            right_m, right_v = m / (1 - one**self.t), v / (1 - two**self.t)
            p -= self.lr * right_m / (right_v.sqrt() + self.eps)


mine = walk(lambda params: MyAdam(params, lr=0.3))
print(close(mine, walk(ways["Adam"])))

p = torch.tensor([5.0, 5.0], requires_grad=True)
(p * torch.tensor([1000.0, 0.001])).sum().backward()
MyAdam([p], lr=0.1).step()
print(p.detach())

# %% [markdown] lang="en"
# Both move by the learning rate, here 0.1: of the first gradient only the sign counts.
#
# ## Stop and go on
#
# `state_dict()` is the tree as a flat dictionary, name to tensor, buffers included. The optimizer has one, too: its
# averages and counters. Save both, and the training can go on later, elsewhere, with the same numbers.

# %% [markdown] lang="zh"
# 两个走的距离都等于学习率，这里是 0.1：第一步只看梯度的正负号。
#
# ## 停下来，再接着走
#
# `state_dict()` 把这棵树变成一个平铺的字典：名字对应张量，缓冲区也在内。优化器也有自己的一份：那些平均值和计数。
# 两份都存下来，以后换个地方接着训练，得到的数字也完全一样。

# %%
points = torch.linspace(-2, 2, 32).unsqueeze(1)
target = torch.sin(2 * points)


def make():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    return model, torch.optim.Adam(model.parameters(), lr=0.02)


def train(model, optimizer, steps):
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(points), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


model, optimizer = make()
train(model, optimizer, 100)
file = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
without_a_break = train(model, optimizer, 100)

model, optimizer = make()
file.seek(0)
saved = torch.load(file)
model.load_state_dict(saved["model"])
optimizer.load_state_dict(saved["optimizer"])
resumed = train(model, optimizer, 100)
print(f"{without_a_break:.4f}", resumed == without_a_break)
print(list(saved["model"]))

# %% [markdown] lang="en"
# :::{break}
# Load the weights alone, and give the new model a new Adam. Does the training go on in the same way?
# :::

# %% [markdown] lang="zh"
# :::{break}
# 只加载权重，给新模型配一个新的 Adam。训练还会照原样继续吗？
# :::

# %%
model, optimizer = make()
model.load_state_dict(saved["model"])
print(train(model, optimizer, 100) == without_a_break)

# %% tags=["error"]
try:
    nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 2)).load_state_dict(
        saved["model"]
    )
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# The forgotten averages make a difference, though a silent one. A model of another shape is refused, with the names of
# all that does not fit.
#
# ## Training and using
#
# Some layers behave differently while the network learns. Dropout then sets about half of its inputs to zero and
# doubles the others, so that no single number becomes indispensable. `eval()` turns that off for the whole tree,
# `train()` on again.

# %% [markdown] lang="zh"
# 忘了那些平均值，结果就不一样了，而且不会有任何提示。形状对不上的模型则会被拒绝，并列出所有对不上的名字。
#
# ## 训练和使用
#
# 有些层在训练时的行为不一样。这时 Dropout 会把大约一半的输入置零，其余的加倍，免得网络离不开某一个数。
# `eval()` 在整棵树上关掉它，`train()` 再打开。

# %%
torch.manual_seed(0)
drop = nn.Sequential(nn.Dropout(0.5))
print(drop(torch.ones(8)))
print(drop.eval()(torch.ones(8)), drop.training)

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# The walk through the tree, and what happens at every assignment. It is longer than you would expect, because a name may
# change its kind: a parameter becomes `None`, a buffer becomes a parameter.
#
# ```{source} tinytorch/nn/module.py Module.parameters Module.__setattr__
# ```
#
# One step of Adam touches four arrays. Here is the plain version, which is also what runs where there was no compiler:
#
# ```{source} tinytorch/kernels/optimizer.py adam_step
# ```
#
# The compiled twin in `_ext/optimizer.pyx` computes the same in one pass, reading and writing each number once (page 11).

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# 怎样走遍整棵树，以及每次赋值时发生了什么。代码比想象的长，因为同一个名字可能换一种内容：参数变成 `None`，缓冲区变成参数。
#
# ```{source} tinytorch/nn/module.py Module.parameters Module.__setattr__
# ```
#
# Adam 的一步要动四个数组。下面是朴素的版本；安装时没有编译器的话，跑的就是它：
#
# ```{source} tinytorch/kernels/optimizer.py adam_step
# ```
#
# `_ext/optimizer.pyx` 里编译过的孪生版本算的是同样的东西，但只走一遍，每个数只读写一次（见第 11 页）。

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Your own Linear
# A module with a `weight` of shape `(outputs, inputs)` and a `bias` of shape `(outputs)`, both learned, which computes
# $x W^T + b$. The initial values do not matter.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 自己的 Linear
# 写一个模块，有 `weight`（形状 `(outputs, inputs)`）和 `bias`（形状 `(outputs)`），两者都要学习，计算 $x W^T + b$。
# 初始值不限。
# :::


# %% tags=["exercise"]
class MyLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()

    def forward(self, x):
        return x


# %% tags=["solution"]
class MyLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return x @ self.weight.t() + self.bias


# %% tags=["check"]
own, reference = MyLinear(3, 2), nn.Linear(3, 2)
assert sorted(own.state_dict()) == ["bias", "weight"], "two parameters: weight and bias"
assert own.weight.shape == (2, 3), "one row of weights for each output"
own.load_state_dict(reference.state_dict())
assert torch.allclose(own(torch.eye(3)), reference(torch.eye(3))), (
    "x @ weight.t() + bias"
)
print("MyLinear: right")

# %% [markdown] lang="en"
# :::{exercise} Weight decay
# Write a step of gradient descent that also shrinks each parameter: $p \leftarrow p - \eta (g + \lambda p)$. Change the
# tensors in place.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 权重衰减
# 写一步梯度下降，同时让每个参数缩小一点：$p \leftarrow p - \eta (g + \lambda p)$。就地修改这些张量。
# :::


# %% tags=["exercise"]
def decaying_step(params, lr, decay):
    pass


# %% tags=["solution"]
def decaying_step(params, lr, decay):
    with torch.no_grad():
        for p in params:
            p -= lr * (p.grad + decay * p)


# %% tags=["check"]
pair = [torch.tensor([1.0, -2.0], requires_grad=True) for _ in range(2)]
for p in pair:
    (p**3).sum().backward()
decaying_step(pair[:1], 0.1, 0.01)
torch.optim.SGD(pair[1:], lr=0.1, weight_decay=0.01).step()
assert torch.allclose(*pair), "compare with torch.optim.SGD(..., weight_decay=0.01)"
print("decaying_step: right")

# %% [markdown] lang="en"
# :::{exercise} Freeze
# Let only those parameters learn whose names begin with `prefix`: return them as a list, and see to it that the others
# get no gradient at all.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 冻结
# 只让名字以 `prefix` 开头的参数学习：返回这些参数的列表，并且让其余参数完全没有梯度。
# :::


# %% tags=["exercise"]
def only(model, prefix):
    return []


# %% tags=["solution"]
def only(model, prefix):
    chosen = []
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(prefix))
        if parameter.requires_grad:
            chosen.append(parameter)
    return chosen


# %% tags=["check"]
net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
chosen = only(net, "1.")
assert [tuple(p.shape) for p in chosen] == [(1, 2), (1,)], (
    "weight and bias of the second layer"
)
net(torch.ones(1, 2)).sum().backward()
assert net[0].weight.grad is None, "the first layer should get no gradient"
assert net[1].weight.grad is not None, "the second should get one"
print("only: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Everything here prints the same. PyTorch has a dozen more optimizers, and schedules that change the rate during
# training. You use them in the same way: `zero_grad`, `backward`, `step`. A file saved by tinytorch opens in PyTorch,
# and the other way round.
# :::
#
# Next: [when gradients go wrong](10_debugging_gradients).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 这里的一切打印出来都一样。PyTorch 还有十来种优化器，以及在训练中调整学习率的调度器，用法都一样：`zero_grad`、`backward`、`step`。
# tinytorch 保存的文件，PyTorch 能打开，反过来也一样。
# :::
#
# 下一页：[梯度出了问题怎么办](10_debugging_gradients)。
