// What is true after the first so many steps: what ran, where gradients are, what waits, what has been freed.

let position = 0;
let state = stateAt(0);
const counted = new Set(graph.steps.filter(countsItself).map((step) => step.node));
const frees = new Set(graph.steps.filter((step) => step.frees).map((step) => step.node));

function stateAt(count) {
  const found = {
    step: graph.steps[count - 1] ?? null,
    todo: new Set(), // operations that have not run forward
    back: new Set(), // those whose backward ran
    ready: new Set(), // those that wait in the engine's queue
    freed: new Set(), // those whose saved tensors are gone
    arrived: new Map(), // node -> [gradients that arrived, gradients that will]
    gradients: new Map(), // edge's number -> the gradient that went along it
    lit: new Set(), // numbers of the edges along which something flows in this step
  };
  if (count === 0) return found;
  for (const step of graph.steps.slice(count)) if (step.kind === "forward") found.todo.add(step.node);
  for (const step of graph.steps.slice(0, count)) {
    if (step.kind === "backward") found.back.add(step.node);
    if (step.frees && step !== found.step) found.freed.add(step.node); // after it: it uses them yet
    if (step.kind === "forward") continue;
    for (const flow of step.outgoing) {
      found.gradients.set(flow.edge, flow.summary);
      const { source } = graph.edges[flow.edge];
      if (countsItself(step) || !counted.has(source)) found.arrived.set(source, [flow.arrived, flow.expected]);
    }
  }
  found.ready = new Set(found.step.ready);
  if (found.step.kind === "forward") for (const edge of nodes.get(found.step.node).into) found.lit.add(edge.index);
  else for (const flow of found.step.outgoing) found.lit.add(flow.edge);
  if (found.step.kind === "accumulate" && !found.step.outgoing.length) {
    for (const edge of nodes.get(found.step.node).from) if (found.gradients.has(edge.index)) found.lit.add(edge.index);
  }
  return found;
}

// A leaf's step may say which of its gradients arrived; else they have been counted when they were sent.
function countsItself(step) {
  return step.kind === "accumulate" && step.outgoing.length > 0;
}

const isBackward = () => direction === "backward";

// In the player a saved tensor is freed by its step, elsewhere the graph says whether it is.
function isFreed(node, saved) {
  return state.step && frees.has(node.id) ? state.freed.has(node.id) : Boolean(saved.freed);
}

// Show on the drawing what is true now, by classes only.
function paint() {
  const { step } = state;
  const used = new Set(step && step.kind !== "accumulate" ? nodes.get(step.node).saved.map((saved) => saved.node) : []);
  document.body.classList.toggle("playing", step !== null);
  document.body.classList.toggle("is-backward", isBackward());
  for (const [id, { element, node, group }] of drawn.boxes) {
    const held = group ? group.members : [node];
    const runs = held.some((one) => one.id === step?.node);
    const operations = held.filter((one) => one.kind === "op");
    element.classList.toggle("current", runs);
    element.classList.toggle("todo", operations.length > 0 && operations.every((one) => state.todo.has(one.id)));
    element.classList.toggle("back", operations.length > 0 && operations.every((one) => state.back.has(one.id)));
    element.classList.toggle("ready", !runs && held.some((one) => state.ready.has(one.id)));
    element.classList.toggle("gone", held.some((one) => one.saved.length > 0 && one.saved.every((saved) => isFreed(one, saved))));
    element.classList.toggle("used", held.some((one) => used.has(one.id)));
    element.classList.toggle("no-grad-yet", step !== null && held.every((one) => !state.arrived.has(one.id)));
    element.classList.toggle("chosen", id === (chosen && boxOf(chosen)));
    element.classList.toggle("found", held.some((one) => matched.has(one.id)));
    const [arrived, expected] = (node && state.arrived.get(id)) ?? [0, 0];
    element.classList.toggle("counted", expected > 1);
    element.querySelector(".badge text").textContent = expected > 1 ? `${arrived}/${expected}` : "";
  }
  for (const link of drawn.links) paintLink(link);
  drawThreads([...new Set([step?.node, pointed ?? chosen])].filter((id) => nodes.has(id)));
}

function paintLink(link) {
  const { element, path, label, edges } = link;
  const lit = edges.some((edge) => state.lit.has(edge.index));
  const passed = edges.some((edge) => state.gradients.has(edge.index));
  const backward = isBackward();
  element.classList.toggle("lit", lit);
  element.classList.toggle("passed", passed);
  const tip = `url(#${lit ? "tip-lit" : "tip"})`;
  const dry = element.classList.contains("dry");
  path.setAttribute(backward ? "marker-start" : "marker-end", backward && dry ? "none" : tip);
  path.removeAttribute(backward ? "marker-end" : "marker-start");
  if (!label) return;
  const hidden = state.step && backward && !passed;
  const texts = hidden ? [] : labelLines(link, backward);
  label.childNodes.forEach((line, k) => { line.textContent = texts[k] ?? ""; });
}
