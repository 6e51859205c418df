// The drawing: boxes, arrows and frames as SVG. redraw() lays out and makes everything; paint() of states.js only changes classes.

const drawn = { width: 1, height: 1, boxes: new Map(), links: [], frames: new Map() };
let direction = page.direction;

const place = ({ x, y }) => `translate(${x} ${y})`;

function redraw() {
  const content = folded();
  const withLabels = graph.edges.some((edge) => edge.grad);
  const lines = new Map(content.boxes.map((box) => [box.id, linesOf(box)]));
  const sizes = new Map(content.boxes.map((box) => [box.id, sizeOf(lines.get(box.id), box.group !== null)]));
  const labels = new Map();
  if (withLabels) content.links.forEach((link, i) => link.edges[0].summary || link.edges[0].grad ? labels.set(i, labelSize(link)) : null);
  const titles = new Map(content.frames.map((frame) => [frame.id, [widthOf(frameTitle(frame), "title") + 24, 22]]));
  const places = layout(
    {
      nodes: content.boxes.map((box) => ({ id: box.id, group: box.parent })),
      edges: content.links,
      groups: content.frames,
    },
    sizes, labels, titles,
  );

  Object.assign(drawn, { width: places.width, height: places.height, boxes: new Map(), frames: new Map(), links: [] });
  for (const frame of content.frames) {
    const rectangle = places.frames.get(frame.id);
    drawn.frames.set(frame.id, { ...frame, place: rectangle, element: drawFrame(frame, rectangle) });
  }
  content.links.forEach((link, i) => {
    drawn.links.push({ ...link, ...drawLink(link, places.edges[i], places.labels[i]) });
  });
  for (const box of content.boxes) {
    const rectangle = places.nodes.get(box.id);
    drawn.boxes.set(box.id, { ...box, place: rectangle, element: drawBox(box, rectangle, lines.get(box.id)) });
  }
  byId("scene").replaceChildren(
    ...[...drawn.frames.values()].map((frame) => frame.element),
    ...drawn.links.map((link) => link.element),
    svg("g", { id: "threads" }),
    ...[...drawn.boxes.values()].map((box) => box.element),
  );
  const first = drawn.boxes.get(chosen) ? chosen : drawn.boxes.keys().next().value;
  drawn.boxes.get(first)?.element.setAttribute("tabindex", "0");
  paint();
}

const frameTitle = ({ group }) => clipped(groupTitle(group) + (group.count > 1 ? ` ×${group.count}` : ""));

function drawFrame(frame, { x, y, width, height }) {
  const title = frameTitle(frame);
  const button = svg("g", { class: "title", role: "button", tabindex: "-1", "aria-expanded": "true", "data-id": frame.id, "aria-label": `${title}: ${t("collapse")}` },
    svg("rect", { width, height: 24, rx: 6 }),
    svg("text", { x: 10, y: 17 }, `− ${title}`));
  return svg("g", { class: "frame", transform: place({ x, y }) }, svg("rect", { class: "border", width, height, rx: 8 }), button);
}

function drawBox(box, rectangle, lines) {
  const { width, height } = rectangle;
  const group = svg("g", { class: `box ${box.group ? "module" : box.node.kind}`, transform: place(rectangle), role: "button", tabindex: "-1",
    "data-id": box.id, "aria-label": spokenName(box), "aria-expanded": box.group ? "false" : null });
  const held = box.group ? box.group.members : [box.node];
  group.classList.toggle("result", held.some((node) => node.is_output));
  group.classList.toggle("failed", held.some((node) => isNamed(node.error)));
  if (box.group) group.append(svg("rect", { class: "behind", x: 4, y: 4, width, height, rx: 8 }));
  group.append(svg("rect", { class: "face", width, height, rx: box.node?.kind === "op" || box.group ? 8 : 3 }));
  let y = MARGIN[1];
  for (const { text, style } of lines) {
    const room = STYLES[style].line;
    if (style === "saved") group.append(svg("rect", { class: "note", x: 6, y: y + 1.5, width: width - 12, height: room - 3, rx: 3 }));
    group.append(svg("text", { class: style, x: width / 2, y: y + room * 0.74 }, text));
    y += room;
  }
  if (box.group) group.append(svg("text", { class: "plus", x: width - 12, y: 16 }, "+"));
  group.append(svg("g", { class: "badge", transform: `translate(${width - 6} 0)` }, svg("rect", { x: -17, y: -10, width: 34, height: 20, rx: 10 }), svg("text", { y: 4 })));
  return group;
}

// What a screen reader says of a box.
function spokenName(box) {
  if (box.group) return [groupTitle(box.group), t("module"), t("expand")].map((text) => clipped(text, 80)).join(", ");
  const { node } = box;
  const parts = [node.label, node.name, t(`${node.kind}Word`), ...node.outputs.map(shapeOf), node.is_output ? t("output") : null, node.error];
  return parts.filter(isNamed).filter((part, k, all) => all.indexOf(part) === k).map((part) => clipped(part, 80)).join(", ");
}

// Straight within rows, bent between them.
function pathThrough(points) {
  return points.map(([x, y], k) => {
    if (k === 0) return `M${x} ${y}`;
    const [before, above] = points[k - 1];
    if (x === before) return `L${x} ${y}`;
    const middle = (above + y) / 2;
    return `C${before} ${middle} ${x} ${middle} ${x} ${y}`;
  }).join("");
}

function drawLink(link, points, corner) {
  const path = svg("path", { d: pathThrough(points) });
  const label = corner ? svg("g", { class: "label", transform: place({ x: corner[0] + 5, y: corner[1] }) }, svg("text", { y: 12 }), svg("text", { y: 25 })) : null;
  const element = svg("g", { class: "link" }, path, label);
  element.classList.toggle("dry", link.edges.every((edge) => !edge.needs_grad));
  return { element, path, label };
}

// Dotted threads from a node to the nodes whose results it saved.
function drawThreads(ids) {
  const threads = byId("threads");
  if (!threads) return;
  threads.replaceChildren();
  for (const id of ids) {
    const end = drawn.boxes.get(boxOf(id))?.place;
    for (const saved of nodes.get(id)?.saved ?? []) {
      const start = saved.node && drawn.boxes.get(boxOf(saved.node))?.place;
      if (!start || !end || start === end) continue;
      const side = start.x + start.width / 2 < end.x + end.width / 2 ? 0 : 1; // on which side of the lower box it ends
      const [x1, y1] = [start.x + start.width * (side ? 0.85 : 0.15), start.y + start.height];
      const [x2, y2] = [end.x + end.width * side, end.y + end.height - 16];
      const bend = side ? 50 : -50;
      threads.append(svg("path", { d: `M${x1} ${y1}C${x1} ${y1 + 40} ${x2 + bend} ${y2} ${x2} ${y2}` }));
    }
  }
}
