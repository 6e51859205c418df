"""Complex numbers: the Mandelbrot set, roots of unity, a discrete Fourier transform by hand, polar forms, gradients."""

import torch

y, x = torch.meshgrid(torch.linspace(1.2, -1.2, 13), torch.linspace(-2.2, 0.8, 41), indexing="ij")
c = torch.complex(x, y)
z = torch.zeros_like(c)
count = torch.zeros(c.shape, dtype=torch.int32)
for _ in range(40):
    z = torch.where(z.abs() <= 2, z * z + c, z)
    count += (z.abs() <= 2).int()
for row in count:
    print("".join(" .:-=+*#%@"[min(9, int(v) // 4)] for v in row))
print(c.dtype, z.dtype, count.sum(), count.max(), c[0, :3])

n = 8
k = torch.arange(n)
roots = torch.exp(2j * torch.pi * k / n)
print(roots, roots.sum().abs() < 1e-6, roots.prod(), sep="\n")
F = torch.exp(-2j * torch.pi * torch.outer(k, k) / n)
signal = torch.cos(2 * torch.pi * k / n) + 0.5 * torch.sin(4 * torch.pi * k / n)
spectrum = F @ signal.to(torch.complex64)
print(spectrum.abs().round(decimals=3), (F.mH @ spectrum / n).real, F.is_complex(), signal.is_complex())
print(torch.angle(spectrum[1]), torch.polar(torch.tensor([1.0, 2.0]), torch.tensor([0.0, torch.pi / 2])))

a = torch.tensor([3 + 4j, -1 - 1j, 2j])
b = torch.tensor([1 - 1j, 2 + 0j, 1j])
print(a + b, a * b, a / b, a**2, -a, a.conj(), a == b, sep="\n")
print(a.real, a.imag, a.abs(), a.angle(), torch.view_as_real(a), a.norm(), torch.vdot(a, b), (a.conj() * b).sum())
a.real[0] = 10.0
a.imag[:2] *= 2
print(a, torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, 4.0]])), a.tolist(), a[2].item(), complex(a[0]))
print(torch.sqrt(torch.tensor(-1 + 0j)), torch.exp(torch.tensor(1j * torch.pi)), torch.log(torch.tensor(-1 + 0j)))
print(
    torch.tensor([1 + 2j]).dtype,
    torch.tensor([1 + 2j], dtype=torch.complex128),
    (torch.tensor([1.0], dtype=torch.float64) * 1j).dtype,
)
print(
    torch.ones(2) + 1j, torch.arange(3) * 1j, torch.zeros(2, dtype=torch.cfloat), torch.is_complex(a), torch.isreal(a)
)
for f in (lambda: a < b, lambda: a.float(), lambda: torch.tensor([1.0]) // a, lambda: a.max(), lambda: torch.floor(a)):
    try:
        print(f())
    except (RuntimeError, NotImplementedError) as e:
        print(type(e).__name__, str(e).splitlines()[0])

w = torch.tensor([1.0 + 1j, 2.0 - 1j], requires_grad=True)
loss = (w * w.conj()).real.sum()
loss.backward()
print(loss, w.grad, w.abs().grad_fn is not None)
w.grad = None
(w**2).imag.sum().backward()
print(w.grad)
with torch.no_grad():
    w -= 0.1 * w.grad
print(w)
H = torch.tensor([[2.0, 1 - 1j], [1 + 1j, 3.0]])
vals, vecs = torch.linalg.eigh(H)
print(
    vals,
    torch.allclose(vecs @ torch.diag(vals).to(vecs.dtype) @ vecs.mH, H, atol=1e-6),
    torch.linalg.det(H),
    H.mH.equal(H),
)
print(torch.linalg.eigvals(torch.tensor([[0.0, -1.0], [1.0, 0.0]])).imag.sort().values, torch.trace(H), H.diagonal())
poly = torch.tensor([1.0, -6.0, 11.0, -6.0])
companion = torch.diag(torch.ones(2), -1)
companion[0] = -poly[1:]
print(torch.linalg.eigvals(companion).real.sort().values)
