// The side panel: everything that is known of one node or module.

let chosen = null; // what stays in the panel: clicked, found, focused, or the node of the step
let pointed = null; // what the pointer is on

function describe() {
  const id = pointed ?? chosen;
  const panel = byId("details");
  const content = nodes.has(id) ? nodeDetails(nodes.get(id)) : groups.has(id) ? groupDetails(groups.get(id)) : overview();
  panel.replaceChildren(...content);
}

// What the panel says as long as nothing is chosen.
function overview() {
  const leaves = graph.nodes.filter((node) => node.kind === "leaf");
  const operations = graph.nodes.filter((node) => node.kind === "op").length;
  const modules = [...groups.values()].filter((group) => !group.part).length;
  return [
    el("h2", {}, t("overview")),
    el("p", {}, t("counts", operations, leaves.length, modules)),
    isNamed(graph.note) && el("p", {}, visible(graph.note)),
    el("p", { class: "hint" }, t("pickNode")),
    facts([[t("leaves"), leaves.slice(0, 60).map((leaf) => el("span", {}, reference(leaf.id, leaf.outputs[0]), leaf.grad && `, ${gradText(leaf.grad)}`))]]),
  ].filter(Boolean);
}

function nodeDetails(node) {
  return [
    heading(node),
    isNamed(node.error) && state.step?.node !== node.id && el("p", { class: "failure" }, visible(node.error)),
    facts([
      [t("formula"), isNamed(node.formula) && code(node.formula)],
      [t("gradients"), node.gradients.length && node.gradients.map(code)],
      [t(["leaf", "data"].includes(node.kind) ? "tensor" : node.outputs.length > 1 ? "results" : "result"), node.outputs.map(summaryView)],
      [t("gradient"), node.grad && summaryView(node.grad)],
      [t("inputs"), node.into.length && node.into.map((edge) => reference(edge.source, edge.summary))],
      [t("usedBy"), node.from.length && [...new Set(node.from.map((edge) => edge.target))].slice(0, 12).map((id) => reference(id))],
      [t("saved"), node.saved.length && node.saved.map((saved) => savedView(node, saved))],
      [t("source"), node.where && sourceView(node.where)],
      [t("inModule"), groups.has(node.group) && reference(node.group)],
      [t("backwardNode"), isNamed(node.backward) && code(node.backward)],
      [t("note"), isNamed(node.note) && visible(noted(node.note))],
    ]),
  ].filter(Boolean);
}

function groupDetails(group) {
  const isClosed = closed.has(group.id);
  const failed = group.members.find((node) => isNamed(node.error));
  return [
    el("h2", {}, visible(groupTitle(group)), el("span", { class: "kind" }, t("module"))),
    failed && el("p", { class: "failure" }, visible(failed.error)),
    el("button", { onclick: () => toggle(group.id) }, t(isClosed ? "expand" : "collapse")),
    facts([
      [t("inModule"), isNamed(group.label) && code(group.label)],
      [t("times", group.count), group.count > 1 && `×${group.count}`],
      [t("contains"), group.children.slice(0, 40).map((id) => reference(id))],
    ]),
  ].filter(Boolean);
}

function heading(node) {
  const name = isNamed(node.name) && node.name !== node.label ? node.name : null;
  const label = node.kind === "op" || node.kind === "cut" ? node.label : null;
  const kind = el("span", { class: `kind ${node.kind}` }, t(`${node.kind}Word`));
  return el("h2", {}, visible([label, name].filter(Boolean).join(" → ") || node.label), node.count > 1 && ` ×${node.count}`, kind,
    node.is_output && el("span", { class: "kind result" }, t("output")));
}

// [[term, what it is], ...] as a list of definitions; without those where there is nothing.
function facts(rows) {
  const list = el("dl");
  for (const [term, content] of rows) {
    if (!content || content.length === 0) continue;
    list.append(el("dt", {}, term), ...[content].flat().map((item) => el("dd", {}, item)));
  }
  return list;
}

const code = (text) => el("code", {}, visible(text));

// Shape and dtype, then as much of the numbers as is known.
function summaryView(summary) {
  const numbers = isNumber(summary) ? [] : [
    known(summary.norm) && `${t("norm")} ${short(summary.norm)}`,
    known(summary.mean) && `${t("mean")} ${short(summary.mean)}`,
    known(summary.low) && `${t("range")} ${short(summary.low)} … ${short(summary.high)}`,
  ].filter(Boolean);
  return el("div", { class: "summary" },
    el("code", {}, `${shapeOf(summary)} ${visible(summary.dtype)}`),
    numbers.length > 0 && el("div", {}, numbers.join(" · ")),
    summary.unusual > 0 && el("div", { class: "failure" }, t("unusual", summary.unusual)),
    isNamed(summary.text) && el("pre", {}, visible(summary.text).replaceAll("], [", "],\n [")));
}

// A button that leads to a node or a module.
function reference(id, summary) {
  const name = nodes.has(id) ? titleOf(nodes.get(id)) : groupTitle(groups.get(id));
  return el("span", {}, el("button", { class: "link", onclick: () => goTo(id) }, clipped(name, 60)), summary && ` ${shapeOf(summary)}`);
}

function savedView(node, saved) {
  const gone = isFreed(node, saved);
  return el("span", { class: gone ? "note gone" : "note" },
    saved.node && nodes.has(saved.node) ? el("button", { class: "link", onclick: () => goTo(saved.node) }, clipped(saved.name, 60)) : code(clipped(saved.name, 60)),
    ` ${shapeOf(saved.summary)} ${saved.summary.dtype}`, gone && ` – ${t("freed")}`);
}

function sourceView(where) {
  return el("div", {}, el("code", {}, visible(`${where.file}:${where.line}`)), isNamed(where.function) && ` ${t("inFunction", visible(where.function))}`,
    isNamed(where.code) && el("pre", {}, visible(where.code.trim())));
}
