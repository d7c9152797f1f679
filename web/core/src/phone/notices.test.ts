import { expect, it } from "vitest";

import { makeNotices } from "./notices";

const notice = (id: string, read_at: string | null) => ({
  id,
  topic: "case_close",
  text: { zh: "已办结", en: "closed" },
  case_id: "c",
  created_at: "2026-11-25T08:00:00Z",
  read_at,
});

function served(answer: (method: string, body: unknown) => unknown) {
  const asked: unknown[] = [];
  const call = <T>(method: string, _path: string, options?: { body?: unknown }): Promise<T> => {
    asked.push([method, options?.body]);
    return Promise.resolve().then(() => answer(method, options?.body) as T);
  };
  return { notices: makeNotices({ call } as never), asked };
}

it("counts what is unread, and marks only that, here and on the server", async () => {
  const { notices, asked } = served(() => ({
    items: [notice("a", null), notice("b", "2026-11-25T09:00:00Z")],
  }));
  await notices.load();
  expect(notices.unread.value).toBe(1);
  await notices.markRead(["a", "b"]);
  expect(notices.unread.value).toBe(0);
  expect(asked.at(-1)).toEqual(["POST", { ids: ["a"] }]);
  await notices.markRead(["a"]);
  expect(asked).toHaveLength(2);
});

it("keeps what it has when the server is away, and says so", async () => {
  let away = false;
  const { notices } = served(() => {
    if (away) throw new Error("away");
    return { items: [notice("a", null)] };
  });
  await notices.load();
  away = true;
  await notices.load();
  expect(notices.items.value).toHaveLength(1);
  expect(notices.problem.value).toBeInstanceOf(Error);
});
