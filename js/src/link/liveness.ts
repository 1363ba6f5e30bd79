// Whether a live kernel stands behind a model: by its messages, and by what the host says of it.
import type { Kernel } from "../state/run";
import { guarded, innerModel, kernelOf, type Model } from "./host";

// In looks, not by the clock: a tab in the background looks once a minute, one that sleeps not at all,
// and who wasn't asked owes nothing.
const LOOK_EVERY = 1_000; // ms
const ANSWERS_WITHIN = 3; // in which a live kernel says something to a new page
const SILENT_FOR = 60; // without a sign that is due, after which a kernel counts as gone
const ASK_AFTER = 30; // of such silence, after which it is asked at each look

/**
 * Watches the kernel. A notebook that was opened without one, or whose kernel died, must not show a
 * run as running for ever.
 *
 * @param isDue whether the kernel owes a sign, its first one where that `isNew`: while nothing is
 *   under way, and before it was asked, it is silent.
 * @param changed is called when the liveness has changed.
 * @param regained is called when a lost connection is back, or a sign is late: messages may have been
 *   lost, and a kernel that is no longer kept alive for what goes on says nothing unasked.
 */
export function watchLiveness(
  model: Model,
  isDue: (isNew: boolean) => boolean,
  changed: () => void,
  regained: () => void,
) {
  let value: Kernel["liveness"] = "unknown";
  let silence = 0; // looks
  let timer: ReturnType<typeof setInterval> | undefined;

  /** There is a timer only while something is owed: a page may have hundreds of finished runs. */
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  const expect = (): void => {
    if (timer !== undefined) return;
    silence = 0;
    timer = setInterval(look, LOOK_EVERY);
  };

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
    const isNew = value === "unknown";
    const isOwed = value !== "gone" && isDue(isNew);
    silence += 1;
    if (isOwed && silence <= (isNew ? ANSWERS_WITHIN : SILENT_FOR)) {
      if (silence > ASK_AFTER) regained();
      return;
    }
    stop();
    if (isOwed) set("gone");
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
  return {
    get value(): Kernel["liveness"] {
      return value;
    },

    /** The kernel may owe a sign from now on: it is looked for until it doesn't. */
    expect,

    heard(): void {
      silence = 0;
      expect();
      set("live");
    },

    close(): void {
      stop();
      connect("disconnect");
      listen("off");
    },
  };
}
