// The page comes to life: choosing and moving between nodes, opening modules, switches, keys.

// Show a node or a module, opening what it is hidden in.
function goTo(id, focus = true) {
  const changed = reveal(id);
  chosen = id;
  pointed = null;
  if (changed) redraw();
  describe();
  paint();
  const target = drawn.boxes.get(id) ?? drawn.frames.get(id);
  if (!target) return;
  show(target.place);
  if (focus) focusOn(id);
}

function focusOn(id) {
  byId("scene").querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
  const element = byId("scene").querySelector(`[data-id="${CSS.escape(id)}"]`);
  element?.setAttribute("tabindex", "0");
  element?.focus({ preventScroll: true });
}

// Open or close a module; what was clicked stays where it is on the screen.
function toggle(id) {
  const before = (drawn.boxes.get(id) ?? drawn.frames.get(id))?.place;
  if (!closed.delete(id)) closed.add(id);
  chosen = id;
  pointed = null;
  redraw();
  const after = (drawn.boxes.get(id) ?? drawn.frames.get(id))?.place;
  if (before && after) {
    view.x += (before.x + before.width / 2 - after.x - after.width / 2) * view.scale;
    view.y += (before.y - after.y) * view.scale;
    applyView();
  }
  describe();
  focusOn(id);
}

function setAll(isClosed) {
  closed.clear();
  if (isClosed) for (const id of groups.keys()) closed.add(id);
  else for (const group of groups.values()) if (group.part && graph.nodes.length > 1000) closed.add(group.id);
  redraw();
  firstView();
}

function setDirection(which) {
  direction = which;
  for (const name of ["forward", "backward"]) byId(name).setAttribute("aria-pressed", String(name === which));
}

// The neighbour of a box or frame in a direction of the drawing: along arrows up and down (where there are none, out of the
// frame or into it), else the nearest to the side.
function neighbour(id, key) {
  const { place: here, parent } = drawn.boxes.get(id) ?? drawn.frames.get(id);
  if (drawn.frames.has(id) && key === "ArrowDown") {
    return [...drawn.frames.values(), ...drawn.boxes.values()].find((inner) => inner.parent === id).id;
  }
  const linked = key === "ArrowDown" ? drawn.links.filter((link) => link.source === id).map((link) => link.target)
    : key === "ArrowUp" ? drawn.links.filter((link) => link.target === id).map((link) => link.source) : [];
  if (key === "ArrowUp" && !linked.length) return parent;
  const middle = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
  const [x, y] = middle(here);
  const sideways = key === "ArrowLeft" ? -1 : 1;
  const others = linked.length ? linked : [...drawn.boxes.keys()].filter((other) => {
    if (key === "ArrowUp" || key === "ArrowDown") return false;
    return (middle(drawn.boxes.get(other).place)[0] - x) * sideways > 1;
  });
  const far = (other) => {
    const [ox, oy] = middle(drawn.boxes.get(other).place);
    return Math.abs(ox - x) + 3 * Math.abs(oy - y);
  };
  return others.reduce((best, other) => (best === null || far(other) < far(best) ? other : best), null);
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
}

function switchLanguage() {
  language = 1 - language;
  refresh();
}

// Write everything that has words.
function refresh() {
  translate();
  const title = page.title.trim() || t("graph");
  byId("title").textContent = visible(title);
  byId("error").hidden = !isNamed(graph.error);
  byId("error").textContent = visible(graph.error ?? "");
  byId("keys").replaceChildren(el("ul", {}, ...Object.keys(WORDS).filter((key) => key.startsWith("key")).map((key) => el("li", {}, t(key)))));
  writeLegend();
  redraw();
  tell();
  describe();
  if (timer !== null) named(byId("play"), t("pause"));
}

// The legend lists just what occurs.
function writeLegend() {
  const has = (test) => graph.nodes.some(test);
  const rows = [
    ["op", "op", has((node) => node.kind === "op")],
    ["leaf", "leaf", has((node) => node.kind === "leaf")],
    ["data", "data", has((node) => node.kind === "data")],
    ["cut", "cut", has((node) => node.kind === "cut")],
    ["result", "output", has((node) => node.is_output)],
    ["failed", "failed", has((node) => isNamed(node.error))],
    ["module", "module", groups.size > 0],
    ["note", "savedTensor", has((node) => node.saved.length > 0)],
    ["note gone", "freedTensor", has((node) => node.saved.some((saved) => saved.freed)) || frees.size > 0],
    ["dry", "noGradientEdge", graph.edges.some((edge) => !edge.needs_grad)],
    ["current", "currentStep", graph.steps.length > 0],
    ["ready", "readyNode", graph.steps.some((step) => step.ready?.length)],
  ];
  byId("legend").querySelector("ul").replaceChildren(
    ...rows.filter(([, , there]) => there).map(([look, word]) => el("li", {}, el("span", { class: `swatch ${look}` }), t(word))));
}

const KEYS = {
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  Home: () => setPosition(0),
  End: () => setPosition(graph.steps.length),
  " ": play,
  "+": () => zoom(1.25),
  "=": () => zoom(1.25),
  "-": () => zoom(0.8),
  0: fit,
  "/": () => byId("query").focus(),
  e: () => setAll(false),
  c: () => setAll(true),
  d: () => byId(isBackward() ? "forward" : "backward").click(),
  t: () => byId("theme").click(),
  l: switchLanguage,
  "?": () => byId("help").click(),
  Escape: () => {
    byId("query").value = "";
    find();
    if (document.activeElement === byId("query")) byId("query").blur();
    if (!byId("keys").hidden) byId("help").click();
    chosen = pointed = null;
    describe();
    paint();
  },
};

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches("input, select") && key !== "Escape") return;
    if (target.matches("button, summary") && (key === " " || key === "Enter")) return;
    const act = KEYS[key];
    if (!act || event.defaultPrevented) return;
    event.preventDefault();
    act();
  });
  byId("canvas").addEventListener("keydown", (event) => {
    const id = event.target.dataset?.id;
    if (!id) return;
    if ((event.key === "Enter" || event.key === " ") && groups.has(id)) {
      event.preventDefault();
      toggle(id);
    } else if (event.key === "Backspace" && drawn.boxes.get(id)?.parent) {
      toggle(drawn.boxes.get(id).parent);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = neighbour(id, event.key);
      if (!next) return;
      focusOn(next);
      show((drawn.boxes.get(next) ?? drawn.frames.get(next)).place);
    }
  });
}

function listenToBoxes() {
  const canvas = byId("canvas");
  const idAt = (event) => event.target.closest?.("[data-id]")?.dataset.id ?? null;
  canvas.addEventListener("click", (event) => {
    const id = idAt(event);
    if (groups.has(id)) return toggle(id);
    chosen = id;
    if (id) focusOn(id);
    describe();
    paint();
  });
  canvas.addEventListener("focusin", (event) => {
    const id = idAt(event);
    if (!id) return;
    chosen = id;
    pointed = null;
    describe();
    paint();
  });
  canvas.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    const id = idAt(event);
    if (id === pointed) return;
    pointed = id;
    describe();
    drawThreads([...new Set([state.step?.node, pointed ?? chosen])].filter((one) => nodes.has(one)));
  });
  canvas.addEventListener("pointerleave", () => {
    pointed = null;
    describe();
  });
}

function listenToTools() {
  const on = (id, act) => byId(id).addEventListener("click", act);
  for (const name of ["forward", "backward"]) on(name, () => { setDirection(name); paint(); });
  on("open-all", () => setAll(false));
  on("close-all", () => setAll(true));
  on("zoom-in", () => zoom(1.25));
  on("zoom-out", () => zoom(0.8));
  on("fit", fit);
  on("language", switchLanguage);
  on("theme", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  on("help", () => {
    byId("keys").hidden = !byId("keys").hidden;
    byId("help").setAttribute("aria-expanded", String(!byId("keys").hidden));
  });
  on("first", () => setPosition(0));
  on("previous", () => move(-1));
  on("next", () => move(1));
  on("last", () => setPosition(graph.steps.length));
  on("play", play);
  byId("position").addEventListener("input", (event) => setPosition(Number(event.target.value)));
  byId("query").addEventListener("input", find);
  byId("query").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.shiftKey) return;
    event.preventDefault();
    nextMatch(-1);
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    nextMatch(1);
  });
  on("found-before", () => nextMatch(-1));
}

function start() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  byId("modules").hidden = groups.size === 0;
  byId("player").classList.toggle("none", graph.steps.length === 0);
  byId("position").max = graph.steps.length;
  byId("legend").open = innerWidth > 800;
  closeWhatIsTooMuch();
  setDirection(page.direction);
  refresh();
  firstView();
  new ResizeObserver(() => applyView()).observe(byId("canvas"));
  listenToPointers();
  listenToKeys();
  listenToBoxes();
  listenToTools();
  if (page.player && graph.steps.length) setPosition(1);
}

start();
