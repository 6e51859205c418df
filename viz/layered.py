"""Boxes and arrows in rows: every arrow leads from a row to a lower one, few arrows cross, many are straight.

This is the drawing method of Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system
structures, 1981), in the simplest form that looks good. `arrange` takes these steps:

1. Order: boxes so that arrows lead forwards. An arrow that closes a cycle is turned round until the last step.
2. Rows: a box stands as high as the boxes before it allow; one that feeds no fewer boxes than feed it is then let down
   as far as those allow, so that a weight stands right above the operation that uses it.
3. Slots: an arrow over several rows gets a slot in each row between, and so does its label.
4. Crossings: rows are sorted by the mean place of their neighbours above, then below, and so on; neighbours in a
   row are exchanged where that crosses less. The best order seen is kept.
5. Across: every slot wishes to stand straight below or above its neighbours. What comes nearest to all wishes of a row
   without overlaps is a regression in order ("pool adjacent violators"); rows take turns.
6. Down: a row is as high as its highest box. Arrows bend between rows only.

Steps 4 and 5 are in slots.py.

Nothing is random, sorting is stable, arithmetic is plus, minus, times, divided by and floor, sums run from left to
right (Python's own sum() of floats does not, from 3.12 on): a twin in another language gets the same numbers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tinytorch.viz.slots import HANGING, LONG, SHORT, Slot, Touch, across, snap, uncross

GAP_DOWN = 26.0  # least distance of two rows
GAP_LABELLED = 15.0  # the same where arrows have labels, which lie in rows of their own
GAP_PORTS = 6.0  # the same next to arrows' ends on the border
GAP_MOST = 70.0  # rows move apart, up to this, where arrows go far to the side
REACH = 0.35  # arrows end within this part of a box's width from its middle
PARALLEL = 14.0  # distance of two arrows between the same two boxes

Point = tuple[float, float]


@dataclass
class Item:
    """A box to be placed. `pinned`: 'top' and 'bottom' are arrows' ends on the border: first and last row."""

    width: float
    height: float
    pinned: str = ""


@dataclass
class Link:
    """An arrow between two items, by number. Where it has to end is given as a distance from the item's middle."""

    source: int
    target: int
    source_at: float | None = None  # None: anywhere
    target_at: float | None = None
    label: tuple[float, float] | None = None  # width and height of its label
    weak: bool = False  # it need not be straight


@dataclass
class Arrangement:
    """The result: left upper corners of items and labels, and every link's points from source to target."""

    items: list[Point]
    paths: list[list[Point]]
    labels: list[Point | None]
    width: float
    height: float


def arrange(items: list[Item], links: list[Link]) -> Arrangement:
    """Place items and links; the items' order decides where nothing else does. See the module for how."""
    place = _order(items, links)
    length = 2 if any(link.label for link in links) else 1  # in rows; labels lie in rows between
    rows_of = _rows(items, links, place, length)
    slots = [Slot(item.width, item.height, rows_of[i], i) for i, item in enumerate(items)]
    chains = _chains(slots, items, links, place, length)
    rows = _first_order(slots, items)
    uncross(rows)
    width = across(rows)
    tops, height = _down(rows, GAP_LABELLED if length == 2 else GAP_DOWN)
    corners = [_corner(slot, rows, tops) for slot in slots[: len(items)]]
    paths, labels = _paths(links, chains, rows, tops, corners)
    return Arrangement(corners, paths, labels, width, height)


def _order(items: list[Item], links: list[Link]) -> list[int]:
    """Every item's number in an order in which links lead forwards, but for those that close a cycle."""
    waiting = [0] * len(items)
    following: list[list[int]] = [[] for _ in items]
    for link in links:
        if link.source != link.target:
            waiting[link.target] += 1
            following[link.source].append(link.target)
    place = [-1] * len(items)
    ready = deque(i for i in range(len(items)) if waiting[i] == 0)
    seen = set(ready)
    count = first = 0
    while count < len(items):
        if not ready:  # a cycle: cut it at its first item
            while first in seen:
                first += 1
            ready.append(first)
            seen.add(first)
        i = ready.popleft()
        place[i] = count
        count += 1
        for j in following[i]:
            waiting[j] -= 1
            if waiting[j] == 0 and j not in seen:
                seen.add(j)
                ready.append(j)
    return place


def _rows(items: list[Item], links: list[Link], place: list[int], length: int) -> list[int]:
    """The row of every item: links lead down by at least `length` rows."""
    above: list[list[int]] = [[] for _ in items]
    below: list[list[int]] = [[] for _ in items]
    for link in links:
        if link.source != link.target:
            upper, lower = _ends(link, place)
            below[upper].append(lower)
            above[lower].append(upper)
    order = sorted(range(len(items)), key=lambda i: place[i])
    first = 1 if any(item.pinned == "top" for item in items) else 0
    rows = [0] * len(items)
    for i in order:
        row = 0 if items[i].pinned == "top" else first
        for j in above[i]:
            row = max(row, rows[j] + (1 if items[j].pinned else length))
        rows[i] = row
    for i in reversed(order):
        if items[i].pinned == "" and below[i] and len(below[i]) >= len(above[i]):
            rows[i] = min(rows[j] for j in below[i]) - length
    last = 1 + max((rows[i] for i in order if items[i].pinned != "bottom"), default=0)
    return [last if item.pinned == "bottom" else rows[i] for i, item in enumerate(items)]


def _ends(link: Link, place: list[int]) -> tuple[int, int]:
    """The upper and the lower item of a link."""
    if place[link.source] < place[link.target]:
        return link.source, link.target
    return link.target, link.source


def _chains(slots: list[Slot], items: list[Item], links: list[Link], place: list[int], length: int) -> list[list[Slot]]:
    """The slots of every link from source to target, made where missing; neighbours get to know each other."""
    aside = _aside(items, links, place)
    chains = []
    for link in links:
        if link.source == link.target:
            chains.append([slots[link.source]])
            continue
        upper, lower = _ends(link, place)
        top, bottom = slots[upper].row, slots[lower].row
        kind = HANGING if link.weak or aside[upper] or aside[lower] else LONG if bottom - top > length else SHORT
        chain = [slots[upper]]
        for row in range(top + 1, bottom):
            width, height = link.label if link.label and row == (top + bottom) // 2 else (0.0, 0.0)
            slots.append(Slot(width, height, row))
            chain.append(slots[-1])
        chain.append(slots[lower])
        at = [-slot.width / 2 for slot in chain]  # labels stand to the right of their arrow
        at[0] = (link.source_at if upper == link.source else link.target_at) or 0.0
        at[-1] = (link.target_at if upper == link.source else link.source_at) or 0.0
        for k in range(1, len(chain)):
            chain[k - 1].below.append(Touch(chain[k], at[k], at[k - 1], kind))
            chain[k].above.append(Touch(chain[k - 1], at[k - 1], at[k], kind))
        chains.append(chain if upper == link.source else chain[::-1])
    return chains


def _aside(items: list[Item], links: list[Link], place: list[int]) -> list[bool]:
    """Which items are not on the main line: what has one arrow in all (a weight), and what takes one from such an item
    and feeds one other, if that is fed by the main line as well (the weight transposed)."""
    above: list[list[int]] = [[] for _ in items]
    below: list[list[int]] = [[] for _ in items]
    for link in links:
        if not link.weak:
            upper, lower = _ends(link, place)
            below[upper].append(lower)
            above[lower].append(upper)
    ends = [not item.pinned and len(above[i]) + len(below[i]) == 1 for i, item in enumerate(items)]
    turned = [len(above[i]) == len(below[i]) == 1 and ends[above[i][0]] for i in range(len(items))]
    main = [not end and not turn for end, turn in zip(ends, turned)]
    return [
        end or (turn and any(main[j] for j in above[below[i][0]])) for i, (end, turn) in enumerate(zip(ends, turned))
    ]


def _first_order(slots: list[Slot], items: list[Item]) -> list[list[Slot]]:
    """Rows in the order in which slots are met on the way down every arrow: the first source and what follows from
    it on the left, on its right what else is needed for that."""
    rows: list[list[Slot]] = [[] for _ in range(1 + max((slot.row for slot in slots), default=-1))]
    sources = [slot for slot in slots if not slot.above]
    sources.sort(key=lambda slot: 0 if items[slot.item].pinned else 1)
    stack = sources[::-1]
    while stack:
        slot = stack.pop()
        if slot.place < 0:
            slot.place = len(rows[slot.row])
            rows[slot.row].append(slot)
            stack += [touch.slot for touch in slot.below[::-1]]
    return rows


def _down(rows: list[list[Slot]], gap: float) -> tuple[list[tuple[float, float]], float]:
    """Step 6: the top and the height of every row, and the height of all."""
    heights = []
    for row in rows:
        height = 0.0
        for slot in row:
            height = max(height, slot.height)
        heights.append(height)
    tops = []
    y = 0.0
    for k, row in enumerate(rows):
        tops.append((y, heights[k]))
        y += heights[k]
        if k + 1 < len(rows):
            farthest = 0.0
            for slot in row:
                for touch in slot.below:
                    farthest = max(farthest, abs(slot.x + touch.own - touch.slot.x - touch.at))
            least = gap if heights[k] and heights[k + 1] else GAP_PORTS
            y += snap(min(max(least, farthest / 6), GAP_MOST))
    return tops, y


def _corner(slot: Slot, rows: list[list[Slot]], tops: list[tuple[float, float]]) -> Point:
    """Left upper corner of an item: sources stand low in their row, sinks high, all others in the middle."""
    top, height = tops[slot.row]
    free = height - slot.height
    y = top + (free if not slot.above else 0.0 if not slot.below else free / 2)
    return snap(slot.x - slot.width / 2), snap(y)


def _paths(
    links: list[Link],
    chains: list[list[Slot]],
    rows: list[list[Slot]],
    tops: list[tuple[float, float]],
    corners: list[Point],
) -> tuple[list[list[Point]], list[Point | None]]:
    """The points of every link, and the left upper corner of its label."""
    twins: dict[tuple[int, int], list[int]] = {}
    for number, link in enumerate(links):
        twins.setdefault((link.source, link.target), []).append(number)
    paths: list[list[Point]] = []
    labels: list[Point | None] = []
    for number, (link, chain) in enumerate(zip(links, chains)):
        label = None
        if len(chain) == 1:
            paths.append([])
            labels.append(None)
            continue
        alike = twins[link.source, link.target]
        aside = (alike.index(number) - (len(alike) - 1) / 2) * PARALLEL if len(chain) == 2 else 0.0
        down = chain[0].row < chain[-1].row
        points = _end(chain[0], link.source_at, _towards(chain[1], link.target_at) + aside, down, tops, corners)
        for slot in chain[1:-1]:
            top, height = tops[slot.row]
            x = snap(slot.x - slot.width / 2)
            points += [(x, top), (x, top + height)] if down else [(x, top + height), (x, top)]
            if slot.width:
                label = (x, snap(top + (height - slot.height) / 2))
        end = _end(chain[-1], link.target_at, _towards(chain[-2], link.source_at) + aside, not down, tops, corners)
        points += end[::-1]
        paths.append([point for k, point in enumerate(points) if k == 0 or point != points[k - 1]])
        labels.append(label)
    return paths, labels


def _towards(slot: Slot, at: float | None) -> float:
    """The x that a link looks for at the neighbour of its end."""
    return slot.x + (-slot.width / 2 if slot.item < 0 else at or 0.0)


def _end(
    slot: Slot,
    at: float | None,
    towards: float,
    lower: bool,
    tops: list[tuple[float, float]],
    corners: list[Point],
) -> list[Point]:
    """A link's end at an item's lower or upper side, and the point where it leaves the item's row."""
    top, height = tops[slot.row]
    if at is None:
        reach = slot.width * REACH
        at = min(max(towards - slot.x, -reach), reach)
    x = snap(slot.x + at)
    y = corners[slot.item][1]
    return [(x, snap(y + slot.height)), (x, top + height)] if lower else [(x, y), (x, top)]
