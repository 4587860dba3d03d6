import { DatabaseStartError } from "./database-start-error.server.ts";
import type { EmbeddedFolder } from "./embedded-postgres-folder.server.ts";

/** What PostgreSQL writes when it refuses to start, and what the operator can do about it. */
const explanations: [pattern: RegExp, problem: string, remedy: string][] = [
  [/No space left on device/, "the disk is full", "free some space; nothing that was acknowledged is lost"],
  [/Read-only file system/, "the file system is read-only", "mount it writable or choose another DATA_DIR"],
  [
    /Permission denied|Operation not permitted|invalid permissions|wrong ownership/,
    "files in it are not accessible to the account the server runs under",
    "give the folder back to that account, or start Latchkey as the user that made it",
  ],
  [
    /pre-existing shared memory block/,
    "processes of a killed server still use it",
    "end the processes named postgres that belong to it, or restart the machine",
  ],
  [
    /could not create (shared memory|semaphores)|Cannot allocate memory|could not map anonymous/,
    "the system gives PostgreSQL too little shared memory",
    "give this machine or container at least 256 MB more, or set DATABASE_URL",
  ],
  [
    /valid checkpoint record|invalid checkpoint|could not read file "global\/pg_control"|incorrect checksum/,
    "its files are damaged",
    "restore the last backup into a new DATA_DIR and keep this folder for inspection",
  ],
  [
    /incompatible with server/,
    "it was made by another version or build of PostgreSQL",
    "start the Latchkey release that made it, on the same kind of machine",
  ],
  [
    /^timeout$/,
    "it did not answer within five minutes",
    "read the log, and if no process named postgres uses the folder, delete postmaster.pid in its cluster folder",
  ],
];

/** Turns the server's complaint into one sentence that says what to do. */
export function explainStartFailure(folder: EmbeddedFolder, complaint: string): DatabaseStartError {
  const known = explanations.find(([pattern]) => pattern.test(complaint));
  const fatal = complaint.split("\n").find((line) => /(FATAL|PANIC|ERROR):/.test(line));
  const problem = known?.[1] ?? fatal?.replace(/^.*(FATAL|PANIC|ERROR):\s*/, "") ?? "it gave no reason";
  const remedy = known?.[2] ?? "repair that, or set DATABASE_URL";
  return new DatabaseStartError(
    `The database server in ${folder.root} does not start because ${problem}: ${remedy} (its log is ${folder.logFile}).`,
  );
}
