"""Pictures of backward graphs: installs as `tinytorch.viz`.

from tinytorch import viz
viz.save(viz.to_dot(loss, params=dict(model.named_parameters())), "graph.svg")
"""

from tinytorch.viz.first import to_dot
from tinytorch.viz.render import NoRenderer, save

__all__ = ["NoRenderer", "save", "to_dot"]
