import { forgive, groupsOf } from "#app/domain/license/license-key.ts";

/**
 * Keys that another system made. They are kept and shown exactly as they are; what is looked up forgives case, spaces
 * and dashes.
 */
export const importedKeyMaxLength = 128;
/** Fewer could be guessed. */
const fewestCharacters = 8;
const lastGroupLength = 4;
const separators = /[\s\p{Pd}\u2212]+/gu;

/** What is looked up. */
export function normalizeImportedKey(typed: string): string {
  return typed.replace(separators, "").toUpperCase();
}

/**
 * Whether a text looks like a key of Latchkey: seven groups of four letters and digits, or several of these groups in one
 * word, with a prefix of 2 to 12 in front or without. Such a text is judged by its check characters alone. One of
 * hexadecimal digits only never looks so: other systems' keys are often that, ours once in 268 million.
 */
export function hasOwnShape(typed: string): boolean {
  if (/^[0-9A-F]*$/.test(normalizeImportedKey(typed))) return false;
  const words = typed
    .toUpperCase()
    .split(/[^0-9A-Z]+/)
    .filter((word) => word !== "");
  const [first = "", ...others] = words;
  return areOwnGroups(words) || (first.length >= 2 && first.length <= 12 && areOwnGroups(others));
}

function areOwnGroups(words: readonly string[]): boolean {
  return words.join("").length === 28 && words.every((word) => word.length % 4 === 0);
}

/** What keeps a text from being a key to look up or to import; null when nothing does. Ours are judged elsewhere. */
export function importedKeyProblem(key: string): string | null {
  const text = key.trim();
  if (text.length > importedKeyMaxLength)
    return `This key is longer than ${importedKeyMaxLength} characters, which no app can send.`;
  if (/\p{Cc}/u.test(text)) return "This key holds a line break or another control character.";
  if (lettersAndDigits(text).length < fewestCharacters)
    return `This key has fewer than ${fewestCharacters} letters and digits, so it could be guessed.`;
  return hasOwnShape(text)
    ? "This key looks like one of Latchkey's, but its check characters are wrong, so it could not be told from a mistyped one. Make a new key for this license."
    : null;
}

/** The last four letters and digits, as lists show them. */
export function importedLastGroup(key: string): string {
  return lettersAndDigits(key).slice(-lastGroupLength);
}

/** The groups of four that people find a license by: those that `keyFragment` reads from the same text. */
export function importedGroups(key: string): string[] {
  const groups = key.split(/[\s-]+/).flatMap((word) => groupsOf(forgive(word)));
  const whole = groups.filter((group) => group.length === lastGroupLength);
  return [...new Set([...whole, forgive(importedLastGroup(key))])];
}

function lettersAndDigits(text: string): string {
  return text.replace(/[^0-9A-Za-z]/g, "");
}
