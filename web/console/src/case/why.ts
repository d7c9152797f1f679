/** One person of a duty chain as the decision stores it: `worker:worker009:absent`. */
export interface DutyLine {
  post: string;
  username: string;
  absent: boolean;
}

export function dutyLine(text: string): DutyLine {
  const [post = "", username = "", absent = ""] = text.split(":");
  return { post, username, absent: absent === "absent" };
}
