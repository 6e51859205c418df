// The window onto the drawing: zoom by wheel, buttons, keys and two fingers, pan by dragging, fit, and going to a box.

const view = { x: 0, y: 0, scale: 1 };
const LEAST = 0.02;
const MOST = 6;

function applyView(gliding = false) {
  const scene = byId("scene");
  scene.classList.toggle("gliding", gliding);
  scene.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
}

// Zoom by a factor, about a point of the window (its middle unless told).
function zoom(factor, x, y) {
  const { width, height } = byId("canvas").getBoundingClientRect();
  const scale = Math.min(MOST, Math.max(LEAST, view.scale * factor));
  const [px, py] = [x ?? width / 2, y ?? height / 2];
  view.x = px - ((px - view.x) * scale) / view.scale;
  view.y = py - ((py - view.y) * scale) / view.scale;
  view.scale = scale;
  applyView();
}

// All of the drawing, never larger than life (and a half).
function fit() {
  const { width, height } = byId("canvas").getBoundingClientRect();
  const margin = 24;
  view.scale = Math.max(LEAST, Math.min(1.5, (width - 2 * margin) / drawn.width, (height - 2 * margin) / drawn.height));
  view.x = (width - drawn.width * view.scale) / 2;
  view.y = (height - drawn.height * view.scale) / 2;
  applyView();
}

// What one sees first: all of it where that can be read, else its beginning.
function firstView() {
  fit();
  if (view.scale > 0.5) return;
  const { width } = byId("canvas").getBoundingClientRect();
  view.scale = Math.min(0.8, Math.max(0.35, (width - 48) / drawn.width));
  view.x = (width - drawn.width * view.scale) / 2;
  view.y = 24;
  applyView();
}

// Move just enough that a rectangle of the drawing is inside the window; make it legible if it is far too small.
function show(place, least = 0.55) {
  const { width, height } = byId("canvas").getBoundingClientRect();
  if (view.scale < least) {
    view.x += place.x * (view.scale - least);
    view.y += place.y * (view.scale - least);
    view.scale = least;
  }
  const margin = Math.min(20, width / 8, height / 8); // less than that of fit(): what is seen stays
  const inside = (offset, at, size, room) => {
    const [low, high] = [offset + at * view.scale, offset + (at + size) * view.scale];
    if (high - low > room - 2 * margin) return offset + (room - low - high) / 2;
    if (low < margin) return offset + margin - low;
    return high > room - margin ? offset + room - margin - high : offset;
  };
  view.x = inside(view.x, place.x, place.width, width);
  view.y = inside(view.y, place.y, place.height, height);
  applyView(true);
}

// Show the boxes of all these nodes where there is room for them, else that of the first.
function showAll(ids, least) {
  const places = [...new Set(ids.map(boxOf))].map((id) => drawn.boxes.get(id)?.place).filter(Boolean);
  const x = Math.min(...places.map((box) => box.x));
  const y = Math.min(...places.map((box) => box.y));
  const width = Math.max(...places.map((box) => box.x + box.width)) - x;
  const height = Math.max(...places.map((box) => box.y + box.height)) - y;
  const area = byId("canvas").getBoundingClientRect();
  const scale = Math.max(view.scale, least);
  const fits = width * scale < area.width * 0.8 && height * scale < area.height * 0.8;
  show(fits ? { x, y, width, height } : places[0], least);
}

function listenToPointers() {
  const canvas = byId("canvas");
  const fingers = new Map();
  let moved = 0;
  const at = (event) => {
    const area = canvas.getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  };
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, at(event));
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (moved > 4 && !canvas.hasPointerCapture(event.pointerId)) canvas.setPointerCapture(event.pointerId);
    if (others.length) {
      const far = (point) => Math.hypot(point[0] - others[0][0], point[1] - others[0][1]);
      zoom(far(now) / Math.max(1, far(before)), (now[0] + others[0][0]) / 2, (now[1] + others[0][1]) / 2);
    } else {
      view.x += now[0] - before[0];
      view.y += now[1] - before[1];
      applyView();
    }
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  // A drag that ends on a box is not a click on it.
  canvas.addEventListener("click", (event) => moved > 4 && event.stopPropagation(), { capture: true });
}
