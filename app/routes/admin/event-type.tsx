import { Fragment } from "react";

/** The type of an event, which may break after a dot and nowhere else. */
export function EventType({ type }: { type: string }) {
  const parts = type.split(/(?<=\.)/);
  return (
    <span translate="no">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change their order
        <Fragment key={index}>
          <span className="whitespace-nowrap">{part}</span>
          <wbr />
        </Fragment>
      ))}
    </span>
  );
}
