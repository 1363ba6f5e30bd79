import type { ChatView } from "../../view";

export function Head(_: { view: ChatView }) {
  return null;
}
