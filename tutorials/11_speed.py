# %% [markdown] lang="en"
# # Where the time goes
#
# Multiplying two matrices is three nested loops. You can write that in five lines of C, and NumPy will still be more than
# twenty times as fast, on the same machine. What does it know?
#
# After this page you can measure without fooling yourself, say whether a program waits for arithmetic or for memory,
# and read one of tinytorch's kernels. The numbers are those of the machine that built this page. Yours will differ; the
# ratios will differ less.

# %% [markdown] lang="zh"
# # 时间花在哪里
#
# 两个矩阵相乘就是三重循环，用 C 写只要五行，可是在同一台机器上，NumPy 还要快二十多倍。它的窍门在哪里？
#
# 读完这一页，你会做可靠的测量，不骗自己，说得出一个程序是在等计算还是在等内存，还能读懂 tinytorch 的一个内核。
# 页面上的数字来自生成本页的机器，你的会不一样，不过比例差得不多。

# %%
import importlib
import time

import matplotlib.pyplot as plt
import numpy as np

import tinytorch as torch

torch.set_num_threads(1)

# %% [markdown] lang="en"
# ## Measuring
#
# A single measurement says little: other programs run, memory is used for the first time, the processor changes its
# clock. All these only make things slower, so the *smallest* of many times is the most honest one.

# %% [markdown] lang="zh"
# ## 怎样测量
#
# 只测一次说明不了什么：别的程序可能在跑，内存可能是头一次用到，处理器还会变频。这些因素只会让时间变长，所以多测几次取*最小值*最可靠。


# %%
def microseconds(call, *arguments, rounds=15, repeats=1):
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            call(*arguments)
        best = min(best, (time.perf_counter() - start) / repeats)
    return best * 1e6


# %% [markdown] lang="en"
# ## What a call costs
#
# :::{predict}
# Adding two tensors of 12 numbers and two of 12 million numbers: by which factor do the times differ?
# :::

# %% [markdown] lang="zh"
# ## 一次调用的代价
#
# :::{predict}
# 12 个数的张量相加，和 1200 万个数的张量相加，时间差多少倍？
# :::

# %%
sizes = [12, 1200, 120_000, 12_000_000]
times = []
for size in sizes:
    a, b = torch.ones(size), torch.ones(size)
    times.append(microseconds(torch.add, a, b, repeats=1000 if size < 10_000 else 1))

# %% tags=["varies"]
for size, duration in zip(sizes, times):
    print(
        f"{size:10} numbers  {duration:10.2f} us",
        f"{duration * 1000 / size:8.2f} ns for each",
    )

# %% [markdown] lang="en"
# A million times as many numbers take perhaps ten thousand times as long. Up to about a thousand numbers the time hardly
# depends on them: it goes into finding out what is to be done. This is called *overhead*, and small networks consist of
# little else. It is why tinytorch compiles its tensors, its graph and its engine, and why one operation on a large tensor
# beats a thousand on small ones.
#
# ## Waiting for memory
#
# Look at the last two rows. With 120,000 numbers, which the processor keeps close by, an addition takes a fraction of a
# nanosecond. With 12 million each one takes several times as long: the processor waits until the numbers have come from
# memory. They come in lines of 64 bytes, 16 numbers of `float32` at once.
#
# :::{predict}
# Two sums of as many numbers: a million in a row, and a million of which each lies 16 places behind the one before. By
# which factor do they differ?
# :::

# %% [markdown] lang="zh"
# 数的个数多了一百万倍，时间大概只多一万倍。一千个数以下，时间和个数几乎无关：都花在弄清楚要做什么上了。
# 这叫作*开销*，小网络的时间几乎全是开销。所以 tinytorch 把张量、计算图和引擎都编译了；也正因为如此，
# 对大张量做一次运算，胜过对小张量做一千次。
#
# ## 等内存
#
# 看最后两行。12 万个数放得进处理器近旁的存储，一次加法只要零点几纳秒。1200 万个数时，每次加法的时间是它的好几倍：
# 处理器在等数从内存里送来。内存一次送来 64 字节，正好 16 个 `float32`。
#
# :::{predict}
# 两次求和，个数一样多：一次是连续的一百万个数，一次是每隔 16 个取一个的一百万个数。时间差多少倍？
# :::

# %%
million = 1 << 20
wide = torch.ones(million * 16)
in_a_row, far_apart = wide[:million], wide[::16]
row, apart = microseconds(in_a_row.sum), microseconds(far_apart.sum)
print(
    in_a_row.sum().item() == far_apart.sum().item(),
    in_a_row.stride(),
    far_apart.stride(),
)

# %% tags=["varies"]
print(
    f"in a row {row:.0f} us, far apart {apart:.0f} us: {apart / row:.0f} times as long"
)

# %% [markdown] lang="en"
# The same additions; but each number drags 15 others along that nobody wants. So a kernel walks along memory wherever
# it can, whichever dimension that is.
#
# ## Why three loops lose
#
# $C = A B$ with $n \times n$ matrices needs $2 n^3$ operations on only $3 n^2$ numbers: each number is used many times.
# The art is to use it often while it is near. Here are four ways. The loops that are left in Python are the slow part;
# NumPy does the rest.
#
# :::{predict}
# Three loops, two, one, none. By which factor does each way beat the one before?
# :::

# %% [markdown] lang="zh"
# 加法次数一样，但每取一个数，都拖来 15 个没人要的。所以不管是哪个维度，内核总是尽量沿着内存走。
#
# ## 三重循环为什么输
#
# $C = A B$，都是 $n \times n$ 的矩阵，要做 $2 n^3$ 次运算，用到的数却只有 $3 n^2$ 个：每个数要用很多次。
# 诀窍是趁它在手边时多用几次。下面有四种做法，留在 Python 里的循环就是慢的部分，其余由 NumPy 完成。
#
# :::{predict}
# 三重循环、两重、一重、没有循环。每一种比前一种快多少倍？
# :::


# %%
def by_numbers(a, b):
    n = len(a)
    c = np.zeros((n, n), np.float32)
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i, k] * b[k, j]
            c[i, j] = total
    return c


def by_dots(a, b):
    n = len(a)
    c = np.zeros((n, n), np.float32)
    for i in range(n):
        for j in range(n):
            c[i, j] = a[i] @ b[:, j]
    return c


def by_rows(a, b):
    c = np.zeros_like(a)
    for i in range(len(a)):
        c[i] = a[i] @ b
    return c


rng = np.random.default_rng(0)
a, b = rng.standard_normal((2, 96, 96), np.float32)
ways = {
    "number by number": by_numbers,
    "dot by dot": by_dots,
    "row by row": by_rows,
    "at once": np.matmul,
}
flops = {
    name: 2 * 96**3 / microseconds(way, a, b, rounds=3) / 1e3
    for name, way in ways.items()
}
print(all(np.allclose(way(a, b), a @ b, atol=1e-4) for way in ways.values()))

# %% tags=["varies"]
for name, speed in flops.items():
    print(f"{name:16} {speed:9.3f} thousand million operations a second")

# %% [markdown] lang="en"
# The last way is more than ten thousand times as fast as the first, for the same numbers. To write the loops in C
# instead of Python is not enough: three plain loops in C reach about 4 thousand million operations a second here. What
# helps is *blocks*, a few rows of $A$ and columns of $B$ that fit into the processor's nearest memory and are used many
# times; and SIMD instructions, which compute 16 products at once. Libraries called BLAS do that, tuned for each
# processor over decades. Nobody beats them in an afternoon, so tinytorch does not try: its kernel finds NumPy's BLAS
# and calls it without detours.
#
# The larger the matrix, the more work there is for each number that is fetched:

# %% [markdown] lang="zh"
# 结果相同，最后一种比第一种快一万倍以上。光把 Python 循环换成 C 循环是不够的：在这台机器上，C 写的三重循环每秒大约只能做 40 亿次运算。
# 真正管用的是*分块*：取 $A$ 的几行和 $B$ 的几列，小到能放进离处理器最近的存储里，反复使用；再加上 SIMD 指令，一次做 16 个乘法。
# 这就是叫作 BLAS 的库做的事，几十年来为每种处理器精心调整。谁也不可能花一个下午就超过它，所以 tinytorch 不去试：
# 它的内核找到 NumPy 自带的 BLAS，直接调用。
#
# 矩阵越大，每取来一个数，能做的运算就越多：

# %%
sides = [8, 16, 32, 64, 128, 256, 512]
speeds = []
for n in sides:
    x, y = torch.from_numpy(rng.standard_normal((2, n, n), np.float32))
    duration = microseconds(torch.matmul, x, y, repeats=max(1, 20_000 // n**2))
    speeds.append(2 * n**3 / duration / 1e3)

# %% tags=["hide-input"]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.loglog(sides, speeds, "o-", base=2)
axes.set(xlabel="side of the matrices", ylabel="GFLOP/s")
plt.show()

# %% [markdown] lang="en"
# ## One walk instead of ten
#
# Where there is little arithmetic, memory decides. One step of Adam reads four arrays and writes three. Written with
# NumPy, each of its dozen operations walks through memory by itself, and most leave a temporary array behind. A kernel
# does it all in one walk. The version in NumPy is kept as its *twin*: it says what the kernel has to compute, and does
# the work where there is no compiler.
#
# :::{predict}
# For each parameter the kernel reads or writes seven numbers, the twin more than thirty. How much faster will the
# kernel be on four million parameters?
# :::

# %% [markdown] lang="zh"
# ## 走一遍，而不是走十遍
#
# 计算量小的地方，由内存说了算。Adam 的一步要读四个数组、写三个。用 NumPy 写，十来个运算各自把内存走一遍，多数还会留下一个临时数组。
# 内核则一遍做完。NumPy 的版本作为它的*孪生版本*留着：它规定了内核应该算出什么，没有编译器时就由它来干活。
#
# :::{predict}
# 每个参数，内核读写 7 个数，孪生版本要读写三十多个。在四百万个参数上，内核会快多少？
# :::

# %% tags=["tinytorch"]
from tinytorch import kernels

twin = importlib.import_module("tinytorch.kernels.optimizer").adam_step
count = 1 << 22
start = [rng.standard_normal(count, np.float32) for _ in range(2)] + [
    np.zeros(count, np.float32) for _ in range(2)
]
results = []
durations = []
for step_of in (twin, kernels.optimizer.adam_step):
    arrays = [array.copy() for array in start]
    step_of(*arrays, None, 1, 0.001, 0.9, 0.999, 1e-8)
    results.append(arrays[0])
    durations.append(
        microseconds(step_of, *arrays, None, 2, 0.001, 0.9, 0.999, 1e-8, rounds=5)
    )
print(np.allclose(*results))

# %% tags=["tinytorch", "varies"]
print(
    f"twin {durations[0] / 1000:.1f} ms, kernel {durations[1] / 1000:.1f} ms:",
    f"{durations[0] / durations[1]:.1f} times as fast",
)
print(kernels.picked["optimizer"])

# %% [markdown] lang="en"
# (If it says `numpy` instead of `compiled`, there was no compiler when tinytorch was installed, and both are the same.)
#
# ## One after the other
#
# :::{break}
# Compiled and in a row: is that enough? `sum` and `cumsum` make the same additions. But `cumsum` has to know every
# total on the way, so each addition waits for the one before. `sum` keeps many totals side by side. How much is lost by
# waiting?
# :::

# %% [markdown] lang="zh"
# （如果显示的是 `numpy` 而不是 `compiled`，说明安装 tinytorch 时没有编译器，那么两者是同一份代码。）
#
# ## 一个等一个
#
# :::{break}
# 编译过，又是连续的内存，这就够了吗？`sum` 和 `cumsum` 做同样的加法。但 `cumsum` 要知道途中的每个累计值，
# 所以每次加法都得等上一次做完；`sum` 则同时用很多个累加变量。等待要损失多少？
# :::

# %%
numbers = torch.ones(4096)
print(numbers.sum().item() == numbers.cumsum(0)[-1].item())
together = microseconds(numbers.sum, repeats=200)
waiting = microseconds(numbers.cumsum, 0, repeats=200)

# %% tags=["varies"]
print(f"sum {together:.1f} us, cumsum {waiting:.1f} us")

# %% [markdown] lang="en"
# (`cumsum` also has 4096 numbers to write, but that is the smaller part.)
#
# ## How tinytorch does it
#
# This is the loop of the Adam kernel, the *room* where the work is done. It reads like the formula of page 9:
#
# ```{source} _ext/optimizer.pyx _adam
# ```
#
# In front of it stands a *door*, which checks whether the arrays are what the room expects, and sends everything else
# to the twin:
#
# ```{source} _ext/optimizer.pyx adam_step
# ```
#
# The door of `matmul` is short. Behind it there are three ways to compute a product; the head of the file says when it
# takes which:
#
# ```{source} _ext/matmul.pyx matmul
# ```

# %% [markdown] lang="zh"
# （`cumsum` 还要写出 4096 个数，不过那只占一小部分。）
#
# ## tinytorch 是怎么做的
#
# 下面是 Adam 内核的循环，是真正干活的*房间*。读起来就像第 9 页的公式：
#
# ```{source} _ext/optimizer.pyx _adam
# ```
#
# 前面有一扇*门*，看看数组是不是房间要的样子，其余的都交给孪生版本：
#
# ```{source} _ext/optimizer.pyx adam_step
# ```
#
# `matmul` 的门很短。门后有三种算法，什么时候用哪一种，请看文件开头：
#
# ```{source} _ext/matmul.pyx matmul
# ```

# %% [markdown] lang="en"
# ## Exercises
#
# :::{exercise} Counting
# Return how many multiplications and additions the forward pass of `nn.Linear(inputs, outputs)` takes for a batch, bias
# included. A product and its addition count as two.
# :::

# %% [markdown] lang="zh"
# ## 练习
#
# :::{exercise} 数运算
# `nn.Linear(inputs, outputs)` 对一批数据做一次前向，要多少次乘法和加法（含偏置）？一次乘、一次加，算两次运算。
# :::


# %% tags=["exercise"]
def operations(batch, inputs, outputs):
    return 0


# %% tags=["solution"]
def operations(batch, inputs, outputs):
    return batch * outputs * 2 * inputs


# %% tags=["check"]
assert operations(1, 1, 1) == 2, "one product, one addition of the bias"
assert operations(64, 1000, 100) == 12_800_000, (
    "n products and n - 1 additions, and the bias makes it 2 n"
)
print("operations: right")

# %% [markdown] lang="en"
# :::{exercise} Blocks
# Multiply matrices in blocks of `size`: `c[i:i+size, j:j+size]` is a sum of products of blocks. The sides need not be
# multiples of `size`.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 分块
# 按 `size` 分块做矩阵乘法：`c[i:i+size, j:j+size]` 是若干块乘积之和。边长不一定是 `size` 的整数倍。
# :::


# %% tags=["exercise"]
def in_blocks(a, b, size):
    return np.zeros((len(a), b.shape[1]), a.dtype)


# %% tags=["solution"]
def in_blocks(a, b, size):
    c = np.zeros((len(a), b.shape[1]), a.dtype)
    for i in range(0, len(a), size):
        for j in range(0, b.shape[1], size):
            for k in range(0, len(b), size):
                c[i : i + size, j : j + size] += (
                    a[i : i + size, k : k + size] @ b[k : k + size, j : j + size]
                )
    return c


# %% tags=["check"]
left, right = np.arange(35.0).reshape(5, 7), np.arange(42.0).reshape(7, 6)
assert np.allclose(in_blocks(left, right, 2), left @ right), "blocks of 2 x 2"
assert np.allclose(in_blocks(left, right, 4), left @ right), (
    "blocks that do not fit evenly"
)
print("in_blocks: right")

# %% [markdown] lang="en"
# :::{exercise} One walk
# Return mean and variance (dividing by $n$) of a sequence in *one* walk, without lists, so that a large common offset
# does no harm. Welford's way: keep the mean so far, and the sum of squared differences from it.
# :::

# %% [markdown] lang="zh"
# :::{exercise} 只走一遍
# 只走*一遍*，不用列表，求出一个序列的平均值和方差（除以 $n$），即使所有的数都带着一个很大的公共偏移也不受影响。
# Welford 的办法：记住目前的平均值，以及与平均值之差的平方和。
# :::


# %% tags=["exercise"]
def mean_and_variance(numbers):
    return 0.0, 0.0


# %% tags=["solution"]
def mean_and_variance(numbers):
    count, mean, squares = 0, 0.0, 0.0
    for number in numbers:
        count += 1
        before = number - mean
        mean += before / count
        squares += before * (number - mean)
    return mean, squares / count


# %% tags=["check"]
mean, variance = mean_and_variance(iter([1e9 + 1, 1e9 + 2, 1e9 + 3]))
assert abs(mean - (1e9 + 2)) < 1e-3, "the mean is 1000000002"
assert abs(variance - 2 / 3) < 1e-3, (
    "mean of squares minus square of mean loses all digits here"
)
print("mean_and_variance: right")

# %% [markdown] lang="en"
# ## The same in PyTorch
#
# :::{torch}
# PyTorch's kernels are made by the same means: BLAS, SIMD, blocks, one walk. On large arrays the two are about even; on
# small ones PyTorch has more to find out before each operation. The [benchmarks](../benchmarks) compare them, question
# by question.
# :::
#
# Next: [reading digits](12_digits).

# %% [markdown] lang="zh"
# ## 在 PyTorch 里
#
# :::{torch}
# PyTorch 的内核用的是同样的手段：BLAS、SIMD、分块、只走一遍。大数组上两者差不多；小数组上，PyTorch 每次运算之前要弄清楚的事情更多。
# [性能测试](../benchmarks) 逐项做了比较。
# :::
#
# 下一页：[认数字](12_digits)。
