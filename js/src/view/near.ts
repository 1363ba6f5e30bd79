// Whether something comes near sight.
const MARGIN = "800px 0px"; // about a screen: what comes in time is drawn before it is seen

/**
 * Calls back once a place comes near sight; returns what ends the wait.
 *
 * @param el the place.
 * @param beside finds what stands for it meanwhile, which may be many screens long.
 */
export function whenNear(
  el: Element,
  beside: () => Element | null,
  callback: () => void,
): () => void {
  // A scrolled box clips without the outer margin, hence the second; old browsers ignore it.
  const margins = { rootMargin: MARGIN, scrollMargin: MARGIN };
  const observer = new IntersectionObserver((entries) => {
    const other = beside();
    if (other !== null) observer.observe(other); // a second time it does nothing
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    callback();
  }, margins);
  observer.observe(el);
  return () => observer.disconnect();
}
