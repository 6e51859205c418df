"""Run by .ci/run where tinytorch was installed without a compiler: all kernels are NumPy twins, and gradients right.

The installation must also hold the interactive page's files, which are no Python.
"""

from tinytorch.viz.graph import Graph
from tinytorch.viz.page import page

import tinytorch as torch
from tinytorch import kernels

print(torch.show_config())
compiled = [family for family, choice in kernels.picked.items() if choice != "NumPy twin: not built"]
assert not compiled, f"kernels without a compiler: {compiled}"

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x @ x).backward()
assert x.grad.tolist() == [2.0, 4.0, 6.0], x.grad
assert "</html>" in page(Graph())
print("installed without kernels, and works")
