"use strict";
// Makes a drawing look like MNIST's images: `preprocess` of the library in JavaScript.
// Every function has its namesake in digitlib/ink.py, preprocessing.py or pieces.py,
// which explains it, and tests compare the two. A picture is {height, width, data}, its
// data row by row in [0, 1]. Only the steps "color" and "frame" are missing: a drawing
// has neither colours nor printed boxes.

function digitFraming(settings) {
  const {
    WIDEST, DARKEST, FAINTEST, STRONG, WEAK, SEPARATE, DEVIATIONS, MOST, SPECK, PIECE,
    NEAR, COARSE, SHARPEN, THINNEST, BOLDEST, THIN, BOLD, EYE,
  } = settings;

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

  function range(values) {
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    return [low, high];
  }

  function those(values, wanted) {
    const found = new Float32Array(values.length);
    let n = 0;
    for (let i = 0; i < values.length; i++) if (wanted(values[i])) found[n++] = values[i];
    return found.subarray(0, n);
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
  const both = (picture, change) => turn(turn(picture, change), change);

  // A weighted mean around every pixel; outside, the row is mirrored.
  function smooth(row, kernel) {
    if (flat(row)) return row;
    const n = row.length, radius = kernel.length >> 1;
    const wide = new Float64Array(n + 2 * radius);
    wide.set(row, radius);
    for (let x = 0; x < radius; x++) {
      const at = x % (2 * n) < n ? x % n : n - 1 - x % n;
      wide[radius - 1 - x] = row[at];
      wide[radius + n + x] = row[n - 1 - at];
    }
    const smoothed = new Float32Array(n);
    for (let x = 0; x < n; x++) {
      let total = 0;
      for (let k = 0; k < kernel.length; k++) total += kernel[k] * wide[x + k];
      smoothed[x] = total;
    }
    return smoothed;
  }

  // The smallest value within a radius, found in windows that double.
  function smallest(row, radius) {
    if (flat(row)) return row;
    const wide = new Float32Array(row.length + 2 * radius).fill(Infinity);
    wide.set(row, radius);
    for (let done = 1, step; done < 2 * radius + 1; done += step) {
      step = Math.min(done, 2 * radius + 1 - done);
      for (let x = 0; x + step < wide.length; x++) wide[x] = Math.min(wide[x], wide[x + step]);
    }
    return wide.subarray(0, row.length);
  }

  // A pixel and its neighbours.
  function around({ height, width }, at, visit) {
    const x = at % width, y = (at - x) / width;
    const right = Math.min(x + 1, width - 1), bottom = Math.min(y + 1, height - 1);
    for (let v = Math.max(y - 1, 0); v <= bottom; v++) {
      for (let u = Math.max(x - 1, 0); u <= right; u++) visit(v * width + u);
    }
  }

  // Go on from a pixel to its neighbours as long as `enter` lets in, once each.
  function flood(picture, first, enter) {
    const waiting = [first];
    const reach = (at) => { if (enter(at)) waiting.push(at); };
    while (waiting.length) around(picture, waiting.pop(), reach);
  }

  function pieces(picture, level) {
    const labels = new Int32Array(picture.data.length), found = [];
    each(picture, (value, first) => {
      if (value <= level || labels[first]) return;
      const piece = { area: 0, top: 1e9, bottom: 0, left: 1e9, right: 0 };
      found.push(piece);
      flood(picture, first, (at) => {
        if (labels[at] || picture.data[at] <= level) return false;
        const x = at % picture.width, y = (at - x) / picture.width;
        labels[at] = found.length;
        piece.area += 1;
        piece.top = Math.min(piece.top, y); piece.bottom = Math.max(piece.bottom, y + 1);
        piece.left = Math.min(piece.left, x); piece.right = Math.max(piece.right, x + 1);
        return true;
      });
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
      if (value <= WEAK) return;
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

  // Thresholds

  function otsu({ data }) {
    const [low, high] = range(data);
    const step = (high - low) / 256, counts = new Float64Array(256);
    if (step < 1e-9) return low;
    for (let i = 0; i < data.length; i++) counts[Math.min(Math.floor((data[i] - low) / step), 255)] += 1;
    const grey = (k) => low + (k + 0.5) * step;
    const all = sum(counts.map((count, k) => count * grey(k)));
    let best = -1, level = low, below = 0, dark = 0;
    for (let k = 0; k < 255; k++) {
      below += counts[k];
      dark += counts[k] * grey(k);
      const above = data.length - below;
      const between = below * above * (dark / below - (all - dark) / above) ** 2;
      if (between > best) { best = between; level = grey(k); }
    }
    return level;
  }

  function separability(picture) {
    const level = otsu(picture), { data } = picture, n = data.length;
    let light = 0, lights = 0, all = 0, squares = 0;
    for (let i = 0; i < n; i++) {
      const value = data[i];
      all += value;
      squares += value * value;
      if (value > level) { light += 1; lights += value; }
    }
    if (light === 0 || light === n) return 0;
    const contrast = lights / light - (all - lights) / (n - light);
    return light / n * (1 - light / n) * contrast ** 2 / (squares / n - (all / n) ** 2);
  }

  function quantile(sorted, part) {
    const at = part * (sorted.length - 1), low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] || sorted[low]) - sorted[low]);
  }

  // The steps

  function noise(picture) {
    if (Math.min(picture.height, picture.width) < 40) return picture;
    const sigma = longer(picture) / 250, radius = Math.floor(4 * sigma + 0.5);
    const bell = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-0.5 * ((k - radius) / sigma) ** 2));
    const all = sum(bell), kernel = bell.map((value) => value / all);
    return both(picture, (row) => smooth(row, kernel));
  }

  function polarity(picture) {
    const small = reduced(picture, EYE);
    const size = 1 + Math.floor(longer(small) / 4) * 2;
    const kernel = Array.from({ length: size }, () => 1 / size);
    const mean = both(small, (row) => smooth(row, kernel));
    const local = map(small, (value, at) => value - mean.data[at]);
    return light(local) + 0.35 * light(small) > 0 ? map(picture, (value) => 1 - value) : picture;
  }

  function reduced(picture, side) {
    const factor = Math.ceil(longer(picture) / side);
    return both(picture, (row) => {
      const means = new Float32Array(Math.ceil(row.length / factor));
      for (let x = 0; x < row.length; x++) {
        const at = Math.floor(x / factor);
        means[at] += row[x] / Math.min(factor, row.length - at * factor);
      }
      return means;
    });
  }

  // Whether the light part is the paper: above 0 if so, up to 1.
  function light(picture) {
    const { height, width, data } = picture, level = otsu(picture);
    let lights = 0, border = 0;
    const [low, high] = range(data);
    if (high - low < 1e-4) return 0;
    each(picture, (value, at) => {
      if (value <= level) return;
      const x = at % width, y = (at - x) / width;
      lights += 1;
      border += (x === 0) + (y === 0) + (x === width - 1) + (y === height - 1);
    });
    return lights / data.length + border / (2 * (height + width)) - 1;
  }

  function shading(picture) {
    const radius = Math.max(2, even(WIDEST * longer(picture) / 2));
    const eroded = both(picture, (row) => smallest(row, radius));
    if (eroded.data[0] === 0 && flat(eroded.data)) return picture;
    const paper = both(map(eroded, (value) => -value), (row) => smallest(row, radius));
    return map(picture, (value, at) => (
      (value + paper.data[at]) / Math.max(1 + paper.data[at], 1 - DARKEST)));
  }

  function threshold(picture) {
    const { height, width, data } = picture, n = data.length;
    const nothing = make(height, width), kept = make(height, width);
    const sorted = those(data, (value) => value > 0).sort(), zeros = n - sorted.length;
    const strongest = sorted[sorted.length - 1 - Math.floor(n / 20000)] || 0;
    const ink = quantile(those(sorted, (value) => value >= STRONG * strongest), 0.85);
    if (!(ink >= FAINTEST)) return nothing;
    const paper = those(sorted, (value) => value < WEAK * ink);
    const median = (values, nulls) => {
      const all = values.length + nulls, at = (k) => (k < nulls ? 0 : values[k - nulls]);
      return (at((all - 1) >> 1) + at(all >> 1)) / 2 || 0;
    };
    const level = median(paper, zeros);
    let grain = 0;
    if (level > 0) {
      const away = new Float32Array(paper.length + zeros).fill(level);
      away.set(paper.map((value) => Math.abs(value - level)));
      grain = 1.48 * median(away.sort(), 0);
    }
    if (ink - level < FAINTEST || separability(picture) < SEPARATE) return nothing;
    const scaled = map(picture, (value) => clip((value - level) / (ink - level)));
    const weak = Math.max(WEAK, DEVIATIONS * grain / (ink - level));
    const found = new Uint8Array(n);
    let area = 0;
    each(scaled, (value, first) => {
      if (value <= Math.max(STRONG, weak) || found[first]) return;
      flood(picture, first, (at) => {
        kept.data[at] = scaled.data[at];  // the ink, and the grey edges around it
        if (found[at] || scaled.data[at] <= weak) return false;
        area += 1;
        return (found[at] = 1);
      });
    });
    return area > MOST * n ? nothing : kept;
  }

  function specks(picture) {
    const { labels, found } = pieces(picture, WEAK);
    if (found.length < 2) return picture;
    const main = found.reduce((best, piece) => (piece.area > best.area ? piece : best));
    const size = Math.max(main.bottom - main.top, main.right - main.left);
    const keep = found.map((piece) => {
      const part = piece.area / main.area;
      const gap = Math.max(0, piece.left - main.right, main.left - piece.right,
        piece.top - main.bottom, main.top - piece.bottom);
      return part >= PIECE || (gap <= NEAR * size && part >= SPECK);
    });
    return only(picture, (at) => labels[at] && keep[labels[at] - 1]);
  }

  function thickness(whole) {
    const picture = cropped(whole);
    if (!picture.data.length) return picture;
    const times = Math.ceil(60 / longer(picture));
    let large = picture;
    if (times > 1) {
      large = padded(picture, 1);
      large = resized(large, times * large.height, times * large.width, BILINEAR);
    }
    const scale = times * longer(picture) / 20;
    const inside = those(distances(padded(large, 1), (value) => value > 0.5).data, (value) => value > 0);
    const width = inside.length ? (4 * sum(inside) / inside.length - 1) / scale : 0;
    if ((THINNEST <= width && width <= BOLDEST) || width === 0) return picture;
    const change = ((width < THINNEST ? THIN : BOLD) - width) * scale / 2;
    const ink = padded(large, Math.ceil(Math.max(change, 0)) + 1);
    const changed = change > 0
      ? map(distances(ink, (value) => value <= 0.5), (far) => clip(change + 1 - far))
      : map(distances(ink, (value) => value > 0.5), (far) => clip(change + far));
    return changed.data.some((value) => value > 0.5) ? changed : picture;
  }

  function box(picture) {
    let digit = cropped(picture);
    if (digit.data.length && longer(digit) < COARSE) {
      const scale = 80 / longer(digit);
      digit = padded(digit, 1);
      digit = resized(digit, Math.trunc(scale * digit.height), Math.trunc(scale * digit.width), LANCZOS);
      digit = cropped(map(digit, (value) => clip(SHARPEN * (value - 0.5) + 0.5)));
    }
    if (!digit.data.length) return digit;
    const scale = 20 / longer(digit), side = (length) => Math.max(1, even(scale * length));
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

  const STEPS = [noise, polarity, shading, threshold, specks, thickness, box, center];
  const preprocess = (picture) => STEPS.reduce((result, step) => step(result), picture);

  return { preprocess, pieces, cropped };
}
