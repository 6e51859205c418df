"""Losses are PyTorch's: values and gradients twice, reductions, weights, ignored classes, smoothing, dtypes, errors."""

import numpy as np
import pytest

import tinytorch as tt
from tests.differential import same, sample, strided

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

REDUCTIONS = ("mean", "sum", "none")
each_reduction = pytest.mark.parametrize("reduction", REDUCTIONS)


def is_named(name):
    return f"nn.functional.{name}"


def probabilities(shape, dtype="float64", seed=0):
    return sample(shape, dtype, 0.05, 0.95, seed)


def signs(shape, seed=5):
    return np.asarray(np.where(sample(shape, seed=seed) < 0, -1.0, 1.0))


def classes(shape, count, seed=3):
    return np.random.default_rng(seed).integers(0, count, shape)


# ---- numbers ---------------------------------------------------------------------------------------------------------

REGRESSION = [
    ("mse_loss", {}),
    ("l1_loss", {}),
    ("smooth_l1_loss", {}),
    ("smooth_l1_loss", {"beta": 0.3}),
    ("smooth_l1_loss", {"beta": 0.0}),
    ("huber_loss", {}),
    ("huber_loss", {"delta": 0.3}),
    ("poisson_nll_loss", {}),
    ("poisson_nll_loss", {"full": True}),
    ("soft_margin_loss", {}),
]


@pytest.mark.parametrize(("name", "options"), REGRESSION)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (2, 0)])
@each_reduction
def test_numbers(name, options, shape, reduction):
    x, target = sample(shape, low=-3, high=3), signs(shape) if name == "soft_margin_loss" else sample(shape, seed=1)
    grad = name != "soft_margin_loss"  # PyTorch refuses a target that requires grad: see below
    if options.get("full"):
        target = np.asarray(target + 3)
    same(is_named(name), x, target, reduction=reduction, node=True, grad=grad, atol=1e-14, **options)
    same(is_named(name), strided(x), strided(target), reduction=reduction, grad=grad, atol=1e-14, **options)
    same(lambda lib, x, t: getattr(lib.nn.functional, name)(x, t.detach(), reduction=reduction, **options), x, target)


@pytest.mark.parametrize(("name", "options"), REGRESSION)
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@each_reduction
def test_dtypes(name, options, dtype, reduction):
    if name == "poisson_nll_loss" or (dtype != "float32" and reduction != "none"):
        return  # rounded after every step, by PyTorch, of which there are several
    x, target = sample((4, 5), dtype, -3, 3), sample((4, 5), dtype, seed=1)
    call = lambda lib, x, t: getattr(lib.nn.functional, name)(x, t.detach(), reduction=reduction, **options)  # noqa: E731
    same(call, x, target, second=False, ulp=16, atol=1e-6 if dtype == "float32" else 2e-2)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_sizes_that_broadcast_warn(name):
    x, target = sample((4, 1)), sample((4,), seed=1)
    same(is_named(name), x, target)  # the warning is an error here, with the same first line
    with pytest.warns(UserWarning, match=r"target\.unsqueeze"):
        found = getattr(tt.nn.functional, name)(tt.tensor(x), tt.tensor(target))
    with pytest.warns(UserWarning):
        expected = getattr(torch.nn.functional, name)(torch.tensor(x), torch.tensor(target))
    assert found.item() == pytest.approx(expected.item(), rel=1e-14)


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss"])
@each_reduction
def test_weights(name, reduction):
    same(is_named(name), sample((4, 5)), sample((4, 5), seed=1), weight=probabilities((4, 5)), reduction=reduction)


@pytest.mark.parametrize("side", [(4, 5), (4, 1), (4,)])
@pytest.mark.parametrize("full", [False, True])
@each_reduction
def test_gaussian(side, full, reduction):
    x, target = sample((4, 5)), sample((4, 5), seed=1)
    same(is_named("gaussian_nll_loss"), x, target, probabilities(side), full=full, reduction=reduction)


def test_gaussian_refuses():
    same(is_named("gaussian_nll_loss"), sample((4, 5)), sample((4, 5)), probabilities((5,)))
    same(is_named("gaussian_nll_loss"), sample((4, 5)), sample((4, 5)), -probabilities((4, 5)))


# ---- yes or no -------------------------------------------------------------------------------------------------------


@each_reduction
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy(reduction, weighted):
    weight = {"weight": sample((5,), low=0, high=2)} if weighted else {}

    def loss(lib, x, target, **options):
        options = {key: value.detach() for key, value in options.items()}
        return lib.nn.functional.binary_cross_entropy(x, target, reduction=reduction, **options)

    # PyTorch's second derivative has 1e-12 in a denominator, where its first one has not
    same(loss, probabilities((4, 5)), probabilities((4, 5), seed=1), grad_ulp=1e6, **weight)
    # At 0 and 1 the denominator is 1e-12, rounded to single precision in PyTorch
    edges = np.array([0.0, 1.0, 0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0, 0.0, 0.5])
    same(loss, *edges, second=False, grad_ulp=2.0**26, **weight)


@each_reduction
@pytest.mark.parametrize("weight", [None, (4, 5), (5,)])
@pytest.mark.parametrize("pos_weight", [None, (5,), (1,)])
def test_binary_cross_entropy_with_logits(reduction, weight, pos_weight):
    given = {}
    if weight is not None:
        given["weight"] = sample(weight, low=0, high=2)
    if pos_weight is not None:
        given["pos_weight"] = sample(pos_weight, low=0, high=2, seed=4)

    def loss(lib, x, target, **options):
        options = {key: value.detach() for key, value in options.items()}
        return lib.nn.functional.binary_cross_entropy_with_logits(x, target, reduction=reduction, **options)

    same(loss, sample((4, 5), low=-4, high=4), probabilities((4, 5)), node=True, grad_ulp=256, atol=1e-14, **given)


def test_logits_so_large_that_their_powers_overflow():
    x = np.array([-1e4, 1e4, -1e4, 1e4, np.inf, -np.inf, np.nan])
    target = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    same(is_named("binary_cross_entropy_with_logits"), x, target, reduction="none", grad=False)


def test_the_gradient_of_a_target_beside_a_very_negative_logit_is_finite():
    def loss(lib, x, target):
        weight = lib.tensor([3.0], dtype=lib.float64)
        return lib.nn.functional.binary_cross_entropy_with_logits(x, target, pos_weight=weight)

    same(loss, np.array([-1e3, 1e3, -800.0]), np.array([0.5, 0.5, 1.0]), second=False)


@each_reduction
def test_several_answers(reduction):
    def loss(lib, x, target, weight):
        return lib.nn.functional.multilabel_soft_margin_loss(x, target, weight.detach(), reduction=reduction)

    same(loss, sample((4, 5)), probabilities((4, 5)), sample((5,), low=0), grad_ulp=256)


# ---- classes ---------------------------------------------------------------------------------------------------------

LAYOUTS = [((4, 6), (4,)), ((6,), ()), ((2, 6, 3), (2, 3)), ((2, 6, 3, 2), (2, 3, 2)), ((0, 6), (0,))]


def without_grad(name):
    """The loss with a weight that asks for no gradient."""

    def loss(lib, x, target, weight=None, **options):
        weight = None if weight is None else weight.detach()
        return getattr(lib.nn.functional, name)(x, target, weight=weight, **options)

    return loss


@pytest.mark.parametrize(("shape", "target_shape"), LAYOUTS)
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 2])
@each_reduction
def test_class_numbers(name, shape, target_shape, weighted, ignored, reduction):
    weight = {"weight": sample((6,), low=0.1, high=2)} if weighted else {}
    second = reduction != "mean" or 0 not in shape  # the mean of nothing has the second gradient nan in PyTorch, not 0
    same(
        without_grad(name), sample(shape), classes(target_shape, 6), ignore_index=ignored, reduction=reduction,
        atol=1e-14, second=second, **weight,
    )  # fmt: skip


@pytest.mark.parametrize(("shape", "target_shape"), LAYOUTS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [-100, 2])
@each_reduction
def test_label_smoothing(shape, target_shape, weighted, ignored, reduction):
    weight = {"weight": sample((6,), low=0.1, high=2)} if weighted else {}
    same(without_grad("cross_entropy"), sample(shape), classes(target_shape, 6), ignore_index=ignored,
         reduction=reduction, label_smoothing=0.2, atol=1e-14, **weight)  # fmt: skip


@pytest.mark.parametrize("shape", [(4, 6), (6,), (2, 6, 3)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@each_reduction
def test_class_probabilities(shape, weighted, smoothing, reduction):
    weight = {"weight": sample((6,), low=0.1, high=2)} if weighted else {}
    same(without_grad("cross_entropy"), sample(shape), probabilities(shape), label_smoothing=smoothing,
         reduction=reduction, atol=1e-14, **weight)  # fmt: skip


@each_reduction
def test_all_ignored(reduction):
    target = np.array([2, 2])
    same(without_grad("cross_entropy"), sample((2, 6)), target, ignore_index=2, reduction=reduction, second=False)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@each_reduction
def test_class_dtypes(dtype, reduction):
    atol = {"float32": 1e-6, "float16": 4e-3, "bfloat16": 4e-2}[dtype]
    same(without_grad("cross_entropy"), sample((4, 6), dtype), classes((4,), 6), reduction=reduction, second=False,
         atol=atol)  # fmt: skip
    same(without_grad("cross_entropy"), sample((4, 6), dtype), classes((4,), 6).astype(np.uint8), reduction=reduction,
         second=False, atol=atol)  # fmt: skip


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("reduction", ["batchmean", "sum", "none", "mean"])
def test_divergence(log_target, reduction):
    same(is_named("kl_div"), sample((4, 5)), probabilities((4, 5)), log_target=log_target, reduction=reduction)


@pytest.mark.parametrize("shape", [(4, 6), (6,)])
@pytest.mark.parametrize("options", [{}, {"p": 2}, {"margin": 0.4}])
@each_reduction
def test_multi_margin(shape, options, reduction):
    loss, target = without_grad("multi_margin_loss"), classes(shape[:-1], 6)
    same(loss, sample(shape), target, reduction=reduction, second=False, **options)
    same(loss, sample(shape), target, sample((6,), low=0), reduction=reduction, second=False, **options)


# ---- comparisons -----------------------------------------------------------------------------------------------------


@each_reduction
def test_pairs_and_triplets(reduction):
    x, y, z, target = sample((4, 5)), sample((4, 5), seed=1), sample((4, 5), seed=2), signs((4, 5))

    def named(name, **options):
        def loss(lib, *tensors):
            *others, target = tensors
            return getattr(lib.nn.functional, name)(*others, target.detach(), reduction=reduction, **options)

        return loss

    same(named("hinge_embedding_loss"), x, target)
    same(named("hinge_embedding_loss", margin=0.3), x, target)
    same(named("margin_ranking_loss", margin=0.2), x, y, target)
    same(named("cosine_embedding_loss"), x, y, signs((4,)), grad_ulp=256)
    same(named("cosine_embedding_loss", margin=0.1), x[0], y[0], signs(()), grad_ulp=256)
    for options in ({}, {"swap": True}, {"p": 1.0, "margin": 0.5}):
        same(is_named("triplet_margin_loss"), x, y, z, reduction=reduction, grad_ulp=256, **options)


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "x", "target", "options"),
    [
        ("mse_loss", sample((3,)), sample((3,)), {"reduction": "average"}),
        ("mse_loss", sample((3,)), sample((4,)), {}),
        ("smooth_l1_loss", sample((3,)), sample((3,)), {"beta": -1.0}),
        ("huber_loss", sample((3,)), sample((3,)), {"delta": 0.0}),
        ("soft_margin_loss", sample((3,)), sample((3,)), {}),
        ("binary_cross_entropy", sample((3,)) - 3, probabilities((3,)), {}),
        ("binary_cross_entropy", probabilities((3,)), probabilities((3, 1)), {}),
        ("binary_cross_entropy", probabilities((3,)), probabilities((3,), "float32"), {}),
        ("binary_cross_entropy", probabilities((3,)), classes((3,), 2), {}),
        ("binary_cross_entropy_with_logits", sample((3, 1)), probabilities((3,)), {}),
        ("binary_cross_entropy_with_logits", sample((3,)), classes((3,), 2), {}),
        ("nll_loss", sample((4, 3)), classes((4,), 3), {"reduction": "average"}),
        ("nll_loss", sample(()), classes((), 3), {}),
        ("cross_entropy", sample((4, 3)), np.array([0, 1, 3, 2]), {}),
        ("cross_entropy", sample((4, 3)), np.array([0, 1, -1, 2]), {}),
        ("cross_entropy", sample((4, 3)), classes((5,), 3), {}),
        ("cross_entropy", sample((4, 3)), classes((4, 1), 3), {}),
        ("cross_entropy", sample((4, 3)), sample((4,)), {}),
        ("cross_entropy", sample((4, 3)), classes((4,), 3).astype(np.int32), {}),
        ("cross_entropy", sample((4, 3)), classes((4, 3), 3), {}),
        ("cross_entropy", sample((4, 3)), probabilities((4, 3)), {"ignore_index": 1}),
        ("cross_entropy", sample((4, 3)), classes((4,), 3), {"label_smoothing": 1.5}),
        ("cross_entropy", sample((4, 3)), classes((4,), 3), {"weight": sample((4,))}),
        ("cross_entropy", sample((4, 3)), classes((4,), 3), {"weight": sample((3,), "float32")}),
        ("multi_margin_loss", sample((4, 3)), classes((4,), 3), {"p": 3}),
        ("hinge_embedding_loss", sample((3,)), sample((3,)), {"reduction": "average"}),
    ],
)
def test_errors(name, x, target, options):
    same(is_named(name), x, target, **options)


@pytest.mark.parametrize(
    ("flags", "reduction"),
    [
        ({"size_average": False}, "sum"),
        ({"size_average": True}, "mean"),
        ({"reduce": False}, "none"),
        ({"reduce": True}, "mean"),
        ({"size_average": False, "reduce": True}, "sum"),
    ],
)
@pytest.mark.parametrize(
    "name", ["mse_loss", "l1_loss", "nll_loss", "cross_entropy", "binary_cross_entropy_with_logits"]
)
def test_flags_of_pytorch_0_3(name, flags, reduction):
    x = tt.tensor(sample((4, 3)))
    target = (
        tt.tensor(classes((4,), 3)) if "nll" in name or name == "cross_entropy" else tt.tensor(probabilities((4, 3)))
    )
    loss = getattr(tt.nn.functional, name)
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead"):
        found = loss(x, target, **flags)
    assert tt.equal(found, loss(x, target, reduction=reduction))


# ---- modules ---------------------------------------------------------------------------------------------------------

MODULES = [
    ("MSELoss", {}, "numbers"),
    ("L1Loss", {}, "numbers"),
    ("SmoothL1Loss", {"beta": 0.5}, "numbers"),
    ("HuberLoss", {"delta": 0.5}, "numbers"),
    ("PoissonNLLLoss", {}, "numbers"),
    ("SoftMarginLoss", {}, "signs"),
    ("HingeEmbeddingLoss", {"margin": 0.5}, "signs"),
    ("BCEWithLogitsLoss", {}, "numbers"),
    ("MultiLabelSoftMarginLoss", {}, "numbers"),
    ("NLLLoss", {"ignore_index": 1}, "classes"),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, "classes"),
    ("MultiMarginLoss", {"p": 2}, "classes"),
    ("KLDivLoss", {"log_target": True}, "numbers"),
]


@pytest.mark.parametrize(("name", "options", "targets"), MODULES)
@each_reduction
def test_modules(name, options, targets, reduction):
    target = {"numbers": sample((4, 3), seed=1), "signs": signs((4, 3)), "classes": classes((4,), 3)}[targets]

    def loss(lib, x, target):
        module = getattr(lib.nn, name)(reduction=reduction, **options)
        return repr(module), module(x, target.detach())

    same(loss, sample((4, 3)), target, second=False)


def test_modules_of_several_arguments():
    x, y, z = sample((4, 3)), sample((4, 3), seed=1), sample((4, 3), seed=2)
    same(lambda lib, *args: lib.nn.TripletMarginLoss(margin=0.5, swap=True)(*args), x, y, z, grad_ulp=256)
    same(lambda lib, a, b, t: lib.nn.MarginRankingLoss(margin=0.5)(a, b, t.detach()), x, y, signs((4, 3)))
    same(lambda lib, a, b, t: lib.nn.CosineEmbeddingLoss()(a, b, t.detach()), x, y, signs((4,)), grad_ulp=256)
    same(lambda lib, a, b, v: lib.nn.GaussianNLLLoss(full=True)(a, b, v), x, y, probabilities((4, 3)))
    same(lambda lib, a, t: lib.nn.BCELoss()(a, t), probabilities((4, 3)), probabilities((4, 3), seed=1), grad_ulp=1e6)


def test_weights_are_buffers():
    for name, key in (("BCELoss", "weight"), ("BCEWithLogitsLoss", "pos_weight"), ("CrossEntropyLoss", "weight")):
        module = getattr(tt.nn, name)(**{key: tt.ones(3)})
        assert list(module.state_dict()) == [key]
        assert list(getattr(tt.nn, name)().state_dict()) == []


# ---- rules -----------------------------------------------------------------------------------------------------------

CHECKED = [
    ("mse_loss", sample((3, 2)), sample((3, 2), seed=1)),
    ("smooth_l1_loss", sample((3, 2)), sample((3, 2), seed=1)),
    ("huber_loss", sample((3, 2)), sample((3, 2), seed=1)),
    ("binary_cross_entropy", probabilities((3, 2)), probabilities((3, 2), seed=1)),
    ("binary_cross_entropy_with_logits", sample((3, 2)), probabilities((3, 2))),
    ("nll_loss", sample((3, 2)), classes((3,), 2)),
    ("nll_loss", sample((3, 2, 2)), classes((3, 2), 2)),
    ("cross_entropy", sample((3, 2)), classes((3,), 2)),
]


@pytest.mark.parametrize(("name", "x", "target"), CHECKED)
@each_reduction
def test_gradcheck(name, x, target, reduction):
    inputs = [tt.tensor(array, requires_grad=array.dtype.kind == "f") for array in (x, target)]

    def loss(x, target):
        return getattr(tt.nn.functional, name)(x, target, reduction=reduction)

    assert tt.autograd.gradcheck(loss, inputs)
    assert tt.autograd.gradgradcheck(loss, inputs)


def test_gradcheck_of_soft_margin():
    x, target = tt.tensor(sample((3, 2)), requires_grad=True), tt.tensor(signs((3, 2)))
    assert tt.autograd.gradcheck(lambda x: tt.nn.functional.soft_margin_loss(x, target), (x,))
    assert tt.autograd.gradgradcheck(lambda x: tt.nn.functional.soft_margin_loss(x, target), (x,))
