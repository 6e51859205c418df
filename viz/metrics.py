"""How wide text is in Helvetica and Courier (and in fonts made to the same measure: Arial, Liberation), in points."""

from __future__ import annotations

import unicodedata

COURIER = 600  # thousandths of the font's size, every letter
UNKNOWN = 600  # a letter outside of ASCII
WIDE = 1000  # Chinese, Japanese and Korean letters, and most symbols drawn as pictures

# thousandths of the font's size: the letters from the space to the tilde
_HELVETICA = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
_BOLD = (
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
    975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
    333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
    611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
)  # fmt: skip


def width(text: str, size: float, font: str = "Helvetica", bold: bool = False) -> float:
    """How wide a line of text is; a little too much rather than too little outside of ASCII.

    >>> width("MatMul", 10), width("y = x @ w", 10, "Courier")
    (32.78, 54.0)
    """
    table = _BOLD if bold else _HELVETICA
    total = 0
    for letter in text:
        if not " " <= letter <= "~":
            total += WIDE if unicodedata.east_asian_width(letter) in "WF" else UNKNOWN
        else:
            total += COURIER if font == "Courier" else table[ord(letter) - 32]
    return total * size / 1000
