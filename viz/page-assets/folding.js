// Modules open and closed: a closed one is a single box, and the edges of what is in it become its own.

const FEW = 60; // boxes that a picture shows without effort
const closed = new Set();

// At first modules are open down to the depth that was asked for; else all where they fit, else as many levels as do.
function closeWhatIsTooMuch() {
  if (page.depth !== null) {
    for (const id of groups.keys()) if (levelOf(id) >= page.depth) closed.add(id);
    return;
  }
  if (graph.nodes.length <= FEW) return;
  for (const id of groups.keys()) closed.add(id);
  for (;;) {
    const boxes = folded().boxes;
    const next = boxes.filter((box) => box.group);
    const grown = next.reduce((sum, box) => sum + box.group.children.length - 1, boxes.length);
    if (next.length === 0 || grown > (boxes.length > 5 ? FEW : MANY)) return;
    for (const box of next) closed.delete(box.id);
  }
}

// How many modules a module lies in.
function levelOf(id) {
  let level = 0;
  for (let up = groups.get(id).parent; groups.has(up); up = groups.get(up).parent) level += 1;
  return level;
}

// The outermost closed group around a node or group, or null.
function wrapperOf(id) {
  let found = null;
  let parent = nodes.has(id) ? nodes.get(id).group : groups.get(id)?.parent;
  while (groups.has(parent)) {
    if (closed.has(parent)) found = parent;
    parent = groups.get(parent).parent;
  }
  return found;
}

// The box that stands for a node at present.
const boxOf = (id) => wrapperOf(id) ?? id;

// Open every module around a node.
function reveal(id) {
  let changed = false;
  for (let around = wrapperOf(id); around; around = wrapperOf(id)) changed = closed.delete(around);
  return changed;
}

// What there is to draw: boxes, links between them (with their edges), and frames of open modules, outer ones first.
function folded() {
  const boxes = new Map();
  const links = new Map();
  const frames = new Map();
  const around = (id) => {
    if (!groups.has(id) || frames.has(id)) return;
    const group = groups.get(id);
    around(group.parent);
    frames.set(id, { id, group, parent: groups.has(group.parent) ? group.parent : null });
  };
  for (const node of graph.nodes) {
    const id = boxOf(node.id);
    if (boxes.has(id)) continue;
    const item = groups.get(id) ?? node;
    const parent = id === node.id ? node.group : item.parent;
    around(parent);
    boxes.set(id, { id, node: id === node.id ? node : null, group: groups.get(id) ?? null, parent: groups.has(parent) ? parent : null });
  }
  for (const edge of graph.edges) {
    const source = boxOf(edge.source);
    const target = boxOf(edge.target);
    if (source === target || !boxes.has(source) || !boxes.has(target)) continue;
    const single = nodes.has(source) && nodes.has(target);
    const key = single ? edge.index : `${source} ${target}`;
    if (!links.has(key)) links.set(key, { source, target, edges: [] });
    links.get(key).edges.push(edge);
  }
  return { boxes: [...boxes.values()], links: [...links.values()], frames: [...frames.values()] };
}
