// A page such as Colab's: it alone has the kernel, and shows each output in a frame of its own.
import type { Kernel } from "@jupyterlab/services";
import { type Data, offer, startKernel, VIEW } from "./kernel";

/** What a frame may ask of the page. */
export interface Page {
  state(model: string): Record<string, unknown>;
  send(model: string, data: unknown): Promise<void>;
  hear(model: string, heard: (message: object) => void): void;
  close(model: string, closed: (message: object) => void): void;
}

declare global {
  interface Window {
    page: Page;
    /** In a frame: shows the view of a model, or what is no widget. */
    show?: (data: Data) => void;
  }
}

/** A model as the page keeps it. */
interface Kept {
  comm: Kernel.IComm;
  state: Record<string, unknown>;
  heard: ((message: object) => void)[];
  closed: ((message: object) => void)[];
}

async function start(): Promise<void> {
  const kernel = await startKernel();
  const models = new Map<string, Kept>();
  const of = (id: string): Kept => models.get(id) as Kept;
  kernel.registerCommTarget("jupyter.widget", (comm, opened) => {
    const { state } = opened.content.data as unknown as Kept;
    const kept: Kept = { comm, state, heard: [], closed: [] };
    models.set(comm.commId, kept);
    comm.onMsg = ({ content }) => {
      const data = content.data as { method: string; state: object };
      if (data.method === "update") Object.assign(kept.state, data.state);
      for (const hear of kept.heard) hear({ content: { comm_id: comm.commId, data }, buffers: [] });
    };
    comm.onClose = () => {
      for (const close of kept.closed) close({});
    };
  });
  window.page = {
    state: (id) => structuredClone(of(id).state),
    send: async (id, data) => {
      await of(id).comm.send(data as string).done;
    },
    hear: (id, heard) => of(id).heard.push(heard),
    close: (id, closed) => of(id).closed.push(closed),
  };
  offer(kernel, (data) => {
    const frame = document.createElement("iframe");
    frame.style.cssText = "width: 100%; border: 0; height: 60px";
    frame.src = "/static/frame.html";
    frame.dataset.view = String(VIEW in data);
    const ready = new Promise((resolve) => frame.addEventListener("load", resolve));
    const fill = async (given: Data): Promise<void> => {
      await ready;
      frame.contentWindow?.show?.(given);
    };
    document.body.append(frame);
    void fill(data);
    return (other) => void fill(other);
  });
}

void start();
