// The transcript that stands in an output beside a view: the file needs it, the page doesn't.

/** Where outputs stand in a page, and one of them. */
const PLACES = [
  [".jp-Notebook,.jp-OutputArea", ".jp-OutputArea-child"], // an Output widget may stand in another cell
  [".output", ".output_area"],
  [".cell_output", ".cell_output .output"], // MyST-NB
  [".cell_container", ".output_container"],
] as const;
const AREAS = PLACES.map(([areas]) => areas).join();

/**
 * As a style a rule holds wherever and whenever a front end attaches the view. A page may have
 * hundreds, and each is tried on every output: what the output itself tells comes first, what stands
 * around it last. No `:not()` is within a `:has()`: with one, the browser tries them all again for
 * each element that is added anywhere, as those of an answer that streams.
 */
function styleOf(css: string): HTMLStyleElement {
  const style = document.createElement("style");
  style.textContent = css;
  return style;
}

const isWithin = (areas: string, what: string) => `:is(:is(${areas}):has(${what}) *)`;

/**
 * Hides the transcript while the view with its mark is there. An output that has a view itself
 * stays: that of a widget with outputs of its own has both. On paper the transcript stands in place
 * of the view, whose closed cards aren't drawn.
 */
export const hidesTranscript = (mark: string): HTMLStyleElement => {
  const transcripts = PLACES.map(
    ([areas, output]) => `${output}:has(.${mark}):not(:has(.pw))${isWithin(areas, `.pw.${mark}`)}`,
  );
  const view = `.pw.${mark}${isWithin(AREAS, `.powawidget-transcript.${mark}`)}`;
  return styleOf(`@media screen{${transcripts}{display:none}}@media print{${view}{display:none}}`);
};

/**
 * Hides a line that stands for a view, where the transcript is there to be read. Nothing else has
 * the mark then: all views of a run take the place of their lines at once.
 */
export const hidesLine = (mark: string): HTMLStyleElement =>
  styleOf(`.pw-line-${mark}${isWithin(AREAS, `.${mark}`)}{display:none}`);
