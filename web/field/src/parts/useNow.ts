import { onBeforeUnmount, ref, type Ref } from "vue";

/** The time, renewed every `everyMs`; for ages such as "12 s ago". */
export function useNow(everyMs = 1_000): Ref<number> {
  const now = ref(Date.now());
  const timer = setInterval(() => {
    now.value = Date.now();
  }, everyMs);
  onBeforeUnmount(() => clearInterval(timer));
  return now;
}
