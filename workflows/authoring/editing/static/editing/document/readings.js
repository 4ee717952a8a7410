// Texts that the server reads while they are typed. Its answers may come late and out of order, and
// the input that asked may have been drawn anew: only the reading that was begun last counts.

/**
 * @typedef {object} Reading
 * @property {() => boolean} isLast whether nothing was typed there since
 * @property {Promise<void>} later ends when it has been read
 * @property {() => void} end call it then
 */

/** @type {WeakMap<object, Map<string, Reading>>} the last ones, by owner and property */
const readings = new WeakMap();

/**
 * Call it when something is typed, not when it is sent.
 * @param {object} owner the part of the document that it belongs to
 * @param {string} name of the property
 * @returns {Reading}
 */
export function beginReading(owner, name) {
  const known = readings.get(owner) ?? new Map();
  readings.set(owner, known);
  known.get(name)?.end(); // whoever waits for it waits for this one, too: see store.pending
  let end = () => {};
  const later = /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      end = () => resolve();
    })
  );
  const reading = { isLast: () => known.get(name) === reading, later, end };
  known.set(name, reading);
  return reading;
}
