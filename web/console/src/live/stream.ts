import type { LiveTicket } from "@gridward/core";

export type LiveKind = "case" | "position" | "plan" | "stop" | "duty" | "dispute";
export interface LiveEvent {
  kind: LiveKind;
  data: Record<string, unknown>;
}
export type LiveState = "connecting" | "live" | "waiting" | "stopped";

export interface LiveSettings {
  ticket: () => Promise<LiveTicket>;
  onEvent: (event: LiveEvent) => void;
  /** The server no longer has what was missed: everything has to be fetched again. */
  onResync: () => void;
  onState: (state: LiveState) => void;
  /** A refusal that asking again will not change: this person gets no live stream. */
  isFinal?: (error: unknown) => boolean;
  makeSource?: (url: string) => EventSource;
  /** Milliseconds before try number `n` (from 0). */
  delayOf?: (n: number) => number;
}

export interface LiveStream {
  start(): void;
  stop(): void;
}

const KINDS: readonly LiveKind[] = ["case", "position", "plan", "stop", "duty", "dispute"];

/** 1 s, 2 s, 4 s … up to 30 s, each up to a fifth longer, so that many consoles do not come back together. */
export function backoffMs(n: number, random: () => number = Math.random): number {
  return Math.min(30_000, 1_000 * 2 ** n) * (1 + 0.2 * random());
}

/**
 * Server-sent events that survive a lost network. A ticket is good for a minute, so the browser's own reconnect is of no
 * use: each try takes a new ticket and names the last event seen; the server sends what was missed, or `resync`. When the
 * ticket ends the server says `renew`; that change of lines is not shown to anybody.
 */
export function makeLiveStream(settings: LiveSettings): LiveStream {
  const makeSource = settings.makeSource ?? ((url) => new EventSource(url));
  const delayOf = settings.delayOf ?? backoffMs;
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastId = "";
  let tries = 0;
  let wanted = false;
  let attempt = 0;

  async function connect(quietly = false): Promise<void> {
    const mine = ++attempt;
    if (!quietly) settings.onState("connecting");
    let ticket: LiveTicket;
    try {
      ticket = await settings.ticket();
    } catch (error) {
      if (mine !== attempt) return;
      if (settings.isFinal?.(error)) stop();
      else retry();
      return;
    }
    if (!wanted || mine !== attempt) return;
    const made = makeSource(addressOf(ticket, lastId));
    source = made;
    made.onopen = () => {
      tries = 0;
      settings.onState("live");
    };
    made.onerror = () => {
      if (source !== made) return;
      made.close();
      source = null;
      retry();
    };
    for (const kind of KINDS) made.addEventListener(kind, (event) => hear(kind, event));
    made.addEventListener("hello", (event) => keepId(event));
    made.addEventListener("resync", (event) => {
      keepId(event);
      settings.onResync();
    });
    made.addEventListener("renew", () => {
      made.close();
      source = null;
      void connect(true);
    });
  }

  function keepId(event: MessageEvent<string>): void {
    if (event.lastEventId) lastId = event.lastEventId;
  }

  function hear(kind: LiveKind, event: MessageEvent<string>): void {
    keepId(event);
    const data = parsed(event.data);
    if (data) settings.onEvent({ kind, data });
  }

  function retry(): void {
    if (!wanted) return;
    settings.onState("waiting");
    timer = setTimeout(() => void connect(), delayOf(tries++));
  }

  function stop(): void {
    wanted = false;
    attempt++;
    clearTimeout(timer);
    source?.close();
    source = null;
    settings.onState("stopped");
  }

  return {
    start() {
      if (wanted) return;
      wanted = true;
      void connect();
    },
    stop,
  };
}

function addressOf(ticket: LiveTicket, lastId: string): string {
  const url = new URL(ticket.url, globalThis.location.origin);
  if (!url.searchParams.has("ticket")) url.searchParams.set("ticket", ticket.ticket);
  if (lastId) url.searchParams.set("since", lastId);
  return url.pathname + url.search;
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
