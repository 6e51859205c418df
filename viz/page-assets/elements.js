// Small tools: finding and making elements. Texts of the graph become text nodes and attributes, never markup.

const byId = (id) => document.getElementById(id);

// el("p", { class: "note" }, "text", anotherElement): an element of HTML.
function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same for SVG.
function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A number as a learner reads it: 3241.5, 0.0012, 1.3e-7.
function short(number) {
  if (typeof number !== "number") return String(number);
  const size = Math.abs(number);
  if (number === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(number.toPrecision(4)));
  return number.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
}

// Text of at most `length` letters; line breaks and control characters as spaces.
function clipped(text, length = 42) {
  const letters = [...text.replace(/[\s\p{Cc}\p{Bidi_Control}]+/gu, " ")];
  return letters.length > length ? letters.slice(0, length - 1).join("") + "…" : letters.join("");
}

// Text of any length whose control characters can be seen rather than obeyed.
const visible = (text) => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (letter) => (letter === "\n" || letter === "\t" ? letter : "\ufffd"));

