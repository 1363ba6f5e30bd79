import type { ChatView, View } from "../../view";

export function Tools(_: { chat: ChatView; view: View; index: number }) {
  return null;
}
