# %% [markdown] lang="en"
# # Which of two
#
# Two kinds of iris look much alike. You have a ruler. Can you tell them apart by their petals, and how sure are you?
#
# After this page you can turn a number into a probability, train a classifier on real data, watch its border move, and
# explain why everybody writes `BCEWithLogitsLoss` and nobody writes `log(sigmoid(x))`.

# %% [markdown] lang="zh"
# # 二选一
#
# 有两种鸢尾花长得很像，你手里有一把尺子。量一量花瓣，能分出是哪一种吗？有多大把握？
#
# 读完这一页，你能把一个数变成概率，用真实数据训练一个分类器，看着它的分界线移动，还能说清楚为什么大家都写
# `BCEWithLogitsLoss`，而没有人写 `log(sigmoid(x))`。

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_iris

import tinytorch as torch
from tinytorch import nn

# %% [markdown] lang="en"
# ## A hundred flowers
#
# Edgar Anderson measured them in the 1930s; the data come with scikit-learn. We take length and width of the petals of
# 50 flowers of *Iris versicolor* (label 0) and 50 of *Iris virginica* (label 1), keep every fifth flower for the test,
# and scale both measurements to mean 0 and spread 1. The scale comes from the training flowers alone: the test flowers
# have to stay unseen.

# %% [markdown] lang="zh"
# ## 一百朵花
#
# 这些花是埃德加·安德森（Edgar Anderson）在 20 世纪 30 年代测量的，scikit-learn 自带这份数据。我们取 50 朵变色鸢尾
# （*Iris versicolor*，标签 0）和 50 朵弗吉尼亚鸢尾（*Iris virginica*，标签 1）的花瓣长度和宽度，每五朵留一朵做测试，
# 并把两项测量缩放到平均值 0、标准差 1。缩放只用训练集的花来算，测试集必须完全没见过。

# %%
measured, kind = load_iris(return_X_y=True)
petals = torch.from_numpy(measured[50:, 2:].astype(np.float32))
labels = torch.from_numpy(kind[50:].astype(np.float32) - 1).unsqueeze(1)
test = torch.arange(100) % 5 == 0
train = ~test
x = (petals - petals[train].mean(dim=0)) / petals[train].std(dim=0)
print(x[train].shape, labels[train].shape, x[test].shape)
print(petals[:2], labels[:2].squeeze(1))

# %% [markdown] lang="en"
# ## From a number to a probability
#
# A linear model gives any number, a *logit*. A probability lies between 0 and 1. The sigmoid turns the one into the
# other:
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# :::{predict}
# What is the sigmoid of 0? Of 5? Where is it steepest, and how steep?
# :::

# %% [markdown] lang="zh"
# ## 从一个数到一个概率
#
# 线性模型给出的数可大可小，叫作 *logit*；概率则在 0 和 1 之间。sigmoid 函数把前者变成后者：
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# :::{predict}
# 0 的 sigmoid 是多少？5 呢？它在哪里最陡，有多陡？
# :::

# %%
z = torch.tensor([-5.0, -1.0, 0.0, 1.0, 5.0], requires_grad=True)
p = torch.sigmoid(z)
p.sum().backward()
print(p)
print(z.grad)

# %% [markdown] lang="en"
# At 0 it is one half and has the slope 1/4; on both sides it gets flat.
#
# ## The loss, by hand
#
# How good is a model? Look at the probability that it gave to what is true: $p_i$ where the label $t_i$ is 1, $1 - p_i$
# where it is 0. For all flowers together the product of these probabilities should be large. A product of many small
# numbers vanishes, so one takes logarithms and their mean, with a minus sign that turns "large" into "small":
#
# $$ L = -\frac{1}{n} \sum_i \left( t_i \ln p_i + (1 - t_i) \ln (1 - p_i) \right) $$
#
# The logarithm of 0 is minus infinity, so the probabilities are first clamped: nothing below $10^{-10}$.

# %% [markdown] lang="zh"
# 在 0 处它是二分之一，斜率为 1/4；往两边走，越来越平。
#
# ## 手写损失
#
# 模型好不好，就看它给真实的类别分了多大的概率：标签是 1 的花看 $p_i$，这里标签记作 $t_i$；标签是 0 的花看 $1 - p_i$。
# 所有的花合起来，这些概率的乘积应该尽量大。很多小于 1 的数乘起来会变成 0，所以取对数，再取平均，并加上负号，
# 把“越大越好”变成“越小越好”：
#
# $$ L = -\frac{1}{n} \sum_i \left( t_i \ln p_i + (1 - t_i) \ln (1 - p_i) \right) $$
#
# 0 的对数是负无穷，所以先用 clamp 把概率截断，不让它小于 $10^{-10}$。


# %%
def loss_by_hand(p, t):
    p_of_truth = torch.where(t == 1, p, 1 - p)
    return -p_of_truth.clamp(min=1e-10).log().mean()


def train_model(loss_of, steps=400):
    w = nn.Parameter(torch.tensor([[-1.0], [0.5]]))
    b = nn.Parameter(torch.tensor([0.0]))
    optimizer = torch.optim.SGD([w, b], lr=0.5)
    history = []
    for step in range(steps + 1):
        z = torch.mm(x[train], w) + b
        loss = loss_of(z, labels[train])
        history.append((w.detach().clone(), b.detach().clone(), loss.item()))
        if step % 100 == 0:
            right = ((z > 0).float() == labels[train]).float().mean().item()
            print(f"{step:3}  loss {loss.item():.4f}  right {right:.3f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return w, b, history


w, b, history = train_model(lambda z, t: loss_by_hand(torch.sigmoid(z), t))

# %% [markdown] lang="en"
# `nn.Parameter` is a leaf that requires a gradient, and `optim.SGD` does the step of page 5:
# $w \leftarrow w - 0.5 \, g$. Now the flowers that the model has not seen:

# %% [markdown] lang="zh"
# `nn.Parameter` 就是要求梯度的叶子节点，`optim.SGD` 做的就是第 5 页的那一步：$w \leftarrow w - 0.5 \, g$。
# 再看模型没见过的花：

# %%
with torch.no_grad():
    sure = torch.sigmoid(torch.mm(x[test], w) + b)
right = (sure > 0.5).float() == labels[test]
print(f"{int(right.sum())} of {len(right)} right")
print("the wrong ones were given", [round(p, 2) for p in sure[~right].tolist()])

# %% [markdown] lang="en"
# ## The border moves
#
# Where $w_1 x_1 + w_2 x_2 + b = 0$ the model is undecided: a straight line. Each step of the descent turns it and
# shifts it. We began on purpose with a bad one.

# %% [markdown] lang="zh"
# ## 分界线在移动
#
# 在 $w_1 x_1 + w_2 x_2 + b = 0$ 的地方，模型拿不定主意：这是一条直线。每下降一步，它就转一点、移一点。
# 我们故意从一条很差的线开始。

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for label, name, marker in ((0, "versicolor", "o"), (1, "virginica", "^")):
    chosen = x[labels.squeeze(1) == label].numpy()
    axes.plot(chosen[:, 0], chosen[:, 1], marker, label=name, alpha=0.7)
across = np.linspace(-2.2, 2.6, 2)
for number, step in enumerate((0, 2, 5, 20, 100, 400)):
    w_then, b_then, _ = history[step]
    (first,), (second,) = w_then.tolist()
    axes.plot(
        across,
        -(first * across + b_then.item()) / second,
        color=plt.cm.viridis(number / 5),
        label=f"step {step}",
    )
axes.set(
    xlim=(-2.2, 2.6),
    ylim=(-2.2, 2.6),
    xlabel="petal length (scaled)",
    ylabel="petal width (scaled)",
)
axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown] lang="en"
# ## Where it breaks
#
# Our loss works because the logits stay small. A badly scaled input, or a network that is too sure of itself, makes them
# large.
#
# :::{break}
# A flower of kind 0 with the logit 200: the model is certain, and wrong. What should the loss be, roughly? What should
# its slope be, so that something is learned? Then run the cell.
# :::

# %% [markdown] lang="zh"
# ## 它在哪里出问题
#
# 我们的损失能用，是因为 logit 都不大。输入缩放得不好，或者网络过于自信，logit 就会变得很大。
#
# :::{break}
# 一朵 0 类的花，logit 却是 200：模型十分肯定，却错了。损失大概应该是多少？要想学到东西，斜率应该是多少？想好再运行。
# :::

# %%
zeros = torch.zeros(5)
with_logits = nn.BCEWithLogitsLoss(reduction="none")
ways = {
    "no clamp": lambda z: -(1 - torch.sigmoid(z)).log(),
    "clamp": lambda z: -(1 - torch.sigmoid(z)).clamp(min=1e-10).log(),
    "with logits": lambda z: with_logits(z, zeros),
}
for name, loss_of in ways.items():
    z = torch.tensor([0.0, 5.0, 15.0, 20.0, 200.0], requires_grad=True)
    loss = loss_of(z)
    loss.sum().backward()
    print(f"{name:12} loss {[round(v, 2) for v in loss.tolist()]}")
    print(f"{'':12} slope {[round(v, 2) for v in z.grad.tolist()]}")

# %% [markdown] lang="en"
# The right answers are a loss of about 200 and a slope of 1. Without the clamp the loss is infinite and the slope is
# `nan`, and one `nan` spoils all weights for good. With the clamp the loss stops at 23.03, which is $-\ln(10^{-10})$,
# and the slope is 0: from the flower that is most wrong, nothing is learned. It begins at 20 already, because in
# `float32` $1 - \sigma(20)$ is exactly 0.
#
# The last way never computes $1 - p$. With a little algebra the loss of one flower becomes
#
# $$ \max(z, 0) - z t + \ln(1 + e^{-|z|}) $$
#
# The exponent is never positive, so nothing overflows. The logarithm is taken of a number between 1 and 2. And the
# slope is $\sigma(z) - t$. This is what "with logits" means: sigmoid and loss in one step.

# %% [markdown] lang="zh"
# 正确答案是：损失约为 200，斜率为 1。不截断时，损失是无穷大，斜率是 `nan`，而只要有一个 `nan`，所有权重就都毁了。
# 截断之后，损失停在 23.03，也就是 $-\ln(10^{-10})$，斜率是 0：从错得最离谱的那朵花身上，反而什么也学不到。
# 从 20 开始就已经这样了，因为在 `float32` 里 $1 - \sigma(20)$ 恰好等于 0。
#
# 最后一种做法从来不算 $1 - p$。稍作推导，一朵花的损失就是
#
# $$ \max(z, 0) - z t + \ln(1 + e^{-|z|}) $$
#
# 指数永远不是正数，不会溢出；对数里的数在 1 和 2 之间；斜率是 $\sigma(z) - t$。所谓“with logits”就是这个意思：
# 把 sigmoid 和损失合成一步。

# %%
w, b, history = train_model(nn.BCEWithLogitsLoss())

# %% [markdown] lang="en"
# The same losses as by hand, as long as nothing is extreme. The graph is shorter, too. First by hand, then with logits:

# %% [markdown] lang="zh"
# 只要不出现极端的数，损失就和手写的一样。图也短了。先是手写的，再是 with logits 的：

# %% tags=["tinytorch"]
from tinytorch import viz

viz.draw(loss_by_hand(torch.sigmoid(torch.mm(x[train], w) + b), labels[train]))

# %% tags=["tinytorch"]
viz.draw(nn.BCEWithLogitsLoss()(torch.mm(x[train], w) + b, labels[train]))

# %% [markdown] lang="en"
# ## How tinytorch does it
#
# One rule, with the formula from above (and with the weights that PyTorch's loss can have). $\ln(1 + e^{-x})$ is
# computed in the stable way by a kernel:
#
# ```{source} tinytorch/ops/loss.py BinaryCrossEntropyWithLogits
# ```

# %% [markdown] lang="zh"
# ## tinytorch 是怎么做的
#
# 一条规则，公式就是上面那个（外加 PyTorch 的损失可以带的权重）。其中的 $\ln(1 + e^{-x})$ 由内核用稳定的办法计算：
#
# ```{source} tinytorch/ops/loss.py BinaryCrossEntropyWithLogits
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Stable by yourself
# Compute the loss of each flower from its logit and its label, with tensor operations only, so that neither value nor
# gradient breaks at any logit. Do not use a function with `logits` in its name.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 自己写一个稳定的
# 由 logit 和标签算出每朵花的损失，只用张量运算，使损失和梯度对任何 logit 都不出问题。不许用名字里带 `logits` 的函数。
# :::


# %% tags=["exercise"]
def stable_loss(z, t):
    return z * 0


# %% tags=["solution"]
def stable_loss(z, t):
    return z.clamp(min=0) - z * t + torch.log1p(torch.exp(-z.abs()))


# %% tags=["check"]
z = torch.tensor([-200.0, -3.0, 0.5, 40.0, 200.0], requires_grad=True)
t = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0])
loss = stable_loss(z, t)
expected = nn.functional.binary_cross_entropy_with_logits(z, t, reduction="none")
assert torch.allclose(loss, expected), "compare with max(z, 0) - z t + ln(1 + e^-|z|)"
slope = torch.autograd.grad(loss.sum(), z)[0]
assert torch.allclose(slope, torch.sigmoid(z) - t), "the slope should be sigmoid(z) - t"
print("stable_loss: right")

# %% [markdown] lang="en"
# :::{exercise} How sure, how right
# Take the flowers to which the model gives a probability between `low` and `high` for kind 1. Which share of them *is* of
# kind 1? Return it as a float. For a model that knows how sure it can be, the answer lies between `low` and `high`, too.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 有多大把握，就有多准吗？
# 在模型给出的 1 类概率介于 `low` 和 `high` 之间的花里，真正属于 1 类的占多大比例？返回浮点数。
# 如果模型对自己的把握估计得准，答案也应该在 `low` 和 `high` 之间。
# :::


# %% tags=["exercise"]
def share_of_ones(p, t, low, high):
    return 0.0


# %% tags=["solution"]
def share_of_ones(p, t, low, high):
    chosen = (p >= low) & (p <= high)
    return t[chosen].mean().item()


# %% tags=["check"]
p = torch.tensor([0.1, 0.6, 0.7, 0.8, 0.65])
t = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0])
assert abs(share_of_ones(p, t, 0.6, 0.8) - 0.75) < 1e-6, (
    "three of the four flowers between 0.6 and 0.8 are of kind 1"
)
print("share_of_ones: right")

# %% [markdown] lang="en"
# :::{exercise} Four measurements
# Train on all four measurements (columns 0 to 3 of `measured[50:]`) and return the number of right answers on the test
# flowers. Use `nn.BCEWithLogitsLoss` and the same split.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 四项测量
# 用全部四项测量（`measured[50:]` 的第 0 到 3 列）来训练，返回测试集上答对的朵数。用 `nn.BCEWithLogitsLoss`，划分方式不变。
# :::


# %% tags=["exercise"]
def right_with_four():
    return 0


# %% tags=["solution"]
def right_with_four():
    flowers = torch.from_numpy(measured[50:].astype(np.float32))
    flowers = (flowers - flowers[train].mean(dim=0)) / flowers[train].std(dim=0)
    w = torch.zeros(4, 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=0.5)
    for _ in range(500):
        optimizer.zero_grad()
        nn.BCEWithLogitsLoss()(flowers[train] @ w + b, labels[train]).backward()
        optimizer.step()
    with torch.no_grad():
        return int((((flowers[test] @ w + b) > 0).float() == labels[test]).sum())


# %% tags=["check"]
assert right_with_four() >= 18, "at least 18 of the 20 flowers can be told apart"
print("right_with_four: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# The page runs unchanged. Older programs print `loss.data[0]` and call `F.sigmoid`; today one writes `loss.item()` and
# `torch.sigmoid`. For more than two classes there is `nn.CrossEntropyLoss`, which takes logits for the same reason:
# page 12.
# :::
#
# Next: [one network, told six times](07_one_network_six_ways).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 这一页不用改就能运行。老程序里会看到 `loss.data[0]` 和 `F.sigmoid`，现在写 `loss.item()` 和 `torch.sigmoid`。
# 超过两类时用 `nn.CrossEntropyLoss`，它接收的也是 logit，道理相同，见第 12 页。
# :::
#
# 下一页：[同一个网络，讲六遍](07_one_network_six_ways)。
