"""Run by .ci/run where tinytorch was installed without a compiler: all kernels are NumPy twins, and gradients right."""

import tinytorch as torch
from tinytorch import kernels

print(torch.show_config())
compiled = [family for family, choice in kernels.picked.items() if choice != "NumPy twin: not built"]
assert not compiled, f"kernels without a compiler: {compiled}"

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x @ x).backward()
assert x.grad.tolist() == [2.0, 4.0, 6.0], x.grad
print("installed without kernels, and works")
