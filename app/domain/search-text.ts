/** What was typed into a search box, without what no stored text can hold. */
export function searchText(typed: string | undefined): string {
  return (typed ?? "").replaceAll("\u0000", "").trim().slice(0, 200);
}

/** Typed text for a LIKE pattern: the characters that mean something there stand for themselves. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** Whether an id from an address could be one at all: PostgreSQL refuses a text that holds NUL with an error. */
export function canBeId(text: string): boolean {
  return text.length > 0 && text.length <= 300 && !text.includes("\u0000");
}
