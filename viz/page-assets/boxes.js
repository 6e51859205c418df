// What is written in each box and on each arrow, and how much room that takes.

const MONO = '"Courier New", Courier, "Liberation Mono", monospace';
const SANS = 'Helvetica, Arial, "Liberation Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const STYLES = {
  title: { font: `bold 14px ${SANS}`, line: 19 },
  code: { font: `12px ${MONO}`, line: 17 },
  small: { font: `11px ${SANS}`, line: 15 },
  grad: { font: `11px ${SANS}`, line: 15 },
  saved: { font: `11px ${SANS}`, line: 19 },
  error: { font: `bold 11px ${SANS}`, line: 16 },
};
const MARGIN = [11, 7];

const pen = document.createElement("canvas").getContext("2d");

function widthOf(text, style) {
  pen.font = STYLES[style].font;
  return pen.measureText(text).width;
}

// The lines of a box: [{text, style}].
function linesOf(box) {
  const lines = box.group ? groupLines(box.group) : nodeLines(box.node);
  return lines.map(({ text, style }) => ({ style, text: clipped(text) })).filter(({ text }) => text.trim() !== "");
}

function nodeLines(node) {
  const times = node.count > 1 ? ` ×${node.count}` : "";
  const shapes = node.outputs.map(shapeOf).join(" ");
  const lines = [];
  if (node.kind === "op" || node.kind === "cut") {
    lines.push({ text: node.label + times, style: "title" });
    if (isNamed(node.formula)) lines.push({ text: node.formula, style: "code" });
    else if (isNamed(node.name)) lines.push({ text: node.name, style: "code" });
    lines.push({ text: shapes, style: "small" });
    if (isNamed(node.note)) lines.push({ text: noted(node.note), style: "small" });
  } else {
    lines.push({ text: titleOf(node) + times, style: "title" });
    lines.push({ text: `${shapes} ${t(`${node.kind}Word`)}`, style: "small" });
    if (node.grad) lines.push({ text: gradText(node.grad), style: "grad" });
  }
  if (node.saved.length) lines.push({ text: t("saves", listed(node.saved.map((saved) => saved.name))), style: "saved" });
  if (isNamed(node.error)) lines.push({ text: node.error, style: "error" });
  return lines;
}

const known = (value) => value !== null && value !== undefined;
const isNumber = (summary) => isNamed(summary.text) && (summary.shape ?? []).length === 0;

function gradText(grad) {
  if (known(grad.norm) && !isNumber(grad)) return t("gradNorm", short(grad.norm));
  return `${t("gradient")} ${grad.text ?? shapeOf(grad)}`;
}

function groupLines(group) {
  const lines = [{ text: groupTitle(group) + (group.count > 1 ? ` ×${group.count}` : ""), style: "title" }];
  if (isNamed(group.label) && isNamed(group.name)) lines.push({ text: group.label, style: "code" });
  const count = group.members.filter((node) => node.kind === "op").length;
  lines.push({ text: count === 1 ? t("operation1") : t("operations", count), style: "small" });
  const failed = group.members.find((node) => isNamed(node.error));
  if (failed) lines.push({ text: failed.error, style: "error" });
  return lines;
}

function sizeOf(lines, isModule) {
  const width = (isModule ? 18 : 0) + Math.max(70, ...lines.map(({ text, style }) => widthOf(text, style))) + 2 * MARGIN[0];
  return [Math.ceil(width), lines.reduce((sum, { style }) => sum + STYLES[style].line, 2 * MARGIN[1])];
}

// What is written on a link: the shape that flows forward, or the gradient's shape and norm.
function labelLines(link, isBackward) {
  const summary = isBackward ? link.edges[0].grad : link.edges[0].summary;
  if (!summary) return [];
  const texts = [shapeOf(summary)];
  if (isBackward && isNumber(summary)) texts.push(clipped(summary.text, 14));
  else if (isBackward && known(summary.norm)) texts.push(`‖g‖ ${short(summary.norm)}`);
  return texts;
}

// Room for both, so that boxes stay where they are when the direction changes.
function labelSize(link) {
  const texts = [...labelLines(link, false), ...labelLines(link, true)];
  return [Math.ceil(Math.max(...texts.map((text) => widthOf(text, "small")))) + 8, 28];
}
