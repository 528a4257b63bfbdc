// The browser's half of the pose viewer: it draws what Python sends, and tells Python what the mouse and the keyboard did.
// Coordinates are frame pixels: x right, y down, (0, 0) is the centre of the top-left pixel.

const SHAPES = ["circle", "square", "triangle", "diamond"];
const GLYPHS = ["●", "■", "▲", "◆"];
const CACHE_BYTES = 256 * 2 ** 20; // decoded frames that are kept
const GRAB = 11; // distance in screen pixels at which a point is caught
const SIGNAL_WORDS = {
  x: "x (px)", y: "y (px)", likelihood: "likelihood", temporal_norm: "temporal norm (px)", pixel_error: "pixel error (px)",
  pca_singleview_error: "PCA error, pose (px)", pca_multiview_error: "PCA error, views (px)", reprojection_error: "reprojection error (px)",
};
const KEYS = [
  ["space", "play, pause"], ["← →", "one frame back, ahead"], ["shift ← →", "ten frames"], ["home, end", "first, last frame"],
  ["n, p", "next, previous doubtful frame"], ["v", "the same time point from the next camera"], ["+ − 0", "zoom in, out, fit"], ["[ ]", "previous, next keypoint"], ["a", "add this frame to the labels"],
  ["click", "place the chosen keypoint"], ["drag", "move a label, or the frame"], ["h", "hidden: nobody can see it here"], ["delete", "not labelled"],
  ["ctrl z", "undo"], ["ctrl shift z", "redo"], ["s", "save labels"], ["?", "these keys"],
];

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((c) => c != null));
  return node;
}

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

class Viewer {
  constructor(model, el, before = null) { // before: the viewer of another camera that this one takes the place of
    this.model = model;
    this.info = model.get("info");
    this.frame = this.info.frame;
    this.step = 1;
    this.cache = new Map(); // frame -> {bitmap, width, height, points, name, has}
    this.last = null; // what is on the screen
    this.view = { scale: 1, x: 0, y: 0, fit: true };
    this.keypoint = before?.keypoint ?? 0;
    this.off = before?.off ?? new Set(); // keypoints that are not drawn
    this.models = before?.models ?? this.info.models.map(() => true);
    this.showLabels = before?.showLabels ?? true;
    this.threshold = this.info.threshold;
    this.state = { labelled: this.info.labelled, pending: this.info.pending, undo: this.info.undo, redo: this.info.redo, file: this.info.file };
    this.curves = null;
    this.range = [0, this.info.n];
    this.asked = 0;
    this.drag = null;
    this.build(el, before?.signal.value ?? "likelihood");
    this.listen();
    if (this.info.notes?.length) this.say(this.info.notes.join(" · "));
    this.goTo(this.frame, true);
  }

  // ---- the page

  build(el, signal) {
    const { info } = this;
    const button = (cls, glyph, title, action, extra = {}) =>
      h("button", { class: `lpnb-button ${cls}`, title, "aria-label": title, type: "button", onclick: () => { action(); this.root.focus({ preventScroll: true }); }, ...extra }, glyph);
    this.canvas = h("canvas", { class: "lpnb-canvas", "aria-label": "frame" });
    this.tip = h("div", { class: "lpnb-tip", hidden: true });
    this.help = h("div", { class: "lpnb-help", hidden: true, onclick: () => this.toggleHelp() },
      h("div", {}, ...KEYS.flatMap(([k, what]) => [h("kbd", {}, k), h("span", {}, what)])));
    this.stage = h("div", { class: "lpnb-stage" }, this.canvas, this.tip, this.help);
    this.title = h("span", { class: "lpnb-title" });
    const longest = Math.max(...info.names.map((name) => name.length), 0);
    this.list = h("div", { class: "lpnb-keypoints", role: "listbox", "aria-label": "keypoints", style: `flex-basis: clamp(130px, ${longest}ch + 112px, 36%)` });
    this.rows = info.names.map((name, k) => {
      const value = h("span", { class: "lpnb-value" });
      const chip = h("span", { class: "lpnb-chip", style: `background:${info.colours[k]}`, title: "show or hide on the frame", onclick: (e) => { e.stopPropagation(); this.toggle(k); } });
      const row = h("div", { class: "lpnb-row", role: "option", title: name, onclick: () => { this.choose(k); this.root.focus({ preventScroll: true }); } }, chip, h("span", { class: "lpnb-name" }, name), value);
      row.value = value;
      return row;
    });
    this.list.append(...this.rows);
    const layer = (glyph, name, on, flip) => h("label", { class: "lpnb-layer" }, h("input", { type: "checkbox", checked: on, onchange: (e) => { flip(e.target.checked); this.paint(); } }), `${glyph} ${name}`);
    const layers = info.models.map((name, i) => layer(GLYPHS[i % 4], name, this.models[i], (on) => { this.models[i] = on; }));
    if (info.hasLabels) layers.push(layer("✚", "labels", this.showLabels, (on) => { this.showLabels = on; }));
    this.slide = h("input", { type: "range", class: "lpnb-slide", min: 0, max: info.n - 1, step: 1, "aria-label": "frame", oninput: (e) => this.goTo(+e.target.value) });
    this.number = h("input", { type: "number", class: "lpnb-frame", min: 0, max: info.n - 1, "aria-label": "frame number", onchange: (e) => this.goTo(+e.target.value) });
    this.speed = h("select", { class: "lpnb-speed", title: "speed", "aria-label": "speed" }, ...[0.1, 0.25, 0.5, 1, 2, 4].map((s) => h("option", { value: s, selected: s === 1 }, `${s}×`)));
    this.playButton = button("lpnb-play", "▶", "play (space)", () => this.play());
    this.marks = h("canvas", { class: "lpnb-marks", title: "labelled frames" });
    const transport = h("div", { class: "lpnb-bar" },
      button("lpnb-prev", "‹", "one frame back (←)", () => this.goTo(this.frame - 1)), this.playButton, button("lpnb-next", "›", "one frame ahead (→)", () => this.goTo(this.frame + 1)),
      h("div", { class: "lpnb-track" }, this.slide, this.marks), this.number, h("span", { class: "lpnb-total" }, `of ${info.n}`), this.speed);
    this.signal = h("select", { class: "lpnb-signal", title: "signal", "aria-label": "signal", onchange: () => this.pickSignal() },
      ...info.signals.map((s) => h("option", { value: s, selected: s === signal }, SIGNAL_WORDS[s] || s)));
    this.limit = h("input", { type: "number", class: "lpnb-limit", step: "any", "aria-label": "threshold of doubt", title: "below this likelihood, or above this error, a frame is doubtful", onchange: () => { if (this.signal.value === "likelihood") this.threshold = +this.limit.value; this.paint(); } });
    this.strip = h("canvas", { class: "lpnb-traces", title: "click: go there; wheel: zoom in time" });
    this.whose = h("span", { class: "lpnb-whose" });
    const seeker = h("div", { class: "lpnb-bar" }, this.signal, this.whose, h("span", { class: "lpnb-space" }),
      h("span", { class: "lpnb-total" }, "doubtful frames"), this.limit,
      button("lpnb-jump-prev", "⇤", "previous doubtful frame (p)", () => this.jump(-1)), button("lpnb-jump-next", "⇥", "next doubtful frame (n)", () => this.jump(1)));
    this.buttons = {
      add: button("lpnb-add", "+ label this frame", "add this frame to the labels (a)", () => this.add()),
      hide: button("lpnb-hide", "hidden", "the chosen keypoint cannot be seen here (h)", () => this.mark("hide")),
      clear: button("lpnb-clear", "clear", "the chosen keypoint is not labelled (delete)", () => this.mark("clear")),
      undo: button("lpnb-undo", "↶", "undo (ctrl z)", () => this.post("undo")),
      redo: button("lpnb-redo", "↷", "redo (ctrl shift z)", () => this.post("redo")),
      save: button("lpnb-save", "save", "write the labels into the table (s)", () => this.post("save")),
    };
    const edit = h("div", { class: "lpnb-bar lpnb-edit" }, ...Object.values(this.buttons), h("span", { class: "lpnb-space" }), (this.pendingText = h("span", { class: "lpnb-pending" })));
    this.status = h("div", { class: "lpnb-status", role: "status", "aria-live": "polite" });
    const views = info.views.map((name) => button(`lpnb-view ${name === info.view ? "lpnb-primary" : ""}`, name, `the same time point from ${name} (v)`, () => this.look(name), { "aria-pressed": name === info.view }));
    this.root = h("div", { class: "lpnb-viewer", tabindex: 0, "data-lm-suppress-shortcuts": "true", "aria-label": "pose viewer" },
      h("div", { class: "lpnb-bar lpnb-top" }, ...views, this.title, h("span", { class: "lpnb-space" }), ...layers, button("lpnb-fit", "⤢", "fit the frame (0)", () => this.fit()), button("lpnb-keys", "?", "keys (?)", () => this.toggleHelp())),
      h("div", { class: "lpnb-main" }, this.stage, info.names.length ? this.list : null), transport,
      info.models.length ? seeker : null, info.models.length ? this.strip : null, info.editable ? edit : null, this.status);
    this.root._lpnb = this;
    el.append(this.root);
    if (info.models.length) this.pickSignal();
    this.choose(this.keypoint);
    this.showState();
  }

  listen() {
    this.onMessage = (message, buffers) => this.receive(message, buffers);
    this.model.on("msg:custom", this.onMessage);
    this.resizer = new ResizeObserver(() => { if (this.view.fit) this.fitted = false; this.askCurves(); this.paint(); });
    this.resizer.observe(this.stage);
    this.root.addEventListener("keydown", (e) => this.key(e));
    this.canvas.addEventListener("pointerdown", (e) => this.down(e));
    this.canvas.addEventListener("pointermove", (e) => this.hover(e));
    this.canvas.addEventListener("pointerup", (e) => this.up(e));
    this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    this.canvas.addEventListener("wheel", (e) => { e.preventDefault(); this.zoom(Math.exp(-e.deltaY * 0.0015), e); }, { passive: false });
    this.strip.addEventListener("pointerdown", (e) => { this.strip.setPointerCapture(e.pointerId); this.scrub(e); });
    this.strip.addEventListener("pointermove", (e) => { if (e.buttons) this.scrub(e); });
    this.strip.addEventListener("wheel", (e) => { e.preventDefault(); this.zoomTime(e); }, { passive: false });
  }

  destroy() {
    this.gone = true;
    this.stop();
    clearTimeout(this.late);
    cancelAnimationFrame(this.due);
    this.resizer.disconnect();
    this.model.off("msg:custom", this.onMessage);
    for (const entry of this.cache.values()) entry.bitmap.close();
  }

  // ---- frames

  post(type, rest = {}) { this.model.send({ type, view: this.info.view, frame: this.frame, ...rest }); }

  look(name) { if (name !== this.info.view) this.post("look", { name }); }

  nextView(step) {
    const { views, view } = this.info;
    if (views.length) this.look(views[(views.indexOf(view) + step + views.length) % views.length]);
  }

  goTo(frame, first = false) {
    if (!Number.isFinite(frame)) return;
    frame = clamp(Math.round(frame), 0, this.info.n - 1);
    if (frame === this.frame && !first) { this.number.value = frame; return; }
    if (frame !== this.frame) this.step = frame > this.frame ? 1 : -1;
    this.frame = frame;
    this.askedAt = performance.now();
    this.slide.value = this.number.value = frame;
    this.post("want", { step: this.step, again: !this.cache.has(frame) });
    clearTimeout(this.late);
    if (!this.cache.has(frame)) this.late = setTimeout(() => this.say("waiting for Python: is the kernel busy?"), 3000);
    if (frame < this.range[0] || frame >= this.range[1]) this.follow();
    if (this.cache.has(frame)) this.draw(); else this.paint();
  }

  async receive(m, buffers) {
    if ("view" in m && m.view !== this.info.view) return; // of a camera that is no longer shown
    if (m.type === "frame") return this.take(m, buffers);
    if (m.type === "seek") return this.goTo(m.frame);
    if (m.type === "labels") return this.takeLabels(m, buffers);
    if (m.type === "traces") return this.takeCurves(m, buffers);
    if (m.type === "failed") return this.say(`frame ${m.frame} cannot be read: ${m.why}`, true);
    if (m.type === "error") return this.say(m.why, true);
  }

  floats(view) { return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)); }

  async take(m, [data, points]) {
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    if (this.gone) return bitmap.close();
    this.drop(m.frame);
    this.cache.set(m.frame, { bitmap, width: m.width, height: m.height, points: this.floats(points), name: m.name, has: m.has });
    this.forget();
    if (m.frame === this.frame) { clearTimeout(this.late); if (this.status.dataset.waiting) this.say(""); this.paint(); }
  }

  forget() {
    let bytes = 0;
    for (const entry of this.cache.values()) bytes += entry.bitmap.width * entry.bitmap.height * 4;
    const far = [...this.cache.keys()].sort((a, b) => Math.abs(b - this.frame) - Math.abs(a - this.frame));
    for (const frame of far) {
      if (bytes <= CACHE_BYTES || frame === this.frame) break;
      const { bitmap } = this.cache.get(frame);
      bytes -= bitmap.width * bitmap.height * 4;
      this.drop(frame);
    }
  }

  drop(frame) {
    const entry = this.cache.get(frame);
    this.cache.delete(frame);
    if (entry && entry !== this.last) entry.bitmap.close(); // what is on the screen may have to be drawn once more
  }

  play() {
    if (this.timer) return this.stop();
    this.playButton.textContent = "❚❚";
    let due = performance.now();
    const tick = (now) => {
      if (!this.timer) return;
      if (now >= due && this.shown === this.frame) {
        if (this.frame >= this.info.n - 1) return this.stop();
        due = Math.max(due + 1000 / (this.info.fps * +this.speed.value), now - 100);
        this.goTo(this.frame + 1);
      }
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
  }

  stop() {
    cancelAnimationFrame(this.timer);
    this.timer = null;
    this.playButton.textContent = "▶";
  }

  jump(step) { this.post("jump", { step, signal: this.signal.value === "x" || this.signal.value === "y" ? "likelihood" : this.signal.value, ...(this.limit.value === "" ? {} : { threshold: +this.limit.value }) }); }

  // ---- drawing

  paint() { if (!this.gone) this.due ||= requestAnimationFrame(() => { this.due = null; this.draw(); }); }

  size(canvas) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    return [g, width, height];
  }

  draw() {
    const entry = this.cache.get(this.frame) || this.last;
    this.drawStrip();
    this.drawMarks();
    if (!entry) return;
    this.last = entry;
    if (this.cache.get(this.frame) === entry) this.shown = this.frame;
    if (!this.stage.style.height || this.ratio !== entry.height / entry.width) {
      this.ratio = entry.height / entry.width;
      this.fitted = false;
    }
    if (this.view.fit && !this.fitted) this.place(entry);
    const [g, width, height] = this.size(this.canvas);
    const { scale, x, y } = this.view;
    g.imageSmoothingEnabled = scale < 3;
    g.imageSmoothingQuality = "medium";
    g.drawImage(entry.bitmap, x, y, entry.width * scale, entry.height * scale);
    this.drawPoints(g, entry);
    if (this.shown !== this.frame) this.drawWaiting(g, width);
    this.title.textContent = entry.name;
    this.title.title = this.title.textContent;
    this.showValues(entry);
    this.root.dataset.frame = this.shown;
    if (this.askedAt && this.shown === this.frame) { this.root.dataset.paintMs = (performance.now() - this.askedAt).toFixed(1); this.askedAt = null; }
  }

  place(entry) {
    const width = this.stage.clientWidth;
    if (!width) return;
    const height = clamp(width * this.ratio, 220, 540);
    this.stage.style.height = this.list.style.height = `${height}px`;
    const scale = Math.min(width / entry.width, height / entry.height);
    Object.assign(this.view, { scale, x: (width - entry.width * scale) / 2, y: (height - entry.height * scale) / 2 });
    this.fitted = true;
  }

  toScreen(x, y) { const v = this.view; return [(x + 0.5) * v.scale + v.x, (y + 0.5) * v.scale + v.y]; }
  toFrame(x, y) { const v = this.view; return [(x - v.x) / v.scale - 0.5, (y - v.y) / v.scale - 0.5]; }
  clientOf(x, y) { const box = this.canvas.getBoundingClientRect(); const [a, b] = this.toScreen(x, y); return [a + box.left, b + box.top]; }

  point(entry, layer, k) {
    const at = (layer * this.info.names.length + k) * 3;
    return entry.points.subarray(at, at + 3);
  }

  drawPoints(g, entry) {
    const { info } = this;
    info.models.forEach((_, i) => { if (this.models[i]) { this.drawBones(g, entry, i); info.names.forEach((_, k) => this.drawPrediction(g, entry, i, k)); } });
    const labels = info.models.length;
    if (!info.hasLabels || !this.showLabels) return;
    if (!info.models.length) this.drawBones(g, entry, labels);
    info.names.forEach((_, k) => this.drawLabel(g, entry, labels, k));
  }

  drawBones(g, entry, layer) {
    g.save();
    g.lineWidth = 2;
    g.strokeStyle = "rgba(255,255,255,.75)";
    if (layer % 4 === 1) g.setLineDash([6, 3]);
    if (layer % 4 === 2) g.setLineDash([2, 3]);
    for (const [a, b] of this.info.skeleton) {
      const [p, q] = [this.point(entry, layer, a), this.point(entry, layer, b)];
      if (!(p[2] >= this.threshold && q[2] >= this.threshold)) continue;
      g.beginPath();
      g.moveTo(...this.toScreen(p[0], p[1]));
      g.lineTo(...this.toScreen(q[0], q[1]));
      g.stroke();
    }
    g.restore();
  }

  drawPrediction(g, entry, layer, k) {
    const [x, y, sure] = this.point(entry, layer, k);
    if (!Number.isFinite(x) || this.off.has(k)) return;
    const [sx, sy] = this.toScreen(x, y), r = k === this.keypoint ? 6 : 4.5;
    g.beginPath();
    shape(g, SHAPES[layer % 4], sx, sy, r);
    if (sure >= this.threshold || Number.isNaN(sure)) {
      g.fillStyle = this.info.colours[k];
      g.fill();
      g.lineWidth = k === this.keypoint ? 2 : 1;
      g.strokeStyle = "white";
    } else {
      g.lineWidth = 4;
      g.strokeStyle = "rgba(255,255,255,.8)";
      g.stroke();
      g.lineWidth = 2;
      g.strokeStyle = this.info.colours[k];
    }
    g.stroke();
  }

  drawLabel(g, entry, layer, k) {
    const moving = this.drag?.keypoint === k && this.drag.at;
    const [x, y] = moving || this.point(entry, layer, k);
    if (!Number.isFinite(x) || this.off.has(k)) return;
    const [sx, sy] = this.toScreen(x, y), r = k === this.keypoint ? 9 : 7;
    for (const [colour, width] of [["white", 4], [this.info.colours[k], 2]]) {
      g.strokeStyle = colour;
      g.lineWidth = width;
      g.beginPath();
      g.moveTo(sx - r, sy); g.lineTo(sx + r, sy); g.moveTo(sx, sy - r); g.lineTo(sx, sy + r);
      g.stroke();
    }
    if (k !== this.keypoint) return;
    g.beginPath();
    g.lineWidth = 1.5;
    g.strokeStyle = "white";
    g.arc(sx, sy, r + 2, 0, 7);
    g.stroke();
  }

  drawWaiting(g, width) {
    if (performance.now() - this.askedAt < 120) return this.paint();
    g.fillStyle = "rgba(0,0,0,.6)";
    g.fillRect(width - 150, 8, 142, 24);
    g.fillStyle = "white";
    g.font = "12px sans-serif";
    g.fillText(`frame ${this.frame} is coming …`, width - 142, 24);
    setTimeout(() => this.paint(), 300);
  }

  showValues(entry) {
    const labels = this.info.models.length;
    this.rows.forEach((row, k) => {
      const label = this.info.hasLabels && Number.isFinite(this.point(entry, labels, k)[0]);
      const sure = labels ? this.point(entry, 0, k)[2] : NaN;
      row.value.textContent = Number.isFinite(sure) ? sure.toFixed(2) : label ? "✚" : "–";
      row.classList.toggle("lpnb-doubt", sure < this.threshold);
      row.classList.toggle("lpnb-labelled", !!label);
      row.classList.toggle("lpnb-off", this.off.has(k));
    });
    if (this.buttons.add) this.buttons.add.disabled = entry.has || this.shown !== this.frame;
    this.buttons.hide.disabled = this.buttons.clear.disabled = !entry.has && this.info.video;
  }

  drawMarks() {
    const [g, width, height] = this.size(this.marks);
    g.fillStyle = getComputedStyle(this.root).getPropertyValue("--lpnb-accent");
    for (const frame of this.state.labelled) g.fillRect((frame / Math.max(1, this.info.n - 1)) * (width - 2), 0, 2, height);
  }

  // ---- curves

  pickSignal() {
    const usual = this.signal.value === "likelihood" ? this.threshold : this.info.thresholds[this.signal.value];
    this.limit.value = usual === undefined ? "" : +usual.toPrecision(3);
    this.limit.disabled = this.signal.value === "x" || this.signal.value === "y";
    this.curves = null;
    this.askCurves();
  }

  askCurves() {
    if (!this.info.models.length || !this.strip.clientWidth) return;
    this.post("traces", { seq: ++this.asked, signal: this.signal.value, keypoint: this.keypoint, start: this.range[0], stop: this.range[1], width: clamp(this.strip.clientWidth, 50, 1200) });
  }

  takeCurves(m, buffers) {
    if (m.seq !== this.asked) return;
    this.curves = { start: m.start, stop: m.stop, models: m.models, lines: buffers.map((b) => this.floats(b)) };
    this.paint();
  }

  drawStrip() {
    if (!this.info.models.length) return;
    const [g, width, height] = this.size(this.strip);
    const [from, to] = this.range, where = (frame) => ((frame + 0.5 - from) / (to - from)) * width;
    const ink = getComputedStyle(this.root);
    if (this.curves) this.drawCurves(g, where, height, ink.getPropertyValue("--lpnb-quiet"));
    g.fillStyle = ink.getPropertyValue("--lpnb-accent");
    g.fillRect(where(this.frame) - 0.75, 0, 1.5, height);
  }

  drawCurves(g, where, height, quiet) {
    const { start, stop, lines, models } = this.curves;
    let [low, high] = [Infinity, -Infinity];
    for (const line of lines) for (const v of line) { if (v < low) low = v; if (v > high) high = v; }
    if (this.signal.value === "likelihood") [low, high] = [0, 1];
    if (!(high > low)) high = low + 1;
    const y = (v) => height - 4 - ((v - low) / (high - low)) * (height - 8);
    const limit = +this.limit.value;
    if (this.limit.value !== "" && limit > low && limit < high) {
      g.setLineDash([3, 3]); g.strokeStyle = quiet; g.lineWidth = 1;
      g.beginPath(); g.moveTo(0, y(limit)); g.lineTo(1e4, y(limit)); g.stroke();
      g.setLineDash([]);
    }
    lines.forEach((line, i) => {
      if (!this.models[models[i]]) return;
      const half = line.length / 2;
      g.strokeStyle = models.length > 1 ? ["#0072B2", "#D55E00", "#009E73", "#CC79A7"][models[i] % 4] : this.info.colours[this.keypoint];
      g.lineWidth = 1.3;
      g.beginPath();
      for (let c = 0, pen = false; c < half; c++) {
        const [a, b] = [line[c], line[half + c]];
        if (Number.isNaN(a)) { pen = false; continue; }
        const x = where(start + ((c + 0.5) / half) * (stop - start) - 0.5);
        if (pen) g.lineTo(x, y(a)); else g.moveTo(x, y(a));
        if (b !== a) g.lineTo(x, y(b));
        pen = true;
      }
      g.stroke();
    });
    g.fillStyle = quiet;
    g.font = "10px sans-serif";
    const word = (v) => (Math.abs(v) >= 100 ? v.toFixed(0) : v.toPrecision(2));
    g.fillText(word(high), 3, 11);
    g.fillText(word(low), 3, height - 3);
  }

  frameAt(e) {
    const box = this.strip.getBoundingClientRect();
    return this.range[0] + ((e.clientX - box.left) / box.width) * (this.range[1] - this.range[0]);
  }

  scrub(e) { this.goTo(Math.floor(this.frameAt(e))); this.root.focus({ preventScroll: true }); }

  zoomTime(e) {
    const middle = this.frameAt(e), factor = Math.exp(e.deltaY * 0.002);
    let length = clamp((this.range[1] - this.range[0]) * factor, Math.min(20, this.info.n), this.info.n);
    const share = (middle - this.range[0]) / (this.range[1] - this.range[0]);
    const start = clamp(Math.round(middle - share * length), 0, this.info.n - Math.round(length));
    this.range = [start, start + Math.round(length)];
    this.askCurves();
    this.paint();
  }

  follow() {
    const length = this.range[1] - this.range[0];
    const start = clamp(this.frame - Math.round(length / 2), 0, this.info.n - length);
    this.range = [start, start + length];
    this.askCurves();
  }

  // ---- labels

  choose(k) {
    if (!this.rows.length) return;
    this.keypoint = (k + this.rows.length) % this.rows.length;
    this.rows.forEach((row, i) => { row.classList.toggle("lpnb-chosen", i === this.keypoint); row.setAttribute("aria-selected", i === this.keypoint); });
    const row = this.rows[this.keypoint], box = this.list;
    if (row.offsetTop < box.scrollTop || row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) box.scrollTop = row.offsetTop - box.clientHeight / 2;
    this.whose.textContent = this.info.models.length ? `of ${this.info.names[this.keypoint]}` : "";
    this.askCurves();
    this.paint();
  }

  toggle(k) { if (!this.off.delete(k)) this.off.add(k); this.paint(); }

  add() { this.post("add"); }

  mark(how) { this.post(how, { keypoint: this.info.names[this.keypoint] }); if (how === "hide") this.nextEmpty(); }

  takeLabels(m, [points]) {
    this.state = { labelled: m.labelled, pending: m.pending, undo: m.undo, redo: m.redo, file: m.file };
    const fresh = this.floats(points), entry = this.cache.get(m.frame);
    if (entry) { entry.points = fresh; entry.has = m.labelled.includes(m.frame); }
    for (const [frame, other] of [...this.cache]) {
      const has = m.labelled.includes(frame);
      if (frame !== m.frame && (has || other.has)) this.drop(frame); // its labels may have changed, too
      else other.has = has;
    }
    this.say(m.say || "");
    this.showState();
    this.paint();
  }

  showState() {
    const { pending, undo, redo, file } = this.state;
    if (!this.info.editable) return;
    this.buttons.undo.disabled = !undo;
    this.buttons.redo.disabled = !redo;
    this.buttons.save.disabled = !pending;
    this.buttons.save.classList.toggle("lpnb-primary", !!pending);
    this.pendingText.textContent = pending ? `${pending} ${pending === 1 ? "row" : "rows"} changed: kept in the journal, not yet in ${file}` : `${file}: up to date`;
  }

  nextEmpty() {
    const entry = this.cache.get(this.frame), labels = this.info.models.length, n = this.info.names.length;
    for (let k = this.keypoint + 1; k < n && entry; k++) if (!Number.isFinite(this.point(entry, labels, k)[0])) return this.choose(k);
    this.choose(0); // the next frame begins with the first
  }

  // ---- mouse

  local(e) { const box = this.canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; }

  near(x, y, layers) {
    let best = null, least = GRAB;
    if (!this.last) return null;
    for (const layer of layers) {
      for (let k = 0; k < this.info.names.length; k++) {
        const p = this.point(this.last, layer, k);
        if (!Number.isFinite(p[0]) || this.off.has(k)) continue;
        const [sx, sy] = this.toScreen(p[0], p[1]), away = Math.hypot(sx - x, sy - y);
        if (away < least || (away === least && k === this.keypoint)) { least = away; best = { layer, k, p }; }
      }
    }
    return best;
  }

  layers() {
    const on = this.info.models.map((_, i) => i).filter((i) => this.models[i]);
    return this.info.hasLabels && this.showLabels ? [this.info.models.length, ...on] : on;
  }

  down(e) {
    this.root.focus({ preventScroll: true });
    const [x, y] = this.local(e), label = this.info.models.length;
    const hit = this.info.editable && this.shown === this.frame && this.showLabels ? this.near(x, y, [label]) : null;
    this.canvas.setPointerCapture(e.pointerId);
    this.drag = { x, y, startX: x, startY: y, keypoint: hit && e.button === 0 ? hit.k : null, at: null };
    if (hit) this.choose(hit.k);
    this.tip.hidden = true;
  }

  hover(e) {
    const [x, y] = this.local(e);
    if (!this.drag) return this.showTip(x, y);
    const far = Math.hypot(x - this.drag.startX, y - this.drag.startY) > 3;
    if (this.drag.keypoint !== null) { if (far || this.drag.at) this.drag.at = this.toFrame(x, y); }
    else if (far || this.drag.panned) {
      this.drag.panned = true;
      this.view.x += x - this.drag.x;
      this.view.y += y - this.drag.y;
      this.view.fit = false;
      this.canvas.style.cursor = "grabbing";
    }
    [this.drag.x, this.drag.y] = [x, y];
    this.paint();
  }

  up(e) {
    const drag = this.drag;
    this.drag = null;
    this.canvas.style.cursor = "";
    if (!drag || !this.last) return;
    if (drag.at) {
      const point = this.point(this.last, this.info.models.length, drag.keypoint);
      [point[0], point[1]] = drag.at;
      return this.put(drag.keypoint, drag.at);
    }
    if (drag.panned || drag.keypoint !== null || e.button !== 0) return this.paint();
    const hit = this.near(drag.x, drag.y, this.layers());
    const empty = this.info.editable && !Number.isFinite(this.point(this.last, this.info.models.length, this.keypoint)[0]);
    if (empty && (this.last.has || !this.info.video)) { this.put(this.keypoint, this.toFrame(drag.x, drag.y)); this.nextEmpty(); }
    else if (hit) this.choose(hit.k);
  }

  put(k, [x, y]) {
    x = clamp(x, -0.5, this.last.width - 0.5);
    y = clamp(y, -0.5, this.last.height - 0.5);
    this.post("move", { keypoint: this.info.names[k], x, y });
  }

  showTip(x, y) {
    const hit = this.near(x, y, this.layers());
    this.canvas.style.cursor = hit && hit.layer === this.info.models.length && this.info.editable ? "move" : "";
    this.tip.hidden = !hit;
    if (!hit) return;
    const label = hit.layer === this.info.models.length;
    this.tip.textContent = `${this.info.names[hit.k]} · ${label ? "label" : `${this.info.models[hit.layer]} ${hit.p[2].toFixed(2)}`} · ${hit.p[0].toFixed(1)}, ${hit.p[1].toFixed(1)}`;
    this.tip.style.left = `${clamp(x + 12, 0, this.stage.clientWidth - 190)}px`;
    this.tip.style.top = `${Math.max(0, y - 26)}px`;
  }

  zoom(factor, e) {
    const [x, y] = e ? this.local(e) : [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2], v = this.view;
    const scale = clamp(v.scale * factor, 0.05, 60);
    Object.assign(v, { x: x - ((x - v.x) * scale) / v.scale, y: y - ((y - v.y) * scale) / v.scale, scale, fit: false });
    this.paint();
  }

  fit() { this.view.fit = true; this.fitted = false; this.paint(); }

  // ---- keyboard

  key(e) {
    if (e.target !== this.root && /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "checkbox" && e.key !== "Escape") {
      if (e.target === this.slide && /^(n|p|a|h|s|v| )$/.test(e.key)) this.root.focus({ preventScroll: true });
      else return e.stopPropagation();
    }
    const ctrl = e.ctrlKey || e.metaKey, action = this.action(e, ctrl);
    if (!action) return;
    e.preventDefault();
    e.stopPropagation();
    action();
  }

  action(e, ctrl) {
    const far = e.shiftKey ? 10 : 1, key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
    if (ctrl) {
      if (!this.info.editable) return null;
      if (key === "z") return () => this.post(e.shiftKey ? "redo" : "undo");
      if (key === "y") return () => this.post("redo");
      return key === "s" ? () => this.post("save") : null;
    }
    const go = {
      ArrowRight: () => this.goTo(this.frame + far), ArrowLeft: () => this.goTo(this.frame - far), Home: () => this.goTo(0), End: () => this.goTo(this.info.n - 1),
      " ": () => this.play(), v: () => this.nextView(e.shiftKey ? -1 : 1), n: () => this.jump(1), p: () => this.jump(-1), "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), 0: () => this.fit(),
      "]": () => this.choose(this.keypoint + 1), "[": () => this.choose(this.keypoint - 1), "?": () => this.toggleHelp(),
      Escape: () => { this.help.hidden = true; this.root.focus({ preventScroll: true }); },
    };
    const edit = { a: () => this.add(), h: () => this.mark("hide"), Delete: () => this.mark("clear"), Backspace: () => this.mark("clear"), s: () => this.post("save") };
    return go[key] || (this.info.editable ? edit[key] : null);
  }

  toggleHelp() { this.help.hidden = !this.help.hidden; }

  say(text, wrong = false) {
    this.status.textContent = text;
    this.status.classList.toggle("lpnb-wrong", wrong);
    if (text.startsWith("waiting")) this.status.dataset.waiting = 1; else delete this.status.dataset.waiting;
  }
}

function shape(g, kind, x, y, r) {
  if (kind === "circle") g.arc(x, y, r, 0, 7);
  else if (kind === "square") g.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (kind === "triangle") { g.moveTo(x, y - r * 1.2); g.lineTo(x + r * 1.1, y + r * 0.8); g.lineTo(x - r * 1.1, y + r * 0.8); g.closePath(); }
  else { g.moveTo(x, y - r * 1.3); g.lineTo(x + r * 1.1, y); g.lineTo(x, y + r * 1.3); g.lineTo(x - r * 1.1, y); g.closePath(); }
}

export default {
  render({ model, el }) {
    let viewer = new Viewer(model, el);
    const again = () => { // another camera is shown
      const before = viewer, focus = before.root.contains(document.activeElement);
      before.destroy();
      before.root.remove();
      viewer = new Viewer(model, el, before);
      if (focus) viewer.root.focus({ preventScroll: true });
    };
    model.on("change:info", again);
    return () => { model.off("change:info", again); viewer.destroy(); };
  },
};
