// The inventory typed as in a spreadsheet. The server reads each cell and answers with its row.
"use strict";
(() => {
  const grid = document.getElementById("inventory-grid");
  if (!grid || !grid.dataset.cell) return;
  const body = grid.tBodies[0];
  const said = document.getElementById("inventory-said");
  const token = document.querySelector("#inventory-csrf [name=csrfmiddlewaretoken]").value;
  let editor = null; // { cell, input, was }
  let held = null; // the cell that had the focus before the pointer came: a second click edits it
  let queue = Promise.resolve(); // cells are sent one after the other, in the order of typing

  const cellOf = (target) => target.closest?.("td.cell");
  const rowsOf = () => [...body.rows];
  const cellsOf = (row) => [...row.querySelectorAll("td.cell")];
  const cellAt = (line, field) => body.querySelector(`tr[data-line="${line}"] td[data-field="${field}"]`);
  const say = (text, more = []) => {
    said.replaceChildren();
    said.hidden = !text && !more.length;
    said.append(text);
    if (!more.length) return;
    const list = document.createElement("ul");
    for (const one of more) list.append(Object.assign(document.createElement("li"), { textContent: one }));
    said.append(" ", grid.dataset.missed, list);
  };

  const focus = (cell) => {
    if (!cell) return;
    for (const each of body.querySelectorAll('td.cell[tabindex="0"]')) each.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const moved = (cell, down, right) => {
    const rows = rowsOf();
    let row = rows.indexOf(cell.parentElement) + down;
    let column = cellsOf(cell.parentElement).indexOf(cell) + right;
    const width = cellsOf(cell.parentElement).length;
    if (column < 0) { column = width - 1; row -= 1; }
    if (column >= width) { column = 0; row += 1; }
    const target = rows[row];
    if (!target) return null;
    if (target.dataset.line === "new" && down > 0) return target.querySelector('[data-field="task"]');
    return cellsOf(target)[column];
  };

  const edit = (cell, typed) => {
    if (editor) commit();
    const text = cell.querySelector(".cell-text");
    const choices = document.querySelector(`template[data-choices="${cell.dataset.field}"]`);
    const input = choices ? choices.content.firstElementChild.cloneNode(true) : document.createElement("input");
    if (choices) {
      input.value = cell.dataset.raw;
      if (typed) {
        const key = typed.toLowerCase();
        const found = [...input.options].find((one) => one.text.toLowerCase().startsWith(key));
        if (found) input.value = found.value;
      }
    } else {
      input.className = "cell-input";
      const wrong = cell.classList.contains("is-wrong");
      input.value = typed ?? (cell.classList.contains("is-number") && !wrong ? cell.dataset.raw.replace(".", document.documentElement.lang === "fr" ? "," : ".") : text.textContent);
      if (!wrong && typed === undefined && input.value === "0") input.value = "";
      input.autocomplete = "off";
    }
    input.setAttribute("aria-label", cell.dataset.label);
    editor = { cell, input };
    text.hidden = true;
    cell.append(input);
    input.focus();
    if (!choices && typed === undefined) input.select();
  };
  const close = () => {
    const { cell, input } = editor;
    editor = null;
    input.remove();
    cell.querySelector(".cell-text").hidden = false;
    return { cell, input };
  };
  const commit = () => {
    const { cell, input } = close();
    const text = cell.querySelector(".cell-text");
    const value = input.value;
    const before = cell.dataset.raw;
    const wrong = cell.classList.contains("is-wrong");
    const plain = cell.classList.contains("is-number") ? value.replace(",", ".") : value;
    if (!wrong && (plain === before || (value === "" && before === "0"))) return;
    if (cell.parentElement.dataset.line === "new" && !value) return;
    text.textContent = input.tagName === "SELECT" ? input.selectedOptions[0]?.text ?? "" : value;
    cell.querySelector(".cell-error")?.remove();
    cell.classList.remove("is-wrong");
    cell.classList.add("is-waiting");
    send(cell, value);
  };

  const wrongCell = (cell, why) => {
    cell.classList.remove("is-waiting");
    cell.classList.add("is-wrong");
    cell.querySelector(".cell-error")?.remove();
    const note = Object.assign(document.createElement("span"), { className: "cell-error", textContent: why });
    note.setAttribute("role", "alert");
    cell.append(note);
  };
  const send = (cell, value) => {
    const field = cell.dataset.field;
    const row = cell.parentElement;
    queue = queue.then(async () => {
      const line = row.dataset.line;
      const values = { line, field, value, csrfmiddlewaretoken: token };
      const site = new URLSearchParams(location.search).get("site");
      if (line === "new" && site) values.site = site;
      if (line !== "new" && !cell.dataset.again) values.was = cell.dataset.raw;
      try {
        const answer = await fetch(grid.dataset.cell, { method: "POST", body: new URLSearchParams(values), headers: { Accept: "application/json" } });
        if (![200, 422].includes(answer.status)) throw new Error(answer.status);
        taken(row, cell, await answer.json());
      } catch {
        wrongCell(cell, grid.dataset.offline);
      }
    });
  };
  const taken = (row, cell, told) => {
    const holder = document.createElement("template");
    holder.innerHTML = told.row;
    const fresh = holder.content.querySelector("tr");
    const field = cell.dataset.field;
    if (row.dataset.line === "new" && !told.wrong) {
      const empty = row.cloneNode(true);
      row.dataset.line = fresh.dataset.line;
      row.classList.remove("new-line");
      for (const each of empty.querySelectorAll("td.cell")) {
        each.className = each.className.replace(/ ?is-(waiting|wrong)/g, "");
        each.querySelector(".cell-error")?.remove();
        each.querySelector(".cell-input, select")?.remove();
        each.querySelector(".cell-text").textContent = "";
        each.querySelector(".cell-text").hidden = false;
        each.tabIndex = -1;
        each.dataset.raw = "";
      }
      row.after(empty);
      if (document.activeElement === cell) focus(empty.querySelector('[data-field="task"]'));
    }
    const asked = document.activeElement;
    const renewed = [...fresh.cells]; // each leaves `fresh` as it is put in: count them before
    for (const old of [...row.cells]) {
      const now = old.dataset.field ? renewed.find((one) => one.dataset.field === old.dataset.field) : renewed[old.cellIndex];
      const kept = old.dataset.field !== field && (old.classList.contains("is-wrong") || old.classList.contains("is-waiting"));
      // What this very change moved beside its own cell is nobody else's word: typing on is no clash.
      if (now && told.moved.includes(old.dataset.field)) old.dataset.raw = now.dataset.raw;
      if (!now || kept || editor?.cell === old) continue;
      const focused = asked === old;
      now.tabIndex = old.tabIndex;
      old.replaceWith(now);
      if (focused) now.focus();
      if (told.wrong && now.dataset.field === field) now.dataset.again = "1";
    }
    document.getElementById("inventory-sums").innerHTML = told.sums;
    document.getElementById("lines").textContent = told.lines;
    const undo = document.querySelector("#inventory-undo button");
    if (!told.wrong && undo) undo.disabled = false;
  };

  const move = (cell, down, right) => {
    const { line } = cell.parentElement.dataset;
    const here = cellAt(line, cell.dataset.field) ?? cell;
    focus(moved(here, down, right) ?? here);
  };
  grid.addEventListener("keydown", (event) => {
    const cell = cellOf(event.target);
    if (!cell || event.isComposing) return;
    if (editor) {
      if (event.key === "Escape") { close(); focus(cell); event.preventDefault(); }
      else if (event.key === "Enter") { commit(); move(cell, event.shiftKey ? -1 : 1, 0); event.preventDefault(); }
      else if (event.key === "Tab") { commit(); move(cell, 0, event.shiftKey ? -1 : 1); event.preventDefault(); }
      return;
    }
    const arrows = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if ((event.ctrlKey || event.metaKey) && event.key === "z") { undoLast(); event.preventDefault(); }
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (arrows[event.key]) { move(cell, ...arrows[event.key]); event.preventDefault(); }
    else if (event.key === "Tab") {
      const target = moved(cell, 0, event.shiftKey ? -1 : 1);
      if (target) { focus(target); event.preventDefault(); }
    } else if (event.key === "Enter" || event.key === "F2") { edit(cell); event.preventDefault(); }
    else if (event.key === "Delete" || event.key === "Backspace") { edit(cell, ""); commit(); focus(cell); event.preventDefault(); }
    else if (event.key === "Escape") grid.parentElement.focus();
    else if (event.key.length === 1) { edit(cell, event.key); event.preventDefault(); }
  });
  const undoLast = () => queue.then(() => document.querySelector("#inventory-undo button:not(:disabled)")?.click());
  grid.addEventListener("click", (event) => {
    const cell = cellOf(event.target);
    if (!cell || editor?.cell === cell) return;
    const touched = matchMedia("(max-width: 767px)").matches;
    if (touched || held === cell) edit(cell);
    else focus(cell);
  });
  grid.addEventListener("focusin", (event) => {
    if (event.target.matches?.("td.cell")) {
      for (const each of body.querySelectorAll('td.cell[tabindex="0"]')) each.tabIndex = -1;
      event.target.tabIndex = 0;
    }
  });
  grid.addEventListener("change", (event) => {
    if (editor && event.target === editor.input && matchMedia("(max-width: 767px)").matches) commit();
  });
  document.addEventListener("pointerdown", (event) => {
    held = cellOf(document.activeElement);
    if (editor && cellOf(event.target) !== editor.cell) commit();
  });
  document.addEventListener("paste", (event) => {
    const cell = cellOf(document.activeElement);
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!cell || (editor && !/[\t\n]/.test(text.trimEnd()))) return;
    event.preventDefault();
    if (editor) close();
    if (!/[\t\n]/.test(text.trimEnd())) { edit(cell, text.trim()); commit(); focus(cell); return; }
    const rows = rowsOf();
    const lines = rows.slice(rows.indexOf(cell.parentElement)).map((row) => row.dataset.line).filter((line) => line !== "new");
    queue = queue.then(async () => {
      const values = { field: cell.dataset.field, lines: lines.join(","), text, csrfmiddlewaretoken: token };
      try {
        const answer = await fetch(grid.dataset.paste, { method: "POST", body: new URLSearchParams(values) });
        if (![200, 422].includes(answer.status)) throw new Error(answer.status);
        const told = await answer.json();
        if (answer.ok) sessionStorage.setItem("inventory-pasted", JSON.stringify(told));
        if (answer.ok) location.reload(); else say(told.said);
      } catch { say(grid.dataset.offline); }
    });
  });
  const pasted = sessionStorage.getItem("inventory-pasted");
  if (pasted) {
    sessionStorage.removeItem("inventory-pasted");
    const told = JSON.parse(pasted);
    say(told.said, told.refused);
  }
  addEventListener("beforeunload", (event) => {
    if (editor || body.querySelector("td.is-waiting")) event.preventDefault();
  });
  const first = body.querySelector("td.cell");
  if (first) first.tabIndex = 0;
})();
