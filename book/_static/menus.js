// The theme takes the focus from the button that opens a menu; when the menu closes, the
// button gets it back.
for (const side of ["primary", "secondary"]) {
  const menu = document.getElementById(`pst-${side}-sidebar-modal`);
  const button = document.querySelector(`.${side}-toggle`);
  menu?.addEventListener("close", () => setTimeout(() => button.focus()));
}
