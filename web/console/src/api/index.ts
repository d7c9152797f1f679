import { makeConsoleApi, makeTransport, sessionAuthenticator } from "@gridward/core";

let signedOut: () => void = () => undefined;

/** Who wants to know that the session has ended on the server; the app's router does. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

export const api = makeConsoleApi(
  makeTransport({
    authenticator: sessionAuthenticator({ onSignedOut: () => signedOut() }),
    language: () => document.documentElement.lang,
  }),
);
