// The graph as page.py wrote it, with what the page looks up often: nodes and groups by id, edges by node.

const page = JSON.parse(byId("settings").textContent); // title, direction, depth, player

// store.py leaves out what has its usual value.
const USUAL = {
  nodes: { name: null, outputs: [], inputs: [], formula: null, gradients: [], backward: null, where: null, group: null,
           saved: [], grad: null, is_output: false, note: null, error: null, count: 1 },
  edges: { output_nr: 0, input_nr: 0, summary: null, grad: null, needs_grad: true },
  groups: { parent: null, count: 1 },
  steps: { incoming: null, outgoing: [], frees: false, ready: [], error: null },
};
const graph = { title: "", error: null, note: null, ...JSON.parse(byId("graph").textContent) };
for (const [list, usual] of Object.entries(USUAL)) graph[list] = (graph[list] ?? []).map((item) => ({ ...usual, ...item }));
for (const node of graph.nodes) {
  const seen = new Set(); // what is saved for two purposes is shown once
  node.saved = node.saved.map((saved) => ({ node: null, freed: false, ...saved }))
    .filter(({ name, node: origin }) => !seen.has(`${origin} ${name}`) && seen.add(`${origin} ${name}`));
}
for (const step of graph.steps) step.outgoing = step.outgoing.map((flow) => ({ summary: null, arrived: 1, expected: 1, ...flow }));

const nodes = new Map(graph.nodes.map((node, index) => [node.id, Object.assign(node, { index, into: [], from: [] })]));
graph.edges = graph.edges.map((edge, index) => ({ ...edge, index }));
for (const edge of graph.edges) {
  nodes.get(edge.source)?.from.push(edge);
  nodes.get(edge.target)?.into.push(edge);
}
graph.steps = graph.steps.filter((step) => nodes.has(step.node));

const shapeOf = (summary) => `(${(summary.shape ?? []).join(", ")}${summary.shape?.length === 1 ? "," : ""})`;
const isNamed = (text) => text !== null && text !== undefined && text.trim() !== "";

// What the user calls a node's result, or else what made it.
const titleOf = (node) => (isNamed(node.name) ? node.name : node.label);

// Groups as a tree: children are ids of groups and nodes in the order of the forward pass. Where there are very many, runs
// of them are put into parts, so that a graph of thousands of operations without modules can be opened bit by bit.
const MANY = 120;
const groups = new Map(graph.groups.map((group) => [group.id, { ...group, children: [] }]));
const roots = [];

function makeTree() {
  const placed = new Set();
  const place = (id, parent) => {
    const known = groups.get(parent);
    (known ? known.children : roots).push(id);
    if (known && !placed.has(parent)) {
      placed.add(parent);
      place(parent, known.parent);
    }
  };
  for (const node of graph.nodes) place(node.id, node.group);
  for (const id of [...groups.keys()]) if (!placed.has(id)) groups.delete(id); // without any operation
  for (const group of [...groups.values()]) inParts(group.children, group.id);
  inParts(roots, null);
}

function inParts(children, parent) {
  while (children.length > MANY) {
    const parts = [];
    const size = Math.min(MANY, Math.max(20, Math.ceil(children.length / 40)));
    for (let start = 0; start < children.length; start += size) {
      const id = `part${groups.size}`;
      const inside = children.slice(start, start + size);
      groups.set(id, { id, name: "", label: "", count: 1, parent, children: inside, part: true });
      for (const child of inside) parentOf(child, id);
      parts.push(id);
    }
    children.splice(0, children.length, ...parts);
  }
}

function parentOf(id, parent) {
  if (groups.has(id)) groups.get(id).parent = parent;
  else nodes.get(id).group = parent;
}

// All nodes of a group, those of the groups in it included.
function membersOf(group) {
  const found = [];
  const waiting = [...group.children].reverse();
  while (waiting.length) {
    const id = waiting.pop();
    if (nodes.has(id)) found.push(nodes.get(id));
    else waiting.push(...[...groups.get(id).children].reverse());
  }
  return found;
}

function groupTitle(group) {
  if (group.part) return t("part", group.first, group.last);
  return isNamed(group.name) ? group.name : group.label.split("(")[0];
}

makeTree();
for (const group of groups.values()) {
  group.members = membersOf(group);
  group.first = group.members[0].index + 1;
  group.last = group.members[group.members.length - 1].index + 1;
}
