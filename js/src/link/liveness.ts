// Whether a live kernel stands behind a model: by its messages, and by what the host says of it.
import type { Kernel } from "../state/run";
import { guarded, innerModel, kernelOf, type Model } from "./host";

const ANSWERS_WITHIN = 3_000; // ms in which a live kernel says something to a new page
const SILENT_FOR = 60_000; // ms without the heartbeat after which a kernel counts as gone
const LOOK_EVERY = 1_000;

/**
 * Watches the kernel. A notebook that was opened without one, or whose kernel died, must not show a
 * run as running for ever.
 *
 * @param changed is called when the liveness has changed.
 * @param regained is called when a lost connection is back: messages may have been lost.
 */
export function watchLiveness(model: Model, changed: () => void, regained: () => void) {
  let value: Kernel["liveness"] = "unknown";
  let heardAt = Date.now();

  const set = (now: Kernel["liveness"]): void => {
    if (now === value) return;
    value = now;
    changed();
  };
  const onStatus = (_: unknown, status: unknown): void => {
    if (/^(dead|restarting|autorestarting|terminating)$/.test(String(status))) set("gone");
  };
  const onConnection = (_: unknown, status: unknown): void => {
    if (status === "disconnected") set("gone");
    if (status === "connected") regained();
  };
  const onClose = (): void => set("gone");
  const onLive = (): void => {
    if (innerModel(model)?.comm_live === false) set("gone");
  };
  const look = (): void => {
    if (Date.now() - heardAt >= (value === "unknown" ? ANSWERS_WITHIN : SILENT_FOR)) set("gone");
  };

  const kernel = kernelOf(model);
  const connect = (verb: "connect" | "disconnect"): void => {
    guarded(() => kernel?.statusChanged?.[verb](onStatus));
    guarded(() => kernel?.connectionStatusChanged?.[verb](onConnection));
  };
  const listen = (verb: "on" | "off"): void => {
    model[verb]("comm:close", onClose);
    model[verb]("comm_live_update", onLive);
  };
  connect("connect");
  listen("on");
  const timer = setInterval(look, LOOK_EVERY);

  return {
    get value(): Kernel["liveness"] {
      return value;
    },

    heard(): void {
      heardAt = Date.now();
      set("live");
    },

    close(): void {
      clearInterval(timer);
      connect("disconnect");
      listen("off");
    },
  };
}
