// The transcript that stands in an output beside a view: the file needs it, the page doesn't.

/** Where outputs stand in a page, and one of them. */
const PLACES = [
  [".jp-Notebook", ".jp-OutputArea-child"], // an Output widget may stand in another cell
  [".jp-OutputArea", ".jp-OutputArea-child"],
  [".output", ".output_area"],
  [".cell_output", ".output"], // MyST-NB
  [".cell_container", ".output_container"],
];

/** As a style a rule holds wherever and whenever a front end attaches the view. */
function styleOf(rule: (area: string, output: string) => string): HTMLStyleElement {
  const style = document.createElement("style");
  style.textContent = PLACES.map(([area, output]) => rule(area as string, output as string)).join(
    "",
  );
  return style;
}

/**
 * Hides the transcript while the view with its mark is there. An output that has a view itself
 * stays: that of a widget with outputs of its own has both.
 */
export const hidesTranscript = (mark: string): HTMLStyleElement =>
  styleOf(
    (area, output) =>
      `${area}:has(.pw.${mark}) ${output}:has(.${mark}):not(:has(.pw)){display:none}`,
  );

/** Hides a line that stands for a view, where the transcript is there to be read. */
export const hidesLine = (mark: string): HTMLStyleElement =>
  styleOf((area) => `${area}:has(.${mark}:not(.pw)) .pw-line-${mark}{display:none}`);
