// A decision table as a grid: a column for each input and output, a row for each rule.

import { ask, askSoon, messageOf } from "../document/api.js";
import { button, field, find, findAll, gettext, iconButton, makeElement } from "../dom.js";
import { checkbox, selectOf, textControl } from "../inputs/inputs.js";
import { LONGEST_NAME } from "../document/names.js";
import { linkToPart } from "../inputs/places.js";
import { beginReading } from "../document/readings.js";
import { changed, freeKey, pendingOf, setPending, setTyped, setValue, snapshot } from "../document/store.js";
import { taskKeys } from "../document/tasks.js";
import { transitionVariables } from "../variables/variables.js";

/** @import { DecisionTable, Json, Option, TableColumn, TableRow, Task } from "../types.js" */

/** @typedef {"inputs" | "outputs"} Part */
/** @typedef {Required<Pick<DecisionTable, "inputs" | "outputs" | "rows">> & DecisionTable} WholeTable */

/** @type {Record<Part, "when" | "then">} where the cells of a row stand */
const CELLS = { inputs: "when", outputs: "then" };

/** @type {() => Option[]} */
const TYPES = () => [
  ["text", gettext("Text")],
  ["number", gettext("Number")],
  ["boolean", gettext("Yes or no")],
  ["date", gettext("Date")],
];

/** @type {() => Option[]} */
const HITS = () => [
  ["first", gettext("The first row that fits")],
  ["collect", gettext("Every row that fits: each result is a list")],
];

/** @type {Record<string, string>} type of a question -> type of a column */
const OF_QUESTIONS = { number: "number", integer: "number", boolean: "boolean", date: "date" };

/**
 * The table of a task, with all of its lists, and as many cells in each row as there are columns.
 * @param {Task} task
 * @returns {WholeTable}
 */
function wholeTable(task) {
  const table = task.table && typeof task.table === "object" ? task.table : {};
  for (const name of /** @type {const} */ (["inputs", "outputs", "rows"])) {
    if (!Array.isArray(table[name])) table[name] = [];
  }
  const whole = /** @type {WholeTable} */ (table);
  for (const row of whole.rows) {
    for (const part of /** @type {Part[]} */ (["inputs", "outputs"])) {
      const cells = row[CELLS[part]] ?? [];
      while (cells.length < whole[part].length) cells.push("");
      row[CELLS[part]] = cells;
    }
  }
  task.table = table;
  return whole;
}

/** @param {Task} task */
export function decisionTableEditor(task) {
  const root = makeElement("div", { class: "ed-wide ed-decision" });

  const draw = () => {
    const table = wholeTable(task);
    linkToPart(table, root);
    root.replaceChildren(
      field(
        gettext("Which row counts"),
        selectOf(HITS(), table.hit || "first", (chosen) => setTyped(table, "hit", chosen === "first" ? "" : chosen)),
        { name: "hit" },
      ),
      field(gettext("The table"), grid(table), {
        name: "rows",
        group: true,
        wide: true,
        help: gettext(
          "In a cell: a value, or > 5, 5..10, a, b, or not x. Empty: any value. “empty” is where there is no answer. Texts need quotation marks only where they have commas.",
        ),
      }),
    );
  };

  /** @param {() => void} change of the columns or the rows: a step of its own, which is drawn anew */
  const rearrange = (change) => {
    snapshot();
    change();
    changed();
    draw();
  };

  /** @param {WholeTable} table */
  const grid = (table) => {
    const columns = table.inputs.length + table.outputs.length;
    const made = makeElement(
      "div",
      {
        class: "ed-table",
        style: `grid-template-columns: 2.2rem repeat(${columns}, minmax(9rem, 1fr)) minmax(9rem, 1fr) auto`,
      },
      head(table),
      table.rows.map((row, index) => rowOf(table, row, index)),
      defaultRow(table),
    );
    const scroll = makeElement("div", { class: "ed-table-scroll", tabindex: "0" }, made);
    const hint = makeElement(
      "p",
      { class: "ed-help", hidden: true },
      gettext("The table is wider than the page: scroll it sideways."),
    );
    new ResizeObserver(() => {
      hint.hidden = scroll.scrollWidth <= scroll.clientWidth;
    }).observe(scroll);
    return makeElement(
      "div",
      { class: "ed-table-around" },
      hint,
      scroll,
      makeElement(
        "div",
        { class: "ed-buttons" },
        button(gettext("Add a row"), () => rearrange(() => addRow(table)), { name: "add", action: "add-row" }),
        button(gettext("Add an input"), () => rearrange(() => addColumn(table, "inputs")), {
          name: "add",
          kind: "ed-quiet",
        }),
        button(gettext("Add an output"), () => rearrange(() => addColumn(table, "outputs")), {
          name: "add",
          kind: "ed-quiet",
        }),
      ),
    );
  };

  /** @param {WholeTable} table */
  const head = (table) => [
    makeElement("span", { class: "ed-table-head" }),
    table.inputs.map((column, index) => columnHead(table, "inputs", column, index)),
    table.outputs.map((column, index) => columnHead(table, "outputs", column, index)),
    makeElement("span", { class: "ed-table-head ed-label" }, gettext("Note")),
    makeElement("span", { class: "ed-table-head" }),
  ];

  /**
   * @param {WholeTable} table
   * @param {Part} part
   * @param {TableColumn} column
   * @param {number} index
   */
  const columnHead = (table, part, column, index) => {
    const isInput = part === "inputs";
    const kind = isInput ? gettext("Input") : gettext("Output");
    return linkToPart(
      column,
      makeElement(
        "div",
        { class: `ed-table-head ed-table-${part}` },
        makeElement(
          "div",
          { class: "ed-table-kind" },
          makeElement("span", { class: "ed-chip" }, kind),
          iconButton(
            "chevron_left",
            gettext("Move it to the left"),
            () => rearrange(() => moveColumn(table, part, index)),
            {
              disabled: index === 0,
            },
          ),
          iconButton("delete", gettext("Remove this column"), () => rearrange(() => removeColumn(table, part, index))),
        ),
        field(gettext("Heading"), textControl(column, "label", { max: LONGEST_NAME, onInput: nameCells }), {
          name: "label",
        }),
        field(gettext("Name"), nameControl(table, part, column), { name: "name" }),
        isInput ? formula(task, column) : null,
        field(
          gettext("Type"),
          selectOf(TYPES(), column.type || "text", (chosen) =>
            setTyped(column, "type", chosen === "text" ? "" : chosen),
          ),
          { name: "type" },
        ),
      ),
    );
  };

  /**
   * @param {WholeTable} table
   * @param {TableRow} row
   * @param {number} index
   */
  const rowOf = (table, row, index) =>
    linkToPart(
      row,
      makeElement(
        "div",
        { class: "ed-table-row" },
        makeElement("span", { class: "ed-table-number" }, String(index + 1)),
        cells(table, "inputs", row, index),
        cells(table, "outputs", row, index),
        cell(textControl(row, "note", { max: 500 }), "note", gettext("Note of row %(row)s", { row: index + 1 })),
        makeElement(
          "div",
          { class: "ed-table-tools" },
          iconButton("arrow_upward", gettext("Move the row up"), () => rearrange(() => moveRow(table, index)), {
            disabled: index === 0,
          }),
          iconButton("content_copy", gettext("Copy the row"), () => rearrange(() => copyRow(table, index))),
          iconButton("delete", gettext("Remove the row"), () => rearrange(() => table.rows.splice(index, 1))),
          makeElement("div", { class: "ed-place-errors ed-errors", hidden: true }),
        ),
      ),
    );

  /**
   * @param {WholeTable} table
   * @param {Part} part
   * @param {TableRow} row
   * @param {number} index
   */
  const cells = (table, part, row, index) => {
    const values = row[CELLS[part]] ?? [];
    return linkToPart(
      values,
      makeElement(
        "div",
        { class: "ed-table-cells" },
        table[part].map((column, at) => {
          const control = makeElement("input", {
            class: "ed-input",
            type: "text",
            autocomplete: "off",
            value: shown(values[at]),
            placeholder: part === "inputs" ? gettext("any") : null,
            "data-column": `${part} ${at} ${index}`,
            on: {
              input: ({ currentTarget }) => {
                values[at] = currentTarget.value;
                changed();
              },
            },
          });
          return cell(control, String(at), nameOfCell(column, index));
        }),
      ),
    );
  };

  /** @param {WholeTable} table */
  const defaultRow = (table) => {
    const has = Boolean(table.default);
    const box = checkbox(gettext("Where no row fits"), has, (isChecked) =>
      rearrange(() => {
        if (isChecked) table.default = Object.fromEntries(table.outputs.map((each) => [each.name || "", ""]));
        else delete table.default;
      }),
    );
    const { default: values } = table;
    const row = makeElement(
      "div",
      { class: "ed-table-row ed-table-last" },
      makeElement("span", { class: "ed-table-number" }, "–"),
      makeElement(
        "div",
        { class: "ed-table-default", style: `grid-column: span ${Math.max(1, table.inputs.length)}` },
        box,
      ),
      table.outputs.map((column) =>
        values && column.name
          ? cell(
              textControl(values, column.name),
              column.name,
              gettext("%(column)s, where no row fits", { column: column.label || column.name }),
            )
          : makeElement("span", {}),
      ),
    );
    return values ? linkToPart(values, row) : row;
  };

  /**
   * The name of a column; what counts where no row fits goes by the names of the outputs.
   * @param {WholeTable} table
   * @param {Part} part
   * @param {TableColumn} column
   */
  const nameControl = (table, part, column) => {
    let before = column.name || "";
    return textControl(column, "name", {
      max: 63,
      mono: true,
      onInput: (name) => {
        if (part === "outputs" && table.default) {
          const { [before]: value = "", ...others } = table.default;
          table.default = { ...others, [name]: value };
          changed();
        }
        before = name;
        nameCells();
        if (part === "outputs") find(root, ".ed-table-last")?.replaceWith(defaultRow(table));
      },
    });
  };

  /** The cells are called as their columns are now. */
  const nameCells = () => {
    for (const each of findAll(root, "[data-column]")) {
      const [part, at, row] = (each.dataset.column ?? "").split(" ");
      const column = wholeTable(task)[/** @type {Part} */ (part)][Number(at)];
      each.setAttribute("aria-label", nameOfCell(column, Number(row)));
    }
  };

  draw();
  return root;
}

/**
 * @param {TableColumn | undefined} column
 * @param {number} row counted from 0
 */
function nameOfCell(column, row) {
  return gettext("%(column)s, row %(row)s", { column: column?.label || column?.name || "", row: row + 1 });
}

/** @param {Json | undefined} value */
function shown(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/**
 * @param {HTMLElement} control
 * @param {string} name
 * @param {string} label
 */
function cell(control, name, label) {
  control.setAttribute("aria-label", label);
  control.dataset.name = name;
  return makeElement(
    "div",
    { class: "ed-field ed-table-cell" },
    control,
    makeElement("div", { class: "ed-errors", hidden: true }),
  );
}

/** @param {WholeTable} table */
function addRow(table) {
  /** @type {TableRow} */
  const row = { when: table.inputs.map(() => "") };
  row[CELLS.outputs] = table.outputs.map(() => "");
  table.rows.push(row);
}

/**
 * @param {WholeTable} table
 * @param {number} index
 */
function copyRow(table, index) {
  table.rows.splice(index + 1, 0, structuredClone(table.rows[index]));
}

/**
 * @param {WholeTable} table
 * @param {number} index
 */
function moveRow(table, index) {
  const [row] = table.rows.splice(index, 1);
  table.rows.splice(index - 1, 0, row);
}

/**
 * @param {WholeTable} table
 * @param {Part} part
 */
function addColumn(table, part) {
  const names = table[part].map((each) => each.name || "");
  table[part].push({ name: freeKey(part === "inputs" ? "input" : "result", names) });
  for (const row of table.rows) row[CELLS[part]]?.push("");
  if (!table.rows.length) addRow(table);
}

/**
 * @param {WholeTable} table
 * @param {Part} part
 * @param {number} index
 */
function removeColumn(table, part, index) {
  const [column] = table[part].splice(index, 1);
  for (const row of table.rows) row[CELLS[part]]?.splice(index, 1);
  if (part === "outputs" && table.default && column.name) delete table.default[column.name];
}

/**
 * @param {WholeTable} table
 * @param {Part} part
 * @param {number} index
 */
function moveColumn(table, part, index) {
  const lists = [table[part], ...table.rows.map((row) => row[CELLS[part]] ?? [])];
  for (const each of /** @type {unknown[][]} */ (lists)) each.splice(index - 1, 0, ...each.splice(index, 1));
}

/**
 * What an input reads, as text that the server reads; names that can be read are offered.
 * @param {Task} task
 * @param {TableColumn} column
 */
function formula(task, column) {
  const options = transitionVariables(task.key || "", false);
  const list = makeElement(
    "datalist",
    { id: `ed-reads-${Math.random().toString(36).slice(2)}` },
    options.map(({ path, label, group }) =>
      makeElement("option", { value: path.replace(/^tasks\./, "") }, `${group}: ${label}`),
    ),
  );
  const control = makeElement("input", {
    class: "ed-input ed-mono",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    list: list.id,
    placeholder: "ticket.amount",
    value: "",
  });
  const wrong = makeElement("p", { class: "ed-errors", role: "status", hidden: true });
  /** @param {string} message */
  const showWrong = (message) => {
    wrong.textContent = message;
    wrong.hidden = !message;
    setPending(column, "value", message, control);
  };
  let reading = beginReading(column, "value");
  const read = askSoon(
    "condition",
    async () => {
      const typed = control.value;
      const mine = reading;
      try {
        const answer = await ask("condition", { text: typed, task_keys: taskKeys() });
        if (!mine.isLast()) return;
        showWrong(answer.error ?? "");
        if (answer.error) return;
        setValue(column, "value", typed.trim() ? answer.rule : undefined);
        takeType(options.find(({ path }) => [path, path.replace(/^tasks\./, "")].includes(typed.trim()))?.type);
      } catch (error) {
        if (!mine.isLast()) return;
        showWrong(messageOf(error));
        if (control.isConnected) read.again();
      } finally {
        mine.end();
      }
    },
    350,
  );
  /** @param {string | undefined} type of the question that is read */
  const takeType = (type) => {
    const wanted = OF_QUESTIONS[type ?? ""];
    if (!wanted || column.type) return;
    setTyped(column, "type", wanted);
    const select = control.closest("[data-place]")?.querySelector('select[data-name="type"]');
    if (select instanceof HTMLSelectElement) select.value = wanted;
  };
  const wait = () => {
    reading = beginReading(column, "value");
    setPending(column, "value", gettext("This is being read. Wait a moment."), control, { later: reading.later });
    read();
  };
  control.addEventListener("input", wait);
  const begin = async () => {
    const unread = pendingOf(column, "value");
    if (unread?.text !== undefined) {
      control.value = unread.text;
      showWrong(unread.message);
      if (unread.later) wait(); // the input that had asked is gone
    } else if (column.value) {
      try {
        const answer = await ask("condition", { rule: column.value, task_keys: taskKeys() });
        if (!control.value) control.value = answer.text ?? JSON.stringify(column.value);
      } catch {
        if (!control.value) control.value = JSON.stringify(column.value);
      }
    }
  };
  begin();
  const made = field(gettext("Reads"), control, { name: "value" });
  made.append(list, wrong);
  return made;
}
