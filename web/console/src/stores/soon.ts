/** Runs `work` once, `afterMs` after the first of many calls; calls while it runs lead to one more run. */
export function soon(work: () => Promise<void>, afterMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let again = false;

  function run(): void {
    timer = undefined;
    running = true;
    void work().finally(() => {
      running = false;
      if (again) {
        again = false;
        call();
      }
    });
  }
  function call(): void {
    if (running) again = true;
    else timer ??= setTimeout(run, afterMs);
  }
  return call;
}
