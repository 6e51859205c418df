"""Run by .ci/run where tinytorch was installed without a compiler: no kernel is there and gradients come out right."""

import importlib.resources

import tinytorch as torch

built = [
    file.name for file in importlib.resources.files("tinytorch._ext").iterdir() if file.name.endswith((".so", ".pyd"))
]
assert not built, f"kernels were built without a compiler: {built}"

torch.show_config()
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x @ x).backward()
assert x.grad.tolist() == [2.0, 4.0, 6.0], x.grad
print("installed without kernels, and works")
