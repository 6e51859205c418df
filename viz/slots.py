"""Slots in rows: in which order they stand so that few arrows cross, and where so that many arrows are straight.

Steps 4 and 5 of layered.py, whose docstring explains them.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, field
from math import floor

GAP_ACROSS = 18.0  # points between two boxes of a row
GAP_THIN = 10.0  # the same where one of the two is an arrow passing by
SWEEPS = 12  # over all rows, to sort them
ROUNDS = 10  # over all rows, to find places
HANGING, LONG, SHORT = 0, 1, 2  # how much an arrow wants to be straight: see `_wish`
WEIGHT = (1.0, 32.0, 1024.0)


@dataclass
class Slot:
    """A place in a row: an item's, or that of a link passing by (with its label, where it has one here)."""

    width: float
    height: float
    row: int
    item: int = -1
    place: int = -1  # in its row, counted from the left
    x: float = 0.0  # of its middle
    above: list[Touch] = field(default_factory=list)
    below: list[Touch] = field(default_factory=list)


@dataclass
class Touch:
    """One end of a piece of arrow between two slots of neighbouring rows, seen from the other end."""

    slot: Slot
    at: float  # where on `slot`, from its middle
    own: float  # where on the slot that sees it
    kind: int

    def place(self) -> float:
        """The place of that end, with a fraction that says where on the slot."""
        return self.slot.place + (self.at / self.slot.width if self.slot.width else 0.0)


def snap(value: float) -> float:
    """To quarters of a point: short to write, and the same in every language."""
    return floor(value * 4 + 0.5) / 4


def uncross(rows: list[list[Slot]]) -> None:
    """Sort every row so that few arrows cross; leaves `rows` and places in the best order found."""
    best = [list(row) for row in rows]
    fewest = _crossings(rows)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        for row in rows if down else rows[::-1]:
            row.sort(key=lambda slot: _mean_place(slot, slot.above if down else slot.below))
            _number(row)
        _exchange(rows)
        crossings = _crossings(rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    for row, good in zip(rows, best):
        row[:] = good
        _number(row)


def _number(row: list[Slot]) -> None:
    for place, slot in enumerate(row):
        slot.place = place


def _mean_place(slot: Slot, touches: list[Touch]) -> float:
    """The mean place of a slot's neighbours in the row above or below; its own where it has none."""
    if not touches:
        return float(slot.place)
    total = 0.0
    for touch in touches:
        total += touch.place()
    return total / len(touches)


def _exchange(rows: list[list[Slot]]) -> None:
    """Exchange neighbours in a row as long as that crosses less, at most some rounds."""
    for _ in range(4):
        changed = False
        for row in rows:
            for k in range(1, len(row)):
                left, right = row[k - 1], row[k]
                if _crossing_pairs(left, right) > _crossing_pairs(right, left):
                    row[k - 1], row[k] = right, left
                    left.place, right.place = right.place, left.place
                    changed = True
        if not changed:
            break


def _crossing_pairs(left: Slot, right: Slot) -> int:
    """How many arrows of the two slots cross one another when one stands left of the other."""
    count = 0
    for mine, other in ((left.above, right.above), (left.below, right.below)):
        theirs = [touch.place() for touch in other]
        for touch in mine:
            place = touch.place()
            for their in theirs:
                count += place > their
    return count


def _crossings(rows: list[list[Slot]]) -> int:
    """How many arrows cross: pairs that stand in one order above and in the other below."""
    count = 0
    for row in rows:
        pieces = [(slot.place + _part(slot, touch), touch.place()) for slot in row for touch in slot.below]
        pieces.sort()
        seen: list[float] = []
        for _, lower in pieces:
            count += len(seen) - bisect_right(seen, lower)
            insort(seen, lower)
    return count


def _part(slot: Slot, touch: Touch) -> float:
    return touch.own / slot.width if slot.width else 0.0


def across(rows: list[list[Slot]]) -> float:
    """Find the x of every slot's middle; returns the width of all."""
    for row in rows:
        x = 0.0
        for k, slot in enumerate(row):
            x += _distance(row[k - 1], slot) if k else 0.0
            slot.x = x
        for slot in row:
            slot.x -= x / 2
    for _ in range(ROUNDS):
        for row in rows:
            _settle(row, [slot.above for slot in row])
        for row in reversed(rows):
            _settle(row, [slot.below for slot in row])
    for row in rows:
        _settle(row, [slot.above + slot.below for slot in row])
    left = min((slot.x - slot.width / 2 for row in rows for slot in row), default=0.0)
    right = 0.0
    for row in rows:
        for slot in row:
            slot.x = snap(slot.x - left)
            right = max(right, slot.x + slot.width / 2)
    return snap(right)


def _distance(left: Slot, right: Slot) -> float:
    """How far apart the middles of two neighbours have to be."""
    gap = GAP_ACROSS if left.item >= 0 and right.item >= 0 else GAP_THIN
    return left.width / 2 + gap + right.width / 2


def _settle(row: list[Slot], touches: list[list[Touch]]) -> None:
    """Move the slots of a row as near to their wishes as they can get without overlaps and changes of order.

    Slots that would overlap become one block, which stands at the weighted mean of its slots' wishes.
    """
    blocks: list[list[float]] = []  # [weighted sum of wishes, weight, number of slots]
    offset = 0.0
    offsets = []
    for k, slot in enumerate(row):
        offset += _distance(row[k - 1], slot) if k else 0.0
        offsets.append(offset)
        wish, weight = _wish(slot, touches[k])
        blocks.append([(wish - offset) * weight, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            total, weight, number = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += weight
            blocks[-1][2] += number
    k = 0
    for total, weight, number in blocks:
        for _ in range(int(number)):
            row[k].x = total / weight + offsets[k]
            k += 1


def _wish(slot: Slot, touches: list[Touch]) -> tuple[float, float]:
    """Where a slot wants to stand, and how much.

    It looks only at its most important arrows: the main line goes straight down, what hangs on it makes room.
    """
    kind = -1
    for touch in touches:
        kind = max(kind, touch.kind)
    if kind < 0:
        return slot.x, 0.25
    total, count = 0.0, 0
    for touch in touches:
        if touch.kind == kind:
            total += touch.slot.x + touch.at - touch.own
            count += 1
    return total / count, WEIGHT[kind]
