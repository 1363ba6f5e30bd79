// The webview of a notebook in VS Code: the widget manager of its Jupyter extension, which takes
// anywidget from share/jupyter/nbextensions by RequireJS.
import { type Data, offer, startKernel, VIEW } from "./kernel";

interface Manager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown, options: { el: HTMLElement }): Promise<unknown>;
  display_view(data: unknown, view: unknown, options: { node: HTMLElement }): Promise<unknown>;
}

declare const requirejs: { config(given: object): void };
declare const vscIPyWidgets8: { load(): void };
declare const vscIPyWidgets: {
  WidgetManager: new (
    kernel: unknown,
    parent: HTMLElement,
    scripts: object,
    log: () => void,
  ) => Manager;
};

const scripts = {
  widgetsRegisteredInRequireJs: new Set<string>(),
  errorHandler: (...what: unknown[]) => console.error("a widget's script", ...what),
  successHandler: () => {},
  // The extension reads the path in nbextensions/*/extension.js.
  async loadWidgetScript(name: string): Promise<void> {
    requirejs.config({ paths: { [name]: `nbextensions/${name}/index` } });
    scripts.widgetsRegisteredInRequireJs.add(name);
  },
};

async function start(): Promise<void> {
  const address = `${location.origin}/static/ipywidgets.js`;
  const { activate } = await import(address);
  activate();
  vscIPyWidgets8.load();
  const kernel = await startKernel();
  const manager = new vscIPyWidgets.WidgetManager(kernel, document.body, scripts, () => {});

  const fill = async (node: HTMLElement, data: Data): Promise<void> => {
    const view = data[VIEW];
    if (view === undefined) {
      node.setHTMLUnsafe(data["text/html"] ?? "");
      return;
    }
    const model = await manager.get_model(view.model_id);
    const made = await manager.create_view(model, { el: node });
    await manager.display_view(view, made, { node });
  };
  offer(kernel, (data) => {
    const container = document.createElement("div");
    const node = document.createElement("div");
    container.className = "output_container";
    node.className = VIEW in data ? "cell-output-ipywidget-background" : "output";
    container.append(node);
    document.body.append(container);
    void fill(node, data);
    return (other) => void fill(node, other);
  });
}

void start();
