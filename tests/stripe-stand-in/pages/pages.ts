import type { StandIn } from "#tests/stripe-stand-in/context.ts";

export type PageRequest = { method: string; path: string; query: string; body: string };
export type PageAnswer = { status: number; headers: Record<string, string>; body: string };

export async function answerPage(_standIn: StandIn, _request: PageRequest): Promise<PageAnswer> {
  return { status: 404, headers: { "content-type": "text/plain" }, body: "Not found" };
}
