/* Tables that sort and filter, by keyboard as well, and say what they did. Stands in a page after report.js. */
const LONG = 12; // rows from which a table has a box to search it
const chinese = new Intl.Collator("zh-CN", { numeric: true });
const spoken = make("p", { class: "unseen", role: "status" });

function say(text) {
  spoken.textContent = text;
}

/** What a cell sorts by: its given key, else its first number where the column is one of numbers, else its text. */
function sortKey(cell) {
  if (cell.dataset.sort) return Number(cell.dataset.sort);
  const text = cell.textContent.trim();
  if (!cell.classList.contains("num")) return text;
  const number = text.replaceAll("−", "-").replaceAll(",", "").match(/^([<>]?)[^\d-]{0,2}(-?\d+(?:\.\d+)?)/);
  if (!number) return null;
  return Number(number[2]) + { "<": -1e-9, ">": 1e-9, "": 0 }[number[1]];
}

/** Missing last, whatever the direction. */
function compare(one, other, direction) {
  if (one === null || other === null) return (one === null) - (other === null);
  const order = typeof one === "number" && typeof other === "number"
    ? one - other : chinese.compare(String(one), String(other));
  return order * direction;
}

/** Text as a field of a CSV file; what a spreadsheet would compute is told apart by an apostrophe. */
function field(text) {
  const plain = text.trim().replace(/\s*\n\s*/g, " ");
  const safe = /^[=+\-@\t\r]/.test(plain) && !/^[+-]?[\d.,]+%?$/.test(plain) ? `'${plain}` : plain;
  return `"${safe.replace(/"/g, '""')}"`;
}

class SmartTable {
  constructor(table) {
    this.table = table;
    this.frame = table.parentElement;
    this.body = table.tBodies[0];
    this.heads = [...table.tHead.rows[0].cells];
    this.rows = [...this.body.rows].filter((row) => !row.matches(".total"));
    this.last = [...this.body.rows].filter((row) => row.matches(".total"));
    this.words = "";
    this.statuses = new Set();
    this.chosen = new Map(); // column -> text
    this.texts = null;
    this.buttons = [];
    this.heads.forEach((head, column) => this.addSortButton(head, column));
    this.addTools();
  }

  addSortButton(head, column) {
    const button = make("button", { type: "button", class: "sort", onclick: () => this.sort(column) });
    button.append(...head.childNodes);
    head.append(button);
  }

  sort(column) {
    const before = this.heads[column].getAttribute("aria-sort");
    const now = { ascending: "descending", descending: null }[before] ?? (before ? null : "ascending");
    this.heads.forEach((head) => head.removeAttribute("aria-sort"));
    let rows = this.rows;
    if (now) {
      const direction = now === "ascending" ? 1 : -1;
      const keyed = rows.map((row) => [sortKey(row.cells[column]), row]);
      rows = keyed.sort((a, b) => compare(a[0], b[0], direction)).map(([, row]) => row);
      this.heads[column].setAttribute("aria-sort", now);
    }
    this.body.append(...rows, ...this.last);
    const name = this.heads[column].textContent.trim();
    say(now ? `已按“${name}”${now === "ascending" ? "升序" : "降序"}排列` : "已恢复原来的顺序");
  }

  addTools() {
    const tools = make("div", { class: "tools" });
    if (this.rows.length > LONG) tools.append(this.searchBox());
    this.heads.forEach((head, column) => {
      if (head.hasAttribute("data-filter")) tools.append(this.chooser(head, column));
    });
    tools.append(...this.statusButtons());
    if (!tools.children.length) return;
    this.count = make("span", { class: "count" });
    tools.append(this.count, make("button", { type: "button", class: "save", onclick: () => this.save() }, "存为CSV"));
    this.tools = tools;
    this.frame.before(tools);
  }

  searchBox() {
    this.box = make("input", { type: "search", placeholder: "查找…", autocomplete: "off" });
    this.box.addEventListener("input", () => { this.words = this.box.value; this.filter(); });
    return make("label", {}, "查找 ", this.box);
  }

  chooser(head, column) {
    const name = head.textContent.trim();
    const values = [...new Set(this.rows.map((row) => row.cells[column].textContent.trim()))];
    const select = make("select", {}, make("option", { value: "" }, "全部"),
      ...values.sort(chinese.compare).map((value) => make("option", { value }, value)));
    select.addEventListener("change", () => { this.chosen.set(column, select.value); this.filter(); });
    head.chooser = select;
    return make("label", {}, `${name} `, select);
  }

  /** One button a status of the first column that holds statuses, pressed while it is asked for. */
  statusButtons() {
    const first = this.rows[0].querySelector("td.status");
    if (!first || this.rows.length < 4) return [];
    this.statusColumn = first.cellIndex;
    const found = new Map();
    for (const row of this.rows) {
      const cell = row.cells[this.statusColumn];
      if (cell.classList.contains("status")) found.set(cell.textContent.trim(), cell);
    }
    if (found.size < 2) return [];
    const ordered = [...found.values()].sort((a, b) => sortKey(a) - sortKey(b));
    const group = make("span", { class: "statuses", role: "group", "aria-label": `按${this.heads[this.statusColumn].textContent.trim()}筛选` });
    group.append(...ordered.map((cell) => this.statusButton(cell)));
    return [group];
  }

  statusButton(cell) {
    const word = cell.textContent.trim();
    const button = make("button", { type: "button", class: cell.className, "aria-pressed": "false" });
    button.append(cell.firstElementChild.cloneNode(true));
    button.addEventListener("click", () => {
      const on = !this.statuses.delete(word) && Boolean(this.statuses.add(word));
      button.setAttribute("aria-pressed", String(on));
      this.filter();
    });
    button.word = word;
    this.buttons.push(button);
    return button;
  }

  filter() {
    this.texts = this.texts || this.rows.map((row) => row.textContent.toLowerCase());
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    this.rows.forEach((row, number) => {
      const keep = words.every((word) => this.texts[number].includes(word)) && this.isChosen(row);
      row.hidden = !keep;
      shown += keep;
    });
    const all = shown === this.rows.length;
    this.last.forEach((row) => { row.hidden = !all; });
    this.tools.classList.toggle("filtered", !all); // then a print says so
    this.count.textContent = all ? "" : `显示 ${shown} 行，共 ${this.rows.length} 行`;
    say(`显示 ${shown} 行，共 ${this.rows.length} 行`);
  }

  /** The rows that are shown, in their order, as a file that a spreadsheet opens. */
  save() {
    const rows = [...this.body.rows].filter((row) => !row.hidden);
    const lines = [this.heads, ...rows.map((row) => [...row.cells])].map((cells) => cells.map((cell) => field(cell.textContent)).join(","));
    const name = this.table.caption ? this.table.caption.textContent.trim() : "表";
    // with a mark at the front by which a spreadsheet knows the letters for UTF-8
    const address = URL.createObjectURL(new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" }));
    make("a", { href: address, download: `${name.replace(/[\\/:*?"<>|\s]+/g, "_")}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    say(`已存 ${rows.length} 行`);
  }

  isChosen(row) {
    const text = (column) => row.cells[column].textContent.trim();
    if (this.statuses.size && !this.statuses.has(text(this.statusColumn))) return false;
    return [...this.chosen].every(([column, value]) => !value || text(column) === value);
  }

  /** Set all filters at once. wanted: {words, statuses: [word…], columns: {header: text}}. */
  preset(wanted) {
    this.words = wanted.words ?? "";
    if (this.box) this.box.value = this.words;
    this.heads.forEach((head, column) => {
      if (!head.chooser) return;
      head.chooser.value = wanted.columns?.[head.textContent.trim()] ?? "";
      this.chosen.set(column, head.chooser.value);
    });
    this.statuses.clear();
    for (const button of this.buttons) {
      const on = (wanted.statuses ?? []).some((word) => button.word.endsWith(word));
      button.setAttribute("aria-pressed", String(on));
      if (on) this.statuses.add(button.word);
    }
    this.filter();
  }
}

/** On a phone a row is a card: each cell says of what column it is. */
function nameCells() {
  for (const table of document.querySelectorAll(".table > table")) {
    if (!table.tHead) continue;
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    table.classList.add("cards");
    for (const row of table.tBodies[0].rows) {
      if (row.cells.length === heads.length) [...row.cells].forEach((cell, column) => { cell.dataset.head = heads[column]; });
    }
  }
}

function enhanceTables() {
  nameCells();
  const tables = new Map();
  for (const table of document.querySelectorAll(".table > table")) {
    if (table.tHead && table.tBodies[0]?.rows.length > 2) tables.set(table.id, new SmartTable(table));
  }
  for (const link of document.querySelectorAll("a[data-preset]")) {
    link.addEventListener("click", () => tables.get(link.dataset.table)?.preset(JSON.parse(link.dataset.preset)));
  }
  // only what scrolls need be reached by the tab key
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
  });
  document.querySelectorAll(".table").forEach((frame) => sizes.observe(frame));
}
