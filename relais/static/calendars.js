// Calendars: arrows among the days, empty a line of hours. The pages work without it.
(() => {
  const year = document.getElementById("year");
  if (year) {
    // One stop for the Tab key instead of 365; arrows do the rest.
    const days = [...year.querySelectorAll("a.day-mark")];
    const start = year.querySelector("a[aria-current]") || days[0];
    days.forEach((day) => { day.tabIndex = day === start ? 0 : -1; });
    const hint = document.createElement("p");
    hint.id = "year-hint";
    hint.className = "visually-hidden";
    hint.textContent = year.dataset.hint;
    year.before(hint);
    year.setAttribute("role", "group");
    year.setAttribute("aria-describedby", hint.id);
    const go = (day) => {
      if (!day) return;
      days.forEach((each) => { each.tabIndex = each === day ? 0 : -1; });
      day.focus();
    };
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
    year.addEventListener("keydown", (e) => {
      const at = days.indexOf(e.target);
      if (at < 0) return;
      if (e.key in steps) go(days[at + steps[e.key]]);
      else if (e.key === "Home") go(days[0]);
      else if (e.key === "End") go(days[days.length - 1]);
      else return;
      e.preventDefault();
    });
    year.addEventListener("click", (e) => {
      const day = e.target.closest("a.day-mark");
      if (!day) return;
      days.forEach((each) => { each.removeAttribute("aria-current"); each.tabIndex = -1; });
      day.setAttribute("aria-current", "date");
      day.tabIndex = 0;
      document.getElementById("day").classList.add("chosen");
    });
  }
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-clear-row]");
    if (!button) return;
    const row = button.closest(".hour-row");
    row.querySelectorAll("input").forEach((input) => { input.value = ""; });
    row.querySelector("input").focus();
  });
})();
