"""Logistic regression on real data: is a tumour malignant? Run it with `python3 dev.py demo`.

569 patients, 30 measurements of the cell nuclei of each (Wisconsin breast cancer data, carried by scikit-learn). The
model is one linear layer; its output above 0 says "benign". The script prints losses and accuracy and draws
the graph of the loss.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer

import tinytorch as torch
from tinytorch import nn, viz

torch.manual_seed(0)

# The data: every measurement shifted and scaled to mean 0 and standard deviation 1.
measurements, benign = load_breast_cancer(return_X_y=True)
x = torch.from_numpy(measurements.astype(np.float32))
y = torch.from_numpy(benign.astype(np.float32)).unsqueeze(1)
x = (x - x.mean(dim=0)) / x.std(dim=0)

# Four fifths of the patients to learn from, the others to see what was learned.
order = torch.randperm(len(x))
cut = len(x) * 4 // 5
train, test = order[:cut], order[cut:]

model = nn.Linear(30, 1)
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)


def accuracy(patients):
    with torch.no_grad():
        return ((model(x[patients]) > 0) == (y[patients] > 0)).float().mean().item()


print("epoch   loss     accuracy on the training patients")
for epoch in range(201):
    loss = loss_fn(model(x[train]), y[train])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 40 == 0:
        print(f"{epoch:5d}   {loss.item():.4f}   {accuracy(train):.3f}")

print(f"\naccuracy on the {len(test)} patients it has not seen: {accuracy(test):.3f}")

# The graph of the loss, forward and backward, with a player of its steps: open it in a browser.
path = viz.draw(loss).save("first_steps.html")
print(f"how the loss was computed, and the way back to the gradients: {path}")
