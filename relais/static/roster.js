// A shift of a roster is dragged onto another day or person: the two days are exchanged.
"use strict";
(() => {
  let from = null;
  const cellOf = (event) => event.target.closest?.(".roster-cell");
  const arm = () => {
    for (const cell of document.querySelectorAll(".roster-cell.has-shift:has(select)")) cell.draggable = true;
  };
  document.addEventListener("dragstart", (event) => {
    from = cellOf(event);
    from?.classList.add("is-dragged");
  });
  document.addEventListener("dragend", () => {
    from?.classList.remove("is-dragged");
    from = null;
  });
  document.addEventListener("dragover", (event) => {
    if (from && cellOf(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const to = cellOf(event);
    if (!from || !to || to === from) return;
    event.preventDefault();
    const form = from.querySelector("form");
    const values = Object.fromEntries(new FormData(form));
    delete values.kind;
    values.to_person = to.dataset.person;
    values.to_day = to.dataset.day;
    htmx.ajax("POST", form.getAttribute("action"), { target: "#roster-board", swap: "outerHTML", values });
  });
  const followed = () => {
    arm();
    const board = document.getElementById("roster-board");
    const version = document.getElementById("publish-version");
    if (board && version) version.value = board.dataset.version;
  };
  document.addEventListener("htmx:after:swap", followed);
  document.addEventListener("htmx:afterSwap", followed);
  followed();
})();
