import type { ChatView } from "../../view";

export function Before(_: { view: ChatView }) {
  return null;
}

export function After(_: { view: ChatView }) {
  return null;
}
