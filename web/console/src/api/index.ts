import { makeClient, makeConsoleApi, makeTransport, sessionAuthenticator } from "@gridward/core";

let signedOut: () => void = () => undefined;

/** Who wants to know that the session has ended on the server; the app's router does. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

const settings = {
  authenticator: sessionAuthenticator({ onSignedOut: () => signedOut() }),
  language: () => document.documentElement.lang,
};

export const api = makeConsoleApi(makeClient(settings), makeTransport(settings));
