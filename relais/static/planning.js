// What is planned is dragged onto another day: the form of its own page is sent, and answers.
"use strict";
(() => {
  let held = null;
  const cellOf = (event) => event.target.closest?.("[data-drop-day]");
  const fits = (cell) => {
    const whose = cell?.dataset.dropPerson;
    return Boolean(held && cell && cell !== held.closest("[data-drop-day]") && (!whose || whose === held.dataset.person));
  };
  const leave = () => document.querySelector(".is-target")?.classList.remove("is-target");
  const field = (form, name, value) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  };
  document.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[draggable][data-fields]") || null;
    held?.classList.add("is-dragged");
  });
  document.addEventListener("dragend", () => {
    held?.classList.remove("is-dragged");
    held = null;
    leave();
  });
  document.addEventListener("dragover", (event) => {
    const cell = cellOf(event);
    leave();
    if (!fits(cell)) return;
    event.preventDefault();
    cell.classList.add("is-target");
  });
  document.addEventListener("drop", (event) => {
    const cell = cellOf(event);
    if (!fits(cell)) return;
    event.preventDefault();
    const form = document.createElement("form");
    form.method = "post";
    form.action = held.getAttribute("href");
    field(form, "csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
    const fields = JSON.parse(held.dataset.fields);
    if ("site" in fields && cell.dataset.dropSite) fields.site = cell.dataset.dropSite;
    for (const [name, value] of Object.entries(fields)) field(form, name, value);
    field(form, "day", cell.dataset.dropDay);
    field(form, "back", location.pathname + location.search);
    document.body.append(form);
    form.submit();
  });
})();
