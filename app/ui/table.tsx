import { Link } from "@remix-run/react";
import { clsx } from "clsx";
import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";

export type Column = {
  label: string;
  sort?: { href: string; direction?: "ascending" | "descending" | undefined } | undefined;
  align?: "right" | undefined;
  /** For a column of links or buttons whose head would only repeat them. */
  labelHidden?: boolean | undefined;
};

// Safari forgets that a table is one once its display is changed for a phone; the roles say it again.
const roles = { table: "table", group: "rowgroup", row: "row", head: "columnheader", cell: "cell" } as const;

type TableProps = { caption: string; columns: readonly Column[]; children: ReactNode };

/** A real table, with a caption for screen readers; below 640 px each row is a card. */
export function Table({ caption, columns, children }: TableProps) {
  return (
    <div className="relative rounded-xl sm:overflow-x-auto sm:border sm:border-line sm:bg-surface sm:shadow-card">
      <table role={roles.table} className="block w-full text-left text-sm leading-5 sm:table">
        <caption className="sr-only">{caption}</caption>
        <thead role={roles.group} className="sr-only sm:not-sr-only sm:table-header-group">
          <tr role={roles.row} className="block sm:table-row">
            {columns.map((column) => (
              <th
                key={column.label}
                scope="col"
                role={roles.head}
                aria-sort={column.sort ? (column.sort.direction ?? "none") : undefined}
                className={clsx(
                  "bg-sunken px-2.5 py-2 text-[0.8125rem] font-medium whitespace-nowrap text-ink-muted first:rounded-tl-xl last:rounded-tr-xl sm:first:pl-5 sm:last:pr-5",
                  column.align === "right" && "text-right",
                )}
              >
                {column.sort ? (
                  <SortLink label={column.label} sort={column.sort} />
                ) : (
                  <span className={column.labelHidden ? "sr-only" : undefined}>{column.label}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role={roles.group} className="grid gap-3 sm:table-row-group">
          {children}
        </tbody>
      </table>
    </div>
  );
}

function SortLink({ label, sort }: { label: string; sort: NonNullable<Column["sort"]> }) {
  const Icon =
    sort.direction === "ascending" ? ArrowUp : sort.direction === "descending" ? ArrowDown : ChevronsUpDown;
  return (
    <Link
      to={sort.href}
      preventScrollReset
      className={clsx(
        "-mx-1 inline-flex min-h-6 items-center gap-1 rounded-md px-1 hover:text-ink hover:underline",
        sort.direction && "text-ink",
      )}
    >
      {label}
      <Icon aria-hidden="true" className="size-3.5" />
    </Link>
  );
}

export function Row({ children }: { children: ReactNode }) {
  return (
    <tr
      role={roles.row}
      className="grid gap-2 rounded-xl border border-line bg-surface p-4 shadow-card sm:table-row sm:border-0 sm:p-0 sm:shadow-none sm:hover:bg-sunken/60"
    >
      {children}
    </tr>
  );
}

type CellProps = {
  label: string;
  align?: "right" | undefined;
  /** For addresses and ids: a long one breaks instead of squeezing the other columns. */
  breakable?: boolean | undefined;
  children: ReactNode;
};

/** `label` is the head of its column, shown beside the value where rows are cards. */
export function Cell({ label, align, breakable, children }: CellProps) {
  return (
    <td
      role={roles.cell}
      data-label={label}
      className={clsx(
        "cell-label flex min-w-0 justify-between gap-4 text-right wrap-anywhere sm:table-cell sm:wrap-break-word sm:border-t sm:border-line sm:px-2.5 sm:py-2.5 sm:align-middle sm:first:pl-5 sm:last:pr-5",
        align === "right" ? "tabular-nums sm:text-right" : "sm:text-left",
      )}
    >
      {/* One box, so that on a card the value stays together beside its label. */}
      <div className={clsx("min-w-0", breakable && "sm:max-w-64 sm:wrap-break-word")}>{children}</div>
    </td>
  );
}
