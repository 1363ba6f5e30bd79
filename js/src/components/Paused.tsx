// What is waited for, and the way to run anew what was reused.
import type { Modules } from "../link/modules";
import { useModule } from "../view/hooks";

/** Both need a live kernel, and so come with a module. */
export function Paused(props: Parameters<Modules["pause"]["Pause"]>[0]) {
  const Shown = useModule(props.view, "pause")?.Pause;
  return Shown === undefined ? null : <Shown {...props} />;
}
