export type ErrorFields = {
  type: "invalid_request_error" | "card_error" | "idempotency_error" | "api_error";
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
};

/** An answer in Stripe's error shape. The SDK takes a body without `error` for success, so every refusal is one of these. */
export class StripeApiError extends Error {
  constructor(
    readonly status: number,
    readonly fields: ErrorFields,
    readonly headers: Record<string, string> = {},
  ) {
    super(fields.message);
  }
}

export function invalidRequest(message: string, param?: string, code?: string): StripeApiError {
  return new StripeApiError(400, {
    type: "invalid_request_error",
    message,
    ...(param === undefined ? {} : { param }),
    ...(code === undefined ? {} : { code }),
  });
}

/** 404 for an id in the path, 400 for an id in a parameter: what Stripe does. */
export function resourceMissing(noun: string, id: string, param = "id"): StripeApiError {
  return new StripeApiError(param === "id" ? 404 : 400, {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${noun}: '${id}'`,
    param,
  });
}

export function unauthorized(message: string): StripeApiError {
  return new StripeApiError(401, { type: "invalid_request_error", message });
}

export function unknownUrl(method: string, path: string): StripeApiError {
  return new StripeApiError(404, {
    type: "invalid_request_error",
    message: `Unrecognized request URL (${method}: ${path}). This stand-in does not have it; its README lists what it has.`,
  });
}

/** The answers an injected fault gives, in the shape the real API uses for that status. */
export function faultAnswer(status: number): StripeApiError {
  if (status === 429) {
    const message = "Too many requests hit the API too quickly (injected by the stand-in).";
    return new StripeApiError(429, { type: "invalid_request_error", code: "rate_limit", message });
  }
  if (status === 409) {
    const message = "This object cannot be accessed right now (injected by the stand-in).";
    return new StripeApiError(409, { type: "invalid_request_error", code: "lock_timeout", message });
  }
  return new StripeApiError(status, {
    type: "api_error",
    message: "An error occurred on our end (injected by the stand-in).",
  });
}
