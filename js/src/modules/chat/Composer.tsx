import type { ChatView } from "../../view";

export function Composer(_: { view: ChatView }) {
  return null;
}
