/**
 * The budget what-if: one table whose budgets are typed, and figures that move while typing.
 *
 * Every figure comes from Python as text, in the model's `view`, and is put into the page as text. What a person does goes
 * back as an action with a sequence number, and the view says which one it answers: until the last one is answered, the
 * fields keep what was typed in them, so that a slow kernel eats no keystroke.
 */

const PATIENCE = 3000; // milliseconds without an answer, after which the reader is told
const SILENT = "No answer from the kernel yet. It may be busy; if it was restarted, run the cell again.";
const OVERWRITING = ["undo", "redo", "reset", "scope"]; // their answer is shown even in the field that has the cursor
const SUMS = { rounding: "Rounding", total: "Total" };
const PANEL = `
  <h3></h3>
  <p class="notes"></p>
  <p class="problem" role="alert"></p>
  <p class="sentence"><output aria-live="polite"></output><button data-do="copy">Copy</button><span class="copied" role="status"></span></p>
  <div class="bar" role="group" aria-label="Steps">
    <button data-do="undo">Undo</button><button data-do="redo">Redo</button><button data-do="reset">Reset</button>
  </div>
  <div class="scroll"><table>
    <caption><span>Change a budget and the rest follows; an empty field is no budget.</span></caption>
    <thead><tr><th scope="col">Name</th></tr></thead>
  </table></div>
  <fieldset><legend>Usage and prices</legend><p><label>Change them for <select></select></label></p><p class="summary"></p></fieldset>
  <form>
    <p><label>Name of the scenario <input name="name"></label></p>
    <p><label>Author <input name="author"></label></p>
    <p class="reason"><label>Reason <input name="reason"></label></p>
    <div class="bar"><button data-do="save">Save as a scenario</button><button data-do="report">Report this scenario</button></div>
    <p class="message" role="status"></p>
  </form>`; // the only markup; nothing of the data is ever in it

/** An element with properties, attributes (those with a hyphen) and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const name of Object.keys(properties).filter((each) => each.includes("-"))) element.setAttribute(name, properties[name]);
  element.append(...children);
  return element;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

class Panel {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.id = `what-if-${Math.random().toString(36).slice(2)}`; // two views of one model must not take each other's answers
    this.queue = []; // one action is under way at a time; a later text of a field takes the place of an earlier one
    this.sent = this.answered = this.notes = 0;
    this.dirty = null; // the field that was edited since the cursor came to it
    root.addEventListener("keydown", (event) => this.pressed(event));
    this.show();
  }

  at(selector) {
    return this.root.querySelector(selector);
  }

  // ---- what is asked of Python

  send(action) {
    const last = this.queue.at(-1);
    if (last && ["do", "dimension", "name", "key"].every((part) => last[part] === action[part])) this.queue.pop();
    this.queue.push(action);
    this.overwriting = OVERWRITING.includes(action.do);
    this.pump();
  }

  pump() {
    if (this.sent !== this.answered || !this.queue.length) return;
    this.timer = setTimeout(() => this.model.get("view").busy || say(this.at(".problem"), SILENT), PATIENCE);
    this.model.send({ ...this.queue.shift(), seq: [this.id, ++this.sent] });
  }

  edit(input, action) {
    this.dirty = input;
    this.send({ ...action, text: input.value });
  }

  /** The field was left: the next edit is a step of its own. */
  leave() {
    if (this.dirty) this.step("done");
  }

  step(which) {
    this.dirty = null;
    this.send({ do: which });
  }

  clicked(event) {
    event.preventDefault(); // the form's own sending
    const button = event.currentTarget;
    if (button.getAttribute("aria-disabled") === "true") return;
    if (button.dataset.do === "copy") this.copy();
    else if (button.dataset.do === "save") this.send({ do: "save", ...Object.fromEntries(new FormData(this.at("form"))) });
    else this.step(button.dataset.do);
  }

  pressed(event) {
    const { key, target } = event;
    const command = event.ctrlKey || event.metaKey;
    const step = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[key.toLowerCase()];
    // JupyterLab must not take a letter, Enter or an undo for a shortcut of its own; Ctrl+S and its like stay with it.
    if (!command || step || key === "Enter") event.stopPropagation();
    if (command && step && !target.closest("form")) {
      event.preventDefault();
      this.step(step);
    } else if (key === "Escape" && this.dirty === target) {
      this.step("undo"); // all that was typed since the cursor came is one step
    }
    const down = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[key];
    const column = ["budget", "rate"].find((name) => target.classList.contains(name));
    if (!column || !down) return;
    event.preventDefault();
    this.leave();
    const fields = [...this.root.querySelectorAll(`input.${column}`)].filter((field) => field.offsetParent);
    const next = fields[fields.indexOf(target) + down];
    next?.focus();
    next?.select();
  }

  async copy() {
    const sentence = this.at("output");
    try {
      await navigator.clipboard.writeText(sentence.textContent);
      say(this.at(".copied"), "Copied.");
    } catch {
      getSelection().selectAllChildren(sentence);
      say(this.at(".copied"), "Selected: press Ctrl+C or ⌘C.");
    }
  }

  // ---- what is shown

  show() {
    const view = this.model.get("view");
    const [client, answered] = view.seq ?? [];
    if (client === this.id) this.answered = answered;
    if (this.sent === this.answered) clearTimeout(this.timer);
    const shape = JSON.stringify([view.columns, view.sections.map(({ title }) => title), view.drivers.scopes, view.drivers.sliders.length]);
    if (shape !== this.shape) this.build(view);
    this.shape = shape;
    this.settled = this.sent === this.answered && !this.queue.length;
    this.cursor = this.root.getRootNode().activeElement;

    say(this.at("h3"), view.heading);
    say(this.at(".notes"), view.notes.join("\n"));
    say(this.at(".problem"), view.problem ?? "");
    say(this.at("output"), view.sentence);
    say(this.at(".copied"), "");
    say(this.at(".summary"), view.drivers.summary);
    say(this.at(".message"), view.scenario.message);
    const idle = !view.busy;
    const possible = { undo: view.can_undo, redo: view.can_redo, reset: view.changed || view.can_undo, save: idle, report: idle };
    // Not `disabled`: that would throw the cursor out of the panel.
    for (const step of Object.keys(possible)) this.at(`[data-do=${step}]`).setAttribute("aria-disabled", String(!possible[step]));
    for (const section of view.sections) this.showSection(section, view.columns);
    this.write(this.at("select"), view.drivers.scope);
    view.drivers.sliders.forEach((slider, position) => this.showSlider(slider, this.sliders[position]));
    this.showForm(view.scenario);
    if (this.settled) this.overwriting = false;
    this.pump();
  }

  write(input, text) {
    if (this.settled && input.value !== text && (input !== this.cursor || this.overwriting)) input.value = text;
  }

  showField({ input, note, under }, error = "", changed = false) {
    say(note, error);
    if (under) under.hidden = !error;
    input.classList.toggle("changed", changed);
    input.setAttribute("aria-invalid", String(Boolean(error)));
    input.setAttribute("aria-describedby", error && note.id);
  }

  /** Lines hold their place, whatever the order of the view: nothing moves below the hand that changes it. */
  showSection(section, columns) {
    const lines = this.sections.get(section.dimension);
    const sums = Object.keys(SUMS).filter((kind) => section[kind]);
    const gone = new Map(lines);
    for (const row of [...section.rows, ...sums.map((kind) => ({ kind, name: SUMS[kind], fixed: true, ...section[kind] }))]) {
      const id = `${row.kind ?? "line"} ${row.name}`;
      gone.delete(id);
      if (!lines.has(id)) lines.set(id, this.buildLine(section.dimension, row, columns));
      const { tr, field, cells } = lines.get(id);
      tr.hidden = false;
      this.showCells(cells, row.cells);
      if (!field) continue;
      this.write(field.input, row.text);
      field.input.placeholder = row.placeholder;
      this.showField(field, row.error, row.changed);
    }
    for (const { tr, cells } of gone.values()) {
      tr.hidden = !tr.contains(this.cursor); // who types there may give it a budget again
      this.showCells(cells, {});
    }
  }

  showCells(cells, texts) {
    for (const [key, cell] of Object.entries(cells)) {
      say(cell, texts[key] ?? "");
      if (cell.className === "status") cell.dataset.status = cell.textContent;
    }
  }

  showSlider({ text, unit, error, changed }, { field, range }) {
    this.write(field.input, text);
    if (text.trim() && Number.isFinite(Number(text))) this.write(range, String(Number(text)));
    range.setAttribute("aria-valuetext", `${text} ${unit}`);
    this.showField(field, error, changed);
  }

  /** What is typed in the form is Python's only once it is saved: until then no view takes it away. */
  showForm(scenario) {
    for (const field of this.form) {
      const { name } = field.input;
      if (field.shown !== scenario[name]) field.input.value = field.shown = scenario[name];
      this.showField(field, scenario.errors[name]);
    }
  }

  // ---- what it is made of

  build({ columns, sections, drivers }) {
    this.root.innerHTML = PANEL;
    for (const button of this.root.querySelectorAll("button")) button.onclick = (event) => this.clicked(event);
    this.at("thead tr").append(...columns.map(({ label, kind }) => make("th", { scope: "col", className: kind }, label)));
    this.sections = new Map(sections.map(({ dimension }) => [dimension, new Map()]));
    for (const { dimension, title } of sections) {
      const heading = make("th", { scope: "rowgroup", colSpan: columns.length + 1 }, make("span", {}, title));
      this.at("table").append(make("tbody", { "data-of": dimension }, make("tr", { className: "heading" }, heading)));
    }
    this.at("select").append(...drivers.scopes.map(({ key, label }) => make("option", { value: key }, label)));
    this.at("select").onchange = (event) => this.send({ do: "scope", scope: event.target.value });
    this.sliders = drivers.sliders.map((slider) => this.buildSlider(slider));
    this.form = [...this.root.querySelectorAll("form input")].map((input) => this.withNote(input));
    for (const { input, note } of this.form) input.closest("p").append(note);
  }

  withNote(input) {
    Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
    return { input, note: make("small", { className: "error", id: `${this.id}-${++this.notes}`, "aria-live": "polite" }) };
  }

  buildField(action, properties) {
    const input = make("input", { inputMode: "decimal", onblur: () => this.leave(), ...properties });
    input.oninput = () => this.edit(input, action);
    return this.withNote(input);
  }

  buildLine(dimension, { kind = "line", name, fixed }, columns) {
    const cells = columns.map((column) => make("td", { className: column.kind }));
    const line = { tr: make("tr", { className: kind }, make("th", { scope: "row" }, make("bdi", { title: name }, name)), ...cells) };
    line.cells = Object.fromEntries(columns.map(({ key }, position) => [key, cells[position]]));
    const body = this.at(`tbody[data-of=${dimension}]`);
    const next = body.querySelector(kind === "line" ? ".rounding, .total" : ".total");
    body.insertBefore(line.tr, next);
    const { key } = columns.find((column) => column.kind === "input");
    if (!fixed) {
      line.field = this.buildField({ do: "budget", dimension, name }, { className: "budget", "aria-label": `Budget of ${name}` });
      line.field.under = make("tr", { className: "under" }, make("td", { colSpan: columns.length + 1 }, line.field.note));
      body.insertBefore(line.field.under, next);
      line.cells[key].append(line.field.input);
      delete line.cells[key];
    }
    return line;
  }

  buildSlider({ key, label, min, max, step, unit }) {
    const action = { do: "driver", key };
    const field = this.buildField(action, { className: "rate", "aria-label": label });
    const range = make("input", { type: "range", min, max, step, "aria-label": `${label}, slider` });
    range.onblur = range.onpointerup = () => this.leave(); // not at each change: ten presses of a key are one step
    range.oninput = () => this.edit(Object.assign(field.input, { value: range.value }), action);
    const line = [make("span", {}, label), range, field.input, make("span", {}, unit), field.note];
    this.at(".summary").before(make("p", { className: "slider" }, ...line));
    return { field, range };
  }
}

export default {
  render({ model, el }) {
    const root = make("section", { className: "finops-what-if", "aria-label": "Budget what-if" });
    el.append(root);
    const panel = new Panel(model, root);
    const show = () => panel.show();
    model.on("change:view", show);
    return () => model.off("change:view", show);
  },
};
