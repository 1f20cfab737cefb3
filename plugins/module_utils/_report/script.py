# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the HTML report: filter and order of the table. The page is whole without it. PRIVATE to the collection."""

from __future__ import annotations

SCRIPT = """
(() => {
  "use strict";
  const byId = name => document.getElementById(name);
  const table = byId("table"), form = byId("controls"), search = byId("search"), count = byId("count");
  if (!table) return;
  const body = table.tBodies[0], rows = Array.from(body.rows);
  const texts = rows.map(row => row.textContent.toLowerCase());
  const names = new Intl.Collator("en", {numeric: true});
  let order = "", later;

  // what is said is said once, when typing has come to a rest
  const say = shown => {
    clearTimeout(later);
    later = setTimeout(() => {
      const all = rows.length, unit = all === 1 ? " address" : " addresses";
      count.textContent = (shown === all ? all + unit : shown + " of " + all + unit + " shown") + order;
    }, 150);
  };

  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
    const status = form.elements.status.value;
    let shown = 0;
    rows.forEach((row, index) => {
      const fits = (!status || row.dataset.status === status) && words.every(word => texts[index].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    byId("none").hidden = shown > 0;
    say(shown);
  };

  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = row => row.cells[column].dataset.sort;
    const numbers = "number" in head.dataset;
    const compare = (a, b) => {
      const first = key(a), second = key(b);
      // what has no value stands last, whichever way round
      if (first === "" || second === "") return (first === "") - (second === "");
      return (numbers ? first - second : names.compare(first, second)) * (down ? -1 : 1);
    };
    body.append(...rows.map((row, index) => [row, index]).sort((a, b) => compare(a[0], b[0]) || a[1] - b[1]).map(pair => pair[0]));
    order = ", by " + head.textContent.toLowerCase() + (down ? ", descending" : "");
    say(rows.filter(row => !row.hidden).length);
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(head, column));
    head.replaceChildren(button);
  });
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", filter);
  search.addEventListener("keydown", event => {
    if (event.key === "Escape" && search.value) { search.value = ""; filter(); event.preventDefault(); }
  });
  form.hidden = false;
  // a browser that comes back to the page keeps what was typed
  filter();
})();
"""
