import { useI18n } from "vue-i18n";

/** Names of codes in the screen's language; an unknown code of a newer server shows as it is. */
function useCodes(tree: string): (code: string | null) => string {
  const { t, te } = useI18n();
  return (code) => {
    if (code === null || code === "") return "";
    const key = `${tree}.${code}`;
    return te(key) ? t(key) : code;
  };
}

export const useStateName = (): ((code: string | null) => string) => useCodes("state");
export const usePost = (): ((code: string | null) => string) => useCodes("post");
export const useAppointmentState = (): ((code: string | null) => string) => useCodes("appointmentState");

/** States after which nothing more happens by itself. */
const FINISHED = new Set(["closed", "not_accepted", "cancelled", "forced_close"]);

export function isFinished(state: string): boolean {
  return FINISHED.has(state);
}
