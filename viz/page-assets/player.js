// The step player: forward, then backward in the engine's order, one operation at a time.

let timer = null;

function setPosition(count) {
  const least = position === 0 ? 0.9 : 0.3; // go near when the player starts, then let the user choose
  position = Math.min(Math.max(count, 0), graph.steps.length);
  state = stateAt(position);
  const { step } = state;
  if (step) {
    setDirection(step.kind === "forward" ? "forward" : "backward");
    chosen = step.node;
    pointed = null;
  }
  byId("position").value = position;
  tell();
  describe();
  paint();
  if (step && drawn.boxes.has(boxOf(step.node))) showAll([step.node, ...[...state.lit].flatMap(endsOfEdge)], least);
  if (position === graph.steps.length) pause();
}

const endsOfEdge = (number) => [graph.edges[number].source, graph.edges[number].target];

const move = (by) => setPosition(position + by);

function play() {
  if (timer !== null) return pause();
  if (position === graph.steps.length) setPosition(0);
  byId("player").classList.add("running");
  named(byId("play"), t("pause"));
  const tick = () => {
    timer = setTimeout(tick, 1800 / Number(byId("speed").value));
    move(1);
  };
  tick();
}

function pause() {
  clearTimeout(timer);
  timer = null;
  byId("player").classList.remove("running");
  named(byId("play"), t("play"));
}

// The sentence, the counter and the card of the step.
function tell() {
  const { step } = state;
  byId("counter").textContent = t("counter", position, graph.steps.length);
  byId("position").setAttribute("aria-valuetext", step ? `${t("counter", position, graph.steps.length)}, ${t(PHASES[step.kind])}` : t("begin"));
  byId("sentence").textContent = step ? sentence(step) : t(graph.steps.length ? "begin" : "noSteps");
  byId("step").hidden = !step;
  byId("step").replaceChildren(...(step ? card(step) : []));
}

const PHASES = { forward: "phaseForward", backward: "phaseBackward", accumulate: "phaseAccumulate" };
const nameFor = (id) => clipped(titleOf(nodes.get(id)), 40);
const savedNames = (node) => listed(node.saved.map((saved) => clipped(saved.name, 40)));

// The step in words, for everybody and for screen readers.
function sentence(step) {
  const node = nodes.get(step.node);
  const label = clipped(node.label, 40);
  const said = [];
  if (step.kind === "forward") {
    const formula = isNamed(node.formula) ? node.formula : isNamed(node.name) ? node.name : null;
    const shape = node.outputs.length ? shapeOf(node.outputs[0]) : "?";
    said.push(formula === null ? t("didForwardUnnamed", label, shape) : t("didForward", label, t("ofShape", clipped(formula, 80), shape)));
    if (node.saved.length) said.push(t("itSaves", savedNames(node)));
  } else if (step.kind === "backward") {
    said.push(isNamed(node.name) ? t("didBackward", label, nameFor(node.id)) : t("didBackwardUnnamed", label));
    if (node.saved.length) said.push(t("itUses", savedNames(node)));
    const targets = [...new Set(step.outgoing.filter((flow) => flow.summary).map((flow) => nameFor(graph.edges[flow.edge].source)))];
    if (targets.length) said.push(t("itSends", listed(targets)));
    else if (!isNamed(step.error)) said.push(t("itSendsNothing"));
    if (step.frees && !isNamed(step.error)) said.push(t("itFrees"));
  } else {
    const [arrived, expected] = state.arrived.get(node.id) ?? [1, 1];
    const how = expected === 1 ? "didAccumulateOnly" : countsItself(step) ? "didAccumulate" : "didAccumulateSum";
    said.push(how === "didAccumulate" ? t(how, nameFor(node.id), arrived, expected) : t(how, nameFor(node.id), expected));
  }
  if (isNamed(step.error)) said.push(t("itFailed"));
  return said.join(language ? "" : " ");
}

// The step in full: formula, what comes in, what is used, what goes out, what waits, what is freed.
function card(step) {
  const node = nodes.get(step.node);
  const isForward = step.kind === "forward";
  const name = titleOf(node);
  const formulas = { forward: [node.formula], backward: node.gradients, accumulate: [`${name}.grad += grad_${name}`] }[step.kind];
  return [
    el("h2", {}, t(PHASES[step.kind]), el("span", { class: "kind" }, clipped(step.kind === "accumulate" ? name : node.label, 30))),
    isNamed(step.error) && el("p", { class: "failure" }, visible(step.error)),
    ...formulas.filter(isNamed).map((formula) => el("p", { class: "formula" }, code(formula))),
    facts([
      [t("inputs"), isForward && node.into.map((edge) => reference(edge.source, edge.summary))],
      [t("result"), isForward && node.outputs.map(summaryView)],
      [t("incoming"), step.incoming && !arrivedAlone(step, node) && incoming(step, node)],
      [t(isForward ? "savesNow" : "usesSaved"), step.kind !== "accumulate" && node.saved.map((saved) => savedView(node, saved))],
      [t("outgoing"), step.kind === "backward" && step.outgoing.map(flowView)],
      [t("leafGradient", clipped(name, 40)), step.kind === "accumulate" && accumulated(step, node)],
      [t("ready"), !isForward && queue(step)],
    ]),
    step.frees && node.saved.length > 0 && !isNamed(step.error) && el("p", { class: "gone" }, t("freedNow", savedNames(node)), el("br"), el("small", {}, t("whyFreed"))),
  ].filter(Boolean);
}

// Where there are several results, each arrow's gradient says whose it is.
function incoming(step, node) {
  if (node.outputs.length < 2) return summaryView(step.incoming);
  const came = node.from.filter((edge) => edge.grad);
  return came.map((edge) => el("div", {}, "← ", reference(edge.target), summaryView(edge.grad)));
}

function flowView(flow) {
  const to = graph.edges[flow.edge].source;
  return el("div", {}, "→ ", reference(to), flow.expected > 1 && el("span", { class: "count" }, t("arrived", flow.arrived, flow.expected)),
    flow.summary ? summaryView(flow.summary) : ` ${t("noGradient")}`);
}

function accumulated(step, node) {
  const [arrived, expected] = state.arrived.get(node.id) ?? [1, 1];
  return el("div", {}, expected > 1 && el("span", { class: "count" }, t("arrived", arrived, expected)), arrived === expected && node.grad ? summaryView(node.grad) : "");
}

// The gradient that arrives is what .grad is then, and need not be told twice.
const arrivedAlone = (step, node) => step.kind === "accumulate" && JSON.stringify(step.incoming) === JSON.stringify(node.grad);

function queue(step) {
  if (!step.ready.length) return t("readyEmpty");
  return el("ol", { class: "queue" }, ...step.ready.filter((id) => nodes.has(id)).map((id) => el("li", {}, reference(id))));
}
