// An output in a frame: a widget manager of its own, without a kernel. What it knows of one the page
// has told it.
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";
import { Widget } from "@lumino/widgets";
import { VIEW } from "./kernel";

declare const requirejs: (
  names: string[],
  loaded: (found: Record<string, unknown>) => void,
  failed: (error: unknown) => void,
) => void;

const outer = window.parent;
const define = (window as unknown as { define: (name: string, made: () => unknown) => void })
  .define;
define("@jupyter-widgets/base", () => base);
define("@jupyter-widgets/controls", () => controls);

function commOf(id: string): base.IClassicComm {
  return {
    comm_id: id,
    target_name: "jupyter.widget",
    open: () => "",
    close: () => "",
    send: (data: unknown, callbacks?: base.ICallbacks) => {
      const idle = { content: { execution_state: "idle" } };
      const done = () => callbacks?.iopub?.status?.(idle as never);
      void outer.page.send(id, data).then(done);
      return "";
    },
    on_msg: (heard: (message: object) => void) => outer.page.hear(id, heard),
    on_close: (closed: (message: object) => void) => outer.page.close(id, closed),
  } as unknown as base.IClassicComm;
}

class Manager extends ManagerBase {
  readonly #models = new Map<string, Promise<base.WidgetModel>>();

  protected override loadClass(name: string, module: string): Promise<never> {
    return new Promise((loaded, failed) =>
      requirejs([module], (found) => loaded(found[name] as never), failed),
    );
  }

  protected override _create_comm(): Promise<never> {
    throw new Error("A frame opens no comm.");
  }

  protected override async _get_comm_info(): Promise<Record<string, never>> {
    return {};
  }

  override get_model(id: string): Promise<base.WidgetModel> {
    const state = outer.page.state(id) as Record<string, string>;
    const made =
      this.#models.get(id) ??
      this.new_model(
        {
          model_name: state._model_name as string,
          model_module: state._model_module as string,
          model_module_version: state._model_module_version as string,
          model_id: id,
          comm: commOf(id),
        },
        state as never,
      );
    this.#models.set(id, made);
    return made;
  }
}

const manager = new Manager();
const fit = (): void => {
  (window.frameElement as HTMLElement).style.height = `${document.body.scrollHeight + 8}px`;
};
new ResizeObserver(fit).observe(document.body);

window.show = (data) => {
  const view = data[VIEW];
  if (view === undefined) {
    document.body.setHTMLUnsafe(data["text/html"] ?? "");
    return;
  }
  void manager
    .get_model(view.model_id)
    .then((model) => manager.create_view(model))
    .then((made) => Widget.attach(made.luminoWidget, document.body));
};
