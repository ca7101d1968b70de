// The threshold that sets images aside: as the slider moves, what that costs and saves.
// Without this script, or without its data, the table above it stays.
"use strict";

(function () {
  const root = document.querySelector(".threshold");
  if (!window.thresholdData || !window.showDigits) {
    root.querySelector(".threshold-trouble").hidden = false;
    return;
  }
  const { steps, images } = window.thresholdData;
  const find = (name) => root.querySelector(name);
  const range = find("#threshold-range");
  const price = find("#threshold-price");
  const [leftList, asideList] = root.querySelectorAll(".digits");
  let errorCost = Number(price.value); // the last one that was valid

  // One bar for each threshold: below, what keying costs; above it, what errors cost.
  const bars = steps.map(() => {
    const bar = document.createElement("span");
    bar.className = "threshold-bar";
    bar.innerHTML =
      '<span class="threshold-errors"></span><span class="threshold-aside"></span>';
    return bar;
  });
  find(".threshold-bars").append(...bars);

  const costOf = (step) => step.aside + errorCost * step.errors;
  const number = (value) => value.toLocaleString("en");
  const share = (part, whole, places) => `${((100 * part) / whole).toFixed(places)}%`;

  function showStep() {
    const step = steps[range.value];
    const rest = images - step.aside;
    find(".threshold-at").textContent = step.label;
    find(".threshold-set-aside").textContent =
      `${number(step.aside)} (${share(step.aside, images, 2)})`;
    find(".threshold-left").textContent =
      `${step.errors} (${share(step.errors, rest, 2)})`;
    find(".threshold-cost").textContent = number(costOf(step));
    range.setAttribute(
      "aria-valuetext",
      `${step.label}: ${step.aside} set aside, ${step.errors} errors left, ` +
        `cost ${costOf(step)}`
    );
    bars.forEach((bar, place) =>
      bar.classList.toggle("threshold-now", place === Number(range.value))
    );
    find(".threshold-accepted-count").textContent = step.errors;
    find(".threshold-aside-count").textContent = number(step.aside);
    showDigits(leftList, window.thresholdData, step.left_digits);
    showDigits(asideList, window.thresholdData, step.aside_digits);
  }

  function showPrice() {
    const cheapest = find(".threshold-cheapest");
    if (!price.validity.valid) {
      cheapest.textContent = "A whole number from 1 to 1,000 is needed.";
      return;
    }
    errorCost = Number(price.value);
    const costs = steps.map(costOf);
    const highest = Math.max(...costs);
    const best = costs.indexOf(Math.min(...costs));
    bars.forEach((bar, place) => {
      const { aside } = steps[place];
      bar.classList.toggle("threshold-best", place === best);
      bar.firstChild.style.height = share(costs[place] - aside, highest, 2);
      bar.lastChild.style.height = share(aside, highest, 2);
    });
    cheapest.textContent =
      `The cheapest of these thresholds is ${steps[best].label}: ` +
      `it costs ${number(costs[best])}.`;
    showStep();
  }

  range.addEventListener("input", showStep);
  price.addEventListener("input", showPrice);
  find(".threshold-tool").hidden = false;
  showPrice();
  find(".threshold-cheapest").setAttribute("role", "status"); // from now on it is spoken
})();
