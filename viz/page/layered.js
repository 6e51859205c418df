// Boxes and arrows in rows: the twin of layered.py, which says how and why. Same names, same steps, same numbers.

const GAP_ACROSS = 18;
const GAP_THIN = 10;
const GAP_DOWN = 26;
const GAP_LABELLED = 15;
const GAP_MOST = 70;
const SWEEPS = 12;
const ROUNDS = 10;
const REACH = 0.35;
const PARALLEL = 14;

const [HANGING, LONG, SHORT] = [0, 1, 2];
const WEIGHT = [1, 4, 16];

const snap = (value) => Math.floor(value * 4 + 0.5) / 4;
const newSlot = (width, height, row, item = -1) => ({ width, height, row, item, place: 0, x: 0, above: [], below: [] });
const placeOf = (touch) => touch.slot.place + (touch.slot.width ? touch.at / touch.slot.width : 0);

// items: {width, height, pinned}; links: {source, target, sourceAt, targetAt, label: [width, height] or null}.
function arrange(items, links) {
  const place = orderOf(items, links);
  const length = links.some((link) => link.label) ? 2 : 1;
  const rowsOf = rowsFor(items, links, place, length);
  const slots = items.map((item, i) => newSlot(item.width, item.height, rowsOf[i], i));
  const chains = chainsOf(slots, links, place, length);
  const rows = Array.from({ length: 1 + slots.reduce((most, slot) => Math.max(most, slot.row), -1) }, () => []);
  for (const slot of slots) {
    slot.place = rows[slot.row].length;
    rows[slot.row].push(slot);
  }
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
  const first = items.some((item) => item.pinned === "top") ? length : 0;
  const rows = items.map(() => 0);
  for (const i of order) {
    rows[i] = above[i].reduce((row, j) => Math.max(row, rows[j] + length), items[i].pinned === "top" ? 0 : first);
  }
  for (const i of order.reverse()) {
    if (!items[i].pinned && below[i].length > above[i].length) {
      rows[i] = below[i].reduce((row, j) => Math.min(row, rows[j]), Infinity) - length;
    }
  }
  const last = length + rows.reduce((most, row, i) => (items[i].pinned === "bottom" ? most : Math.max(most, row)), 0);
  return rows.map((row, i) => (items[i].pinned === "bottom" ? last : row));
}

// The slots of every link from source to target, made where missing; neighbours get to know each other.
function chainsOf(slots, links, place, length) {
  const degree = slots.map(() => 0);
  for (const link of links) {
    degree[link.source] += 1;
    degree[link.target] += 1;
  }
  return links.map((link) => {
    if (link.source === link.target) return [slots[link.source]];
    const [upper, lower] = endsOf(link, place);
    const [top, bottom] = [slots[upper].row, slots[lower].row];
    let kind = bottom - top > length ? LONG : SHORT;
    if (degree[upper] === 1 || degree[lower] === 1) kind = HANGING;
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

// Sort every row so that few arrows cross; leaves `rows` and places in the best order found.
function uncross(rows) {
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : [...rows].reverse()) {
      const means = new Map(row.map((slot) => [slot, meanPlace(slot, isDown ? slot.above : slot.below)]));
      row.sort((left, right) => means.get(left) - means.get(right));
      number(row);
    }
    exchange(rows);
    const now = crossings(rows);
    if (now < fewest) {
      best = rows.map((row) => [...row]);
      fewest = now;
    }
  }
  rows.forEach((row, k) => {
    row.splice(0, row.length, ...best[k]);
    number(row);
  });
}

function number(row) {
  row.forEach((slot, place) => { slot.place = place; });
}

function meanPlace(slot, touches) {
  return touches.length ? touches.reduce((total, touch) => total + placeOf(touch), 0) / touches.length : slot.place;
}

// Exchange neighbours in a row as long as that crosses less, at most some rounds.
function exchange(rows) {
  for (let round = 0; round < 4; round++) {
    let changed = false;
    for (const row of rows) {
      for (let k = 1; k < row.length; k++) {
        const [left, right] = [row[k - 1], row[k]];
        if (crossingPairs(left, right) <= crossingPairs(right, left)) continue;
        [row[k - 1], row[k]] = [right, left];
        [left.place, right.place] = [right.place, left.place];
        changed = true;
      }
    }
    if (!changed) return;
  }
}

function crossingPairs(left, right) {
  let count = 0;
  for (const side of ["above", "below"]) {
    const theirs = right[side].map(placeOf);
    for (const touch of left[side]) {
      const mine = placeOf(touch);
      for (const their of theirs) if (mine > their) count += 1;
    }
  }
  return count;
}

// How many arrows cross: pairs that stand in one order above and in the other below.
function crossings(rows) {
  let count = 0;
  for (const row of rows) {
    const pieces = [];
    for (const slot of row) {
      for (const touch of slot.below) {
        pieces.push([slot.place + (slot.width ? touch.own / slot.width : 0), placeOf(touch)]);
      }
    }
    pieces.sort((one, two) => one[0] - two[0] || one[1] - two[1]);
    const seen = []; // in order
    for (const [, lower] of pieces) {
      let [low, high] = [0, seen.length]; // the first that is greater lies between
      while (low < high) {
        const middle = (low + high) >> 1;
        if (lower < seen[middle]) high = middle;
        else low = middle + 1;
      }
      count += seen.length - low;
      seen.splice(low, 0, lower);
    }
  }
  return count;
}

// The x of every slot's middle; returns the width of all.
function across(rows) {
  for (const row of rows) {
    let x = 0;
    row.forEach((slot, k) => {
      x += k ? distance(row[k - 1], slot) : 0;
      slot.x = x;
    });
    for (const slot of row) slot.x -= x / 2;
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const row of rows) settle(row, (slot) => slot.above);
    for (const row of [...rows].reverse()) settle(row, (slot) => slot.below);
  }
  for (const row of rows) settle(row, (slot) => [...slot.above, ...slot.below]);
  const all = rows.flat();
  const left = all.length ? all.reduce((least, slot) => Math.min(least, slot.x - slot.width / 2), Infinity) : 0;
  let right = 0;
  for (const slot of all) {
    slot.x = snap(slot.x - left);
    right = Math.max(right, slot.x + slot.width / 2);
  }
  return snap(right);
}

function distance(left, right) {
  const gap = left.item >= 0 && right.item >= 0 ? GAP_ACROSS : GAP_THIN;
  return left.width / 2 + gap + right.width / 2;
}

// Move the slots of a row as near to their wishes as they can get without overlaps and changes of order.
function settle(row, touchesOf) {
  const blocks = []; // [weighted sum of wishes, weight, number of slots]
  const offsets = [];
  let offset = 0;
  row.forEach((slot, k) => {
    offset += k ? distance(row[k - 1], slot) : 0;
    offsets.push(offset);
    const [wish, weight] = wishOf(slot, touchesOf(slot));
    blocks.push([(wish - offset) * weight, weight, 1]);
    for (let n = blocks.length; n > 1 && blocks[n - 2][0] * blocks[n - 1][1] >= blocks[n - 1][0] * blocks[n - 2][1]; n--) {
      const last = blocks.pop();
      last.forEach((value, i) => { blocks[n - 2][i] += value; });
    }
  });
  let k = 0;
  for (const [total, weight, count] of blocks) {
    for (let i = 0; i < count; i++, k++) row[k].x = total / weight + offsets[k];
  }
}

// Where a slot wants to stand, and how much: it looks only at its most important arrows.
function wishOf(slot, touches) {
  const kind = touches.reduce((most, touch) => Math.max(most, touch.kind), -1);
  if (kind < 0) return [slot.x, 0.25];
  let [total, count] = [0, 0];
  for (const touch of touches) {
    if (touch.kind !== kind) continue;
    total += touch.slot.x + touch.at - touch.own;
    count += 1;
  }
  return [total / count, WEIGHT[kind]];
}

// The top and the height of every row, and the height of all.
function down(rows, gap) {
  const tops = [];
  let y = 0;
  for (const row of rows) {
    let [height, farthest] = [0, 0];
    for (const slot of row) {
      height = Math.max(height, slot.height);
      for (const touch of slot.below) {
        farthest = Math.max(farthest, Math.abs(slot.x + touch.own - touch.slot.x - touch.at));
      }
    }
    tops.push([y, height]);
    y += height + snap(Math.min(Math.max(gap, farthest / 6), GAP_MOST));
  }
  const last = tops[tops.length - 1];
  return [tops, last ? last[0] + last[1] : 0];
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
    const aside = (alike.indexOf(i) - (alike.length - 1) / 2) * PARALLEL;
    const last = chain.length - 1;
    const isDown = chain[0].row < chain[last].row;
    const points = endOf(chain[0], link.sourceAt, chain[1], aside, isDown, tops, corners);
    for (const slot of chain.slice(1, -1)) {
      const [top, height] = tops[slot.row];
      const x = snap(slot.x - slot.width / 2);
      points.push(...(isDown ? [[x, top], [x, top + height]] : [[x, top + height], [x, top]]));
      if (slot.width) labels[i] = [x, snap(top + (height - slot.height) / 2)];
    }
    points.push(...endOf(chain[last], link.targetAt, chain[last - 1], aside, !isDown, tops, corners).reverse());
    return withoutRepeats(points);
  });
  return { paths, labels };
}

const withoutRepeats = (points) =>
  points.filter(([x, y], k) => k === 0 || x !== points[k - 1][0] || y !== points[k - 1][1]);

// A link's end at an item's lower or upper side, and the point where it leaves the item's row.
function endOf(slot, at, neighbour, aside, isLower, tops, corners) {
  const [top, height] = tops[slot.row];
  if (at === null || at === undefined) {
    const reach = slot.width * REACH;
    const towards = neighbour.x - (neighbour.item < 0 ? neighbour.width / 2 : 0);
    at = Math.min(Math.max(towards - slot.x + (neighbour.item >= 0 ? aside : 0), -reach), reach);
  }
  const x = snap(slot.x + at);
  const y = corners[slot.item][1];
  return isLower ? [[x, snap(y + slot.height)], [x, top + height]] : [[x, y], [x, top]];
}
