"""Game of life, rule 30, random walks, sandpiles and image operations through slices, roll, unfold and as_strided."""

import torch

torch.manual_seed(30)


def life(world):
    n = sum(torch.roll(world, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
    return ((n == 3) | ((world == 1) & (n == 2))).to(world.dtype)


def show(grid, chars=".#"):
    return "\n".join("".join(chars[int(v)] for v in row) for row in grid)


world = torch.zeros(8, 8, dtype=torch.uint8)
glider = torch.tensor([[0, 1, 0], [0, 0, 1], [1, 1, 1]], dtype=torch.uint8)
world[1:4, 1:4] = glider
for step in range(5):
    world = life(world)
print(show(world), world.sum(), world.dtype)
padded = torch.zeros(10, 10, dtype=torch.int16)
padded[1:-1, 1:-1] = world
count = padded.unfold(0, 3, 1).unfold(1, 3, 1).sum((-1, -2)) - padded[1:-1, 1:-1]
print(count, count.dtype)

row = torch.zeros(31, dtype=torch.long)
row[15] = 1
rule = torch.tensor([int(b) for b in f"{30:08b}"[::-1]])
for _ in range(8):
    print(show(row[None]))
    code = 4 * row.roll(1) + 2 * row + row.roll(-1)
    row = rule[code]

sand = torch.full((5, 5), 2)
sand[2, 2] = 17
while (sand >= 4).any():
    topple = sand // 4
    sand %= 4
    sand[1:] += topple[:-1]
    sand[:-1] += topple[1:]
    sand[:, 1:] += topple[:, :-1]
    sand[:, :-1] += topple[:, 1:]
print(sand, sand.sum())

walk = torch.randint(0, 2, (4, 200)).mul(2).sub(1).cumsum(dim=1)
print(walk[:, ::40], walk.max(dim=1), walk.abs().float().mean(1), (walk == 0).sum(1))

img = torch.arange(36, dtype=torch.float32).view(6, 6)
kernel = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])
patches = img.unfold(0, 3, 1).unfold(1, 3, 1)
print(patches.shape, patches.stride(), (patches * kernel).sum((2, 3)))
strided = torch.as_strided(img, (4, 4, 3, 3), (6, 1, 6, 1))
print(torch.equal(strided, patches), torch.einsum("ijkl,kl->ij", strided, torch.ones(3, 3) / 9))
pooled = img.view(3, 2, 3, 2).permute(0, 2, 1, 3).reshape(3, 3, 4).amax(-1)
print(pooled, img.unfold(0, 2, 2).unfold(1, 2, 2).mean(dim=(-1, -2)))
print(
    img.rot90(),
    img.flip([0])[:2],
    img.T[1],
    img[::2, 1::2],
    img.diagonal(1),
    torch.tril(img, -1).sum(),
    img.fliplr()[0],
)
print(
    img.reshape(-1, 3, 2, 3)[:, 0].shape,
    img.repeat_interleave(2, 0).repeat_interleave(2, 1).shape,
    torch.tile(img[:1, :3], (2, 2)),
)
hist = torch.histc(img, bins=4, min=0, max=36)
levels = torch.bucketize(img, torch.tensor([9.0, 18.0, 27.0]))
print(hist, levels, torch.unique(levels, return_counts=True), torch.histogram(img, 4, range=(0.0, 36.0)).hist)
rgb = torch.rand(3, 4, 4)
gray = torch.tensordot(torch.tensor([0.299, 0.587, 0.114]), rgb, dims=1)
print(gray, rgb.permute(1, 2, 0).contiguous().shape, (rgb * 255).byte().float().mean((1, 2)), rgb.movedim(0, -1).shape)
