# %% [markdown] lang="en"
# # A line through points
#
# You hang weights on a spring and measure how long it gets. Which line fits the measurements best, and how does a program
# find it without trying all lines?
#
# After this page you can write gradient descent by hand, let autograd do its middle part, fit curves with the same
# code, and tell from a plot when the learning rate is wrong.

# %% [markdown] lang="zh"
# # 用直线拟合数据点
#
# 在弹簧上挂砝码，量它伸长到多少。哪条直线最符合测量结果？程序又怎样找到它，而不必把所有直线都试一遍？
#
# 读完这一页，你能手写梯度下降，把中间那一步交给自动求导，用同样的代码拟合曲线，还能从图上看出学习率选得不对。

# %%
import matplotlib.pyplot as plt

import tinytorch as torch

# %% [markdown] lang="en"
# ## The measurements
#
# We make them ourselves, so that we know the truth: the spring is 12 cm long and gets 1.5 cm longer for each 100 g. Every
# reading is off by a few millimetres.

# %% [markdown] lang="zh"
# ## 测量数据
#
# 数据由我们自己生成，这样就知道正确答案：弹簧长 12 厘米，每挂 100 克伸长 1.5 厘米。每次读数都有几毫米的误差。

# %%
torch.manual_seed(3)
mass = torch.linspace(0, 5, 21)
length = 12 + 1.5 * mass + 0.3 * torch.randn(21)
print(mass[:5])
print(length[:5])

# %% [markdown] lang="en"
# ## How bad is a line?
#
# A line is two numbers: the slope $w$ and the height $b$. It predicts $w x + b$. We call it bad by the mean of the
# squared differences, the *loss*:
#
# $$ L(w, b) = \frac{1}{n} \sum_i (w x_i + b - y_i)^2 $$

# %% [markdown] lang="zh"
# ## 一条直线有多差？
#
# 一条直线就是两个数：斜率 $w$ 和高度 $b$，它的预测是 $w x + b$。它有多差，用差的平方的平均值来衡量，这叫作*损失*：
#
# $$ L(w, b) = \frac{1}{n} \sum_i (w x_i + b - y_i)^2 $$


# %%
def loss_of(w, b):
    return ((w * mass + b - length) ** 2).mean()


for line in ((0.0, 15.0), (1.0, 12.0), (1.5, 12.0)):
    print(line, f"loss {loss_of(*line).item():.3f}")

# %% [markdown] lang="en"
# The third line is the true one, and even its loss is not zero: the readings are off.
#
# ## Downhill by hand
#
# Stand at some $w$ and $b$. The derivatives of $L$ say which way is up, so go a little the other way. With the chain
# rule:
#
# $$ \frac{\partial L}{\partial w} = \frac{2}{n} \sum_i (w x_i + b - y_i) x_i \qquad
#    \frac{\partial L}{\partial b} = \frac{2}{n} \sum_i (w x_i + b - y_i) $$
#
# :::{predict}
# At $w = 0$ and $b = 0$ every prediction is 0 and too low. Which sign have both derivatives? Which way will $w$ and $b$
# go?
# :::

# %% [markdown] lang="zh"
# 第三条就是真正的直线，它的损失也不是零，因为读数有误差。
#
# ## 手写梯度下降
#
# 好比下山：站在某个 $w$ 和 $b$ 上，$L$ 的导数指出哪边是上坡，那就往反方向走一小步。由链式法则：
#
# $$ \frac{\partial L}{\partial w} = \frac{2}{n} \sum_i (w x_i + b - y_i) x_i \qquad
#    \frac{\partial L}{\partial b} = \frac{2}{n} \sum_i (w x_i + b - y_i) $$
#
# :::{predict}
# 在 $w = 0$、$b = 0$ 处，所有预测都是 0，都偏低。两个导数是正是负？$w$ 和 $b$ 会往哪边走？
# :::

# %%
w, b = 0.0, 0.0
by_hand = []
for step in range(200):
    too_much = w * mass + b - length
    slope_w = 2 * (too_much * mass).mean().item()
    slope_b = 2 * too_much.mean().item()
    if step % 40 == 0:
        print(
            f"{step:3}  w {w:.3f}  b {b:6.3f}  loss {loss_of(w, b).item():8.3f}",
            f"  slopes {slope_w:8.3f} {slope_b:8.3f}",
        )
    by_hand.append(loss_of(w, b).item())
    w -= 0.1 * slope_w
    b -= 0.1 * slope_b
print(f"     w {w:.3f}  b {b:6.3f}  loss {loss_of(w, b).item():8.3f}")

# %% [markdown] lang="en"
# Both slopes begin negative, so both numbers grow. $w$ overshoots first, then $b$ catches up. After 200 steps the line is
# as close to the truth as the errors allow. The factor 0.1 is the *learning rate*.
#
# ## The same with autograd
#
# Only the two formulas in the middle were real work, and for a network with a million weights there would be a million
# of them. Leave them to autograd. Three things are new: `requires_grad=True`, `backward()`, and that the step itself
# must not be recorded.

# %% [markdown] lang="zh"
# 两个导数一开始都是负的，所以两个数都在变大。$w$ 先冲过了头，然后 $b$ 慢慢赶上来。200 步之后，得到的直线已经非常接近真值，
# 剩下的差距来自测量误差。其中的系数 0.1 就是*学习率*。
#
# ## 交给自动求导
#
# 真正费劲的只有中间那两个公式。要是网络有一百万个权重，就得写一百万个公式。这些就交给自动求导吧。新东西有三样：
# `requires_grad=True`、`backward()`，还有更新参数那一步不能被记录下来。

# %%
w = torch.tensor(0.0, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
with_autograd = []
for _ in range(200):
    loss = loss_of(w, b)
    loss.backward()
    with_autograd.append(loss.item())
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    w.grad = None
    b.grad = None
print(f"w {w.item():.3f}  b {b.item():.3f}  loss {loss_of(w, b).item():.3f}")
print(max(abs(one - other) for one, other in zip(by_hand, with_autograd)) < 1e-4)

# %% [markdown] lang="en"
# The same descent, step for step. Gradients add up in `.grad`, so they are cleared after each step (page 3); inside
# `no_grad` the subtraction changes the leaf in place and leaves nothing in the graph (page 4).

# %% [markdown] lang="zh"
# 每一步都和手算的一样。梯度会在 `.grad` 里累加，所以每步之后要清掉（见第 3 页）；在 `no_grad` 里做减法，会就地改动叶子节点，
# 而不在图里留下任何东西（见第 4 页）。

# %% tags=["tinytorch"]
from tinytorch import viz

viz.draw(loss_of(w, b))

# %% tags=["hide-input"]
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
left.plot(mass.numpy(), length.numpy(), "o", label="measured")
left.plot(mass.numpy(), (w * mass + b).detach().numpy(), label="fitted")
left.set(xlabel="mass (100 g)", ylabel="length (cm)")
left.legend()
right.semilogy(by_hand)
right.set(xlabel="step", ylabel="loss")
plt.show()

# %% [markdown] lang="en"
# ## Too large a step
#
# :::{break}
# Take 0.12 for the learning rate. What does the loss do? Then find the largest rate that still works, to three digits
# after the point.
# :::

# %% [markdown] lang="zh"
# ## 步子太大
#
# :::{break}
# 把学习率改成 0.12。损失会怎样变化？再找出仍然能收敛的最大学习率，精确到小数点后三位。
# :::


# %%
def descend(rate, steps=60):
    w = torch.tensor(0.0, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = loss_of(w, b)
        losses.append(loss.item())
        slope_w, slope_b = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= rate * slope_w
            b -= rate * slope_b
    return losses


for rate in (0.01, 0.1, 0.12):
    losses = descend(rate)
    print(f"rate {rate:<5} after 60 steps: {losses[-1]:.3g}")

# %% tags=["remove-cell"]
assert descend(0.107, 2000)[-1] < 0.04 and descend(0.108, 2000)[-1] > 1000

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for rate in (0.01, 0.05, 0.1, 0.12):
    axes.semilogy(descend(rate), label=f"rate {rate}")
axes.set(xlabel="step", ylabel="loss")
axes.legend()
plt.show()

# %% [markdown] lang="en"
# Too small a rate creeps. Too large a rate jumps over the valley and lands higher on the other side, again and again.
# There is a sharp border in between: 2 divided by the largest curvature of the loss, here 0.107. No error is raised in
# any of the cases. Only the plot tells, or a loss of `inf` or `nan`.
#
# ## From a line to a curve
#
# A ball is thrown straight up, and its height is filmed. The curve is no line, but it *is* a sum of fixed curves, each
# with a weight: $h = b + w_1 t + w_2 t^2 + w_3 t^3$. In the weights this is as linear as before. Only the data change:
# each moment becomes a row of *features*, and the sum becomes a matrix product.

# %% [markdown] lang="zh"
# 学习率太小，就慢慢往前蹭。太大，就一步跨过谷底，落到对面更高的地方，一次又一次。两者之间有一条清楚的界线：
# 2 除以损失的最大曲率，这里是 0.107。这几种情况都不会报错，只有从图上，或者损失变成 `inf` 或 `nan` 时，才看得出来。
#
# ## 从直线到曲线
#
# 把球竖直向上抛，拍下它的高度。这条曲线不是直线，但它*是*几条固定曲线的加权和：$h = b + w_1 t + w_2 t^2 + w_3 t^3$。
# 对权重来说，它和先前一样是线性的。变的只是数据：每个时刻变成一行*特征*，加权和变成一次矩阵乘法。


# %%
def features(t, degree):
    return torch.stack([t**power for power in range(1, degree + 1)], dim=1)


t = torch.linspace(0, 2, 41)
height = 1.8 + 9.0 * t - 4.9 * t**2 + 0.05 * torch.randn(41)
x = features(t, 3)
print(x.shape, x[1], x[-1])

# %% [markdown] lang="en"
# :::{predict}
# The columns of `x` reach up to 2, 4 and 8, and $b$ has a column of ones, so to speak. For which of the four numbers is
# the loss steepest, for which is it flattest? What will that do to the one learning rate that they share?
# :::

# %% [markdown] lang="zh"
# :::{predict}
# `x` 的三列最大分别到 2、4、8，而 $b$ 相当于一列 1。损失沿四个数中的哪一个最陡，沿哪一个最平？它们共用一个学习率，会怎么样？
# :::


# %%
def fit(x, y, rate, steps):
    w = torch.zeros(x.shape[1], 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for _ in range(steps):
        loss = ((torch.mm(x, w) + b - y.unsqueeze(1)) ** 2).mean()
        w.grad = b.grad = None
        loss.backward()
        with torch.no_grad():
            w -= rate * w.grad
            b -= rate * b.grad
    return w.detach(), b.detach(), loss.item()


raw = fit(x, height, rate=0.06, steps=2000)
center, spread = x.mean(dim=0), x.std(dim=0)
even = fit((x - center) / spread, height, rate=0.3, steps=2000)
patient = fit((x - center) / spread, height, rate=0.3, steps=10000)
print(f"raw features,     2000 steps: {raw[2]:.4f}")
print(f"scaled features,  2000 steps: {even[2]:.4f}")
print(f"scaled features, 10000 steps: {patient[2]:.4f}")

# %% [markdown] lang="en"
# The weight of $t^3$ is the steepest, and the raw columns allow a rate of hardly more than 0.06. Shifted to mean 0 and
# scaled to spread 1, they allow one five times as large, and in as many steps the descent gets deeper. It is not at the
# bottom yet: within two seconds the curves of $t^2$ and $t^3$ look alike. A little more of one and less of the other
# hardly changes the loss, so the valley is flat in that direction. Patience helps. Divide by the spread, and the
# weights are those of the original powers:

# %% [markdown] lang="zh"
# 沿 $t^3$ 的权重最陡，所以用原始的列，学习率最多只能到 0.06 左右。把特征平移到平均值 0、缩放到标准差 1，学习率就能大五倍，
# 走同样多的步，下得更深。不过还没有到底：在两秒之内，$t^2$ 和 $t^3$ 的曲线长得很像，这个多一点、那个少一点，损失几乎不变，
# 所以山谷在这个方向上是平的。多走一些步就好了。再除以标准差，就换算回原来各次幂的权重：

# %%
weights = patient[0].squeeze(1) / spread
bottom = patient[1] - (weights * center).sum()
print([round(number, 1) + 0.0 for number in [bottom.item(), *weights.tolist()]])
exact = torch.linalg.lstsq(
    torch.cat([torch.ones(41, 1), x], dim=1).double(), height.double().unsqueeze(1)
).solution
print([round(number, 1) + 0.0 for number in exact.squeeze(1).tolist()])

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(t.numpy(), height.numpy(), "o", label="filmed", alpha=0.5)
axes.plot(t.numpy(), (x @ raw[0] + raw[1]).squeeze(1).numpy(), label="raw features")
axes.plot(t.numpy(), (x @ weights + bottom).numpy(), label="scaled features")
axes.set(xlabel="time (s)", ylabel="height (m)")
axes.legend()
plt.show()

# %% [markdown] lang="en"
# The second row is the exact minimum from linear algebra. The truth was $1.8 + 9 t - 4.9 t^2$: nobody told the program
# that there is no $t^3$ in it.
#
# ## How tinytorch does it
#
# `mm` is one rule. Its docstring has the three formulas that matter: the product, and the gradient of each side, which is
# again a product, with the other side transposed.
#
# ```{source} tinytorch/ops/matmul.py Mm
# ```
#
# And $b$, of shape `(1,)`, was added to 41 rows. So its gradient arrives with 41 rows and has to be summed to one. This
# is done in a single place, for all rules:
#
# ```{source} tinytorch/autograd/fitting.py unbroadcast
# ```

# %% [markdown] lang="zh"
# 第二行是用线性代数算出的精确解。真实的运动是 $1.8 + 9 t - 4.9 t^2$：没有人告诉过程序，里面没有 $t^3$ 这一项。
#
# ## tinytorch 是怎么做的
#
# `mm` 是一条规则。它的文档字符串里有三个关键的公式：乘积本身，以及两边各自的梯度，都是与另一边的转置再做一次乘法。
#
# ```{source} tinytorch/ops/matmul.py Mm
# ```
#
# 形状为 `(1,)` 的 $b$ 被加到 41 行上，于是它的梯度来的时候也有 41 行，要加成一个。所有规则都在同一个地方做这件事：
#
# ```{source} tinytorch/autograd/fitting.py unbroadcast
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} One step
# Return `w` and `b` after one step of gradient descent, as floats. Use the formulas, not autograd.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 走一步
# 返回梯度下降走一步之后的 `w` 和 `b`（浮点数）。用公式，不用自动求导。
# :::


# %% tags=["exercise"]
def one_step(w, b, x, y, rate):
    return w, b


# %% tags=["solution"]
def one_step(w, b, x, y, rate):
    too_much = w * x + b - y
    slope_w = 2 * (too_much * x).mean().item()
    slope_b = 2 * too_much.mean().item()
    return w - rate * slope_w, b - rate * slope_b


# %% tags=["check"]
found = one_step(1.0, 0.0, torch.tensor([1.0, 3.0]), torch.tensor([2.0, 2.0]), 0.5)
assert abs(found[0] - 0.0) < 1e-6, (
    "differences are -1 and 1, so the slope of w is (-1 + 3) = 2"
)
assert abs(found[1] - 0.0) < 1e-6, "the differences cancel: b stays"
print("one_step: right")

# %% [markdown] lang="en"
# :::{exercise} The robust line
# One reading went wrong by 20 cm. Fit a line that hardly cares: minimize the mean of the *absolute* differences, with
# autograd, and return `(w, b)` as floats. Let the rate shrink during the descent, since the slopes of an absolute value
# do not get smaller near the minimum.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 不怕坏点的直线
# 有一个读数错了 20 厘米。拟合一条几乎不受它影响的直线：用自动求导，使差的*绝对值*的平均值最小，返回浮点数 `(w, b)`。
# 下降过程中让学习率逐渐变小，因为绝对值的斜率到了最小值附近也不会变小。
# :::


# %% tags=["exercise"]
def robust_line(x, y):
    return 0.0, 0.0


# %% tags=["solution"]
def robust_line(x, y):
    w = torch.tensor(0.0, requires_grad=True)
    b = torch.tensor(0.0, requires_grad=True)
    for step in range(2000):
        slopes = torch.autograd.grad((w * x + b - y).abs().mean(), (w, b))
        rate = 0.5 * (1 - step / 2000)
        with torch.no_grad():
            w -= rate * slopes[0]
            b -= rate * slopes[1]
    return w.item(), b.item()


# %% tags=["check"]
wrong = length.clone()
wrong[18] += 20
found = robust_line(mass, wrong)
assert abs(found[0] - 1.5) < 0.15, (
    "the slope should be near 1.5, in spite of the bad reading"
)
assert abs(found[1] - 12) < 0.3, "the height should be near 12"
print("robust_line: right")

# %% [markdown] lang="en"
# :::{exercise} Gravity
# Return the acceleration (in m/s², a positive number) that the film shows, from a fit of degree 2.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 重力加速度
# 用二次拟合，求出录像所显示的加速度（单位 m/s²，取正数）并返回。
# :::


# %% tags=["exercise"]
def gravity(t, height):
    return 0.0


# %% tags=["solution"]
def gravity(t, height):
    x = features(t, 2)
    spread = x.std(dim=0)
    w, _, _ = fit((x - x.mean(dim=0)) / spread, height, rate=0.3, steps=2000)
    return -2 * (w.squeeze(1) / spread)[1].item()


# %% tags=["check"]
assert abs(gravity(t, height) - 9.8) < 0.3, (
    "the weight of t^2 is minus one half of the acceleration"
)
print("gravity: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# All of this page runs on PyTorch as it stands. In older programs you will see `w.data -= 0.1 * w.grad.data` for the
# step: the same, with less protection (page 13). In newer ones `torch.optim.SGD` does the step and `nn.MSELoss` is the
# loss (pages 7 and 9).
# :::
#
# Next: [from how much to which one: logistic regression](06_logistic_regression).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# 这一页原封不动就能在 PyTorch 上运行。在老程序里，更新那一步常写成 `w.data -= 0.1 * w.grad.data`，
# 效果相同，只是少了一层保护（见第 13 页）。新程序里，这一步由 `torch.optim.SGD` 来做，损失用 `nn.MSELoss`（见第 7、9 页）。
# :::
#
# 下一页：[从“有多少”到“是哪个”：逻辑回归](06_logistic_regression)。
