// A real kernel, and what the cells that run on it show: what is the same in every host.
import { type Kernel, KernelManager, KernelMessage, ServerConnection } from "@jupyterlab/services";

/** What a cell has put out, by media type. */
export type Data = Record<string, string & { model_id: string }>;

export const VIEW = "application/vnd.jupyter.widget-view+json";

/** Shows an output; returns what shows another one in its place. */
type Show = (data: Data) => (data: Data) => void;

declare global {
  interface Window {
    /** Runs a cell and tells how it ended; for the test. */
    run: (code: string, cell: string) => Promise<string>;
  }
}

export async function startKernel(): Promise<Kernel.IKernelConnection> {
  const baseUrl = `${location.origin}/`;
  const serverSettings = ServerConnection.makeSettings({
    baseUrl,
    wsUrl: baseUrl.replace("http", "ws"),
    token: new URLSearchParams(location.search).get("token") ?? "",
  });
  const manager = new KernelManager({ serverSettings });
  await manager.ready;
  return manager.startNew({ name: "python3" });
}

/** Lets the test run cells. */
export function offer(kernel: Kernel.IKernelConnection, show: Show): void {
  window.run = async (code, cell) => {
    const shown = new Map<string, (data: Data) => void>();
    const asked = kernel.requestExecute({ code, stop_on_error: true }, false, { cellId: cell });
    asked.onIOPub = (message) => {
      const isNew = KernelMessage.isDisplayDataMsg(message);
      if (isNew || KernelMessage.isExecuteResultMsg(message)) {
        const replace = show(message.content.data as Data);
        const id = isNew ? message.content.transient?.display_id : undefined;
        if (id !== undefined) shown.set(id, replace);
      } else if (KernelMessage.isUpdateDisplayDataMsg(message)) {
        shown.get(message.content.transient.display_id ?? "")?.(message.content.data as Data);
      } else if (KernelMessage.isErrorMsg(message)) {
        console.error(message.content.evalue);
      }
    };
    return (await asked.done).content.status;
  };
  document.body.dataset.ready = "";
}
