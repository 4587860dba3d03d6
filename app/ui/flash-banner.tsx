import { useLocation } from "@remix-run/react";
import { useRef } from "react";
import { Banner } from "./banner.tsx";

export type Flash = { id: string; message: string; tone: "success" | "error" };

/**
 * What the last action did. A layout keeps its data while one moves between its pages, so the message belongs to
 * the page it arrived on and is gone on the next. A page that only asks for its data again keeps the message.
 */
export function FlashBanner({ flash }: { flash: Flash | null | undefined }) {
  const { pathname, key } = useLocation();
  const arrived = useRef<{ flash: Flash; pathname: string; key: string } | null>(null);
  if (flash && arrived.current?.flash.id !== flash.id) arrived.current = { flash, pathname, key };
  const isHere = flash ? arrived.current?.pathname === pathname : arrived.current?.key === key;
  const shown = isHere ? arrived.current?.flash : undefined;
  return (
    <div role={shown?.tone === "error" ? "alert" : "status"} className={shown ? "mb-6" : undefined}>
      {shown && <Banner tone={shown.tone}>{shown.message}</Banner>}
    </div>
  );
}
