import { fork } from "node:child_process";
import { once } from "node:events";

export type JobProcess<Job, Result> = {
  ready: unknown;
  run: (job: Job) => Promise<Result>;
  stop: () => void;
};

/** Runs a file as a process of its own that says when it is `ready` and then answers each job with one result. */
export async function startJobProcess<Job extends object, Result>(
  file: string,
): Promise<JobProcess<Job, Result>> {
  const child = fork(file, [], { execArgv: ["--import", "tsx"] });
  // Rejects when it dies, so that nobody waits for an answer that never comes.
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`${file} ended.`)));
  ended.catch(() => undefined);
  const [ready] = await Promise.race([once(child, "message"), ended]);
  return {
    ready,
    run: (job) =>
      new Promise<Result>((resolve, reject) => {
        child.once("message", (result) => resolve(result as Result)); // the file answers each job with one
        ended.catch(reject);
        child.send(job);
      }),
    stop: () => child.kill(),
  };
}
