import "fake-indexeddb/auto";

import { localProblem, makeI18n } from "@gridward/core";
import { mount } from "@vue/test-utils";
import { expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";
import { createMemoryHistory, createRouter, type Router } from "vue-router";

import type { Report } from "../api";
import { newReport, type ReportDraft } from "../drafts/draft";
import { drafts, receipts } from "../drafts/store";
import { messages as en } from "../messages/en";
import { messages as zh } from "../messages/zh-Hans";
import { useDraft, type OpenDraft } from "./useDraft";
import { useSending, type Sending, type SendingSettings } from "./useSending";

const ANSWER = {
  id: "r1",
  number: "W2026-1",
  tracking_code: "K7M4",
  matter: { name: { zh: "垃圾", en: "Garbage" } },
  created_at: "2026-11-23T09:00:00Z",
} as unknown as Report;
const NO_ANSWER = localProblem("offline");
const SLOT_TAKEN = localProblem("slot_taken", 409);

interface Screen extends Sending {
  open: OpenDraft<ReportDraft>;
  router: Router;
}

async function screen(settings: Partial<SendingSettings<ReportDraft>>): Promise<Screen> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/", component: { render: () => null } },
      { path: "/done/:number", name: "done", component: { render: () => null } },
    ],
  });
  let made: Screen | null = null;
  const draft = { ...newReport("r1", "2026-11-23T09:00:00Z"), description: "垃圾没人收" };
  const Form = defineComponent(() => {
    const open = useDraft<ReportDraft>(() => Promise.resolve(draft));
    const complete = (): boolean => true;
    const post = (): Promise<Report> => Promise.resolve(ANSWER);
    made = { open, router, ...useSending<ReportDraft>({ open, complete, post, ...settings }) };
    return () => h("div");
  });
  mount(Form, { global: { plugins: [router, makeI18n({ "zh-Hans": zh, en })] } });
  await vi.waitFor(() => expect(made?.open.draft.value).not.toBeNull());
  return made as unknown as Screen;
}

it("keeps a receipt of what has arrived, forgets its draft and shows its number", async () => {
  const { send, open, router } = await screen({});
  await send();
  expect(router.currentRoute.value.params["number"]).toBe("W2026-1");
  expect(open.draft.value).toBeNull();
  expect((await receipts.all())[0]).toMatchObject({ number: "W2026-1", code: "K7M4" });
  expect(await drafts.newest()).toBeUndefined();
});

it("sends once, however often the button is pressed", async () => {
  const post = vi.fn(() => Promise.resolve(ANSWER));
  const { send } = await screen({ post });
  await Promise.all([send(), send()]);
  expect(post).toHaveBeenCalledTimes(1);
});

it("holds a draft of which nobody knows whether it arrived", async () => {
  const { send, open, problem, busy } = await screen({ post: () => Promise.reject(NO_ANSWER) });
  await send();
  expect(open.draft.value).toMatchObject({ id: "r1", unanswered: true });
  expect(await drafts.newest()).toMatchObject({ id: "r1", unanswered: true });
  expect(problem.value).toBeTruthy();
  expect(busy.value).toBe(false);
});

it("lets a draft be changed whose photos did not arrive: it was not sent itself", async () => {
  const post = vi.fn(() => Promise.resolve(ANSWER));
  const { send, open, problem } = await screen({ post, before: () => Promise.reject(NO_ANSWER) });
  await send();
  expect(post).not.toHaveBeenCalled();
  expect(open.draft.value).toMatchObject({ unanswered: false });
  expect(problem.value).toBeTruthy();
});

it("leaves an error to the screen that has an answer to it", async () => {
  const handled = vi.fn(() => true);
  const { send, open, problem } = await screen({ post: () => Promise.reject(SLOT_TAKEN), handled });
  await send();
  expect(handled).toHaveBeenCalledWith(SLOT_TAKEN);
  expect(problem.value).toBeNull();
  expect(open.draft.value).toMatchObject({ unanswered: false });
});
