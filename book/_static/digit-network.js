"use strict";
// The network in use: `forward`, `detect`, `mean_probabilities` and `Recognizer` of the
// library in JavaScript (digitlib/model.py, test_time.py and recognizer.py, which explain
// them). Tests compare the two.

// The weights travel as text: five characters of base 85 are four bytes, and two bytes
// are a number in half precision.
function digitBytes(text) {
  const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    + "!#$%&()*+-;<=>?@^_`{|}~";
  const bytes = new DataView(new ArrayBuffer(text.length / 5 * 4));
  for (let i = 0; i < text.length; i += 5) {
    let four = 0;
    for (const sign of text.slice(i, i + 5)) four = 85 * four + SIGNS.indexOf(sign);
    bytes.setUint32(i / 5 * 4, four);
  }
  return bytes;
}

function digitHalf(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

function digitNetwork(data) {
  const { temperature, threshold, augmentation, piece, ink, aspect, smallest } = data.settings;
  const { preprocess, components, cropped } = digitFraming(data.settings);
  const halves = digitBytes(data.weights), floats = digitBytes(data.detector);
  let next = 0;
  const weights = data.sizes.map((size) => Float32Array.from(
    { length: size }, () => digitHalf(halves.getUint16(2 * next++, true))));
  const detector = Float32Array.from(
    { length: floats.byteLength / 4 }, (_, i) => floats.getFloat32(4 * i, true));
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  const dense = (inputs, kernel, bias) => {
    const outputs = Float64Array.from(bias);
    inputs.forEach((input, i) => {
      if (input) for (let j = 0; j < bias.length; j++) outputs[j] += input * kernel[i * bias.length + j];
    });
    return outputs;
  };
  const relu = (values) => values.map((value) => Math.max(value, 0));
  const softmax = (scores) => {
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const all = sum(powers);
    return powers.map((power) => power / all);
  };
  const activations = (inputs, first = weights[0]) => {
    const passed = [];
    for (let i = 0; i < weights.length; i += 2) {
      const scores = dense(i ? passed.at(-1) : inputs, i ? weights[i] : first, weights[i + 1]);
      passed.push(i + 2 < weights.length ? relu(scores) : scores);
    }
    return passed;
  };

  // Of 28x28 places with n values each; a place gets what is at `move` times the place,
  // from the middle, mixed from the four places around it. (On a whole row or column two
  // of them are one: it counts half, twice.)
  function moved(values, n, [down, across], [top, left]) {
    const found = new Float64Array(values.length);
    const offset = [top - down[0] * top - down[1] * left, left - across[0] * top - across[1] * left];
    for (let place = 0; place < 784; place++) {
      const y = Math.floor(place / 28), x = place % 28;
      const row = down[0] * y + down[1] * x + offset[0], column = across[0] * y + across[1] * x + offset[1];
      if (row < 0 || row > 27 || column < 0 || column > 27) continue;
      for (const r of [Math.floor(row), Math.ceil(row)]) for (const c of [Math.floor(column), Math.ceil(column)]) {
        const share = (row === r ? 0.5 : 1 - Math.abs(row - r)) * (column === c ? 0.5 : 1 - Math.abs(column - c));
        for (let j = 0; j < n; j++) found[place * n + j] += share * values[(28 * r + c) * n + j];
      }
    }
    return found;
  }

  function firstLayers() {
    const turn = augmentation.turn * Math.PI / 180, layers = [weights[0]];
    for (const sign of [-1, 1]) {
      const sine = sign * Math.sin(turn), cosine = Math.cos(turn);
      for (const move of [[[cosine, sine], [-sine, cosine]], [[1, 0], [sign * augmentation.slant, 1]]])
        layers.push(moved(weights[0], weights[1].length, move, [13.5, 13.5]));
    }
    return layers;
  }
  const sides = augmentation ? firstLayers() : weights.slice(0, 1);

  function upright(seen) {
    const weighed = (f) => sum(Array.from(seen, (ink, at) => ink * f(Math.floor(at / 28), at % 28)));
    const ink = Math.max(weighed(() => 1), 1e-6);
    const top = weighed((y) => y) / ink, left = weighed((y, x) => x) / ink;
    const lean = weighed((y, x) => (y - top) * (x - left)) / Math.max(weighed((y) => (y - top) ** 2), 1e-6);
    const most = augmentation.upright;
    return moved(seen, 1, [[1, 0], [Math.min(Math.max(lean, -most), most), 1]], [top, left]);
  }

  function meanProbabilities(seen) {
    const both = augmentation ? [seen, upright(seen)] : [seen];
    const answers = both.flatMap((one) => sides.map((first) => softmax(activations(one, first).at(-1))));
    const means = answers[0].map((_, digit) => sum(answers.map((answer) => answer[digit])) / answers.length);
    return softmax(means.map((mean) => Math.log(mean + 1e-30) / temperature));
  }

  function detect(passed) {
    const scores = passed.at(-1);
    const most = Math.max(...scores);
    const energy = most + Math.log(sum(scores.map((score) => Math.exp(score - most))));
    const traces = [...passed.flatMap((layer) => [...layer]), ...softmax(scores), energy, 1];
    return 1 / (1 + Math.exp(-sum(traces.map((trace, i) => trace * detector[i]))));
  }

  function several(seen) {
    const found = components(seen, ink).found;
    const least = piece * Math.max(...found.map(({ area }) => area));
    const large = found.filter(({ area }) => area >= least).sort((a, b) => a.left - b.left);
    const apart = large.some(({ left }, i) => i > 0 && left >= Math.max(...large.slice(0, i).map(({ right }) => right)));
    const { height, width } = cropped(seen);
    return apart || (width > aspect * height && aspect * height > smallest);
  }

  function predict(picture) {
    const seen = preprocess(picture);
    const passed = activations(seen.data);
    const nothing = seen.data.every((value) => value === seen.data[0]);
    const probabilities = nothing ? new Float64Array(10).fill(0.1) : meanProbabilities(seen.data);
    const confidence = Math.max(...probabilities), digit = probabilities.indexOf(confidence);
    const isDigit = detect(passed);
    const accepted = !nothing && confidence * isDigit >= threshold;
    let reason = null;
    if (nothing) reason = "no ink";
    else if (!accepted && confidence <= isDigit) reason = "unsure";
    else if (!accepted) reason = several(seen) ? "not one digit" : "not a digit";
    return { digit: nothing ? null : digit, confidence, probabilities, accepted, reason, isDigit, seen, hidden: passed.slice(0, -1) };
  }

  return { predict, preprocess };
}
