import type { Authenticator, Method } from "../api/transport";

const SAFE: readonly Method[] = ["GET"];

/** Reads a cookie by name; "" when it is not set. */
export function cookie(name: string, source: string = document.cookie): string {
  const found = source.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

/** The console's session cookie goes by itself; writing needs the CSRF token beside it. */
export function sessionAuthenticator(csrfCookie = "csrftoken"): Authenticator {
  return {
    async headers(method): Promise<Record<string, string>> {
      if (SAFE.includes(method)) return {};
      const token = cookie(csrfCookie);
      return token ? { "X-CSRFToken": token } : {};
    },
    recover: async () => false,
  };
}
