// Sends a message over the kernel's control channel, where the host lets us: there it arrives
// while the kernel computes, when comm messages have to wait. Returns whether it was sent.
import type { PageMessage } from "../state/wire";
import { guarded, innerModel, kernelOf, type Model } from "./host";
import { newId } from "./id";

export function sendControl(model: Model, content: PageMessage): boolean {
  const kernel = kernelOf(model);
  const inner = innerModel(model);
  const comm = inner?.comm?.comm_id ?? inner?.model_id;
  // A model out of a notebook's file has no comm: the kernel there, if any, knows nothing of it.
  const isKnown = typeof comm === "string" && inner?.comm_live !== false;
  if (kernel?.sendControlMessage === undefined || !isKnown) return false;
  const message = {
    header: {
      msg_id: newId(),
      msg_type: "powawidget_msg",
      session: kernel.clientId ?? "",
      username: kernel.username ?? "",
      date: new Date().toISOString(),
      version: "5.3",
    },
    parent_header: {},
    metadata: {},
    channel: "control",
    buffers: [],
    content: { comm_id: comm, data: { method: "custom", content } },
  };
  return (
    guarded(() => {
      const future = kernel.sendControlMessage?.(message, false, true) as
        | { done?: Promise<unknown> }
        | undefined;
      future?.done?.catch?.(() => {}); // cancelled when the kernel restarts: the comm's copy counts
      return true;
    }) ?? false
  );
}
