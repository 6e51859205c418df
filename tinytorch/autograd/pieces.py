"""The maps of a Spot as rules, for gradients that are differentiated again: the backward of each is another of them."""

from __future__ import annotations

from tinytorch.autograd.rule import Rule


class Piece(Rule):
    """y = the piece of x that lies in `spot`,    dx = dy put there"""

    name = "AsStridedBackward0"

    @staticmethod
    def forward(ctx, x, spot):
        ctx.spot = spot
        return spot.take(x)

    @staticmethod
    def backward(ctx, grad):
        return Put.apply(grad, ctx.spot)


class Put(Rule):
    """y = x in its `spot`, zeros around,    dx = the piece of dy in that spot"""

    name = "AsStridedScatterBackward0"

    @staticmethod
    def forward(ctx, x, spot):
        ctx.spot = spot
        return spot.put(x)

    @staticmethod
    def backward(ctx, grad):
        return Piece.apply(grad, ctx.spot)


class Rest(Rule):
    """y = x with zeros in `spot`,    dx = dy with zeros there"""

    name = "CopySlicesBackward0"

    @staticmethod
    def forward(ctx, x, spot):
        ctx.spot = spot
        return spot.rest(x)

    @staticmethod
    def backward(ctx, grad):
        return Rest.apply(grad, ctx.spot)
