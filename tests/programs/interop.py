"""NumPy, pandas, scikit-learn and plain Python beside tensors: shared memory, dtypes, conversions both ways."""

import copy
import json
import pickle

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.preprocessing import StandardScaler

a = np.ones(3)
t = torch.from_numpy(a)
np.add(a, 1, out=a)
t[0] = 7
print(a, t, t.dtype, t.numpy() is a, np.shares_memory(a, t.numpy()))
c = torch.tensor(a)
c += 1
print(a, c, torch.as_tensor(a).data_ptr() == t.data_ptr(), torch.Tensor(a).dtype)
for dt in (np.float32, np.float64, np.int8, np.int64, np.uint8, np.bool_, np.complex64, np.float16):
    v = torch.from_numpy(np.array([0, 1, 2]).astype(dt))
    print(np.dtype(dt).name, v.dtype, v, v.numpy().dtype)
try:
    torch.from_numpy(np.array(["a", "b"]))
except TypeError as e:
    print(str(e).splitlines()[0][:60])
try:
    torch.tensor([[1, 2], [3]])
except ValueError as e:
    print(str(e).splitlines()[0])
w = torch.ones(2, requires_grad=True)
try:
    w.numpy()
except RuntimeError as e:
    print(str(e).split("\n")[0])
print(
    w.detach().numpy(),
    np.exp(torch.zeros(2).numpy()),
    np.asarray(torch.arange(3)),
    torch.arange(3).__array__().dtype,
)
print(
    np.stack([torch.zeros(2), torch.ones(2)]),
    np.float64(2) * torch.ones(2),
    torch.ones(2) * np.float32(3),
    np.ones(2) + torch.ones(2).numpy(),
)
print(
    np.array([torch.tensor(1), torch.tensor(2)]),
    [int(v) for v in torch.arange(3)],
    max(torch.tensor([3, 9, 4])),
    sum(torch.ones(4)),
)
print(torch.tensor(np.float32(1.5)), torch.tensor(np.int64(3)), torch.tensor([np.pi, 2]), torch.full((2,), np.nan))
print(
    torch.arange(6).reshape(2, 3).tolist(),
    json.dumps(torch.rand(2, generator=torch.Generator().manual_seed(1)).round(decimals=3).tolist())[:5],
)

iris = load_iris()
X = torch.tensor(iris.data, dtype=torch.float32)
y = torch.from_numpy(iris.target).long()
Xs = StandardScaler().fit_transform(X)
mine = (X - X.mean(0)) / X.std(0, unbiased=False)
print(type(Xs), np.abs(Xs - mine.numpy()).max() < 1e-5)
clf = LogisticRegression(max_iter=200).fit(mine, y)
print(accuracy_score(y, clf.predict(mine)), confusion_matrix(y, clf.predict(mine)))

torch.manual_seed(0)
model = torch.nn.Linear(4, 3)
opt = torch.optim.Adam(model.parameters(), lr=0.1)
for _ in range(60):
    opt.zero_grad()
    torch.nn.functional.cross_entropy(model(mine), y).backward()
    opt.step()
pred = model(mine).argmax(1)
print(confusion_matrix(y, pred), (pred == y).sum())

df = pd.DataFrame(mine[:3].numpy(), columns=iris.feature_names)
df["label"] = y[:3]
print(df.round(3).to_string())
print(
    torch.tensor(df.values).dtype, torch.tensor(df["label"].values), torch.from_numpy(df.iloc[:, :2].to_numpy()).shape
)
print(pd.Series(torch.arange(3)).sum(), pd.get_dummies(pd.Series(["a", "b", "a"])).to_numpy().astype("float32").sum(0))
u = pickle.loads(pickle.dumps({"x": mine[:1], "size": mine.size(), "dtype": mine.dtype}))
print(u["x"], u["size"], u["dtype"], copy.copy(mine).shape, {torch.float32: "f"}[mine.dtype])
print(
    torch.from_dlpack(np.arange(3.0)),
    np.from_dlpack(torch.arange(3)),
    torch.asarray([1, 2]),
    torch.frombuffer(bytearray(b"\x01\x02"), dtype=torch.uint8),
)
