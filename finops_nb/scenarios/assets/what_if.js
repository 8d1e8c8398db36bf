/**
 * The budget what-if: a table in which budgets are typed, and figures that follow.
 *
 * Every figure comes from Python as text, in the model's `view`, and is put into the page as text.
 * What is typed is read there too, and only once its field was left: half of a number is another
 * number. Until then the field is marked, and the figures are those of its last valid value.
 * A user's action goes back with a sequence number, and the view says which action it answers.
 * Until the last action is answered, the fields keep what was typed in them, so that a slow kernel
 * loses no keystroke.
 */

const PATIENCE = 3000; // milliseconds without an answer, after which the user gets a message
const SILENT =
  "No answer from the kernel yet. It may be busy. If you restarted it, run the cell again.";
const OVERWRITING = ["undo", "redo", "reset", "scope"]; // these change even the focused field
const UNFINISHED = "Press Enter to use this value.";
const SUMS = { rounding: "Rounding", total: "Total" };

// The only markup; no data is ever in it.
const PANEL = `
  <h3></h3>
  <p class="notes"></p>
  <p class="problem" role="alert"></p>
  <p class="sentence">
    <output aria-live="polite"></output>
    <button data-do="copy">Copy</button>
    <span class="copied" role="status"></span>
  </p>
  <div class="bar" role="group" aria-label="Steps">
    <button data-do="undo">Undo</button>
    <button data-do="redo">Redo</button>
    <button data-do="reset">Reset</button>
  </div>
  <div class="scroll"><table>
    <caption>
      <span>Change a budget and press Enter: 2,800, or 25% of the approved budget. An empty field
        means no budget.</span>
    </caption>
    <thead><tr><th scope="col">Name</th></tr></thead>
  </table></div>
  <fieldset>
    <legend>Usage and prices</legend>
    <p><label>Change them for <select></select></label></p>
    <p class="summary"></p>
  </fieldset>
  <form>
    <p><label>Scenario name <input name="name"></label></p>
    <p><label>Author <input name="author"></label></p>
    <p class="reason"><label>Reason <input name="reason"></label></p>
    <div class="bar">
      <button data-do="save">Save scenario</button>
      <button data-do="report">Report this scenario</button>
    </div>
    <p class="message" role="status"></p>
  </form>`;

/** An element with properties, attributes (names with a hyphen) and children. */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  const attributes = Object.keys(properties).filter((name) => name.includes("-"));
  for (const name of attributes) element.setAttribute(name, properties[name]);
  element.append(...children);
  return element;
}

/** Sets a text, unless it is there already: a screen reader would read it again. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether both actions are edits of one field, so that the later one replaces the earlier. */
function sameField(action, other) {
  return ["do", "dimension", "name", "key"].every((part) => action[part] === other[part]);
}

class Panel {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    // Two views of one model must not take each other's answers.
    this.id = `what-if-${Math.random().toString(36).slice(2)}`;
    this.queue = []; // Python works on one action at a time; the others wait here
    this.sent = this.answered = this.notes = 0;
    this.dirty = null; // the field that was edited since it got the focus, and its action
    this.copying = false; // whether to copy the sentence once the last action is answered
    root.addEventListener("keydown", (event) => this.pressed(event));
    this.show();
  }

  at(selector) {
    return this.root.querySelector(selector);
  }

  // ---- what is asked of Python

  send(action) {
    const last = this.queue.at(-1);
    if (last && sameField(last, action)) this.queue.pop();
    this.queue.push(action);
    this.overwriting = OVERWRITING.includes(action.do);
    this.sendNext();
  }

  sendNext() {
    if (this.sent !== this.answered || !this.queue.length) return;
    this.timer = setTimeout(() => {
      if (!this.model.get("view").busy) setText(this.at(".problem"), SILENT);
    }, PATIENCE);
    this.model.send({ ...this.queue.shift(), seq: [this.id, ++this.sent] });
  }

  edit(input, action) {
    this.dirty = { input, action };
    this.send({ ...action, text: input.value });
  }

  /** The field was left: its text is read, and the next edit is undone separately. */
  leave() {
    if (this.dirty) this.send({ ...this.dirty.action, do: "done" });
    this.dirty = null;
  }

  step(which) {
    this.dirty = null;
    this.send({ do: which });
  }

  clicked(event) {
    event.preventDefault(); // the browser would submit the form
    const button = event.currentTarget;
    if (button.getAttribute("aria-disabled") === "true") return;
    const action = button.dataset.do;
    if (action === "copy") this.copyOnceSettled(true);
    else if (action !== "save") this.step(action);
    else this.send({ do: "save", ...Object.fromEntries(new FormData(this.at("form"))) });
  }

  pressed(event) {
    const { key, target } = event;
    const command = event.ctrlKey || event.metaKey;
    const step = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[key.toLowerCase()];
    // JupyterLab has shortcuts for letters, Enter and undo, which must not run here. It keeps
    // Ctrl+S and the like.
    if (!command || step || key === "Enter") event.stopPropagation();
    if (command && step && !target.closest("form")) {
      event.preventDefault();
      this.step(step);
    } else if (key === "Escape" && this.dirty?.input === target) {
      this.step("undo"); // everything typed since the field got the focus is one step
    }
    const down = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[key];
    const column = ["budget", "rate"].find((name) => target.classList.contains(name));
    if (!column || !down) return;
    event.preventDefault();
    this.leave();
    this.focusNext(target, column, down);
  }

  /** Moves the focus up or down a column of fields, past hidden ones. */
  focusNext(target, column, down) {
    const all = [...this.root.querySelectorAll(`input.${column}`)];
    const visible = all.filter((field) => field.offsetParent);
    const next = visible[visible.indexOf(target) + down];
    next?.focus();
    next?.select();
  }

  /** The figures that a person saw typed must be those on the clipboard. */
  async copyOnceSettled(isWanted = this.copying) {
    this.copying = isWanted && !this.isSettled();
    if (!isWanted || this.copying) return;
    const advice = this.model.get("view").to_finish;
    if (advice) return setText(this.at(".copied"), `Not copied. ${advice}`);
    const sentence = this.at("output");
    try {
      await navigator.clipboard.writeText(sentence.textContent);
      setText(this.at(".copied"), "Copied.");
    } catch {
      getSelection().selectAllChildren(sentence);
      setText(this.at(".copied"), "Selected. Press Ctrl+C or ⌘C to copy.");
    }
  }

  // ---- what is shown

  show() {
    const view = this.model.get("view");
    const [client, answered] = view.seq ?? [];
    if (client === this.id) this.answered = answered;
    if (this.sent === this.answered) clearTimeout(this.timer);
    this.buildIfNew(view);
    this.focused = this.root.getRootNode().activeElement;

    this.showTexts(view);
    this.showButtons(view);
    for (const section of view.sections) this.showSection(section, view.columns);
    this.write(this.at("select"), view.drivers.scope);
    view.drivers.sliders.forEach((slider, position) =>
      this.showSlider(slider, this.sliders[position]));
    this.showForm(view.scenario);
    if (this.isSettled()) this.overwriting = false;
    this.sendNext();
    this.copyOnceSettled();
  }

  /** Whether every action is answered, so that the view has everything that was typed. */
  isSettled() {
    return this.sent === this.answered && !this.queue.length;
  }

  showTexts(view) {
    setText(this.at("h3"), view.heading);
    const heads = this.root.querySelectorAll("thead tr:first-child th");
    view.columns.forEach(({ label }, place) => setText(heads[place + 1], label));
    setText(this.at(".notes"), view.notes.join("\n"));
    setText(this.at(".problem"), view.problem ?? "");
    setText(this.at("output"), view.sentence);
    setText(this.at(".copied"), "");
    setText(this.at(".summary"), view.drivers.summary);
    setText(this.at(".message"), view.scenario.message);
  }

  showButtons(view) {
    const possible = {
      undo: view.can_undo,
      redo: view.can_redo,
      reset: view.changed || view.can_undo,
      save: !view.busy,
      report: !view.busy,
    };
    // Not `disabled`, because a disabled button loses the focus.
    for (const [name, isPossible] of Object.entries(possible)) {
      this.at(`[data-do=${name}]`).setAttribute("aria-disabled", String(!isPossible));
    }
  }

  write(input, text) {
    if (!this.isSettled() || input.value === text) return;
    if (input !== this.focused || this.overwriting) input.value = text;
  }

  showField({ input, note, under }, { error = "", changed = false, unfinished = false }) {
    setText(note, error);
    if (under) under.hidden = !error;
    input.classList.toggle("changed", changed);
    input.classList.toggle("unfinished", unfinished);
    input.title = unfinished ? UNFINISHED : "";
    input.setAttribute("aria-invalid", String(Boolean(error)));
    input.setAttribute("aria-describedby", error && note.id);
  }

  /** Rows keep their place whatever the order in the view: none moves while it is edited. */
  showSection(section, columns) {
    const lines = this.sections.get(section.dimension);
    const sums = Object.keys(SUMS)
      .filter((kind) => section[kind])
      .map((kind) => ({ kind, name: SUMS[kind], fixed: true, ...section[kind] }));
    const missing = new Map(lines);
    for (const row of [...section.rows, ...sums]) {
      const id = `${row.kind ?? "line"} ${row.name}`;
      missing.delete(id);
      if (!lines.has(id)) lines.set(id, this.buildLine(section.dimension, row, columns));
      this.showLine(lines.get(id), row);
    }
    for (const { tr, cells } of missing.values()) {
      tr.hidden = !tr.contains(this.focused); // the user may still type a budget there
      this.showCells(cells, {});
    }
  }

  showLine({ tr, field, cells }, row) {
    tr.hidden = false;
    this.showCells(cells, row.cells);
    if (!field) return;
    this.write(field.input, row.text);
    field.input.placeholder = row.placeholder;
    this.showField(field, row);
  }

  showCells(cells, texts) {
    for (const [key, cell] of Object.entries(cells)) {
      setText(cell, texts[key] ?? "");
      if (cell.className === "status") cell.dataset.status = cell.textContent;
    }
  }

  showSlider(slider, { field, range }) {
    this.write(field.input, slider.text);
    this.write(range, slider.position);
    range.setAttribute("aria-valuetext", `${slider.position} ${slider.unit}`);
    this.showField(field, slider);
  }

  /** Python knows the form's texts only once they are saved; no view may remove them before. */
  showForm(scenario) {
    for (const field of this.form) {
      const { name } = field.input;
      if (field.shown !== scenario[name]) field.input.value = field.shown = scenario[name];
      this.showField(field, { error: scenario.errors[name] });
    }
  }

  // ---- what it is made of

  /** Builds the panel again if the view has other columns, sections or sliders than before. */
  buildIfNew(view) {
    const titles = view.sections.map(({ title }) => title);
    const { scopes, sliders } = view.drivers;
    // Labels are not part of it: a rate makes "Total Cost" a "What-If Cost" while it is typed.
    const columns = view.columns.map(({ key, kind }) => [key, kind]);
    const shape = JSON.stringify([columns, titles, scopes, sliders.length]);
    if (shape !== this.shape) this.build(view);
    this.shape = shape;
  }

  build({ columns, sections, drivers }) {
    this.root.innerHTML = PANEL;
    for (const button of this.root.querySelectorAll("button")) {
      button.onclick = (event) => this.clicked(event);
    }
    for (const { label, kind } of columns) {
      this.at("thead tr").append(make("th", { scope: "col", className: kind }, label));
    }
    this.sections = new Map(sections.map(({ dimension }) => [dimension, new Map()]));
    for (const section of sections) this.buildSection(section, columns.length + 1);
    for (const { key, label } of drivers.scopes) {
      this.at("select").append(make("option", { value: key }, label));
    }
    this.at("select").onchange = (event) => this.send({ do: "scope", scope: event.target.value });
    this.sliders = drivers.sliders.map((slider) => this.buildSlider(slider));
    this.form = [...this.root.querySelectorAll("form input")].map((input) => this.withNote(input));
    for (const { input, note } of this.form) input.closest("p").append(note);
  }

  buildSection({ dimension, title }, width) {
    const heading = make("th", { scope: "rowgroup", colSpan: width }, make("span", {}, title));
    const row = make("tr", { className: "heading" }, heading);
    this.at("table").append(make("tbody", { "data-of": dimension }, row));
  }

  /** A text field with the place for its error. */
  withNote(input) {
    Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false });
    const id = `${this.id}-${++this.notes}`;
    return { input, note: make("small", { className: "error", id, "aria-live": "polite" }) };
  }

  buildField(action, properties) {
    const leave = () => this.leave();
    const input = make("input", { inputMode: "decimal", onblur: leave, ...properties });
    input.oninput = () => this.edit(input, { ...action, typing: true });
    return this.withNote(input);
  }

  buildLine(dimension, { kind = "line", name, fixed }, columns) {
    const heading = make("th", { scope: "row" }, make("bdi", { title: name }, name));
    const cells = columns.map((column) => make("td", { className: column.kind }));
    const line = { tr: make("tr", { className: kind }, heading, ...cells) };
    line.cells = Object.fromEntries(columns.map(({ key }, position) => [key, cells[position]]));
    const body = this.at(`tbody[data-of=${dimension}]`);
    const next = body.querySelector(kind === "line" ? ".rounding, .total" : ".total");
    body.insertBefore(line.tr, next);
    if (!fixed) {
      line.field = this.buildBudget(dimension, name, columns);
      body.insertBefore(line.field.under, next);
      const { key } = columns.find((column) => column.kind === "input");
      line.cells[key].append(line.field.input);
      delete line.cells[key];
    }
    return line;
  }

  /** The field of a budget; its error has a row of its own below. */
  buildBudget(dimension, name, columns) {
    const action = { do: "budget", dimension, name };
    const label = `Budget of ${name}`;
    const field = this.buildField(action, { className: "budget", "aria-label": label });
    const cell = make("td", { colSpan: columns.length + 1 }, field.note);
    field.under = make("tr", { className: "under" }, cell);
    return field;
  }

  buildSlider({ key, label, min, max, step, unit }) {
    const action = { do: "driver", key };
    const field = this.buildField(action, { className: "rate", "aria-label": label });
    const name = `${label}, slider`;
    const range = make("input", { type: "range", min, max, step, "aria-label": name });
    // Each position is a whole value, so it counts at once. Ten presses of a key are one step.
    range.onblur = range.onpointerup = () => this.leave();
    range.oninput = () => this.edit(Object.assign(field.input, { value: range.value }), action);
    const line = [make("span", {}, label), range, field.input, make("span", {}, unit), field.note];
    this.at(".summary").before(make("p", { className: "slider" }, ...line));
    return { field, range };
  }
}

export default {
  render({ model, el }) {
    const properties = { className: "finops-what-if", "aria-label": "Budget what-if" };
    const root = make("section", properties);
    el.append(root);
    const panel = new Panel(model, root);
    const show = () => panel.show();
    model.on("change:view", show);
    return () => model.off("change:view", show);
  },
};
