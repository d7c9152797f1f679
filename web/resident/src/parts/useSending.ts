import { ApiError } from "@gridward/core";
import { ref, type Ref } from "vue";
import { useRouter } from "vue-router";

import type { Booked, Report } from "../api";
import type { Draft } from "../drafts/draft";
import { receiptOf } from "../drafts/receipt";
import { receipts } from "../drafts/store";
import { useProblemText } from "./problem";
import type { OpenDraft } from "./useDraft";

export interface Sending {
  busy: Ref<boolean>;
  problem: Ref<string | null>;
  send: () => Promise<void>;
}

export interface SendingSettings<T extends Draft> {
  open: Pick<OpenDraft<T>, "draft" | "patch" | "flush" | "drop">;
  /** Nothing is sent before the draft is complete. */
  complete: () => boolean;
  /** What must be with the server first, such as photos; when it fails the draft itself was not sent. */
  before?: () => Promise<void>;
  post: (draft: T) => Promise<Report | Booked>;
  /** True when the screen has an answer of its own to this error; anything else is shown as a problem. */
  handled?: (error: unknown) => boolean;
}

/** Sends a draft. What has arrived is kept as a receipt, its draft forgotten, and its number shown. */
export function useSending<T extends Draft>(settings: SendingSettings<T>): Sending {
  const { draft, patch, flush, drop } = settings.open;
  const router = useRouter();
  const problemOf = useProblemText();
  const busy = ref(false);
  const problem = ref<string | null>(null);

  async function send(): Promise<void> {
    if (busy.value || draft.value === null || !settings.complete()) return;
    busy.value = true;
    problem.value = null;
    let posted = false;
    try {
      await settings.before?.();
      await flush();
      const sent = draft.value;
      posted = true;
      const answer = await settings.post(sent);
      await receipts.keep(receiptOf(sent, answer));
      await drop();
      await router.replace({ name: "done", params: { number: answer.number } });
    } catch (error) {
      if (settings.handled?.(error) ?? false) return;
      // Nobody knows whether it arrived: until that is clear the draft must not change.
      if (posted && error instanceof ApiError && error.unanswered) {
        patch({ unanswered: true } as Partial<T>);
      }
      problem.value = problemOf(error);
    } finally {
      busy.value = false;
      await flush();
    }
  }
  return { busy, problem, send };
}
