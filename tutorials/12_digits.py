# %% [markdown] lang="en"
# # Reading digits
#
# Eighteen hundred digits, written by hand, each on a grid of 8 times 8. Can a network of a few thousand numbers read
# digits that it has never seen? The goal is to get more than 96 % of them right. Which ones will it get wrong, and
# would you have got them right?
#
# After this page you can train a classifier in batches, say honestly how good it is, and look at its mistakes.

# %% [markdown] lang="zh"
# # 认数字
#
# 一批手写数字，每个都缩成 8 乘 8 的格子，一共将近一千八百个。一个只有几千个参数的网络，能认出它没见过的数字吗？
# 目标是认对 96 % 以上。它会认错哪些？换了你，能认对吗？
#
# 读完这一页，你能分批训练一个分类器，如实地说出它有多好，并看一看它错在哪里。

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import tinytorch as torch
from tinytorch import nn
from tinytorch.utils.data import DataLoader, TensorDataset

# %% [markdown] lang="en"
# ## The pictures
#
# Each is 64 grey values from 0 to 16; they come with scikit-learn. We scale them to 0 to 1 and put 360 aside, drawn by
# lot. Those are looked at once, at the end.

# %% [markdown] lang="zh"
# ## 图片
#
# 每张图是 64 个灰度值，从 0 到 16，scikit-learn 自带这份数据。我们把灰度值缩放到 0 到 1，随机抽出 360 张放到一边，到最后才看一次。

# %%
pixels, names = load_digits(return_X_y=True)
images = torch.from_numpy(pixels.astype(np.float32)) / 16
digits = torch.from_numpy(names)
torch.manual_seed(0)
order = torch.randperm(len(images))
test, train = order[:360], order[360:]
print(images.shape, digits.dtype, len(train), len(test))
print((images[train[0]].view(8, 8) * 9).round().int())
print(digits[train[0]])

# %% tags=["hide-input"]
figure, grid = plt.subplots(2, 10, figsize=(8, 1.9), layout="constrained")
for axes, place in zip(grid.flat, train):
    axes.imshow(images[place].view(8, 8).numpy(), cmap="gray_r")
    axes.set_title(str(digits[place].item()), fontsize=9)
    axes.axis("off")
plt.show()

# %% [markdown] lang="en"
# ## Ten answers instead of two
#
# For two kinds one number was enough. For ten the network gives ten logits, and *softmax* makes probabilities of them
# that sum to 1:
#
# $$ p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \qquad L = -\frac{1}{n} \sum_i \ln p_{i, t_i} $$
#
# `nn.CrossEntropyLoss` is both in one step, for the reasons of page 6: it takes logits and the numbers of the right
# classes.
#
# :::{predict}
# An untrained network gives every digit about the same probability. What is its loss, then?
# :::

# %% [markdown] lang="zh"
# ## 十个答案，而不是两个
#
# 分两类，一个数就够了。分十类，网络给出十个 logit，再由 *softmax* 变成总和为 1 的概率：
#
# $$ p_k = \frac{e^{z_k}}{\sum_j e^{z_j}} \qquad L = -\frac{1}{n} \sum_i \ln p_{i, t_i} $$
#
# `nn.CrossEntropyLoss` 把两步合成一步，道理见第 6 页：它接收 logit 和正确类别的编号。
#
# :::{predict}
# 没训练过的网络，给每个数字的概率都差不多。这时损失是多少？
# :::

# %%
model = nn.Sequential(
    nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 10)
)
loss_fn = nn.CrossEntropyLoss()
print(sum(parameter.numel() for parameter in model.parameters()))
untrained = loss_fn(model(images[train]), digits[train])
print(f"{untrained.item():.1f}  {torch.tensor(10.0).log().item():.1f}")

# %% [markdown] lang="en"
# Its loss is $\ln 10$: pure guessing.
#
# :::{break}
# Put `nn.Softmax(dim=1)` behind the last layer, because "the loss wants probabilities". Nothing complains. What is the
# smallest loss that a perfect network could now reach?
# :::

# %% [markdown] lang="zh"
# 损失是 $\ln 10$：纯粹在猜。
#
# :::{break}
# 因为“损失要的是概率”，在最后一层后面再加一个 `nn.Softmax(dim=1)`。没有任何报错。可是现在，就算网络完美无缺，损失最小能到多少？
# :::

# %%
perfect = torch.eye(10)[:1]
print(f"{loss_fn(perfect, torch.tensor([0])).item():.2f}")
print(f"{loss_fn(100 * perfect, torch.tensor([0])).item():.2f}")

# %% [markdown] lang="en"
# An answer that is certain and right, 1 for the digit and 0 for the others, still costs 1.46: softmax was taken twice.
# Logits may grow without bounds, as in the second line, and the loss goes to 0.
#
# And the targets have to be whole numbers:

# %% [markdown] lang="zh"
# 就算回答完全正确、毫不犹豫，正确的数字是 1、其余是 0，损失仍有 1.46：softmax 做了两遍。而 logit 可以无限增大，像第二行那样，
# 损失就能趋于 0。
#
# 另外，目标必须是整数：

# %% tags=["error"]
try:
    loss_fn(model(images[:4]), digits[:4].float())
except RuntimeError as error:
    print("RuntimeError:", error)

# %% [markdown] lang="en"
# ## Training in batches
#
# To look at all 1437 pictures is a lot of work for a single step. A `DataLoader` shuffles them and hands out batches of
# 64: a gradient from 64 pictures is nearly as good, and costs a twentieth. One walk through all pictures is an *epoch*.

# %% [markdown] lang="zh"
# ## 分批训练
#
# 用全部 1437 张图才走一步，代价太大。`DataLoader` 先打乱，再每次给出 64 张：用 64 张图算出的梯度几乎一样好，代价只有二十分之一。
# 把所有图过一遍，叫作一个*轮次*（epoch）。


# %%
def accuracy(places):
    with torch.no_grad():
        right = model(images[places]).argmax(dim=1) == digits[places]
    return right.float().mean().item()


batches = DataLoader(
    TensorDataset(images[train], digits[train]), batch_size=64, shuffle=True
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
history = []
for epoch in range(40):
    total = 0.0
    for x, t in batches:
        loss = loss_fn(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    history.append(total / len(train))
    if epoch % 8 == 0:
        print(f"{epoch:2}  loss {history[-1]:.2f}  right {accuracy(train):.2f}")

# %% [markdown] lang="en"
# Now the 360 pictures that the network has not seen. The goal was more than 96 %.

# %% [markdown] lang="zh"
# 现在轮到网络没见过的 360 张图了。目标是 96 % 以上。

# %%
print(f"{accuracy(train):.2f} on the training pictures")
print("more than 96 % on the others:", accuracy(test) > 0.96)

# %% [markdown] lang="en"
# On the training pictures it makes no mistake any more; of the others it gets about 97.5 % right, so about nine are
# wrong. The gap between the two says how much was learned by heart.
#
# ## The mistakes
#
# A confusion matrix counts for every digit (row) what it was taken for (column).

# %% [markdown] lang="zh"
# 训练用的图它已经全认对了；没见过的图大约认对 97.5 %，错了九张左右。两者之间的差距，说明有多少是死记硬背下来的。
#
# ## 错在哪里
#
# 混淆矩阵统计每个数字（行）被认成了什么（列）。

# %%
with torch.no_grad():
    logits = model(images[test])
answers = logits.argmax(dim=1)
confusion = torch.zeros(10, 10, dtype=torch.long)
confusion.index_put_(
    (digits[test], answers), torch.ones(360, dtype=torch.long), accumulate=True
)
print(confusion.sum().item(), confusion.sum(dim=1).tolist())

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(8, 3.4), layout="constrained", width_ratios=(1, 1.2)
)
left.imshow((confusion + 1).log().numpy(), cmap="Blues")
for row in range(10):
    for column in range(10):
        count = confusion[row, column].item()
        if count:
            left.text(column, row, str(count), ha="center", va="center", fontsize=7)
left.set(xlabel="taken for", ylabel="digit", xticks=range(10), yticks=range(10))
right.semilogy(history)
right.set(xlabel="epoch", ylabel="loss")
plt.show()

# %% tags=["hide-input"]
wrong = test[answers != digits[test]]
figure, grid = plt.subplots(1, 8, figsize=(8, 1.5), layout="constrained")
for axes, place in zip(grid, wrong):
    taken = model(images[place : place + 1]).argmax().item()
    axes.imshow(images[place].view(8, 8).numpy(), cmap="gray_r")
    axes.set_title(f"{digits[place].item()} as {taken}", fontsize=9)
for axes in grid:
    axes.axis("off")
plt.show()

# %% [markdown] lang="en"
# Some of these would be hard for you, too. And what does the network look at? Its first layer has 48 rows of 64
# weights. Each row can be drawn as a picture: red counts for, blue against. Here are 16 of them.

# %% [markdown] lang="zh"
# 其中有一些，换了你也不容易认。网络到底在看什么？第一层有 48 行，每行 64 个权重，每一行都可以画成图片：红色表示支持，蓝色表示反对。下面是其中 16 行。

# %% tags=["hide-input"]
figure, grid = plt.subplots(2, 8, figsize=(8, 2.1), layout="constrained")
for axes, row in zip(grid.flat, model[0].weight.detach()):
    largest = row.abs().max().item()
    axes.imshow(row.view(8, 8).numpy(), cmap="bwr", vmin=-largest, vmax=largest)
    axes.axis("off")
plt.show()

# %% [markdown] lang="en"
# They are not strokes as a person would draw them, but places that count for and places that count against. Nobody chose
# them. They came from the gradients, one small step after the other, through this graph:

# %% [markdown] lang="zh"
# 这并不是人画出来的那种笔画，而是有些位置表示支持，有些位置表示反对。没有人指定过这些位置。它们全都来自梯度，一小步一小步地，
# 沿着这张图传回来：

# %% tags=["tinytorch"]
from tinytorch import viz

loss = loss_fn(model(images[train[:64]]), digits[train[:64]])
viz.draw(loss, show_saved=False)

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# Two rules, one after the other. The logarithm of the softmax never computes a probability that could vanish; the loss
# then picks one number from each row. Their slopes together are as simple as can be: $p - t$, the probability minus
# what it should be.
#
# ```{source} tinytorch/ops/softmax.py LogSoftmax
# ```
#
# ```{source} tinytorch/ops/loss.py NllLoss
# ```

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# 两条规则，一前一后。softmax 的对数从不计算可能变成 0 的概率；损失再从每一行挑出一个数。两者的斜率合起来简单得不能再简单：
# $p - t$，就是概率减去它本该有的值。
#
# ```{source} tinytorch/ops/softmax.py LogSoftmax
# ```
#
# ```{source} tinytorch/ops/loss.py NllLoss
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Cross-entropy by hand
# Return the mean loss of `logits` $(n, k)$ and class numbers `t` $(n)$, stable for logits of any size. Use `logsumexp`,
# not a loss.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 手写交叉熵
# 由 `logits` $(n, k)$ 和类别编号 `t` $(n)$ 算出平均损失，logit 再大也要稳定。用 `logsumexp`，不要用现成的损失函数。
# :::


# %% tags=["exercise"]
def cross_entropy(logits, t):
    return logits.sum() * 0


# %% tags=["solution"]
def cross_entropy(logits, t):
    chosen = logits.gather(1, t.unsqueeze(1)).squeeze(1)
    return (logits.logsumexp(dim=1) - chosen).mean()


# %% tags=["check"]
z = torch.tensor([[1.0, 2.0, 0.5], [900.0, -900.0, 0.0]])
t = torch.tensor([2, 1])
assert torch.allclose(cross_entropy(z, t), loss_fn(z, t)), (
    "logsumexp of each row, minus the logit of the right class"
)
print("cross_entropy: right")

# %% [markdown] lang="en"
# :::{exercise} How sure was it?
# Return the places (a tensor of indices) of the `count` pictures that the network was least sure of: those whose largest
# probability is the smallest.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 它有多大把握？
# 返回网络最没有把握的 `count` 张图的位置（一维下标张量）：也就是最大概率最小的那些图。
# :::


# %% tags=["exercise"]
def least_sure(logits, count):
    return torch.arange(count)


# %% tags=["solution"]
def least_sure(logits, count):
    sure = torch.softmax(logits, dim=1).max(dim=1).values
    return sure.argsort()[:count]


# %% tags=["check"]
z = torch.tensor([[9.0, 0.0], [0.1, 0.0], [0.0, 3.0], [0.0, 0.5]])
assert least_sure(z, 2).tolist() == [1, 3], (
    "the second row is the closest call, then the fourth"
)
print("least_sure: right")

# %% [markdown] lang="en"
# :::{exercise} Confusing digits
# Return the pair `(digit, taken for)` of the most frequent mistake in a confusion matrix, the first one where several are
# equally frequent.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 最容易混淆的数字
# 从混淆矩阵里找出最常见的错误，返回 `(digit, taken for)` 这一对数；若有几个同样多，取第一个。
# :::


# %% tags=["exercise"]
def most_confused(confusion):
    return 0, 0


# %% tags=["solution"]
def most_confused(confusion):
    mistakes = confusion.clone()
    mistakes.fill_diagonal_(0)
    place = mistakes.argmax().item()
    return place // len(confusion), place % len(confusion)


# %% tags=["check"]
table = torch.tensor([[9, 1, 0], [0, 8, 3], [2, 0, 7]])
assert most_confused(table) == (1, 2), "three times the digit 1 was taken for a 2"
print("most_confused: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# Change the three imports, and the script runs on PyTorch. The shuffles, the first weights and the batches are the
# same, and so are the losses, up to the rounding of sums in another order. `python -m tinytorch script.py` goes the
# other way: it runs a PyTorch script, unmodified, on tinytorch.
# :::
#
# Next: [old programs, and how to read them](13_old_programs).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 改三行导入，就能在 PyTorch 上运行。打乱的顺序、初始权重、每一批都相同，损失也相同，只差在求和顺序不同带来的舍入。
# `python -m tinytorch script.py` 则是反过来：不改一个字，让 PyTorch 的脚本在 tinytorch 上运行。
# :::
#
# 下一页：[老程序，以及怎么读懂它们](13_old_programs)。
