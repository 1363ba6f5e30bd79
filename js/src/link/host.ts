/**
 * What the program around the widget (JupyterLab, Notebook 7, others) offers beyond anywidget's
 * contract. Hosts differ: nothing here is relied on, and each part may be missing.
 */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: unknown): void;
  widget_manager?: unknown;
}

/** A Lumino signal. */
interface Signal {
  connect(slot: (sender: unknown, value: unknown) => void): unknown;
  disconnect(slot: (sender: unknown, value: unknown) => void): unknown;
}

/** The kernel's connection in JupyterLab and Notebook 7. */
export interface KernelConnection {
  clientId?: string;
  username?: string;
  statusChanged?: Signal;
  connectionStatusChanged?: Signal;
  sendControlMessage?(message: unknown, expectReply: boolean, disposeOnDone: boolean): unknown;
}

/** The model behind anywidget's proxy. */
export interface InnerModel {
  comm?: { comm_id?: unknown; on_msg?(handle: (message: unknown) => unknown): void };
  model_id?: unknown;
  comm_live?: unknown;
  get?(name: string): unknown;
}

/** Reads something that may not be there, from an object that isn't ours. */
export function guarded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function kernelOf(model: Model): KernelConnection | undefined {
  return guarded(() => (model.widget_manager as { kernel?: KernelConnection } | undefined)?.kernel);
}

/**
 * Finds the model that anywidget's proxy stands for: it is the one that holds our snapshot. The
 * proxy has neither the comm's id nor its state.
 */
export function innerModel(model: Model): InnerModel | undefined {
  const bare = model as Model & InnerModel;
  if (bare.comm !== undefined || bare.model_id !== undefined) return bare;
  return guarded(() => {
    const manager = model.widget_manager as { _modelsSync?: Map<string, InnerModel> } | undefined;
    const snapshot = model.get("_state");
    if (typeof snapshot !== "object" || snapshot === null) return; // as any other widget's
    for (const inner of manager?._modelsSync?.values() ?? []) {
      if (inner.get?.("_state") === snapshot) return inner;
    }
    return undefined;
  });
}

/**
 * Leads the kernel's messages past anywidget's gate. It holds them back until a widget is
 * initialized, which this one is; but where that took more than two seconds (a slow machine, a
 * page of many widgets) it refuses all of them from then on.
 */
export function openGate(model: Model): void {
  guarded(() => {
    const inner = innerModel(model);
    const gated = Object.getPrototypeOf(inner);
    const { _handle_comm_msg: handle } = Object.getPrototypeOf(gated);
    if (!Object.hasOwn(gated, "_handle_comm_msg") || typeof handle !== "function") return;
    // Bound, no closure of ours: JupyterLab keeps the comms of closed models, and with a closure all
    // that any function around it uses, the run's state too.
    inner?.comm?.on_msg?.(handle.bind(inner));
  });
}

/**
 * Takes the state out of a model that is closed: JupyterLab's connection to the kernel keeps the
 * models of closed comms, what they were last set to, and what that was before.
 */
export function forgetState(model: Model): void {
  if (kernelOf(model) === undefined) return; // elsewhere the same model may be shown again
  guarded(() => {
    for (const nothing of [null, undefined]) model.set("_state", nothing);
  });
}

const LOOK_FOR_SAVING = 250; // ms, less than a person takes from that setting to saving

/** Whether JupyterLab saves the state of widgets with the notebook. */
export const isSaving = (model: Model): boolean =>
  guarded(
    () => (model.widget_manager as { _settings?: { saveState?: unknown } })._settings?.saveState,
  ) === true;

/** Looks once more whether it is so; one timer for all that wait, a page may have hundreds. */
const looks = new Set<() => void>();
let looking: ReturnType<typeof setInterval> | undefined;

/**
 * Calls back once the notebook's file is to hold the state of its widgets, which JupyterLab has as a
 * setting, off at first: it takes what the page has at that moment, and waits for nothing.
 */
export function whenSaving(model: Model, callback: () => void): () => void {
  const look = () => {
    if (!isSaving(model)) return;
    end();
    callback();
  };
  const end = () => {
    looks.delete(look);
    if (looks.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };
  looks.add(look);
  looking ??= setInterval(() => {
    for (const each of looks) each();
  }, LOOK_FOR_SAVING);
  look();
  return end;
}
