import { beforeEach, describe, expect, it, vi } from "vitest";

import { soon } from "./soon";

describe("soon", () => {
  beforeEach(() => vi.useFakeTimers());

  it("answers many calls with one run", async () => {
    const work = vi.fn(() => Promise.resolve());
    const touch = soon(work, 1_000);
    touch();
    touch();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("runs once more for what happened during a run", async () => {
    const work = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 500)));
    const touch = soon(work, 1_000);
    touch();
    await vi.advanceTimersByTimeAsync(1_200);
    touch();
    touch();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(work).toHaveBeenCalledTimes(2);
  });
});
