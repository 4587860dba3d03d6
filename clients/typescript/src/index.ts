export type { Check, FileReason, ServerCheck, ServerReason } from "./check.ts";
export { createLatchkeyClient, type FileRefresh, type LatchkeyClient, type Release } from "./client.ts";
export type { DeviceDescription } from "./device-description.ts";
export type { HoldEnd, HoldOptions } from "./hold-seat.ts";
export type { Device, License } from "./license.ts";
export { type PlatformCrypto, UnsupportedPlatformError } from "./platform-crypto.ts";
export { type ClientOptions, storedFingerprint } from "./settings.ts";
export { browserStorage, memoryStorage, type Storage } from "./storage.ts";
export type { Trouble, TroubleKind } from "./trouble.ts";
export {
  type FileCheck,
  type FileQuestion,
  type FileRefusal,
  type GoodFile,
  verifyFile,
} from "./verify-file.ts";
