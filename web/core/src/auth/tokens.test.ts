import { beforeEach, describe, expect, it } from "vitest";

import { ApiError } from "../api/problem";
import { makeTransport } from "../api/transport";
import type { Actor } from "../api/types";
import { localTokenStore, makeTokenAuth } from "./tokens";

const ACTOR: Actor = {
  user_id: "u",
  name: "张三",
  role: "grid_worker",
  roles: [],
  areas: [],
  phone_masked: null,
};
const NOW = 1_000_000;

/** A server with one valid access token; every refresh gives the next one, a second use of one is refused. */
function makeServer() {
  const state = { access: "a1", refresh: "r1", n: 1, refreshes: 0, online: true, status: 200 };
  const fetch = async (request: Request): Promise<Response> => {
    await Promise.resolve();
    if (!state.online) throw new TypeError("network");
    const json = (status: number, body: unknown) =>
      new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
    if (request.url.endsWith("/refresh")) {
      state.refreshes++;
      if (state.status !== 200) return json(state.status, {});
      const sent = ((await request.json()) as { refresh: string }).refresh;
      if (sent !== state.refresh) return json(401, { code: "token_reused" });
      state.n++;
      Object.assign(state, { access: `a${state.n}`, refresh: `r${state.n}` });
      return json(200, { access: state.access, refresh: state.refresh, expires_in: 600, actor: ACTOR });
    }
    const bearer = request.headers.get("authorization");
    return bearer === `Bearer ${state.access}`
      ? json(200, { ok: true })
      : json(401, { code: "not_authenticated" });
  };
  return { state, fetch };
}

function makePhone(accessUntil: number) {
  const server = makeServer();
  const store = localTokenStore("test.tokens");
  store.write({ access: "a1", refresh: "r1", accessUntil, actor: ACTOR });
  const auth = makeTokenAuth({
    store,
    language: () => "zh-Hans",
    fetch: server.fetch,
    now: () => NOW,
    exclusively: (work) => work(),
  });
  const transport = makeTransport({ authenticator: auth, language: () => "zh-Hans", fetch: server.fetch });
  return { ...server, store, auth, transport };
}

describe("token refresh", () => {
  beforeEach(() => localStorage.clear());

  it("is sent once for many calls that meet the end of the token together", async () => {
    const phone = makePhone(NOW - 1);
    await Promise.all(Array.from({ length: 8 }, () => phone.transport.call("GET", "/api/v1/me")));
    expect(phone.state.refreshes).toBe(1);
  });

  it("recovers from an early 401", async () => {
    const phone = makePhone(NOW + 600_000);
    phone.state.access = "another";
    await expect(phone.transport.call("GET", "/api/v1/me")).resolves.toEqual({ ok: true });
    expect(phone.state.refreshes).toBe(1);
  });

  it("takes the token that another tab has fetched meanwhile", async () => {
    const phone = makePhone(NOW + 600_000);
    phone.state.access = "a9";
    const renewed = phone.auth.recover(new Response(null, { status: 401 }));
    phone.store.write({ access: "a9", refresh: "r9", accessUntil: NOW + 600_000, actor: ACTOR });
    await renewed;
    await expect(phone.transport.call("GET", "/api/v1/me")).resolves.toEqual({ ok: true });
  });

  it("keeps the tokens when no answer comes, or the server is ill", async () => {
    const phone = makePhone(NOW - 1);
    phone.state.online = false;
    await expect(phone.transport.call("GET", "/api/v1/me")).rejects.toMatchObject({ code: "offline" });
    expect(phone.auth.current()?.refresh).toBe("r1");
    Object.assign(phone.state, { online: true, status: 503 });
    await expect(phone.transport.call("GET", "/api/v1/me")).rejects.toBeInstanceOf(ApiError);
    expect(phone.auth.current()?.refresh).toBe("r1");
  });

  it("signs out, and says so, when the server no longer accepts the refresh token", async () => {
    const phone = makePhone(NOW - 1);
    phone.state.refresh = "someone else's";
    const heard: unknown[] = [];
    phone.auth.onChange((tokens) => heard.push(tokens));
    await expect(phone.transport.call("GET", "/api/v1/me")).rejects.toMatchObject({ status: 401 });
    expect(phone.auth.current()).toBeNull();
    expect(heard).toEqual([null]);
  });
});
