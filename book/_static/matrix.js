// The confusion matrix that opens: choose a count, and see the digits behind it.
// The table is in the page; without this script, or without its data, it stays a table.
"use strict";

(function () {
  const root = document.querySelector(".matrix");
  if (!window.matrixData || !window.showDigits) {
    root.querySelector(".matrix-trouble").hidden = false;
    return;
  }
  const table = root.querySelector("table");
  const chosen = root.querySelector(".matrix-chosen");
  const list = root.querySelector(".digits");
  const data = window.matrixData;

  // A grid of buttons is one stop of the Tab key: only one of them has tabIndex 0.
  const buttons = Array.from(table.tBodies[0].rows, (row, truth) =>
    Array.from(row.querySelectorAll("td"), (cell, read) => {
      const button = document.createElement("button");
      button.type = "button";
      button.tabIndex = -1;
      button.textContent = cell.textContent;
      button.setAttribute("aria-label", describe(truth, read, Number(cell.textContent)));
      button.addEventListener("click", () => open(truth, read));
      button.addEventListener("keydown", (event) => move(event, truth, read));
      cell.replaceChildren(button);
      return button;
    })
  );
  let current = buttons[0][0]; // the stop of the Tab key
  let pressed = current; // the count that is open

  function describe(truth, read, count) {
    return `${count === 1 ? "1 image" : `${count} images`}: ${truth} read as ${read}`;
  }

  function open(truth, read) {
    const shown = data.cells[truth][read].length;
    const count = Number(buttons[truth][read].textContent);
    let which = "";
    if (truth === read) {
      which = `. The ${shown} that the network was least sure of:`;
    } else if (shown < count) {
      which = `. The ${shown} surest mistakes:`;
    } else if (count > 1) {
      which = ", the surest mistake first:";
    } else {
      which = count ? ":" : ".";
    }
    pressed.setAttribute("aria-pressed", "false");
    pressed = buttons[truth][read];
    pressed.setAttribute("aria-pressed", "true");
    makeCurrent(pressed);
    chosen.textContent = describe(truth, read, count) + which;
    showDigits(list, data, data.cells[truth][read]);
  }

  function makeCurrent(button) {
    current.tabIndex = -1;
    current = button;
    current.tabIndex = 0;
  }

  function move(event, truth, read) {
    const last = 9;
    const everywhere = event.ctrlKey || event.metaKey;
    const targets = {
      ArrowUp: [truth - 1, read],
      ArrowDown: [truth + 1, read],
      ArrowLeft: [truth, read - 1],
      ArrowRight: [truth, read + 1],
      Home: [everywhere ? 0 : truth, 0],
      End: [everywhere ? last : truth, last],
    };
    if (!(event.key in targets)) return;
    event.preventDefault();
    const [row, column] = targets[event.key];
    if (row < 0 || row > last || column < 0 || column > last) return;
    makeCurrent(buttons[row][column]);
    current.focus();
  }

  // Start with the most frequent mistake, so that the page shows what there is to see.
  const mistakes = buttons.flat().filter((_, place) => place % 11 !== 0);
  const most = Math.max(...mistakes.map((button) => Number(button.textContent)));
  const first = buttons.flat().findIndex(
    (button, place) => place % 11 !== 0 && Number(button.textContent) === most
  );
  table.setAttribute("role", "grid");
  table.setAttribute("aria-labelledby", "matrix-caption");
  root.querySelector(".matrix-open").hidden = false;
  open(Math.floor(first / 10), first % 10);
  chosen.setAttribute("role", "status"); // from now on, what is chosen is spoken
})();
