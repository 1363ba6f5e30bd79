// What the model of a kernel's notices brings: it stands behind no view, and tells the page's owner.
import { guarded, kernelOf, type Model } from "../link/host";
import type { Notice, NoticesMessage } from "../state/wire";
import { owner } from "./owner";
import { drawSwitch } from "./switch";

const LONGEST_ID = 100;

/** Reads what the kernel says; undefined where it is another message. */
function read(message: unknown): NoticesMessage | undefined {
  const { kind, source, waiting, notices, used } = (message ?? {}) as Partial<NoticesMessage>;
  if (kind !== "notices" || typeof source !== "string" || !Array.isArray(notices)) return undefined;
  const isNotice = ({ id, what }: Notice): boolean =>
    typeof id === "string" && id.length <= LONGEST_ID && (what === "asks" || what === "ready");
  const count = Number.isSafeInteger(waiting) ? Math.max(0, Number(waiting)) : 0;
  return {
    kind,
    source,
    waiting: count,
    notices: notices.filter((each) => guarded(() => isNotice(each))),
    used: used !== false,
  };
}

export default () => {
  let isUsed: boolean | undefined;
  const drawn = new Set<() => void>();
  /** What the kernel has said of them; undefined where there is none. */
  const tell = (used: boolean | undefined): void => {
    isUsed = used;
    for (const draw of drawn) draw();
  };

  return {
    initialize({ model }: { model: Model }): () => void {
      const page = owner();
      const drop = () => {
        page.drop(model);
        tell(undefined);
      };
      const ask = () => guarded(() => model.send({ kind: "notices" }));
      const onMessage = (message: unknown): void => {
        const said = read(message);
        if (said === undefined) return;
        page.set(model, said);
        tell(said.used);
      };
      const onStatus = (_: unknown, status: unknown): void => {
        if (/^(dead|restarting|autorestarting|terminating)$/.test(String(status))) drop();
      };
      const onConnection = (_: unknown, status: unknown): void => {
        if (status === "disconnected") drop();
        if (status === "connected") ask();
      };
      /** The host says whether the comm lives: a kernel that does answers. */
      const onLive = (): void => {
        drop();
        ask();
      };
      const kernel = kernelOf(model);
      const listen = (verb: "on" | "off", slot: "connect" | "disconnect"): void => {
        model[verb]("msg:custom", onMessage);
        model[verb]("comm:close", drop);
        model[verb]("comm_live_update", onLive);
        guarded(() => kernel?.statusChanged?.[slot](onStatus));
        guarded(() => kernel?.connectionStatusChanged?.[slot](onConnection));
      };
      listen("on", "connect");
      ask();
      return () => {
        listen("off", "disconnect");
        drop();
      };
    },

    render({ el }: { el: HTMLElement }): () => void {
      const line = drawSwitch(el, () => isUsed);
      drawn.add(line.draw);
      return () => {
        drawn.delete(line.draw);
        line.close();
      };
    },
  };
};
