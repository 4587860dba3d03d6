import type { SerializeFrom } from "@remix-run/node";
import type { StaffLicense } from "#app/domain/license/staff-license.queries.server.ts";

/** A license as the loader of its page sends it to the browser. */
export type ShownLicense = SerializeFrom<StaffLicense>;
