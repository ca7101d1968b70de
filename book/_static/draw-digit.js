"use strict";
// A canvas that reads what is drawn on it. The drawing is a list of marks: strokes of the
// pen or the eraser, moves of all that is there, a loaded digit, a clearing. Undo takes
// the last one off. After every change the network (digit-network.js) reads the canvas.

(function () {
  const root = document.getElementById("draw-digit");
  const find = (name) => root.querySelector(`.draw-${name}`);
  const canvas = root.querySelector("canvas"), side = canvas.width;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const weights = new URL(`draw-digit-data.js?v=${root.dataset.digest}`, document.currentScript.src);
  const STEP = side / 28, PEN = 1.5 * STEP;
  let network, marks = [], active = null, cursor = [side / 2, side / 2], down = false;

  // What the reader does

  const tool = () => root.querySelector("input:checked").value;

  function begin(point) {
    marks.push({ tool: tool(), points: [point], by: [0, 0] });
    go(point);
  }

  function go(point) {
    const mark = marks[marks.length - 1];
    mark.points.push(point);
    if (mark.tool === "move") {
      mark.by = point.map((value, axis) => value - mark.points[0][axis]);
      redraw();
    } else {
      stroke(mark, mark.points.length - 1);
    }
  }

  function nudge(by) {
    marks.push({ tool: "move", by });
    redraw();
  }

  // Putting it on the canvas

  function stroke({ tool, points }, last) {
    brush.strokeStyle = tool === "pen" ? "black" : "white";
    brush.lineWidth = tool === "pen" ? PEN : 2 * PEN;
    brush.lineCap = brush.lineJoin = "round";
    brush.beginPath();
    brush.moveTo(...points[last - 1]);
    brush.lineTo(...points[last]);
    brush.stroke();
  }

  function redraw() {
    let x = 0, y = 0;  // a mark moves with all moves that came after it
    for (const mark of marks) if (mark.tool === "move") { x += mark.by[0]; y += mark.by[1]; }
    blank();
    for (const mark of marks) {
      brush.setTransform(1, 0, 0, 1, x, y);
      if (mark.tool === "move") { x -= mark.by[0]; y -= mark.by[1]; }
      else if (mark.points) {  // piece by piece, as it was drawn: the same pixels
        for (let last = 1; last < mark.points.length; last++) stroke(mark, last);
      } else blank();
      if (mark.image) brush.drawImage(mark.image, 0, 0, side, side);
    }
    brush.resetTransform();
  }

  function blank() {
    brush.save();
    brush.resetTransform();
    brush.fillStyle = "white";
    brush.fillRect(0, 0, side, side);
    brush.restore();
  }

  // Reading it

  function read(finished = true) {
    const { data } = brush.getImageData(0, 0, side, side);
    const grey = new Float32Array(side * side);
    for (let at = 0; at < grey.length; at++) grey[at] = data[4 * at] / 255;
    const seen = network.predict({ height: side, width: side, data: grey });
    const { digit, accepted, reason, confidence } = seen;
    const percent = confidence > 0.999 ? "more than 99.9" : (100 * confidence).toFixed(1);
    const text = accepted ? `${percent}% sure` : {
      "no ink": marks.length ? "Nothing to read" : "No digit yet",
      "unsure": `Not sure: perhaps ${digit}`,
      "not a digit": "Not sure that this is a digit",
      "not one digit": "Not sure that this is one digit",
    }[reason];
    root.dataset.answer = digit === null ? "none" : accepted ? digit : "unsure";
    find("answer").textContent = digit === null ? "\u2013" : accepted ? digit : "?";
    find("how-sure").textContent = text;
    if (finished) find("said").textContent = accepted ? `${digit}, ${text}` : text;
    find("bars").querySelectorAll("li").forEach((bar, k) => {
      bar.style.setProperty("--share", digit === null ? 0 : seen.probabilities[k]);
      bar.classList.toggle("draw-best", accepted && k === digit);
    });
    paint(find("seen"), seen.seen.data);
    root.querySelectorAll(".draw-hidden").forEach((image, i) => {
      paint(image, digit === null ? seen.hidden[i].fill(0) : seen.hidden[i]);
    });
  }

  // Show values as a square of grey pixels, the largest white; what is left of it is black.
  const easel = document.createElement("canvas"), easelBrush = easel.getContext("2d");
  function paint(image, values) {
    easel.width = easel.height = Math.ceil(Math.sqrt(values.length));
    const most = Math.max(...values) || 1, pixels = easelBrush.createImageData(easel.width, easel.height);
    values.forEach((value, at) => pixels.data.fill(255 * value / most, 4 * at, 4 * at + 3));
    values.forEach((_, at) => { pixels.data[4 * at + 3] = 255; });
    easelBrush.putImageData(pixels, 0, 0);
    image.src = easel.toDataURL();
  }

  // Mouse, pen and finger; a second finger is not listened to.

  function place(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(event.clientX - left) / width * side, (event.clientY - top) / height * side];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!network || active !== null || event.button > 0) return;
    active = event.pointerId;
    lift();
    find("cursor").hidden = true;
    begin(place(event));
    read(false);
    try {
      canvas.setPointerCapture(active);  // follow it beyond the edge
    } catch { /* it has gone already */ }
  });

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== active) return;
    const passed = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const point of passed.length ? passed : [event]) go(place(point));
    read(false);
  });

  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== active) return;
      active = null;
      read();
    });
  }

  // Keys

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function lift() {
    down = false;
    showCursor();
  }

  function showCursor() {
    const span = find("cursor");
    span.hidden = tool() === "move";
    span.style.left = `${100 * cursor[0] / side}%`;
    span.style.top = `${100 * cursor[1] / side}%`;
    span.classList.toggle("draw-down", down);
  }

  canvas.addEventListener("keydown", (event) => {
    if (!network || active !== null) return;
    const step = (ARROWS[event.key] || [0, 0]).map((sign) => sign * STEP / (event.shiftKey ? 4 : 1));
    if (event.key in ARROWS && tool() === "move") {
      nudge(step);
    } else if (event.key in ARROWS) {
      cursor = cursor.map((value, axis) => Math.min(Math.max(value + step[axis], 0), side));
      if (down) go(cursor);
    } else if (event.key === " " && tool() !== "move") {
      down = !down;
      if (down) begin(cursor);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clear();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      undo();
    } else {
      return;
    }
    event.preventDefault();
    showCursor();
    read();
  });

  canvas.addEventListener("blur", () => { lift(); find("cursor").hidden = true; });

  // Buttons

  function undo() {
    lift();
    marks.pop();
    redraw();
  }

  function clear() {
    lift();
    marks.push({ tool: "clear" });
    redraw();
  }

  // A test digit has light ink on dark; the paper is white.
  function load(button) {
    const paper = document.createElement("canvas"), picture = button.querySelector("img");
    paper.width = paper.height = side;
    const copy = paper.getContext("2d");
    copy.imageSmoothingEnabled = false;
    copy.fillStyle = "white";
    copy.fillRect(0, 0, side, side);
    copy.globalCompositeOperation = "difference";
    copy.drawImage(picture, 0, 0, side, side);
    marks.push({ tool: "load", image: paper });
    redraw();
  }

  function listen(selector, action) {
    for (const element of root.querySelectorAll(selector)) {
      element.addEventListener("click", () => { lift(); action(element); find("cursor").hidden = true; read(); });
    }
  }

  // Start when all else is there.

  function start() {
    try {
      network = digitNetwork(digitData);
    } catch {
      root.classList.add("draw-broken");
      find("say").textContent = "The weights could not be loaded: draw-digit-data.js is missing or "
        + "cut short, so nothing can be drawn here. All else in this book works; build it again to mend this.";
      return;
    }
    listen(".draw-undo", undo);
    listen(".draw-clear", clear);
    listen("[data-digit]", load);
    for (const control of root.querySelectorAll(":disabled")) control.disabled = false;
    canvas.tabIndex = 0;
    find("say").textContent = "Draw one digit, with mouse, pen, finger or keys.";
    redraw();
    read();
  }

  find("say").textContent = "The weights are being loaded \u2026";
  redraw();
  window.addEventListener("load", () => {
    const script = document.createElement("script");
    script.src = weights;
    script.onload = script.onerror = start;
    document.head.append(script);
  });
})();
