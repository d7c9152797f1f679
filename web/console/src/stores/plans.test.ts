import type { PlanRow } from "@gridward/core";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, expect, it, vi } from "vitest";

import { api } from "../api";
import { usePlans } from "./plans";

vi.mock("../api", () => ({ api: { plans: vi.fn() } }));

const asked = vi.mocked(api.plans);
const draft = { id: "p1", version: 1, state: "draft", grid: { code: "g1" } } as PlanRow;

/** The next question is answered, or refused, when the test says so. */
function later(): { answer: (items: PlanRow[]) => void; refuse: () => void } {
  let answer: (plans: Awaited<ReturnType<typeof api.plans>>) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  asked.mockReturnValueOnce(
    new Promise((resolve, reject) => {
      answer = resolve;
      refuse = reject;
    }),
  );
  return {
    answer: (items) => answer({ week_start: "2026-11-16", items }),
    refuse: () => refuse(new Error("no answer")),
  };
}

beforeEach(() => setActivePinia(createPinia()));

it("keeps what the last question brought when an older answer comes after it", async () => {
  const [before, after] = [later(), later()];
  const plans = usePlans();
  const both = [plans.load("2026-11-16"), plans.load("2026-11-16")];
  after.answer([draft]);
  before.answer([]);
  await Promise.all(both);
  expect(plans.rows).toEqual([draft]);
  expect(plans.loading).toBe(false);
});

it("does not show the failure of a question that was overtaken", async () => {
  const [before, after] = [later(), later()];
  const plans = usePlans();
  const both = [plans.load("2026-11-16"), plans.load("2026-11-23")];
  after.answer([draft]);
  before.refuse();
  await Promise.all(both);
  expect(plans.error).toBeNull();
  expect(plans.rows).toEqual([draft]);
});
