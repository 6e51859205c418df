// Every text of the page in both languages, side by side; {0} and {1} stand for what is filled in.

const WORDS = {
  // the tools
  tools: ["Tools", "工具栏"],
  direction: ["Direction of the arrows", "箭头方向"],
  forward: ["Forward", "前向"],
  backward: ["Backward", "反向"],
  modules: ["Modules", "模块"],
  expandAll: ["Expand all", "全部展开"],
  collapseAll: ["Collapse all", "全部折叠"],
  expand: ["Expand", "展开"],
  collapse: ["Collapse", "折叠"],
  zoom: ["Zoom", "缩放"],
  zoomIn: ["Zoom in (+)", "放大（+）"],
  zoomOut: ["Zoom out (−)", "缩小（−）"],
  fit: ["Fit", "适应窗口"],
  search: ["Search: name, operation, file:line", "搜索：名称、运算、文件:行号"],
  foundBefore: ["Previous match (Shift+Enter)", "上一个匹配（Shift+Enter）"],
  foundNext: ["Next match (Enter)", "下一个匹配（Enter）"],
  found: ["{0} of {1}", "第 {0} 个，共 {1} 个"],
  nothingFound: ["nothing found", "没有找到"],
  settings: ["Settings", "设置"],
  language: ["Switch to Chinese (中文)", "切换为英文（English）"],
  otherLanguage: ["中文", "EN"],
  theme: ["Light or dark", "浅色或深色"],
  help: ["Keys", "快捷键"],
  legend: ["Legend", "图例"],

  // the graph
  graph: ["Graph", "计算图"],
  graphHelp: [
    "Computation graph. Arrow keys go from node to node, Enter opens or closes a module.",
    "计算图。用方向键在节点之间移动，按回车键展开或折叠模块。",
  ],
  op: ["operation", "运算"],
  leaf: ["leaf: backward fills its .grad", "叶子节点：反向传播写入 .grad"],
  data: ["data: no gradient", "数据：不求梯度"],
  cut: ["cut: gradient stops here", "截断：梯度到此为止"],
  output: ["output", "输出"],
  leafWord: ["leaf", "叶子节点"],
  dataWord: ["data", "数据"],
  opWord: ["operation", "运算"],
  cutWord: ["cut", "截断"],
  failed: ["backward failed here", "反向传播在此出错"],
  module: ["module", "模块"],
  part: ["nodes {0} to {1}", "第 {0} 到 {1} 个节点"],
  operations: ["{0} operations", "{0} 个运算"],
  operation1: ["1 operation", "1 个运算"],
  times: ["{0} times the same", "相同的 {0} 次"],
  saves: ["saves {0}", "保存 {0}"],
  savedTensor: ["saved: kept for backward", "为反向传播保存的张量"],
  freedTensor: ["saved, then freed", "已释放的张量"],
  noGradientEdge: ["no gradient goes this way", "此处没有梯度"],
  currentStep: ["the step that runs", "正在执行的一步"],
  readyNode: ["ready: waits in the queue", "就绪：在队列中等待"],
  gradNorm: ["‖grad‖ {0}", "‖梯度‖ {0}"],

  // details
  details: ["Details", "详细信息"],
  pickNode: [
    "Point at a node, or move to it with Tab and the arrow keys, to see its details. Click to keep them.",
    "把鼠标移到节点上，或用 Tab 键和方向键选中节点，即可查看详细信息；单击可固定显示。",
  ],
  tensor: ["Tensor", "张量"],
  result: ["Result", "结果"],
  results: ["Results", "结果"],
  inputs: ["Inputs", "输入"],
  formula: ["Formula", "公式"],
  gradients: ["Gradients", "梯度公式"],
  gradient: ["Gradient", "梯度"],
  noGradient: ["no gradient", "没有梯度"],
  saved: ["Saved for backward", "为反向传播保存的张量"],
  freed: ["freed", "已释放"],
  source: ["Source", "源代码"],
  inFunction: ["in {0}", "在函数 {0} 中"],
  inModule: ["Module", "所在模块"],
  backwardNode: ["Backward node", "反向节点"],
  usedBy: ["Used by", "被用于"],
  note: ["Note", "说明"],
  contains: ["Contains", "包含"],
  norm: ["norm", "范数"],
  mean: ["mean", "均值"],
  range: ["range", "取值范围"],
  unusual: ["{0} nan or infinite", "{0} 个 nan 或无穷大"],

  // the player
  player: ["Step player", "逐步播放"],
  thisStep: ["This step", "当前步骤"],
  firstStep: ["To the start (Home)", "回到开头（Home）"],
  previousStep: ["Previous step (←)", "上一步（←）"],
  nextStep: ["Next step (→)", "下一步（→）"],
  lastStep: ["To the end (End)", "跳到结尾（End）"],
  play: ["Play (Space)", "播放（空格）"],
  pause: ["Pause (Space)", "暂停（空格）"],
  position: ["Step", "步骤"],
  speed: ["Speed", "速度"],
  counter: ["{0} / {1}", "{0} / {1}"],
  phaseForward: ["Forward", "前向传播"],
  phaseBackward: ["Backward", "反向传播"],
  phaseAccumulate: ["Gradient arrives", "梯度累加"],
  begin: [
    "The whole graph. Play, or press →, to watch the forward pass and then backward, step by step.",
    "这是完整的计算图。点击播放或按 → 键，逐步观看前向传播和反向传播。",
  ],
  noSteps: ["No steps were recorded for this graph.", "这个计算图没有记录步骤。"],
  didForward: ["Forward: {0} computes {1}.", "前向传播：{0} 计算 {1}。"],
  didForwardUnnamed: ["Forward: {0} computes its result, of shape {1}.", "前向传播：{0} 计算出结果，形状为 {1}。"],
  counts: ["Operations: {0} · leaves: {1} · modules: {2}", "运算 {0} 个 · 叶子节点 {1} 个 · 模块 {2} 个"],
  overview: ["Overview", "概览"],
  leaves: ["Leaves", "叶子节点"],
  ofShape: ["{0} of shape {1}", "{0}（形状 {1}）"],
  didBackwardUnnamed: ["Backward of {0}: the gradient of its result comes in.", "{0} 的反向传播：传入其结果的梯度。"],
  itSaves: ["It saves {0} for backward.", "为反向传播保存 {0}。"],
  didBackward: ["Backward of {0}: the gradient of {1} comes in.", "{0} 的反向传播：传入 {1} 的梯度。"],
  itUses: ["It uses the saved {0}.", "用到保存的张量 {0}。"],
  itSends: ["A gradient goes to {0}.", "梯度传给 {0}。"],
  itSendsNothing: ["No gradient goes on from here.", "梯度到此为止。"],
  itFrees: ["Its saved tensors are freed.", "随后释放保存的张量。"],
  didAccumulate: ["{0} receives a gradient ({1} of {2}), which is added to {0}.grad.", "{0} 收到第 {1}/{2} 个梯度，累加到 {0}.grad。"],
  didAccumulateSum: ["{0} receives its gradient, the sum of {1}: {0}.grad is there.", "{0} 收到梯度，即 {1} 个梯度之和，{0}.grad 已经算出。"],
  didAccumulateOnly: ["{0} receives its gradient: {0}.grad is there.", "{0} 收到梯度，{0}.grad 已经算出。"],
  itFailed: ["Backward stops here with an error.", "反向传播在此出错并停止。"],
  incoming: ["Incoming gradient", "传入的梯度"],
  outgoing: ["Outgoing gradients", "传出的梯度"],
  usesSaved: ["Uses saved tensors", "用到保存的张量"],
  savesNow: ["Saves for backward", "为反向传播保存"],
  arrived: ["{0} of {1} arrived", "已到 {0}/{1}"],
  ready: ["Ready queue", "就绪队列"],
  readyEmpty: ["empty", "空"],
  freedNow: ["Freed after this step: {0}.", "此步之后释放：{0}。"],
  whyFreed: [
    "A second backward() through here fails: “Trying to backward through the graph a second time”. With backward(retain_graph=True) they are kept.",
    "再次调用 backward() 会报错 “Trying to backward through the graph a second time”。若写成 backward(retain_graph=True)，这些张量就会保留。",
  ],
  leafGradient: ["{0}.grad", "{0}.grad"],

  // the keys, for the help
  keyStep: ["→ / ←: next, previous step", "→ / ←：下一步、上一步"],
  keyEnds: ["Home / End: first, last step", "Home / End：开头、结尾"],
  keyPlay: ["Space: play or pause", "空格：播放或暂停"],
  keyGraph: ["On a node: arrow keys go to its neighbours, Enter opens or closes a module", "选中节点时：方向键移到相邻节点，回车键展开或折叠模块"],
  keyZoom: ["+ / − / 0: zoom in, zoom out, fit", "+ / − / 0：放大、缩小、适应窗口"],
  keySearch: ["/: search; Enter and Shift+Enter: next and previous match", "/：搜索；Enter 和 Shift+Enter：下一个和上一个匹配"],
  keyClose: ["Backspace: close the module that the node is in", "退格键：折叠节点所在的模块"],
  keyModules: ["e / c: expand, collapse all modules", "e / c：全部展开、全部折叠"],
  keyDirection: ["d: arrows forward or backward", "d：切换前向、反向"],
  keySettings: ["t: light or dark; l: English or Chinese", "t：浅色或深色；l：中文或英文"],
  keyEscape: ["Esc: close, let go of the chosen node", "Esc：关闭，取消选中的节点"],
};

let language = navigator.language.toLowerCase().startsWith("zh") ? 1 : 0;

// The text of this name in the language of the page.
function t(name, ...values) {
  return WORDS[name][language].replace(/\{(\d)\}/g, (_, number) => values[number]);
}

// What Python notes on nodes, for the Chinese page.
const NOTES = [
  [/^gradient stops here: computed under no_grad$/, "梯度到此为止：在 no_grad 下计算"],
  [/^gradient stops here: (.*) has no derivative$/, "梯度到此为止：$1 没有导数"],
  [/^gradient stops here: (.*)$/, "梯度到此为止：$1"],
  [/^in place, version (\d+)$/, "原地修改，第 $1 版"],
  [/^part of the backward of (.*)$/, "$1 反向传播的一部分"],
  [/^computed from other tensors, which are not drawn$/, "由未画出的其他张量计算得到"],
];
const noted = (text) => NOTES.reduce((known, [english, chinese]) => (language ? known.replace(english, chinese) : known), text);

// "x, w1 and h" as a list in either language.
const listed = (names) => names.join(language ? "、" : ", ");

// Write the texts of everything that page.html marks with data-t (content), data-label (name) and data-hint.
function translate() {
  document.documentElement.lang = language ? "zh-CN" : "en";
  for (const place of document.querySelectorAll("[data-t]")) place.textContent = t(place.dataset.t);
  for (const place of document.querySelectorAll("[data-label]")) named(place, t(place.dataset.label));
  for (const place of document.querySelectorAll("[data-hint]")) place.placeholder = t(place.dataset.hint);
}

// A name for screen readers, and for buttons the same as a tooltip.
function named(place, name) {
  place.setAttribute("aria-label", name);
  if (place.matches("button")) place.title = name;
}
