// What stands in the inputs of a plain form, as a layout gets it, and back again. Texts are as typed,
// numbers and dates too; yes or no is true, false or null; several choices are a list; records are a
// list of objects. Questions that ask for files have no part in it: they stay beside the layout.

/**
 * @typedef {object} Question as the server describes it (workflows/layouts/given.py)
 * @property {string} name
 * @property {string} label
 * @property {string} type
 * @property {boolean} required
 * @property {string} help
 * @property {{ value: string, label: string }[]} choices
 * @property {Question[]} fields
 */
/** @typedef {Record<string, unknown>} Value */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

const BESIDE = "file";
const NOTHING = "–"; // what stands in the place of what cannot be calculated yet

/**
 * The part of a form that asks a question, or the part of a row.
 * @param {ParentNode} root
 * @param {string} name
 * @returns {HTMLElement | null}
 */
export function partOf(root, name) {
  return root.querySelector(`:scope > .tk-field[data-field="${CSS.escape(name)}"]`);
}

/** @param {Question[]} questions */
export function drawnByLayout(questions) {
  return questions.filter((each) => each.type !== BESIDE);
}

/**
 * @param {HTMLElement} part
 * @returns {Control[]}
 */
function controlsOf(part) {
  const found = /** @type {NodeListOf<Control>} */ (part.querySelectorAll("input, select, textarea"));
  // The choice between two readings of a time (moment_input.html) is the plain form's own.
  return [...found].filter((each) => each.name && !/-(clock|kept|drop)$/.test(each.name));
}

/** @param {Control} control */
function isBox(control) {
  return control instanceof HTMLInputElement && /^(checkbox|radio)$/.test(control.type);
}

/**
 * @param {HTMLElement} part
 * @param {Question} question
 * @returns {unknown}
 */
function readOne(part, question) {
  if (question.type === "records") return rowsOf(part).map((row) => readAll(row, question.fields));
  const calculated = part.querySelector(":scope > output");
  if (calculated instanceof HTMLOutputElement) return calculated.value === NOTHING ? "" : calculated.value;
  const controls = controlsOf(part);
  const boxes = /** @type {HTMLInputElement[]} */ (controls.filter(isBox));
  const chosen = boxes.filter((each) => each.checked).map((each) => each.value);
  if (question.type === "choices") return chosen;
  const text = boxes.length ? (chosen[0] ?? "") : (controls[0]?.value ?? "");
  if (question.type !== "boolean") return text;
  return text === "" ? null : text === "true";
}

/**
 * @param {ParentNode} root
 * @param {Question[]} questions
 * @returns {Value}
 */
export function readAll(root, questions) {
  /** @type {Value} */
  const value = {};
  for (const question of drawnByLayout(questions)) {
    const part = partOf(root, question.name);
    if (part) value[question.name] = readOne(part, question);
  }
  return value;
}

/** @param {HTMLElement} part */
function rowsOf(part) {
  return /** @type {HTMLElement[]} */ ([...part.querySelectorAll(".tk-rows > .tk-row")]);
}

/**
 * A value as it is typed. Of a number “1.234” would be refused: the server asks which of two it means.
 * @param {unknown} value
 */
function asTyped(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") {
    const text = String(value);
    return /^-?[1-9]\d{0,2}\.\d{3}$/.test(text) ? `${text}0` : text;
  }
  return typeof value === "string" || typeof value === "boolean" ? String(value) : JSON.stringify(value);
}

/**
 * @param {HTMLElement} part
 * @param {Question} question
 * @param {unknown} value
 */
function writeOne(part, question, value) {
  if (question.type === "records") {
    writeRows(part, question, Array.isArray(value) ? value : []);
    return;
  }
  const controls = controlsOf(part);
  const wanted = (Array.isArray(value) ? value : [value]).map(asTyped);
  for (const control of controls) {
    if (isBox(control)) /** @type {HTMLInputElement} */ (control).checked = wanted.includes(control.value);
    else if (control === controls[0]) setText(control, wanted[0] ?? "");
  }
}

/**
 * @param {Control} control
 * @param {string} text
 */
function setText(control, text) {
  control.value = text;
  // What is no choice is still sent, so that the server says so.
  if (control instanceof HTMLSelectElement && control.value !== text) {
    control.add(new Option(text, text, false, true));
  }
}

/**
 * @param {HTMLElement} part
 * @param {Question} question
 * @param {unknown[]} records
 */
function writeRows(part, question, records) {
  const list = part.querySelector(".tk-records");
  const most = Number(/** @type {HTMLElement | null} */ (list)?.dataset.most ?? records.length);
  const wanted = records.slice(0, most);
  if (list && rowsOf(part).length !== wanted.length) {
    list.dispatchEvent(new CustomEvent("setrows", { detail: wanted.map((_each, number) => number) }));
  }
  rowsOf(part).forEach((row, number) => {
    const record = wanted[number];
    const values = typeof record === "object" && record !== null ? /** @type {Value} */ (record) : {};
    for (const column of question.fields) {
      const cell = partOf(row, column.name);
      if (cell) writeOne(cell, column, values[column.name]);
    }
  });
}

/**
 * Puts what a layout says into the form; names that it does not ask for are left out.
 * @param {ParentNode} root
 * @param {Question[]} questions
 * @param {Value} patch
 */
export function write(root, questions, patch) {
  for (const question of drawnByLayout(questions)) {
    if (!Object.hasOwn(patch, question.name)) continue;
    const part = partOf(root, question.name);
    if (part) writeOne(part, question, patch[question.name]);
  }
}

/**
 * What the server has said of each question: `amount`, or `rows.0.amount` in a record.
 * @param {ParentNode} root
 * @param {Question[]} questions
 * @param {string} before
 * @returns {Record<string, string[]>}
 */
export function errorsIn(root, questions, before = "") {
  /** @type {Record<string, string[]>} */
  const errors = {};
  for (const question of questions) {
    const part = partOf(root, question.name);
    if (!part) continue;
    const own = [...part.querySelectorAll(":scope > .tk-errors > li")].map((each) => each.textContent ?? "");
    if (own.length) errors[`${before}${question.name}`] = own;
    rowsOf(part).forEach((row, number) => {
      Object.assign(errors, errorsIn(row, question.fields, `${before}${question.name}.${number}.`));
    });
  }
  return errors;
}

/**
 * The questions with the choices that only the form has, such as people.
 * @param {ParentNode} root
 * @param {Question[]} questions
 * @returns {Question[]}
 */
export function withChoices(root, questions) {
  return questions.map((question) => {
    const select = partOf(root, question.name)?.querySelector("select");
    if (question.choices.length || question.type === "records" || !select) return question;
    const choices = [...select.options].filter((each) => each.value);
    return { ...question, choices: choices.map((each) => ({ value: each.value, label: each.text })) };
  });
}
