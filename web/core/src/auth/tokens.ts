import { ApiError } from "../api/problem";
import { makeTransport, type Authenticator, type Transport } from "../api/transport";
import type { Actor, Device, Tokens } from "../api/types";

/** What a phone keeps between starts. `accessUntil` is in Unix milliseconds. */
export interface KeptTokens {
  access: string;
  refresh: string;
  accessUntil: number;
  actor: Actor;
}

export interface TokenStore {
  read(): KeptTokens | null;
  write(tokens: KeptTokens | null): void;
}

/** Tokens in localStorage under one key per app, so that all tabs of the app share them. */
export function localTokenStore(key: string, storage: Storage = globalThis.localStorage): TokenStore {
  return {
    read() {
      try {
        return JSON.parse(storage.getItem(key) ?? "null") as KeptTokens | null;
      } catch {
        return null;
      }
    },
    write(tokens) {
      if (tokens) storage.setItem(key, JSON.stringify(tokens));
      else storage.removeItem(key);
    },
  };
}

/** Access tokens are renewed this long before they end, so that a slow upload does not meet its end. */
const RENEW_BEFORE_MS = 30_000;

export interface TokenAuth extends Authenticator {
  current(): KeptTokens | null;
  signIn(credentials: { username: string; password: string; device: Device }): Promise<Actor>;
  /** Residents: the code that was sent to the phone. */
  verifyCode(proof: { phone: string; code: string; device: Device }): Promise<Actor>;
  signOut(): Promise<void>;
  /** Told when somebody signs in or out, and when the server no longer accepts the refresh token. */
  onChange(listener: (tokens: KeptTokens | null) => void): () => void;
}

export interface TokenAuthSettings {
  store: TokenStore;
  language: () => string;
  fetch?: (request: Request) => Promise<Response>;
  now?: () => number;
  /** Runs one refresh at a time across tabs; the browser's lock manager by default. */
  exclusively?: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Bearer tokens with rotation. However many calls meet the end of the access token together, one refresh is sent:
 * a refresh token that is used twice would end the whole family. Without an answer the tokens are kept.
 */
export function makeTokenAuth(settings: TokenAuthSettings): TokenAuth {
  const { store } = settings;
  const now = settings.now ?? Date.now;
  const exclusively = settings.exclusively ?? withBrowserLock;
  const plain: Transport = makeTransport({
    language: settings.language,
    ...(settings.fetch ? { fetch: settings.fetch } : {}),
  });
  const listeners = new Set<(tokens: KeptTokens | null) => void>();
  let refreshing: Promise<boolean> | null = null;

  function keep(answer: Tokens | null): void {
    store.write(
      answer && {
        access: answer.access,
        refresh: answer.refresh,
        accessUntil: now() + answer.expires_in * 1000,
        actor: answer.actor,
      },
    );
    listeners.forEach((listener) => listener(store.read()));
  }

  /** True when there is a usable access token afterwards. */
  function refresh(stale: string): Promise<boolean> {
    refreshing ??= exclusively(async () => {
      const kept = store.read();
      if (!kept) return false;
      if (kept.access !== stale) return true;
      try {
        const body = { refresh: kept.refresh };
        keep(await plain.call<Tokens>("POST", "/api/v1/auth/token/refresh", { body }));
        return true;
      } catch (error) {
        if (!(error instanceof ApiError) || error.unanswered || error.status >= 500) throw error;
        keep(null);
        return false;
      }
    }).finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  async function enter(path: string, body: unknown): Promise<Actor> {
    const answer = await plain.call<Tokens>("POST", path, { body });
    keep(answer);
    return answer.actor;
  }

  return {
    current: () => store.read(),
    signIn: (credentials) => enter("/api/v1/auth/token", credentials),
    verifyCode: (proof) => enter("/api/v1/auth/codes/verify", proof),
    async signOut() {
      const kept = store.read();
      keep(null);
      if (kept) {
        const body = { refresh: kept.refresh };
        await plain.call("POST", "/api/v1/auth/token/revoke", { body }).catch(() => undefined);
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async headers(): Promise<Record<string, string>> {
      const kept = store.read();
      if (!kept) return {};
      if (kept.accessUntil - now() < RENEW_BEFORE_MS) await refresh(kept.access);
      const access = store.read()?.access;
      return access ? { Authorization: `Bearer ${access}` } : {};
    },
    async recover() {
      const kept = store.read();
      return kept ? refresh(kept.access) : false;
    },
  };
}

function withBrowserLock<T>(work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? (locks.request("gridward.refresh", work) as Promise<T>) : work();
}
