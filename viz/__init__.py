"""Pictures of what autograd recorded: installs as `tinytorch.viz`.

    from tinytorch import viz
    viz.draw(loss).save("graph.svg")    # .svg .png .pdf .html .dot .json .mmd .txt

README.md in this folder shows what the pictures look like.
"""

from tinytorch.viz.drawing import Drawing, draw
from tinytorch.viz.render import NoRenderer, RenderError
from tinytorch.viz.store import from_json

__all__ = ["draw", "Drawing", "from_json", "NoRenderer", "RenderError"]
