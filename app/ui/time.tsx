const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const twoDigits = (value: number) => String(value).padStart(2, "0");

/** "21 Nov 2026" in UTC: the same text on the server and in every browser. */
export function formatDate(at: string | Date): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** "21 Nov 2026, 14:05 UTC". */
export function formatDateTime(at: string | Date): string {
  const date = new Date(at);
  return `${formatDate(date)}, ${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())} UTC`;
}

type TimeProps = {
  /** An instant as ISO 8601 text, as loaders send it. */
  at: string;
  dateOnly?: boolean | undefined;
};

export function Time({ at, dateOnly }: TimeProps) {
  const exact = `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return (
    <time dateTime={at} title={exact} className="whitespace-nowrap tabular-nums">
      {dateOnly ? formatDate(at) : formatDateTime(at)}
    </time>
  );
}
