import { useLocation } from "@remix-run/react";
import { useRef } from "react";
import { Banner } from "./banner.tsx";

export type Flash = { id: string; message: string; tone: "success" | "error" };

/**
 * What the last action did. A layout keeps its data while one moves between its pages, so the message belongs to
 * the page it arrived on and is gone on the next.
 */
export function FlashBanner({ flash }: { flash: Flash | null | undefined }) {
  const { pathname } = useLocation();
  const arrived = useRef<{ id: string; pathname: string } | null>(null);
  if (flash && arrived.current?.id !== flash.id) arrived.current = { id: flash.id, pathname };
  const shown = flash && arrived.current?.pathname === pathname;
  return (
    <div role={flash?.tone === "error" ? "alert" : "status"} className={shown ? "mb-6" : undefined}>
      {shown && <Banner tone={flash.tone}>{flash.message}</Banner>}
    </div>
  );
}
