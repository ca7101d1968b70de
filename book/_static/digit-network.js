"use strict";
// The network in use: `forward`, `detect` and `Recognizer` of the library in JavaScript
// (digitlib/model.py and recognizer.py, which explain them). Tests compare the two.

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
  const { temperature, threshold, piece, ink, aspect, smallest } = data.settings;
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
  const activations = (inputs) => {
    const passed = [];
    for (let i = 0; i < weights.length; i += 2) {
      const scores = dense(i ? passed.at(-1) : inputs, weights[i], weights[i + 1]);
      passed.push(i + 2 < weights.length ? relu(scores) : scores);
    }
    return passed;
  };

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
    const passed = activations(seen.data), scores = passed.at(-1);
    const nothing = seen.data.every((value) => value === seen.data[0]);
    const probabilities = nothing ? new Float64Array(10).fill(0.1) : softmax(scores.map((s) => s / temperature));
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
