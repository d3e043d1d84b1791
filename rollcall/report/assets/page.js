// What the page adds where a script may run: its age, countdowns, a button beside each command, and in tables of jobs a
// filter and an order, which stand in the address. All that matters is there without it.
(() => {
  const page = document.currentScript.closest(".rc");
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const span = seconds => {
    const [unit, size] = units.find(([, size]) => seconds >= size) || units[2];
    const count = Math.max(1, Math.floor(seconds / size));
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
  };

  // pytest-html's table begins in an order that it would write into the address, though nobody has asked for one. Once it
  // is there it is folded away with the rest of what is pytest's.
  history.pushState = () => {};
  addEventListener("DOMContentLoaded", () => {
    delete history.pushState;
    const checks = page.querySelector(".rc-checks");
    if (!checks) return; // the page of one owner has no checks of pytest's
    for (const each of [".run-count", ".rc-note", ".controls", "#results-table"]) {
      const part = document.querySelector(each);
      if (part) checks.append(part);
    }
    document.querySelector("#results-table")?.setAttribute("tabindex", "0");
    for (const box of checks.querySelectorAll(".filter")) {
      const said = box.nextElementSibling;
      said.textContent = said.textContent.replace("Skipped", "Cannot tell");
      box.setAttribute("aria-label", said.textContent.replace(",", ""));
      if (box.disabled) box.hidden = said.hidden = true;
    }
  });

  const age = page.querySelector(".rc-age"), until = page.querySelector(".rc-until");
  const tell = () => {
    if (age) {
      const seconds = (Date.now() - Date.parse(age.dataset.judged)) / 1000;
      const is_ahead = seconds < -3600, is_old = seconds > 86400 || is_ahead;
      age.textContent = seconds < 60 ? "Judged just now." : `This page is ${span(seconds)} old.`;
      if (is_ahead) age.textContent = "By this clock, this page is from the future.";
      else if (is_old) age.textContent += " It says nothing about today: run the checks again.";
      age.classList.toggle("rc-old", is_old);
      age.hidden = false;
    }
    // Of a demo or a replay the moment is long past, or not come yet: what stands there is enough.
    if (until && age) {
      const seconds = (Date.parse(until.dataset.at) - Date.now()) / 1000;
      until.textContent = seconds > 0 ? `(in ${span(seconds)})` : "(that time has passed)";
    }
  };
  tell();
  setInterval(tell, 60000);

  const select = code => {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy") ? Promise.resolve() : Promise.reject();
  };
  const heard = page.appendChild(document.createElement("p"));
  heard.className = "rc-aloud";
  heard.setAttribute("role", "status");
  for (const block of page.querySelectorAll(".rc-do pre")) {
    const button = document.createElement("button"), code = block.firstChild;
    button.type = "button";
    button.className = "rc-copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy the command ${code.textContent}`);
    button.onclick = () => {
      const text = code.textContent, say = word => { button.textContent = word; heard.textContent = word; };
      const written = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject();
      written.catch(() => select(code)).then(() => say("Copied"), () => say("Select it"));
      setTimeout(() => { button.textContent = "Copy"; heard.textContent = ""; }, 2000);
    };
    block.append(button);
  }

  // A link to a job leads to its row, which may lie folded away.
  const tools = page.querySelector(".rc-tools");
  const shown = row => { for (let each = row; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true; };
  // Whatever somebody typed into the address is no reason to stop.
  const named = text => { try { return decodeURIComponent(text); } catch { return text; } };
  const jump = () => {
    const [name] = location.hash.slice(1).split("?"), row = name && document.getElementById(named(name));
    for (const each of page.querySelectorAll("tr.rc-open")) each.classList.remove("rc-open");
    if (!row) return;
    // What somebody asks for is shown, whatever the filter leaves out.
    if (row.hidden) { state.q = ""; state.is.clear(); write(); draw(); }
    shown(row);
    row.classList.add("rc-open");
    row.scrollIntoView({ block: "center" });
  };
  if (!tools) { addEventListener("hashchange", jump); jump(); return; }

  const columns = ["state", "job", "scheduler", "recent runs", "since", "ran", "took", "size", "next"];
  const box = tools.querySelector("input"), output = tools.querySelector("output");
  const buttons = [...tools.querySelectorAll("button")];
  const tables = [...page.querySelectorAll("table.rc-jobs")];
  const rows = tables.flatMap(table => [...table.tBodies[0].rows].filter(row => !row.classList.contains("rc-more")).map(row => {
    const [since, ran, took, size, next] = row.dataset.k.split(" ").map(Number);
    const word = row.cells[0].textContent.trim(), state = word.replaceAll(" ", "-");
    const [job, scheduler] = [row.querySelector("a").textContent, row.cells[2].textContent];
    const [good, all] = row.cells[3].textContent.split("/").map(Number);
    return {
      row, home: table.tBodies[0], more: row.nextElementSibling?.classList.contains("rc-more") ? row.nextElementSibling : null,
      state, text: `${row.id.slice(4)} ${word} ${row.cells[1].textContent} ${scheduler} ${row.dataset.w || ""}`.toLowerCase(),
      keys: { state, job, scheduler, "recent runs": all ? good / all : 2, since, ran, took, size, next },
    };
  }));
  tools.onsubmit = () => false;

  const state = { q: "", is: new Set(), by: "", down: false };
  const read = () => {
    const wanted = new URLSearchParams(location.hash.split("?")[1] || "");
    state.q = wanted.get("q") || "";
    state.is = new Set((wanted.get("is") || "").split(",").filter(Boolean));
    const by = wanted.get("by") || "", column = by.replace(/^-/, "");
    state.down = by.startsWith("-");
    state.by = columns.includes(column) ? column : "";
  };
  const write = () => {
    const wanted = new URLSearchParams();
    if (state.q) wanted.set("q", state.q);
    if (state.is.size) wanted.set("is", [...state.is].join(","));
    if (state.by) wanted.set("by", (state.down ? "-" : "") + state.by);
    const [name] = location.hash.slice(1).split("?"), query = wanted.toString();
    history.replaceState(null, "", `#${name}${query ? `?${query}` : ""}`);
  };
  const fit = (row, columns) => {
    if (row.cells.length < columns) row.insertCell(4);
    else if (row.cells.length > columns) row.deleteCell(4);
  };
  const draw = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean), is_narrowed = words.length || state.is.size;
    let count = 0;
    for (const each of rows) {
      const is_wanted = (!state.is.size || state.is.has(each.state)) && words.every(word => each.text.includes(word));
      each.row.hidden = !is_wanted;
      if (each.more) each.more.hidden = !is_wanted;
      count += is_wanted;
    }
    // In an order of its own all jobs are one table; else each is where the page has it.
    const value = each => each.keys[state.by], sorted = [...rows];
    if (state.by) sorted.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (typeof x === "string") return x.localeCompare(y) * (state.down ? -1 : 1);
      return (!x - !y) || (x - y) * (state.down ? -1 : 1);
    });
    if (state.by || draw.was_sorted) for (const each of sorted) {
      const body = state.by ? tables[0].tBodies[0] : each.home;
      // Only the first table may have a column for since when a job is bad.
      fit(each.row, body.parentElement.tHead.rows[0].cells.length);
      body.append(each.row);
      if (each.more) body.append(each.more);
    }
    draw.was_sorted = state.by;
    for (const fold of page.querySelectorAll(".rc-fold")) {
      const left = fold.querySelectorAll("tbody tr:not(.rc-more):not([hidden])").length;
      fold.hidden = !left;
      if (is_narrowed && left) fold.open = true;
      else if (draw.was_narrowed && !is_narrowed) fold.open = false;
    }
    // Where nobody needs attention the first table lies in a fold.
    if (state.by) { const fold = tables[0].closest(".rc-fold"); if (fold) { fold.hidden = false; fold.open = true; } }
    draw.was_narrowed = is_narrowed;
    output.textContent = is_narrowed ? `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} jobs` : "";
    if (box.value !== state.q) box.value = state.q;
    for (const each of buttons) each.setAttribute("aria-pressed", state.is.has(each.dataset.state));
    for (const [cell, column] of headers) {
      if (column === state.by) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
  };
  const headers = tables.flatMap(table => [...table.tHead.rows[0].cells]).map(cell => [cell, cell.textContent.toLowerCase()]);
  for (const [cell, column] of headers) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...cell.childNodes);
    cell.append(button);
    button.onclick = () => {
      // Once up, once down, and back to the order of the page.
      if (state.by !== column) Object.assign(state, { by: column, down: false });
      else if (!state.down) state.down = true;
      else state.by = "";
      write(); draw();
    };
  }
  box.oninput = () => { state.q = box.value; write(); draw(); };
  for (const each of buttons) each.onclick = () => {
    if (!state.is.delete(each.dataset.state)) state.is.add(each.dataset.state);
    write(); draw();
  };
  page.addEventListener("click", event => {
    const link = event.target.closest('a[href^="#job-"]');
    if (!link) return;
    event.preventDefault();
    const query = location.hash.split("?")[1], name = link.getAttribute("href");
    // A second click closes what the first has opened.
    const is_open = location.hash.split("?")[0] === name && link.closest("tr")?.id === named(name.slice(1));
    history.pushState(null, "", `${is_open ? "#" : name}${query ? `?${query}` : ""}`);
    jump();
  });
  const follow = () => { read(); draw(); jump(); };
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  tools.hidden = false;
  follow();
})();
