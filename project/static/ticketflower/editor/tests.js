// Test cases: what is answered, and which way the ticket must then go.

import { button, field, h, icon, iconButton, t } from "./dom.js";
import { durationControl, select, selectOf, text } from "./inputs.js";
import { answersPart, outputSpecs } from "./jsonparts.js";
import { focusAction, listEditor, said } from "./lists.js";
import { elementOf, place } from "./places.js";
import { changed, set, snapshot, store } from "./store.js";
import { END, isForm } from "./variables.js";
import { titleOf } from "./ways.js";

const results = new WeakMap(); // test case -> what came of it in the last check

// Called with what the check says, for the document that was checked.
export function showResults(found) {
  (store.document.tests || []).forEach((test, index) => {
    const result = found.find((each) => each.index === index);
    if (result) results.set(test, result);
    else results.delete(test);
    showResult(test);
  });
}

export function failedCount() {
  return (store.document.tests || []).filter((each) => results.get(each) && !results.get(each).has_passed).length;
}

function showResult(test) {
  const element = elementOf(test);
  if (!element) return;
  const chips = element.querySelector(".ed-item-head .ed-chips");
  chips.replaceChildren(...chipsOf(test).map((each) => h("span", { class: "ed-chip" }, each)));
  element.querySelector(".ed-case-result")?.replaceChildren(...resultOf(test));
  element.querySelector(".ed-case-next")?.replaceChildren(...nextOf(test));
}

function chipsOf(test) {
  const result = results.get(test);
  return result ? [result.has_passed ? t("passes") : t("does not pass")] : [];
}

export function testsSection() {
  const list = listEditor({
    items: () => store.document.tests || [],
    what: t("Test case"),
    addLabel: t("Add a test case"),
    empty: t("There are no test cases yet."),
    head: (test) => ({ title: test.name || t("New test case"), chips: chipsOf(test) }),
    body: (test, refresh, redraw) => testBody(test, refresh, redraw),
    onAdd: () => {
      const test = { name: freeName(t("Test case")), ticket: {}, answers: [], expect: { path: [] } };
      const type = store.document.ticket_types?.[0]?.key;
      if (type) test.ticket_type = type;
      store.document.tests = [...(store.document.tests || []), test];
      return test;
    },
    onCopy: (test) => {
      test.name = freeName(test.name || t("Test case"));
      return test;
    },
  });
  const lead = t("Each answers the forms, and says which way the ticket must go. They run while you edit, and a version is published only when all of them pass.");
  return h("div", { class: "ed-stack" }, h("p", { class: "ed-lead" }, lead), list);
}

function freeName(wanted) {
  const taken = new Set((store.document.tests || []).map((each) => String(each.name).toLowerCase()));
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${wanted} ${number}`;
  return name;
}

function testBody(test, refresh, redraw) {
  const types = (store.document.ticket_types || []).map((each) => [each.key, each.title || each.key]);
  const who = test.submitter || {};
  const setWho = (name, value) => {
    if (value) who[name] = value;
    else delete who[name];
    if (Object.keys(who).length) test.submitter = who;
    else delete test.submitter;
    changed();
  };
  return h(
    "div",
    { class: "ed-stack" },
    h(
      "div",
      { class: "ed-grid" },
      text(t("Name"), test, "name", { max: 200, onInput: refresh }),
      select(t("Ticket type"), test, "ticket_type", [["", t("None: nothing is already set")], ...types], { onChange: redraw }),
      answersPart({ owner: test, name: "ticket", label: t("The answers of the ticket"), specs: ticketSpecs(test) }),
      h(
        "details",
        { class: "ed-more ed-wide", open: Boolean(test.submitter) },
        h("summary", {}, t("Who submits it")),
        h(
          "div",
          { class: "ed-grid" },
          [["email", t("E-mail address"), 254], ["first_name", t("First name"), 150], ["last_name", t("Last name"), 150]].map(([name, label, max]) =>
            field(label, h("input", { class: "ed-input", type: "text", maxlength: max, autocomplete: "off", value: who[name] ?? "", on: { input: (event) => setWho(name, event.target.value) } }), { name }),
          ),
        ),
      ),
    ),
    h("h4", {}, t("What comes of the tasks")),
    answersList(test, redraw),
    h("h4", {}, t("What must come out")),
    expectation(test, redraw),
  );
}

// What the ticket type has set is not asked.
function ticketSpecs(test) {
  const type = (store.document.ticket_types || []).find((each) => each.key === test.ticket_type);
  return (store.document.workflow.fields || []).filter((each) => each?.name && !(each.name in (type?.presets || {})));
}

// The answers, in the order in which the tasks are reached

function answersList(test, redraw) {
  const answers = Array.isArray(test.answers) ? test.answers : [];
  const root = h("div", { class: "ed-rows", "data-name": "answers" });
  const change = (act, focus) => {
    snapshot();
    act();
    changed();
    redraw();
    focus?.();
  };
  const move = (answer, by) =>
    change(() => {
      const index = answers.indexOf(answer);
      answers.splice(index + by, 0, answers.splice(index, 1)[0]);
    }, () => focusAction(answer, by < 0 ? "up" : "down"));
  root.replaceChildren(
    ...answers.map((answer, index) => {
      const named = { what: `${index + 1}. ${titleOf(answer.task)}` };
      return place(
        answer,
        h(
          "section",
          { class: "ed-item ed-case-answer", "aria-label": named.what },
          h(
            "div",
            { class: "ed-item-head" },
            h("strong", { class: "ed-item-title" }, named.what),
            h(
              "div",
              { class: "ed-item-tools" },
              iconButton("arrow_upward", t("Move “%(what)s” up", named), () => move(answer, -1), { disabled: index === 0, action: "up" }),
              iconButton("arrow_downward", t("Move “%(what)s” down", named), () => move(answer, 1), { disabled: index === answers.length - 1, action: "down" }),
              iconButton("delete", t("Remove “%(what)s”", named), () => change(() => answers.splice(index, 1), () => focusNext(test)), { action: "remove" }),
            ),
          ),
          h("div", { class: "ed-errors ed-place-errors", hidden: true }),
          h("div", { class: "ed-item-body ed-grid" }, answerParts(answer, redraw)),
        ),
      );
    }),
    ...(answers.length ? [] : [h("p", { class: "ed-empty" }, t("No task is answered yet: the ticket waits at the first one."))]),
    h("div", { class: "ed-case-next ed-add" }, nextOf(test)),
  );
  redraws.set(test, redraw);
  return root;
}

const redraws = new WeakMap(); // test case -> draws its list anew

function focusNext(test) {
  elementOf(test)?.querySelector(".ed-case-next button, .ed-case-next select")?.focus();
}

// The task that the ticket waits at is offered first; every other one can be chosen.
function nextOf(test) {
  const key = results.get(test)?.waiting_for;
  const add = (chosen) => {
    snapshot();
    const answer = { task: chosen, output: {} };
    test.answers = [...(Array.isArray(test.answers) ? test.answers : []), answer];
    changed();
    redraws.get(test)?.();
    elementOf(answer)?.querySelector(".ed-item-body input, .ed-item-body select")?.focus();
  };
  const chooser = selectOf([["", t("Answer another task…")], ...tasks().filter(([each]) => each !== key)], "", (chosen) => chosen && add(chosen));
  chooser.setAttribute("aria-label", t("Answer another task"));
  chooser.classList.add("ed-short");
  return [key ? button(t("Answer “%(task)s”", { task: titleOf(key) }), () => add(key), { name: "add", action: "add" }) : null, chooser].filter(Boolean);
}

function tasks() {
  return (store.document.tasks || []).filter((each) => each.key).map((each) => [each.key, each.title || each.key]);
}

function answerParts(answer, redraw) {
  const task = (store.document.tasks || []).find((each) => each.key === answer.task);
  const form = !task || isForm(task);
  const outcome = answer.after !== undefined ? "late" : answer.error !== undefined ? "fails" : "done";
  const outcomes = [["done", form ? t("it is done, with these answers") : t("it answers")]];
  if (!form || outcome === "fails") outcomes.push(["fails", t("the call fails for good")]);
  if (task?.task_type !== "SYNC_ACTION" || outcome === "late") outcomes.push(["late", t("it is not done in time")]);
  const choose = selectOf(outcomes, outcome, (chosen) => {
    snapshot();
    for (const name of ["output", "error", "after"]) delete answer[name];
    if (chosen === "done") answer.output = {};
    if (chosen === "fails") answer.error = t("The call failed.");
    if (chosen === "late") answer.after = firstTime(answer.task);
    changed();
    redraw();
    elementOf(answer)?.querySelectorAll("select")[1]?.focus();
  });
  const parts = [
    field(t("Task"), selectOf(tasks(), answer.task ?? "", (chosen) => {
      snapshot();
      answer.task = chosen;
      changed();
      redraw();
      elementOf(answer)?.querySelector("select")?.focus();
    }), { name: "task" }),
    field(t("What comes of it"), choose),
  ];
  if (outcome === "fails") parts.push(text(t("Why it fails"), answer, "error", { max: 2000, wide: true }));
  if (outcome === "late") {
    parts.push(field(t("Time"), durationControl(answer, "after", { label: t("Time after which it is not done") }), { name: "after", group: true }));
  }
  if (outcome === "done") {
    const specs = form ? task?.fields || [] : outputSpecs(task);
    parts.push(answersPart({ owner: answer, name: "output", label: form ? t("The answers") : t("The output"), specs, isOpen: !form }));
  }
  return parts;
}

// Of the ways that leave a task which waits too long, the first.
function firstTime(key) {
  return (store.document.transitions || []).find((each) => each.from === key && each.after)?.after || "P1D";
}

// What must come out

const STATUSES = () => [
  ["COMPLETED", t("it reaches the end")],
  ["WAITING", t("it waits at the last task")],
  ["ERROR", t("it stops there with an error")],
];

function expectation(test, redraw) {
  if (test.expect === null || typeof test.expect !== "object") test.expect = { path: [] };
  const { expect } = test;
  const path = Array.isArray(expect.path) ? expect.path : [];
  const root = h("div", { class: "ed-stack" });
  const write = (act, focus) => {
    snapshot();
    act();
    expect.path = path;
    changed();
    redraw();
    elementOf(expect)?.querySelectorAll(".ed-case-path select")[focus]?.focus();
  };
  const steps = path.map((key, index) => {
    const choose = selectOf(tasks(), key, (chosen) => write(() => { path[index] = chosen; }, index));
    choose.setAttribute("aria-label", t("Step %(number)s", { number: index + 1 }));
    return h("li", {}, choose, iconButton("close", t("Remove step %(number)s", { number: index + 1 }), () => write(() => path.splice(index, 1), Math.max(0, index - 1))));
  });
  const more = selectOf([["", t("Add a step…")], ...tasks()], "", (chosen) => chosen && write(() => path.push(chosen), path.length));
  more.setAttribute("aria-label", t("Add a step"));
  const status = select(t("How it ends"), expect, "status", STATUSES(), {
    otherwise: "COMPLETED",
    onChange: (chosen) => {
      if (chosen !== "COMPLETED") set(expect, "end", "");
      redraw();
      elementOf(expect)?.querySelector('[data-name="status"]')?.focus();
    },
  });
  root.append(
    h("div", { class: "ed-case-result", role: "status" }, resultOf(test)),
    h("div", { class: "ed-field" }, h("span", { class: "ed-label" }, t("The tasks that are reached, in order")), h("ol", { class: "ed-case-path", "data-name": "path" }, steps, h("li", {}, more)), h("div", { class: "ed-errors", hidden: true })),
    h("div", { class: "ed-grid" }, status, (expect.status ?? "COMPLETED") === "COMPLETED" ? endSelect(expect) : null),
    h("div", { class: "ed-errors ed-place-errors", hidden: true }),
  );
  return place(expect, root);
}

function endSelect(expect) {
  const labels = [...new Set((store.document.transitions || []).filter((each) => each.to === END && each.label).map((each) => each.label))];
  const control = selectOf([["", t("any end")], ...labels.map((each) => [each, each])], expect.end ?? "", (chosen) => set(expect, "end", chosen));
  return field(t("At which end"), control, { name: "end" });
}

// What came of it, and to take that over as what must come out.
function resultOf(test) {
  const result = results.get(test);
  if (!result) return [h("p", { class: "ed-soft" }, t("It runs once the problems are mended."))];
  if (result.has_passed) return [h("p", { class: "ed-case-good" }, icon("check_circle"), h("span", {}, t("It passes.")))];
  const parts = [h("p", { class: "ed-case-bad" }, icon("error"), h("span", {}, result.reason))];
  if (!result.can_be_expected) return parts;
  const way = result.path.map(titleOf).join(" → ") || t("no task");
  const end = { COMPLETED: result.end ? t("the end “%(end)s”", { end: result.end }) : t("the end"), WAITING: t("it waits there"), ERROR: t("it stops there with an error") }[result.status];
  parts.push(
    h("p", { class: "ed-soft" }, t("The way that it went: %(way)s; %(end)s", { way, end })),
    button(t("Expect this way"), () => {
      snapshot();
      const expect = { path: [...result.path] };
      if (result.status !== "COMPLETED") expect.status = result.status;
      else if (result.end) expect.end = result.end;
      test.expect = expect;
      changed();
      redraws.get(test)?.();
      said(t("“%(name)s” expects the way that it goes now.", { name: test.name || "" }));
      elementOf(test)?.querySelector(".ed-item-toggle")?.focus();
    }, { name: "done_all" }),
  );
  return parts;
}
