"""Formulas with names filled in."""


def fill(boxes):
    pass
