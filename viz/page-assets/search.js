// Search by name, operation, module, shape or file:line; matches inside closed modules are found too.

let matches = []; // ids of nodes
let matched = new Set(); // the same
let match = 0;

function wordsOf(node) {
  const where = node.where ? [`${node.where.file}:${node.where.line}`, node.where.function, node.where.code] : [];
  const group = groups.get(node.group);
  return [node.name, node.label, node.backward, node.formula, node.note, node.error, ...where, group?.name, group?.label, ...node.outputs.map(shapeOf)]
    .filter(isNamed).join("\n").toLowerCase();
}

function find() {
  const query = byId("query").value.trim().toLowerCase();
  matches = query ? graph.nodes.filter((node) => wordsOf(node).includes(query)).map((node) => node.id) : [];
  matched = new Set(matches);
  match = -1;
  byId("found").textContent = query && !matches.length ? t("nothingFound") : matches.length ? t("found", "–", matches.length) : "";
  paint();
}

function nextMatch(by) {
  if (!matches.length) return;
  match = match < 0 && by < 0 ? matches.length - 1 : (match + by + matches.length) % matches.length;
  byId("found").textContent = t("found", match + 1, matches.length);
  goTo(matches[match], false);
}
