"""Pictures of what autograd recorded: installs as `tinytorch.viz`.

    from tinytorch import viz
    viz.draw(loss).save("graph.svg")    # .svg .png .pdf .html .dot .json .mmd .txt

    with viz.record() as r:             # notes where each operation ran, in which module, on what
        ...
        loss.backward()
    r.draw(direction="backward").save("graph.html")

README.md in this folder shows what the pictures look like.
"""

from tinytorch.viz.drawing import Drawing, draw
from tinytorch.viz.record import record
from tinytorch.viz.render import NoRenderer, RenderError
from tinytorch.viz.store import from_json

__all__ = ["draw", "Drawing", "record", "from_json", "NoRenderer", "RenderError"]
