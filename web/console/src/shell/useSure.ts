import { ElMessageBox } from "element-plus";

import { useText } from "./useText";

/** Asks once more before what is hard to take back. */
export function useSure() {
  const { t } = useText();
  return (text: string, yes: string): Promise<boolean> =>
    ElMessageBox.confirm(text, {
      confirmButtonText: yes,
      cancelButtonText: t("shell.cancel"),
      type: "warning",
    }).then(
      () => true,
      () => false,
    );
}
