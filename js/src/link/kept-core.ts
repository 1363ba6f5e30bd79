// A notebook saves the core that its own models have, be it another notebook that brought it to the page.
import { guarded, type Model } from "./host";

/** A model of ipywidgets' own that holds a part of the core. */
interface Part {
  get(name: string): unknown;
  comm: { send(data: unknown): void };
  /** Whether its code was asked for: it is on its way. */
  isAsked?: boolean;
}

interface Manager {
  get_model(id: string): Promise<Part>;
}

/** Asks once for the core of this widget's kernel, where its models are without it. */
export function keepCore(model: Model): void {
  guarded(() => {
    for (const reference of model.get("_core") as string[]) {
      const part = (model.widget_manager as Manager).get_model(reference.slice(10)); // after IPY_MODEL_
      part.then(
        (each) => {
          if (each.get("code") || each.isAsked) return;
          each.isAsked = true;
          each.comm.send({ method: "request_state" });
        },
        () => {}, // a document without a kernel has what it has
      );
    }
  });
}
