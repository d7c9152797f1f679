import type { Authenticator, Method } from "../api/transport";

const SAFE: readonly Method[] = ["GET"];

/** Reads a cookie by name; "" when it is not set. */
export function cookie(name: string, source: string = document.cookie): string {
  const found = source.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/**
 * The console's session cookie goes by itself; writing needs the CSRF token beside it. `onSignedOut` hears that the
 * server no longer knows the session.
 */
export function sessionAuthenticator(
  settings: { csrfCookie?: string; onSignedOut?: () => void } = {},
): Authenticator {
  return {
    async headers(method): Promise<Record<string, string>> {
      if (SAFE.includes(method)) return {};
      const token = cookie(settings.csrfCookie ?? "csrftoken");
      return token ? { "X-CSRFToken": token } : {};
    },
    async recover() {
      settings.onSignedOut?.();
      return false;
    },
  };
}
