"""Logistic regression by Newton's method, by hand-written gradients, by autograd and by nn.Module; linear ones too."""

import torch
from torch import nn

torch.manual_seed(8)
N, D = 80, 3
X = torch.randn(N, D, dtype=torch.float64)
w_true = torch.tensor([1.5, -2.0, 0.5], dtype=torch.float64)
y = torch.bernoulli(torch.sigmoid(X @ w_true))
print(y[:10], y.mean())

w = torch.zeros(D, dtype=torch.float64)
for it in range(6):
    p = torch.sigmoid(X @ w)
    g = X.T @ (p - y)
    H = X.T * (p * (1 - p)) @ X
    step = torch.linalg.solve(H, g)
    w -= step
    print("newton", it, f"{step.norm():.3e}", w)
newton = w

w = torch.zeros(D, dtype=torch.float64)
for _ in range(300):
    w = w - 0.5 * X.T.mv(torch.sigmoid(X.mv(w)) - y) / N
print("by hand", w)

w = torch.zeros(D, dtype=torch.float64, requires_grad=True)
for _ in range(300):
    z = X @ w
    loss = (torch.nn.functional.softplus(z) - y * z).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.5 * w.grad
        w.grad = None
print("autograd", w, loss)

model = nn.Linear(D, 1, bias=False).double()
with torch.no_grad():
    model.weight.zero_()
crit = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=0.5)
for _ in range(300):
    opt.zero_grad()
    loss = crit(model(X).squeeze(1), y)
    loss.backward()
    opt.step()
print("module", model.weight, loss.item(), torch.allclose(model.weight[0], w, atol=1e-8))
bce = nn.BCELoss(reduction="none")(torch.sigmoid(X @ newton), y)
print(bce.sum(), bce.topk(3), torch.nn.functional.binary_cross_entropy(torch.sigmoid(X @ newton), y, weight=y + 1))
pred = (torch.sigmoid(X @ newton) > 0.5).double()
tp, fp = ((pred == 1) & (y == 1)).sum(), ((pred == 1) & (y == 0)).sum()
fn, tn = ((pred == 0) & (y == 1)).sum(), ((pred == 0) & (y == 0)).sum()
print(torch.tensor([[tn, fp], [fn, tp]]), f"precision {tp / (tp + fp):.3f} recall {(tp / (tp + fn)).item():.3f}")
scores = X @ newton
order = scores.argsort(descending=True)
tpr = y[order].cumsum(0) / y.sum()
fpr = (1 - y[order]).cumsum(0) / (1 - y).sum()
print("AUC", torch.trapz(tpr, fpr), torch.trapezoid(tpr, fpr).item())

# least squares four times
A = torch.cat([torch.ones(N, 1, dtype=torch.float64), X], dim=1)
b = A @ torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64) + 0.01 * torch.randn(N, dtype=torch.float64)
print(torch.inverse(A.t() @ A) @ A.t() @ b)
print(torch.linalg.lstsq(A, b[:, None]).solution.flatten(), torch.linalg.pinv(A) @ b, sep="\n")
Q, R = torch.linalg.qr(A)
print(torch.linalg.solve_triangular(R, (Q.T @ b)[:, None], upper=True).T, R.diagonal().abs())
ridge = torch.linalg.solve(A.T @ A + 10 * torch.eye(4, dtype=A.dtype), A.T @ b)
r2 = 1 - ((A @ ridge - b) ** 2).sum() / ((b - b.mean()) ** 2).sum()
print(ridge, r2)
lasso = torch.zeros(4, dtype=torch.float64)
for _ in range(100):
    z = lasso - 0.005 * A.T @ (A @ lasso - b)
    lasso = torch.sign(z) * torch.relu(z.abs() - 0.05)
print(lasso, torch.nn.functional.softshrink(z, 0.05) - lasso)
