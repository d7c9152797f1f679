import { ApiError } from "@gridward/core";
import { defineStore } from "pinia";
import { ref } from "vue";

import { api } from "../api";
import { type LiveEvent, type LiveState, makeLiveStream } from "../live/stream";
import { useDetail } from "./detail";
import { useNotices } from "./notices";
import { useQueue } from "./queue";
import { soon } from "./soon";
import { useSummary } from "./summary";
import { useWorkers } from "./workers";

/** The one live connection of this console, and what each event means for the stores. */
export const useLive = defineStore("live", () => {
  const state = ref<LiveState>("stopped");
  const lastEventAt = ref<number | null>(null);
  /** Raised whenever the points on the map should be fetched again. */
  const caseRevision = ref(0);
  const planRevision = ref(0);
  const dutyRevision = ref(0);
  const disputeRevision = ref(0);
  const [queue, detail, summary, workers] = [useQueue(), useDetail(), useSummary(), useWorkers()];
  const notices = useNotices();
  const touchMap = soon(async () => void caseRevision.value++, 1_500);
  const touchWorkers = soon(() => workers.load(), 1_500);

  function hear({ kind, data }: LiveEvent): void {
    lastEventAt.value = Date.now();
    if (kind === "case") {
      const id = textOf(data["case_id"] ?? data["id"]);
      if (id) {
        void queue.touch(id);
        detail.touch(id);
      }
      touchMap();
      summary.touch();
      notices.touch();
    } else if (kind === "position") {
      if (!workers.place(data)) touchWorkers();
    } else if (kind === "duty") {
      dutyRevision.value++;
    } else if (kind === "dispute") {
      disputeRevision.value++;
      notices.touch();
    } else {
      planRevision.value++;
      summary.touch();
    }
  }

  function resync(): void {
    void queue.load();
    if (detail.wanted) void detail.open(detail.wanted);
    void workers.load();
    void summary.load();
    caseRevision.value++;
    planRevision.value++;
    dutyRevision.value++;
    disputeRevision.value++;
  }

  const stream = makeLiveStream({
    ticket: () => api.liveTicket(),
    onEvent: hear,
    onResync: resync,
    onState: (now) => (state.value = now),
    isFinal: (error) => error instanceof ApiError && [401, 403].includes(error.status),
  });
  return {
    state,
    lastEventAt,
    caseRevision,
    planRevision,
    dutyRevision,
    disputeRevision,
    start: stream.start,
    stop: stream.stop,
  };
});

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
