// Shows digits in a list. One picture holds all of them, and each item shows its part.
// `data` is what a script of numbers has set; `places` says which of its digits to show.
"use strict";

function showDigits(list, data, places) {
  const items = places.map((place) => {
    const [image, caption, misread] = data.digits[place];
    const picture = document.createElement("span");
    picture.className = "digits-picture";
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `test image ${image}`);
    picture.style.setProperty("--column", place % data.columns);
    picture.style.setProperty("--row", Math.floor(place / data.columns));
    const item = document.createElement("li");
    item.className = misread ? "digits-misread" : "digits-right";
    item.append(picture, caption);
    return item;
  });
  list.style.setProperty("--picture", `url(${data.picture})`);
  list.replaceChildren(...items);
}
