// Where everything goes: the twin of layout.py, which says how and why. A frame's inside is laid out by itself.

const PADDING = 12;
const ROOT = "";

// nodes: [{id, group}], edges: [{source, target}], groups: [{id, parent}], and Maps: sizes by node's id, labels' sizes by the
// edge's number, titles' sizes by group's id; sizes are [width, height]. weak: the Set of the numbers of edges that need not
// be straight. Returns places in the same terms.
function layout({ nodes: all, edges, groups: around }, sizes, labels = new Map(), titles = new Map(), weak = new Set()) {
  const paths = groupsAround(all, around);
  const levels = levelsOf(all, paths);
  edges.forEach((edge, i) => cutAtFrames(i, edge, paths, levels));
  const insideOut = [...levels.values()].sort((one, two) => two.depth - one.depth);
  const extents = new Map(all.map((node) => [node.id, sizes.get(node.id).map(snap)]));
  for (const level of insideOut) {
    arrangeLevel(level, extents, levels, labels, weak);
    extents.set(level.id, extentOf(level, titles.get(level.id) ?? [0, 0]));
  }
  return assemble(all, edges, levels, insideOut.reverse(), extents);
}

// For every node the groups that it is in, from the outermost (ROOT) to the innermost.
function groupsAround(all, around) {
  const parents = new Map(around.map((group) => [group.id, group.parent]));
  const chains = new Map([[ROOT, [ROOT]]]);
  for (const group of around) {
    const chain = [group.id];
    for (let up = group.parent; parents.has(up) && !chain.includes(up); up = parents.get(up)) chain.push(up);
    chains.set(group.id, [ROOT, ...chain.reverse()]);
  }
  return new Map(all.map((node) => [node.id, chains.get(node.group) ?? [ROOT]]));
}

// The drawing and every group that has nodes in it; a group stands where its first node stands.
function levelsOf(all, paths) {
  const make = (id, depth) => ({ id, depth, members: [], pieces: [], places: null, left: 0, top: 0, ports: new Map() });
  const levels = new Map([[ROOT, make(ROOT, 0)]]);
  for (const node of all) {
    const path = paths.get(node.id);
    path.forEach((id, depth) => {
      if (levels.has(id)) return;
      levels.set(id, make(id, depth));
      levels.get(path[depth - 1]).members.push(id);
    });
    levels.get(path[path.length - 1]).members.push(node.id);
  }
  return levels;
}

// Give each level that an edge runs through its piece of it.
function cutAtFrames(edge, { source, target }, paths, levels) {
  const out = [...paths.get(source), source];
  const into = [...paths.get(target), target];
  let common = 1;
  while (out[common] === into[common] && levels.has(out[common])) common += 1;
  levels.get(out[common - 1]).pieces.push({ edge, source: out[common], target: into[common] });
  for (let k = common; k < out.length - 1; k++) levels.get(out[k]).pieces.push({ edge, source: out[k + 1], target: null });
  for (let k = common; k < into.length - 1; k++) levels.get(into[k]).pieces.push({ edge, source: null, target: into[k + 1] });
}

// Place the members and ports of a level; those members that are groups have been arranged before.
function arrangeLevel(level, extents, levels, labels, weak) {
  const numbers = new Map(level.members.map((member, k) => [member, k]));
  const items = level.members.map((member) => {
    const [width, height] = extents.get(member);
    return { width, height, pinned: "" };
  });
  const links = level.pieces.map((piece) => {
    const [[source, sourceAt], [target, targetAt]] = [[piece.source, "top"], [piece.target, "bottom"]].map(([member, side]) => {
      if (member !== null) return [numbers.get(member), levels.get(member)?.ports.get(piece.edge) ?? null];
      items.push({ width: 0, height: 0, pinned: side });
      return [items.length - 1, 0];
    });
    const label = piece.source !== null && piece.target !== null ? labels.get(piece.edge) : undefined;
    return { source, target, sourceAt, targetAt, label: label ?? null, weak: weak.has(piece.edge) };
  });
  level.places = arrange(items, links);
}

// The size of the frame, which has its title at the top; then the ports' places on it are known.
function extentOf(level, title) {
  const padding = level.id === ROOT ? 0 : PADDING;
  const inside = level.places.width;
  const width = Math.max(inside, snap(title[0])) + 2 * padding;
  level.left = snap((width - inside) / 2);
  level.top = padding + snap(title[1]);
  level.pieces.forEach((piece, k) => {
    const path = level.places.paths[k];
    if (piece.source === null) level.ports.set(piece.edge, level.left + path[0][0] - width / 2);
    else if (piece.target === null) level.ports.set(piece.edge, level.left + path[path.length - 1][0] - width / 2);
  });
  return [width, level.places.height + level.top + padding];
}

// From places within each level to places in the drawing.
function assemble(all, edges, levels, outsideIn, extents) {
  const corners = new Map([[ROOT, [0, 0]]]);
  const starts = edges.map(() => []); // pieces up to the outermost level, outermost first
  const ends = edges.map(() => []); // and the others, from there inwards
  const labels = edges.map(() => null);
  for (const level of outsideIn) {
    const [x, y] = [corners.get(level.id)[0] + level.left, corners.get(level.id)[1] + level.top];
    level.members.forEach((member, k) => {
      const [left, top] = level.places.items[k];
      corners.set(member, [x + left, y + top]);
    });
    level.pieces.forEach((piece, k) => {
      (piece.target === null ? starts : ends)[piece.edge].push(level.places.paths[k].map(([left, top]) => [x + left, y + top]));
      const label = level.places.labels[k];
      if (label) labels[piece.edge] = [x + label[0], y + label[1]];
    });
  }
  const box = (id) => {
    const [[x, y], [width, height]] = [corners.get(id), extents.get(id)];
    return [id, { x, y, width, height }];
  };
  const [width, height] = extents.get(ROOT);
  return {
    width, height, labels,
    nodes: new Map(all.map((node) => box(node.id))),
    frames: new Map([...levels.keys()].filter((id) => id !== ROOT).map(box)),
    edges: edges.map((_, k) => withoutRepeats([...starts[k].reverse(), ...ends[k]].flat())),
  };
}
