// Slots in rows: their order, so that few arrows cross, and their places, so that many are straight; the twin of slots.py.

const GAP_ACROSS = 18;
const GAP_THIN = 10;
const SWEEPS = 12;
const ROUNDS = 10;
const [HANGING, LONG, SHORT] = [0, 1, 2];
const WEIGHT = [1, 32, 1024];

const newSlot = (width, height, row, item = -1) => ({ width, height, row, item, place: -1, x: 0, above: [], below: [] });
const placeOf = (touch) => touch.slot.place + (touch.slot.width ? touch.at / touch.slot.width : 0);
const snap = (value) => Math.floor(value * 4 + 0.5) / 4;

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
