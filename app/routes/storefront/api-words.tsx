import { Fragment } from "react";

/** Text in which what stands between backticks is code. */
export function Worded({ text }: { text: string }) {
  return text.split("`").map((part, index) => {
    // The parts of one fixed text never move.
    const key = `${index}-${part}`;
    return index % 2 === 1 ? (
      <code key={key} className="rounded-xs bg-sunken px-1 font-mono text-[0.9em] wrap-anywhere">
        {part}
      </code>
    ) : (
      <Fragment key={key}>{part}</Fragment>
    );
  });
}

/** Text as a program reads it; long lines break, so that nothing has to be scrolled sideways. */
export function CodeBlock({ text }: { text: string }) {
  return (
    <pre className="rounded-lg border border-line bg-sunken p-3 font-mono text-[0.8125rem] leading-5 whitespace-pre-wrap wrap-anywhere">
      <code translate="no">{text}</code>
    </pre>
  );
}
