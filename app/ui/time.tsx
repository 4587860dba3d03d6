import { Fragment } from "react";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const twoDigits = (value: number) => String(value).padStart(2, "0");

/** "21 Nov 2026" in UTC: the same text on the server and in every browser. */
export function formatDate(at: string | Date): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

function formatTime(at: string | Date): string {
  const date = new Date(at);
  return `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())} UTC`;
}

/** "21 Nov 2026, 14:05 UTC". */
export function formatDateTime(at: string | Date): string {
  return `${formatDate(at)}, ${formatTime(at)}`;
}

type TimeProps = {
  /** An instant as ISO 8601 text, as loaders send it. */
  at: string;
  dateOnly?: boolean | undefined;
};

export function Time({ at, dateOnly }: TimeProps) {
  // Where it is narrow the time goes below the date; neither breaks.
  const parts = dateOnly ? [formatDate(at)] : [`${formatDate(at)},`, formatTime(at)];
  const exact = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return (
    <time dateTime={at} title={exact} className="tabular-nums">
      {parts.map((part, index) => (
        <Fragment key={part}>
          {index > 0 && " "}
          <span className="whitespace-nowrap">{part}</span>
        </Fragment>
      ))}
    </time>
  );
}
