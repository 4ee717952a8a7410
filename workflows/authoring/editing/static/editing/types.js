// The shapes of what the editor handles, for the type checker. Nothing here runs.
//
// docs/bundle-format.md explains the document. What is edited need not be in order yet: any part
// may be missing, and a value may be of another kind than it must be when it is published.

// Values

/** @typedef {string | number | boolean | null | Json[] | { [name: string]: Json }} Json */
/** @typedef {{ [name: string]: Json }} JsonObject */
/** @typedef {Json} Rule JsonLogic; null and {} are no rule */
/** @typedef {string | number} Step the name of a property, or the index in a list */
/** @typedef {Step[]} Path from the document to a part of it */

// The document: a bundle

/**
 * @typedef {object} Bundle
 * @property {Workflow} workflow
 * @property {Task[]} [tasks]
 * @property {Transition[]} [transitions]
 * @property {TicketType[]} [ticket_types]
 * @property {CompanyRole[]} [company_roles]
 * @property {TestCase[]} [tests]
 */

/**
 * @typedef {object} Workflow
 * @property {string} [key]
 * @property {string} [title]
 * @property {string} [description]
 * @property {Json} [ext_ref]
 * @property {FieldSpec[]} [fields] what a ticket asks for
 * @property {string} [display_layout]
 */

/**
 * @typedef {object} FieldSpec a question of a form, or a column of a record
 * @property {string} [name] what conditions call the answer
 * @property {string} [label]
 * @property {string} [type] one of the server's field types; none of them for a moment only
 * @property {Json} [required] true, or a rule: required when it is true
 * @property {Rule} [computed] how the answer is calculated; nobody types it then
 * @property {FormCheck[]} [checks]
 * @property {Choice[]} [choices]
 * @property {string} [help]
 * @property {Json} [default]
 * @property {Json} [min]
 * @property {Json} [max]
 * @property {Json} [more_than]
 * @property {Json} [less_than]
 * @property {string} [pattern]
 * @property {Rule} [visible_when]
 * @property {string} [seen_by] of a question of a task: `team` (as without it) or `requester`
 * @property {boolean} [listed] of a question of the ticket: lists show the answer
 * @property {FieldSpec[]} [fields] the columns of records
 * @property {Json} [role] whatever a type has for itself
 * @property {Json} [accept]
 */

/** @typedef {string | { value?: string, label?: string | null }} Choice */

/**
 * @typedef {object} FormCheck what must be true of the answers
 * @property {Rule} [condition]
 * @property {string} [message] what is said beside the question where it is not
 */

/**
 * @typedef {object} AssignTo whom a task is given to, where that is not simply the company role
 * @property {string} [who]
 * @property {string} [answer]
 * @property {string} [task]
 * @property {string} [email]
 * @property {string} [fallback]
 * @property {string[]} [never]
 * @property {string} [mode]
 */

/**
 * @typedef {object} Reminder who is told while a task waits
 * @property {string} when a moment, which may be counted from when the task is due
 * @property {string} [tell] without it, whoever has the task
 * @property {string} [role] the company role that is told or added
 * @property {string} [person] with `person`: who is told, by their e-mail address
 * @property {boolean} [add] whether its members, or the one who is told, may do the task as well from then on
 * @property {boolean} [give] with `deputy`: whether they are given the task
 * @property {string} [text] what the notice says besides
 */

/**
 * @typedef {object} Edit an earlier answer that a task's form shows again
 * @property {string} [task] the key of the task whose answer it is; without it, of the ticket
 * @property {string} field
 * @property {string} [mode] `see`: it is only shown
 */

/**
 * @typedef {object} Task
 * @property {string} [key]
 * @property {string} [title]
 * @property {string} [description]
 * @property {Json} [ext_ref]
 * @property {string} [task_type] the name of a `TaskType`
 * @property {FieldSpec[]} [fields]
 * @property {string} [candidate_role]
 * @property {AssignTo} [assign_to]
 * @property {string} [due_in] a moment such as P2D, or P3D before ticket.return_date at 09:00
 * @property {Reminder[]} [reminders]
 * @property {string} [wait] of a wait: a moment
 * @property {string} [answered_by] of a wait: the answer that a message names
 * @property {{ account?: string, minutes?: Json, checked?: boolean, tries?: Json }} [assistant] to which it is offered first
 * @property {Edit[]} [edits]
 * @property {string} [action_url]
 * @property {Json} [input_transform]
 * @property {Json} [output_transform]
 * @property {Json} [input_schema]
 * @property {Json} [output_schema]
 * @property {Json} [values] what a step of values sets: a formula for each name
 * @property {DecisionTable} [table]
 * @property {Message} [message] of a step that sends a mail
 * @property {Json} [timeout_seconds]
 * @property {Json} [retries]
 * @property {string} [ticket_type] of a sub-ticket: the key of the type that is started
 * @property {boolean} [wait_for_end] of a sub-ticket; without it, it waits
 * @property {string} [edit_layout]
 * @property {string} [display_layout]
 * @property {string} [branch] where it stands: `block.branch`; without it, on the main path
 * @property {Branch[]} [branches] of a block
 * @property {string | number} [ends_when] of a block: all, any, or how many
 * @property {Json} [for_each] of a block: the list for each entry of which its branch runs
 * @property {string} [order] of a block with a list: together or in_order
 * @property {Json} [most] of a block with a list: how many entries there may be
 * @property {boolean} [hide_answers] of a block or an approval
 * @property {Approvers} [approvers] of an approval: who is asked
 * @property {string | number} [needed] of an approval: one, all, or how many
 * @property {string[]} [never] of an approval: who is never asked; without it, the requester
 */

/**
 * @typedef {object} Message a mail that a step or a transition sends
 * @property {string} [who] one of the words of `Recipient`
 * @property {string} [role] of a mail of a transition: the company role
 * @property {string} [answer] where the person or the address stands
 * @property {string} [task] the key of the task whose doer is meant
 * @property {string} [email]
 * @property {string} [subject]
 * @property {string} [text] with answers in braces
 * @property {string[]} [files] questions whose files are attached
 */

/**
 * @typedef {object} Approvers one of these
 * @property {string} [role]
 * @property {string[] | Json} [people] e-mail addresses, or a rule
 * @property {boolean} [manager] the requester's
 */

/**
 * @typedef {object} Branch of a block
 * @property {string} [key]
 * @property {string} [title]
 * @property {string} [start] the key of the task that it begins with
 * @property {Rule} [when] it runs only where this is true
 * @property {boolean} [ends_block] when it has ended, the block has
 */

/**
 * @typedef {object} DecisionTable
 * @property {TableColumn[]} [inputs]
 * @property {TableColumn[]} [outputs]
 * @property {TableRow[]} [rows]
 * @property {string} [hit] `first` (as without it) or `collect`
 * @property {JsonObject} [default] the outputs by their names where no row fits
 */

/**
 * @typedef {object} TableColumn
 * @property {string} [name]
 * @property {string} [label]
 * @property {Rule} [value] of an input: what it reads
 * @property {string} [type] `text` (as without it), `number`, `boolean` or `date`
 */

/** @typedef {{ when?: Json[], then?: Json[], note?: string }} TableRow a cell for each column */

/**
 * @typedef {object} Transition
 * @property {string} from the key of a task, or `start`
 * @property {string} to the key of a task, or `end`
 * @property {string} [label]
 * @property {Rule} [condition]
 * @property {number} [priority] the lowest is tried first
 * @property {string} [after] a moment: it is taken when the task has not ended by then
 * @property {boolean} [on_failure] of a call: it is taken when that has failed for good
 * @property {boolean} [on_cancel] it is taken when the ticket is withdrawn or cancelled there
 * @property {string} [outcome] of one to the end: one of `Start.outcomes`; without it, the first
 * @property {Message[]} [messages] the mails that are sent when it is taken
 */

/**
 * @typedef {object} TicketType
 * @property {string} [key]
 * @property {string} [title]
 * @property {string} [description]
 * @property {Json} [ext_ref]
 * @property {JsonObject} [presets] answers that are already set, by the name of the question
 * @property {string[]} [roles_with_access]
 * @property {string} [priority] one of `Start.priorities`; without it, the usual one
 * @property {string} [priority_from] the name of a question of the ticket's form
 * @property {string} [icon] one of `Start.icons`
 * @property {Json} [reopen_days] for how many days a ticket may be reopened; without it, never
 * @property {boolean} [asks_rating]
 * @property {RecurringStart[]} [starts]
 * @property {string} [public_for] for whom people outside may begin such tickets: an address
 * @property {string} [edit_layout]
 * @property {string} [display_layout]
 */

/**
 * @typedef {object} RecurringStart when tickets of a type start by themselves
 * @property {string} [key]
 * @property {string} [title]
 * @property {string} [rule] of RFC 5545: FREQ=WEEKLY;BYDAY=MO
 * @property {number} [working_day] of the month: 1 the first, -1 the last
 * @property {string} [at] a time of day: 08:00
 * @property {string} [from] a day: 2026-10-30
 * @property {string} [on_behalf_of] an e-mail address
 * @property {JsonObject} [answers]
 */

/** @typedef {{ name: string, description?: string }} CompanyRole */

/**
 * @typedef {object} TestCase
 * @property {string} [name]
 * @property {string} [ticket_type] the key of a ticket type
 * @property {JsonObject} [ticket] the answers of the ticket's form
 * @property {string} [today] the day on which it happens, such as 2026-10-30
 * @property {Submitter} [submitter]
 * @property {TestAnswer[]} [answers]
 * @property {Expectation} expect
 */

/** @typedef {{ email?: string, first_name?: string, last_name?: string }} Submitter */

/**
 * @typedef {object} TestAnswer what comes of one visit of a task: one of `output`, `error`, `after`;
 *   beside `error` the `status` and `reason` of a call that failed
 * @property {string} [task] the key of a task
 * @property {number | number[]} [item] for which entry of a list, from 1
 * @property {JsonObject} [output]
 * @property {JsonObject} [edits] what it changes of earlier answers, by the names of conditions
 * @property {string} [error]
 * @property {Json} [status]
 * @property {string} [reason] one of `Start.failure_reasons`
 * @property {string} [after] a duration
 * @property {boolean} [cancel] the ticket is withdrawn or cancelled there
 * @property {string} [by] who does it
 * @property {string} [given_to] whom it must be given to
 */

/** @typedef {{ path: string[], end?: string, outcome?: string, status?: string, given_to?: string, mails?: Json }} Expectation */

// What the server says

/**
 * @typedef {object} Start what the page begins with (`_start` of the editor's page)
 * @property {Bundle} document
 * @property {string} updated_at
 * @property {string} owner whose typing is kept in this browser: company, person and draft
 * @property {string} key of the workflow
 * @property {number} version
 * @property {number[]} drafts the other versions of the workflow that are drafts, too
 * @property {string} csrf_cookie
 * @property {boolean} key_is_fixed
 * @property {boolean} has_published
 * @property {CompanyRole[]} roles those that the company has
 * @property {string[]} assistants the service accounts that assistants work with
 * @property {StartedType[]} started_types the ticket types that a step may start
 * @property {Option[]} subticket_outcomes how a ticket that was started may have ended
 * @property {TaskType[]} task_types that of a form comes first
 * @property {Option[]} priorities of tickets
 * @property {string} usual_priority of a ticket type that names none
 * @property {string[]} icons that a ticket type may have
 * @property {string} zone of the company, in which moments are typed and shown
 * @property {Option[]} failure_reasons why a call may have failed
 * @property {[string, string][]} failure_parts what is to be read of a failure, and what it is called
 * @property {Option[]} outcomes that an end may have; the first is that of one that names none
 * @property {TypeFacts[]} types of questions, in their order
 * @property {TypeFacts} anything what holds of a value whose type nobody knows
 * @property {Record<string, string>} urls
 */

/**
 * @typedef {object} StartedType a ticket type of another workflow
 * @property {string} key
 * @property {string} title
 * @property {[string, string][]} questions the name of each question that it asks, and its label
 */

/**
 * @typedef {object} TaskType what a type of task means (workflows/engine/task_types.py)
 * @property {string} name
 * @property {string} chip what it is called in a word or two
 * @property {string} choice what is chosen where somebody chooses it
 * @property {boolean} is_form whether a person does it
 * @property {boolean} is_call whether another system is called
 * @property {boolean} is_block whether it holds branches
 * @property {boolean} is_at_once whether TicketFlower does it itself, when it is reached
 * @property {(keyof Task)[]} uses the parts that it has and other types may not have
 * @property {boolean} is_wait whether it ends by itself, at a time
 * @property {boolean} is_approval whether people vote
 * @property {boolean} is_subticket whether it starts a ticket of another type
 * @property {boolean} can_fail whether a transition may leave it that is taken when it has failed
 * @property {boolean} is_answered_later whether a callback answers it
 * @property {boolean} can_be_left whether a transition may leave it that waits for a time
 */

/**
 * @typedef {object} TypeFacts a type of question (workflows/fields/on_screen/screen.py)
 * @property {string} key
 * @property {string} name
 * @property {string[]} keys of its specs, beyond those that all have
 * @property {OwnKey[]} own_keys those that it alone has
 * @property {boolean} in_records whether records may have such a column
 * @property {boolean} may_be_computed whether its answers may be calculated
 * @property {boolean} has_limit_rules whether its limits and what is there beforehand may be formulas
 * @property {string} control asks for a value
 * @property {string} input_type of a control that is an input
 * @property {string} json_type of an answer, as JSON Schema names it
 * @property {string} shape a regular expression for its texts; empty: any
 * @property {string} literal the control of a value in a rule
 * @property {string[]} limits what the least and the most are called; none: it has no limits
 * @property {boolean} limits_are_values they are answers themselves, and not numbers
 * @property {string} family types of one family have settings that mean the same
 * @property {string} compared answers of one kind can be compared with each other
 * @property {Option[]} operators
 * @property {Json} no_answer what no answer counts as where nobody has said so
 * @property {boolean} is_wide
 * @property {{ name: string, label: string, type: string }[]} parts what conditions can read of it
 */

/**
 * @typedef {object} ShownInForm what is shown for the answers so far
 * @property {string[]} visible the names of questions
 * @property {string[]} [required] those that must be answered now, of those where that depends
 * @property {Record<string, string>} [calculated] the text of each, by the name of its output
 */

/**
 * @typedef {object} OwnKey
 * @property {keyof FieldSpec & string} key
 * @property {string} label
 * @property {string} help
 * @property {string} holds `text`, `texts` (a list of them) or `company_role`
 */

/**
 * @typedef {object} Problem
 * @property {Path} path
 * @property {boolean} is_error
 * @property {string} where
 * @property {string} message
 * @property {Control | null} [control] where it is, for what was typed and cannot be read
 */

/**
 * @typedef {object} TestResult
 * @property {number} index of the test case
 * @property {boolean} has_passed
 * @property {string} reason
 * @property {string[]} path the tasks that were reached
 * @property {string} status
 * @property {string} end
 * @property {string} outcome of the end; empty where none was reached
 * @property {string | null} waiting_for the key of a task
 * @property {number[]} waiting_items for which entry of a list; of several that hold each other
 * @property {boolean} can_be_expected
 */

/**
 * @typedef {object} Answers what the server answers to each question, by the question's name
 * @property {{ problems: Problem[], picture: string, tests: TestResult[], rules: RuleSentence[] }} check
 * @property {ShownInForm & { html: string, skipped: number }} form
 * @property {FormOfAnswers & ShownInForm & { answers: JsonObject }} answers `answers`, and `visible`, of what was typed
 * @property {{ rule: Rule, text: string | null, error?: string }} condition
 * @property {{ value: number, error?: string, is_text?: boolean }} number
 * @property {{ template: Json, text: string, error: string, result: Json }} transform
 * @property {{ context: JsonObject, ticket: number | null }} sample
 * @property {{ updated_at: string }} save
 * @property {{ url: string } & SeenDraft} carry
 */

/**
 * @typedef {object} FormOfAnswers as the server draws it
 * @property {string} html
 * @property {Record<string, string>} names of the answers in the document, by those in the form
 * @property {string[]} visible the questions that are asked for these answers
 * @property {string[]} unfit the questions whose answer their input cannot show
 * @property {number} skipped how many have problems themselves
 */

/** @typedef {{ draft: number, updated_at: string }} SeenDraft a draft as it was when it was saved last */

/** @typedef {{ path: Path, sentence: string }} RuleSentence */

// The page

/** @typedef {[value: string, label: string]} Option of a select */

/**
 * @typedef {object} OwnParts what an element of ours can do besides
 * @property {string} [value] what was typed, as text
 * @property {() => void} [openRule]
 * @property {() => void} [refreshSentence]
 * @property {(steps: string[]) => void} [openPlace]
 * @property {(path: Path) => string[] | null} [stepsOf]
 */

/** @typedef {HTMLElement & OwnParts} Control shows a property of the document */

/**
 * @typedef {object} PartParts what an element can do that shows a whole part of the document
 * @property {string} [value] what was typed, and could not be taken over
 * @property {(steps: string[]) => void} openPlace puts the cursor there
 * @property {(path: Path) => string[] | null} stepsOf the way to what shows a path; null: nothing does
 * @property {(problems: Problem[]) => void} showProblems
 */

/** @typedef {HTMLElement & PartParts} PartElement */

/**
 * @typedef {object} Pending what was typed and cannot be taken over yet
 * @property {object} owner the part of the document that it belongs to
 * @property {string} name of the property
 * @property {string} message
 * @property {Control | null} [control]
 * @property {string} [text] what was typed; none where something is left to choose
 * @property {Promise<void>} [later] ends when the server has read it: until then nothing is wrong
 * @property {() => void} [take] takes it over as it stands: nothing is wrong, somebody is still typing
 */

/**
 * @typedef {object} UnreadNumbers of one input for a number
 * @property {Pending} [unread] what was typed before and could not be read
 * @property {(message: string, control: HTMLInputElement) => void} showUnread
 */

/**
 * @typedef {object} Variable what a condition can read
 * @property {string} path
 * @property {string} label
 * @property {string} group
 * @property {string} type of a field, or `any`
 * @property {Option[]} choices
 * @property {boolean} optional there may be no answer
 */

export {};
