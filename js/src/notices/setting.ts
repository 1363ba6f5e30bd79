// Whether this browser notifies: a person switches it on, for all pages of one origin.
import { guarded } from "../link/host";

/**
 * off: nobody has switched it on. blocked: the browser refuses by a person's word. insecure: it
 * notifies only over https and on this machine. framed: the program shows notebooks in frames.
 */
export type Setting = "on" | "off" | "blocked" | "insecure" | "framed";

const NAME = "powawidget-notices";

/** Whether this page is shown within another one, whose title and focus aren't ours. */
export const isFramed = (): boolean => window.top !== window;

export function setting(): Setting {
  if (isFramed()) return "framed";
  if (!isSecureContext || !("Notification" in window)) return "insecure";
  if (Notification.permission === "denied") return "blocked";
  const isOn = guarded(() => localStorage.getItem(NAME)) === "on";
  return isOn && Notification.permission === "granted" ? "on" : "off";
}

/** Switches it; to be called by a person's click, without which a browser doesn't ask. */
export async function change(isOn: boolean): Promise<void> {
  try {
    if (isOn && (await Notification.requestPermission()) !== "granted") return;
    guarded(() => localStorage.setItem(NAME, isOn ? "on" : "off"));
  } finally {
    dispatchEvent(new Event(NAME)); // other kernels' lines are in this page, too
  }
}

/**
 * Calls back when it may have changed: by this tab, by another one, or by the browser's own settings,
 * from which a person comes back. Returns what ends that.
 */
export function onChange(callback: () => void): () => void {
  const names = [NAME, "storage", "focus"];
  for (const name of names) addEventListener(name, callback);
  return () => {
    for (const name of names) removeEventListener(name, callback);
  };
}
