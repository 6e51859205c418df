"""Code of 2017: Variable, .data, volatile, size_average, legacy tensor types and in-place names."""

from __future__ import division, print_function

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable

warnings.simplefilter("ignore")
torch.manual_seed(1)

a = torch.FloatTensor(2, 3).zero_()
b = torch.FloatTensor([[1, 2, 3], [4, 5, 6]])
c = torch.LongTensor([0, 2])
print(a, b, c, a.type(), c.type(), b.long().type(), torch.ByteTensor([1, 0, 255]))
print(
    torch.Tensor([7.5]), torch.DoubleTensor([1]), torch.IntTensor(3).fill_(4), type(a), isinstance(a, torch.FloatTensor)
)
print(a.size(), a.size()[0], b.index_select(1, c), b.new(2, 2).fill_(1), b.type_as(c), c.type(torch.FloatTensor))
print(torch.range(1, 4), b.t_().size(), b.is_contiguous(), torch.numel(b))

x = Variable(torch.ones(2, 2), requires_grad=True)
y = Variable(torch.Tensor([[1, 2], [3, 4]]), volatile=False)
z = (x * y + 2).sum()
z.backward()
print(x.grad.data, type(x), type(x.data), x.data.numpy(), z.data.item(), isinstance(x, Variable))
print(Variable(torch.randn(3).zero_()).data, z.grad_fn, x.grad_fn)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(4, 10)
        self.fc2 = nn.Linear(10, 3)

    def forward(self, x):
        x = F.tanh(self.fc1(x))
        x = F.dropout(x, 0.2, training=self.training)
        return F.log_softmax(self.fc2(x))


net = Net()
data = torch.randn(30, 4)
target = data[:, :3].max(1)[1]
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.5)
for epoch in range(1, 21):
    inputs, labels = Variable(data), Variable(target)
    optimizer.zero_grad()
    outputs = net(inputs)
    loss = F.nll_loss(outputs, labels, size_average=True)
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        pred = outputs.data.max(1, keepdim=True)[1]
        correct = pred.eq(labels.data.view_as(pred)).cpu().sum()
        print("Epoch: {} Loss: {:.4f} Correct: {}/{}".format(epoch, loss.item(), correct, len(data)))
print(nn.MSELoss(size_average=False)(inputs, inputs + 1), nn.L1Loss(reduce=False)(inputs[0], inputs[1]).size())
net.eval()
test = Variable(data, volatile=True)
print(net(test).max(1)[1].data[:6].tolist(), F.softmax(net(test[:2])).sum(1).data)
print(torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1) > 0)
w = torch.Tensor(3, 2)
nn.init.xavier_uniform_(w)
print(w, nn.init.calculate_gain("relu"))
print(torch.mm(w, w.t()).size(), torch.cat([w, w], 1).size(), w.narrow(0, 1, 2).size(), torch.squeeze(w[:, :1]).dim())
m = torch.ByteTensor([1, 0, 1])
print(
    torch.masked_select(torch.Tensor([1, 2, 3]), m.bool()),
    torch.addmm(torch.zeros(3, 3), w, w.t()).size(),
    w.expand(2, 3, 2).size(),
)
print(torch.equal(w.contiguous().view(-1), w.clone().resize_(6)), torch.is_tensor(w), torch.typename(w))
state = {"epoch": 3, "state_dict": net.state_dict()}
print(list(state["state_dict"].keys()), state["state_dict"]["fc2.bias"].size())
