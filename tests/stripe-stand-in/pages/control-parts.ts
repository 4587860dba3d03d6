import { type Html, html } from "./html.ts";

/** A button that does one control action. `about` completes its name for those who hear it out of its row. */
export function actionButton(
  name: string,
  fields: Record<string, string>,
  label: string,
  about?: string,
): Html {
  const inputs = Object.entries(fields).map(
    ([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`,
  );
  const spoken = about === undefined ? null : html` aria-label="${label}: ${about}"`;
  return html`<form method="post" action="/control/${name}">${inputs}<button${spoken}>${label}</button></form>`;
}

/** A titled table that scrolls sideways by itself when the window is narrow. */
export function table(
  id: string,
  title: string,
  columns: readonly string[],
  rows: readonly Html[],
  whenEmpty: string,
): Html {
  const body =
    rows.length === 0
      ? html`<p>${whenEmpty}</p>`
      : html`<div class="wide" role="region" aria-labelledby="${id}-title" tabindex="0"><table>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
  return html`<section id="${id}"><h2 id="${id}-title">${title}</h2>${body}</section>`;
}

/** The choices of a drop-down. */
export function options(values: ReadonlyArray<readonly [string, string]>, selected?: string): Html[] {
  return values.map(([value, label]) => {
    return html`<option value="${value}"${value === selected ? html` selected` : null}>${label}</option>`;
  });
}
