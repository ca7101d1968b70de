"use strict";
// Makes a drawing look like MNIST's images: `preprocess` of the library in JavaScript,
// but for the steps that change nothing on a clean canvas (`SKIPPED` in draw_digit.py).
// The others have their namesakes in digitlib/preprocessing.py, which explains them, as
// `Components` does in digitlib/imaging/components.py; tests compare the two. A picture
// is {height, width, data}, its data row by row in [0, 1].

function digitFraming(settings) {
  const { weak, speck, piece, near, measured, thinnest, thin, boldest, bold, coarse, detour, sharpen } = settings;

  // Small tools

  const make = (height, width) => ({ height, width, data: new Float32Array(height * width) });
  const clip = (value) => Math.min(Math.max(value, 0), 1);
  const longer = ({ height, width }) => Math.max(height, width);
  const even = (value) => {  // round as Python does
    const down = Math.floor(value);
    return value - down < 0.5 || (value - down === 0.5 && down % 2 === 0) ? down : down + 1;
  };

  // Plain loops: for-of, and the functions that arrays have for these, take much longer.
  function sum(values) {
    let total = 0;
    for (let i = 0; i < values.length; i++) total += values[i];
    return total;
  }

  function flat(values) {
    for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
    return true;
  }

  function each({ data }, visit) {
    for (let at = 0; at < data.length; at++) visit(data[at], at);
  }

  function map({ height, width, data }, change) {
    const changed = make(height, width);
    for (let at = 0; at < data.length; at++) changed.data[at] = change(data[at], at);
    return changed;
  }

  // Change every row and turn the picture; done twice, its rows and its columns.
  function turn({ height, width, data }, change) {
    let turned;
    for (let y = 0; y < height; y++) {
      const row = change(data.subarray(y * width, (y + 1) * width)), n = row.length;
      turned = turned || make(n, height);
      for (let x = 0; x < n; x++) turned.data[x * height + y] = row[x];
    }
    return turned;
  }

  // A pixel and its neighbours.
  function around({ height, width }, at, visit) {
    const x = at % width, y = (at - x) / width;
    const right = Math.min(x + 1, width - 1), bottom = Math.min(y + 1, height - 1);
    for (let v = Math.max(y - 1, 0); v <= bottom; v++) {
      for (let u = Math.max(x - 1, 0); u <= right; u++) visit(v * width + u);
    }
  }

  function components(picture, level) {
    const labels = new Int32Array(picture.data.length), found = [];
    each(picture, (value, first) => {
      if (value <= level || labels[first]) return;
      const own = { area: 0, top: 1e9, bottom: 0, left: 1e9, right: 0 }, waiting = [];
      found.push(own);
      const reach = (at) => {
        if (labels[at] || picture.data[at] <= level) return;
        const x = at % picture.width, y = (at - x) / picture.width;
        labels[at] = found.length;
        own.area += 1;
        own.top = Math.min(own.top, y); own.bottom = Math.max(own.bottom, y + 1);
        own.left = Math.min(own.left, x); own.right = Math.max(own.right, x + 1);
        waiting.push(at);
      };
      reach(first);
      while (waiting.length) around(picture, waiting.pop(), reach);
    });
    return { labels, found };
  }

  // Erase all but some ink and the grey edges around it.
  function only(picture, ink) {
    const kept = make(picture.height, picture.width);
    const keep = (at) => { kept.data[at] = picture.data[at]; };
    each(picture, (_, at) => { if (ink(at)) around(picture, at, keep); });
    return kept;
  }

  function cropped(picture) {
    const { height, width, data } = picture;
    let top = height, bottom = -1, left = width, right = -1;
    each(picture, (value, at) => {
      if (value <= weak) return;
      const x = at % width, y = (at - x) / width;
      top = Math.min(top, y); bottom = Math.max(bottom, y);
      left = Math.min(left, x); right = Math.max(right, x);
    });
    const part = make(Math.max(bottom - top + 1, 0), Math.max(right - left + 1, 0));
    for (let y = top; y <= bottom; y++) {
      part.data.set(data.subarray(y * width + left, y * width + right + 1), (y - top) * part.width);
    }
    return part;
  }

  function padded({ height, width, data }, room) {
    const wide = make(height + 2 * room, width + 2 * room);
    for (let y = 0; y < height; y++) {
      wide.data.set(data.subarray(y * width, (y + 1) * width), (y + room) * wide.width + room);
    }
    return wide;
  }

  // Resizing as Pillow does it: [how far a filter reaches, its height at a distance].
  const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);
  const BILINEAR = [1, (x) => 1 - x];
  const HAMMING = [1, (x) => sinc(x) * (0.54 + 0.46 * Math.cos(Math.PI * x))];
  const BICUBIC = [2, (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2)];
  const LANCZOS = [3, (x) => sinc(x) * sinc(x / 3)];

  function resized(picture, height, width, [reach, filter]) {
    const line = (from, length) => {
      const scale = from / length, stretch = Math.max(scale, 1);
      const weights = Array.from({ length }, (_, x) => {
        const middle = (x + 0.5) * scale, near = [];
        const first = Math.max(Math.trunc(middle - reach * stretch + 0.5), 0);
        const last = Math.min(Math.trunc(middle + reach * stretch + 0.5), from);
        for (let i = first; i < last; i++) {
          const distance = Math.abs(i - middle + 0.5) / stretch;
          near.push(distance < reach ? filter(distance) : 0);
        }
        return { first, near, all: sum(near) };
      });
      return (row) => (from === length ? row : weights.map(({ first, near, all }) => {
        let total = 0;
        for (let k = 0; k < near.length; k++) total += near[k] * row[first + k];
        return total / all;
      }));
    };
    return turn(turn(picture, line(picture.width, width)), line(picture.height, height));
  }

  // How far each pixel is from the nearest that is not `ink`: squared within its row;
  // then the lowest of the parabolas that stand on its column (Felzenszwalb and
  // Huttenlocher 2012).
  function distances(picture, ink) {
    const inRow = (row) => {
      const squares = new Float32Array(row.length).fill(1e6);
      const walk = (from, step) => {
        for (let x = from, gone = 1e3; x >= 0 && x < row.length; x += step) {
          gone = ink(row[x]) ? gone + 1 : 0;
          squares[x] = Math.min(squares[x], gone * gone);
        }
      };
      walk(0, 1);
      walk(row.length - 1, -1);
      return squares;
    };
    const inColumn = (row) => {
      if (flat(row)) return row.map(Math.sqrt);
      const n = row.length, nearest = new Float32Array(n);
      const tops = [0], starts = [-Infinity];
      const crossing = (x, top) => (row[x] + x * x - row[top] - top * top) / (2 * (x - top));
      let last = 0;
      for (let x = 1; x < n; x++) {
        let start = crossing(x, tops[last]);
        while (start <= starts[last]) start = crossing(x, tops[--last]);
        tops[++last] = x;
        starts[last] = start;
      }
      starts[last + 1] = Infinity;
      for (let x = 0, k = 0; x < n; x++) {
        while (starts[k + 1] < x) k += 1;
        nearest[x] = Math.sqrt(row[tops[k]] + (x - tops[k]) ** 2);
      }
      return nearest;
    };
    return turn(turn(picture, inRow), inColumn);
  }

  // The steps

  // Ink is what the border is not. (The library looks closer, for shadows and tight crops.)
  function correctPolarity(picture) {
    const { height, width, data } = picture;
    let border = 0;
    for (let x = 0; x < width; x++) border += data[x] + data[(height - 1) * width + x];
    for (let y = 0; y < height; y++) border += data[y * width] + data[(y + 1) * width - 1];
    return border > height + width ? map(picture, (value) => 1 - value) : picture;
  }

  function removeSpecks(picture) {
    const { labels, found } = components(picture, weak);
    if (found.length < 2) return picture;
    const main = found.reduce((best, other) => (other.area > best.area ? other : best));
    const size = Math.max(main.bottom - main.top, main.right - main.left);
    const keep = found.map((other) => {
      const part = other.area / main.area;
      const gap = Math.max(0, other.left - main.right, main.left - other.right,
        other.top - main.bottom, main.top - other.bottom);
      return part >= piece || (gap <= near * size && part >= speck);
    });
    return only(picture, (at) => labels[at] && keep[labels[at] - 1]);
  }

  function normalizeStroke(whole) {
    const picture = cropped(whole);
    if (!picture.data.length) return picture;
    const times = Math.ceil(measured / longer(picture));
    let large = picture;
    if (times > 1) {
      large = padded(picture, 1);
      large = resized(large, times * large.height, times * large.width, BILINEAR);
    }
    const scale = times * longer(picture) / settings.box;
    const inside = distances(padded(large, 1), (value) => value > 0.5).data.filter((value) => value > 0);
    const width = inside.length ? (4 * sum(inside) / inside.length - 1) / scale : 0;
    if ((thinnest <= width && width <= boldest) || width === 0) return picture;
    const change = ((width < thinnest ? thin : bold) - width) * scale / 2;
    const ink = padded(large, Math.ceil(Math.max(change, 0)) + 1);
    const changed = change > 0
      ? map(distances(ink, (value) => value <= 0.5), (far) => clip(change + 1 - far))
      : map(distances(ink, (value) => value > 0.5), (far) => clip(change + far));
    return changed.data.some((value) => value > 0.5) ? changed : picture;
  }

  function fitBox(picture) {
    let digit = cropped(picture);
    if (digit.data.length && longer(digit) < coarse) {
      const scale = detour / longer(digit);
      digit = padded(digit, 1);
      digit = resized(digit, Math.trunc(scale * digit.height), Math.trunc(scale * digit.width), LANCZOS);
      digit = cropped(map(digit, (value) => clip(sharpen * (value - 0.5) + 0.5)));
    }
    if (!digit.data.length) return digit;
    const scale = settings.box / longer(digit), side = (length) => Math.max(1, even(scale * length));
    if (scale !== 1) {
      digit = resized(digit, side(digit.height), side(digit.width), scale < 1 ? HAMMING : BICUBIC);
      digit = map(digit, clip);
    }
    const most = Math.max(...digit.data, 1e-6);
    return map(digit, (value) => value / most);
  }

  function center({ height, width, data }) {
    const all = sum(data) || 1;
    const place = (side, at) => Math.min(Math.max(
      even(14 - (data.length ? sum(data.map((value, k) => value * at(k))) / all : side / 2)), 0), 28 - side);
    const top = place(height, (k) => Math.floor(k / width)), left = place(width, (k) => k % width);
    const seen = make(28, 28);
    data.forEach((value, k) => { seen.data[(top + Math.floor(k / width)) * 28 + left + k % width] = value; });
    return seen;
  }

  const STEPS = [correctPolarity, removeSpecks, normalizeStroke, fitBox, center];
  const preprocess = (picture) => STEPS.reduce((result, step) => step(result), picture);

  return { preprocess, components, cropped };
}
