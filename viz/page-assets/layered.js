// Boxes and arrows in rows: the twin of layered.py, which says how and why. Same names, same steps, same numbers.

const GAP_DOWN = 26;
const GAP_LABELLED = 15;
const GAP_PORTS = 6;
const GAP_MOST = 70;
const REACH = 0.35;
const PARALLEL = 14;

// items: {width, height, pinned}; links: {source, target, sourceAt, targetAt, label: [width, height] or null, weak}.
function arrange(items, links) {
  const place = orderOf(items, links);
  const length = links.some((link) => link.label) ? 2 : 1;
  const rowsOf = rowsFor(items, links, place, length);
  const slots = items.map((item, i) => newSlot(item.width, item.height, rowsOf[i], i));
  const chains = chainsOf(slots, items, links, place, length);
  const rows = firstOrder(slots, items);
  uncross(rows);
  const width = across(rows);
  const [tops, height] = down(rows, length === 2 ? GAP_LABELLED : GAP_DOWN);
  const corners = slots.slice(0, items.length).map((slot) => cornerOf(slot, tops));
  return { items: corners, width, height, ...pathsOf(links, chains, tops, corners) };
}

// Every item's number in an order in which links lead forwards, but for those that close a cycle.
function orderOf(items, links) {
  const waiting = items.map(() => 0);
  const following = items.map(() => []);
  for (const link of links) {
    if (link.source === link.target) continue;
    waiting[link.target] += 1;
    following[link.source].push(link.target);
  }
  const place = items.map(() => -1);
  const ready = [...items.keys()].filter((i) => waiting[i] === 0);
  const seen = new Set(ready);
  let first = 0;
  for (let count = 0; count < items.length; count++) {
    if (ready.length === count) { // a cycle: cut it at its first item
      while (seen.has(first)) first += 1;
      ready.push(first);
      seen.add(first);
    }
    const i = ready[count];
    place[i] = count;
    for (const j of following[i]) {
      waiting[j] -= 1;
      if (waiting[j] === 0 && !seen.has(j)) {
        seen.add(j);
        ready.push(j);
      }
    }
  }
  return place;
}

const endsOf = (link, place) =>
  place[link.source] < place[link.target] ? [link.source, link.target] : [link.target, link.source];

// The row of every item: links lead down by at least `length` rows.
function rowsFor(items, links, place, length) {
  const above = items.map(() => []);
  const below = items.map(() => []);
  for (const link of links) {
    if (link.source === link.target) continue;
    const [upper, lower] = endsOf(link, place);
    below[upper].push(lower);
    above[lower].push(upper);
  }
  const order = [...items.keys()].sort((i, j) => place[i] - place[j]);
  const first = items.some((item) => item.pinned === "top") ? 1 : 0;
  const rows = items.map(() => 0);
  for (const i of order) {
    rows[i] = items[i].pinned === "top" ? 0 : first;
    for (const j of above[i]) rows[i] = Math.max(rows[i], rows[j] + (items[j].pinned ? 1 : length));
  }
  for (const i of order.reverse()) {
    if (!items[i].pinned && below[i].length && below[i].length >= above[i].length) {
      rows[i] = below[i].reduce((row, j) => Math.min(row, rows[j]), Infinity) - length;
    }
  }
  const last = 1 + rows.reduce((most, row, i) => (items[i].pinned === "bottom" ? most : Math.max(most, row)), 0);
  return rows.map((row, i) => (items[i].pinned === "bottom" ? last : row));
}

// The slots of every link from source to target, made where missing; neighbours get to know each other.
function chainsOf(slots, items, links, place, length) {
  const aside = asideOf(items, links, place);
  return links.map((link) => {
    if (link.source === link.target) return [slots[link.source]];
    const [upper, lower] = endsOf(link, place);
    const [top, bottom] = [slots[upper].row, slots[lower].row];
    const kind = link.weak || aside[upper] || aside[lower] ? HANGING : bottom - top > length ? LONG : SHORT;
    const chain = [slots[upper]];
    for (let row = top + 1; row < bottom; row++) {
      const [width, height] = link.label && row === Math.floor((top + bottom) / 2) ? link.label : [0, 0];
      slots.push(newSlot(width, height, row));
      chain.push(slots[slots.length - 1]);
    }
    chain.push(slots[lower]);
    const at = chain.map((slot) => -slot.width / 2); // labels stand to the right of their arrow
    at[0] = (upper === link.source ? link.sourceAt : link.targetAt) ?? 0;
    at[at.length - 1] = (upper === link.source ? link.targetAt : link.sourceAt) ?? 0;
    for (let k = 1; k < chain.length; k++) {
      chain[k - 1].below.push({ slot: chain[k], at: at[k], own: at[k - 1], kind });
      chain[k].above.push({ slot: chain[k - 1], at: at[k - 1], own: at[k], kind });
    }
    return upper === link.source ? chain : chain.reverse();
  });
}

// Which items are not on the main line: what has one arrow in all, and what takes one from such an item and feeds one
// other, if that is fed by the main line as well.
function asideOf(items, links, place) {
  const above = items.map(() => []);
  const below = items.map(() => []);
  for (const link of links) {
    if (link.weak) continue;
    const [upper, lower] = endsOf(link, place);
    below[upper].push(lower);
    above[lower].push(upper);
  }
  const ends = items.map((item, i) => !item.pinned && above[i].length + below[i].length === 1);
  const turned = items.map((_, i) => above[i].length === 1 && below[i].length === 1 && ends[above[i][0]]);
  return ends.map((end, i) => end || (turned[i] && above[below[i][0]].some((j) => !ends[j] && !turned[j])));
}

// Rows in the order in which slots are met on the way down every arrow: the first source and what follows from it on
// the left, on its right what else is needed for that.
function firstOrder(slots, items) {
  const rows = Array.from({ length: 1 + slots.reduce((most, slot) => Math.max(most, slot.row), -1) }, () => []);
  const sources = slots.filter((slot) => slot.above.length === 0);
  sources.sort((one, two) => (items[one.item].pinned ? 0 : 1) - (items[two.item].pinned ? 0 : 1));
  const stack = sources.reverse();
  while (stack.length) {
    const slot = stack.pop();
    if (slot.place >= 0) continue;
    slot.place = rows[slot.row].length;
    rows[slot.row].push(slot);
    for (const touch of [...slot.below].reverse()) stack.push(touch.slot);
  }
  return rows;
}

// The top and the height of every row, and the height of all.
function down(rows, gap) {
  const heights = rows.map((row) => row.reduce((height, slot) => Math.max(height, slot.height), 0));
  let y = 0;
  const tops = rows.map((row, k) => {
    const top = y;
    y += heights[k];
    if (k + 1 < rows.length) {
      let farthest = 0;
      for (const slot of row) {
        for (const touch of slot.below) {
          farthest = Math.max(farthest, Math.abs(slot.x + touch.own - touch.slot.x - touch.at));
        }
      }
      const least = heights[k] && heights[k + 1] ? gap : GAP_PORTS;
      y += snap(Math.min(Math.max(least, farthest / 6), GAP_MOST));
    }
    return [top, heights[k]];
  });
  return [tops, y];
}

// Left upper corner of an item: sources stand low in their row, sinks high, all others in the middle.
function cornerOf(slot, tops) {
  const [top, height] = tops[slot.row];
  const free = height - slot.height;
  const y = top + (slot.above.length === 0 ? free : slot.below.length === 0 ? 0 : free / 2);
  return [snap(slot.x - slot.width / 2), snap(y)];
}

// The points of every link, and the left upper corner of its label.
function pathsOf(links, chains, tops, corners) {
  const twins = new Map();
  links.forEach((link, i) => {
    const key = `${link.source} ${link.target}`;
    twins.set(key, [...(twins.get(key) ?? []), i]);
  });
  const labels = [];
  const paths = links.map((link, i) => {
    const chain = chains[i];
    labels.push(null);
    if (chain.length === 1) return [];
    const alike = twins.get(`${link.source} ${link.target}`);
    const aside = chain.length === 2 ? (alike.indexOf(i) - (alike.length - 1) / 2) * PARALLEL : 0;
    const last = chain.length - 1;
    const isDown = chain[0].row < chain[last].row;
    const points = endOf(chain[0], link.sourceAt, towards(chain[1], link.targetAt) + aside, isDown, tops, corners);
    for (const slot of chain.slice(1, -1)) {
      const [top, height] = tops[slot.row];
      const x = snap(slot.x - slot.width / 2);
      points.push(...(isDown ? [[x, top], [x, top + height]] : [[x, top + height], [x, top]]));
      if (slot.width) labels[i] = [x, snap(top + (height - slot.height) / 2)];
    }
    const end = endOf(chain[last], link.targetAt, towards(chain[last - 1], link.sourceAt) + aside, !isDown, tops, corners);
    points.push(...end.reverse());
    return withoutRepeats(points);
  });
  return { paths, labels };
}

const withoutRepeats = (points) =>
  points.filter(([x, y], k) => k === 0 || x !== points[k - 1][0] || y !== points[k - 1][1]);

// The x that a link looks for at the neighbour of its end.
const towards = (slot, at) => slot.x + (slot.item < 0 ? -slot.width / 2 : at ?? 0);

// A link's end at an item's lower or upper side, and the point where it leaves the item's row.
function endOf(slot, at, wanted, isLower, tops, corners) {
  const [top, height] = tops[slot.row];
  const reach = slot.width * REACH;
  const x = snap(slot.x + (at ?? Math.min(Math.max(wanted - slot.x, -reach), reach)));
  const y = corners[slot.item][1];
  return isLower ? [[x, snap(y + slot.height)], [x, top + height]] : [[x, y], [x, top]];
}
