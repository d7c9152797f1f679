import { beforeEach, describe, expect, it, vi } from "vitest";

import { backoffMs, type LiveState, makeLiveStream } from "./stream";

class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.all.push(this);
  }
  close() {
    this.closed = true;
  }
  say(kind: string, lastEventId: string, data: unknown = {}) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data), lastEventId }));
  }
}

function setUp(
  ticket = () => Promise.resolve({ ticket: "t", url: "/live/stream", expires_in: 60, now: "" }),
) {
  const states: LiveState[] = [];
  const events: string[] = [];
  const stream = makeLiveStream({
    ticket,
    onEvent: (event) => events.push(`${event.kind}:${String(event.data["id"])}`),
    onResync: () => events.push("resync"),
    onState: (state) => states.push(state),
    makeSource: (url) => new FakeSource(url) as unknown as EventSource,
    delayOf: () => 1_000,
    isFinal: (error) => error instanceof Error && error.message === "403",
  });
  return { stream, states, events, last: () => FakeSource.all.at(-1) as FakeSource };
}

describe("live stream", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeSource.all = [];
  });

  it("hears events and says when it is live", async () => {
    const { stream, states, events, last } = setUp();
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    last().onopen?.();
    last().say("case", "7", { id: "c1" });
    expect(last().url).toBe("/live/stream?ticket=t");
    expect(events).toEqual(["case:c1"]);
    expect(states).toEqual(["connecting", "live"]);
  });

  it("comes back with a new ticket and the last event it saw", async () => {
    const { stream, states, last } = setUp();
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    last().say("position", "41-0", { id: "w" });
    last().onerror?.();
    expect(last().closed).toBe(true);
    expect(states.at(-1)).toBe("waiting");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(FakeSource.all).toHaveLength(2);
    expect(last().url).toBe("/live/stream?ticket=t&since=41-0");
  });

  it("changes over without a word when the ticket ends", async () => {
    const { stream, states, last } = setUp();
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    last().onopen?.();
    last().say("hello", "12-0");
    last().say("renew", "");
    await vi.advanceTimersByTimeAsync(0);
    last().onopen?.();
    expect(last().url).toBe("/live/stream?ticket=t&since=12-0");
    expect(states).toEqual(["connecting", "live", "live"]);
  });

  it("fetches everything again when the server has forgotten", async () => {
    const { stream, events, last } = setUp();
    stream.start();
    await vi.advanceTimersByTimeAsync(0);
    last().say("resync", "99");
    expect(events).toEqual(["resync"]);
  });

  it("keeps trying while no ticket is to be had, and stops when told", async () => {
    let asked = 0;
    const { stream, states } = setUp(() => {
      asked++;
      return Promise.reject(new Error("503"));
    });
    stream.start();
    await vi.advanceTimersByTimeAsync(3_500);
    expect(asked).toBe(4);
    stream.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(4);
    expect(states.at(-1)).toBe("stopped");
  });

  it("gives up when this person gets no ticket", async () => {
    let asked = 0;
    const { stream, states } = setUp(() => {
      asked++;
      return Promise.reject(new Error("403"));
    });
    stream.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(1);
    expect(states).toEqual(["connecting", "stopped"]);
  });

  it("waits longer each time, up to half a minute", () => {
    expect([0, 1, 2, 10].map((n) => backoffMs(n, () => 0))).toEqual([1_000, 2_000, 4_000, 30_000]);
    expect(backoffMs(10, () => 1)).toBe(36_000);
  });
});
