// Whether something comes near sight, and stays there.
const MARGIN = "800px 0px"; // about a screen: what comes in time is drawn before it is seen
const STILL = 250; // ms without scrolling: what is only passed by isn't drawn

/**
 * Calls back once a place is near sight and isn't being scrolled past; returns what ends the wait.
 *
 * @param el the place.
 * @param beside finds what stands for it meanwhile, which may be many screens long.
 */
export function whenNear(
  el: Element,
  beside: () => Element | null,
  callback: () => void,
): () => void {
  const near = new Set<Element>();
  let movedAt = -STILL;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (near.size === 0) return;
    const rest = movedAt + STILL - performance.now();
    if (rest > 0) {
      timer = setTimeout(look, rest);
      return;
    }
    end();
    callback();
  };
  // Not the box of a run that streams, which scrolls all the time. Scripts tell the window, too.
  const scrolled = ({ target }: Event) => {
    if (target instanceof Node && target.contains(el)) movedAt = performance.now();
  };
  // A scrolled box clips without the outer margin, hence the second; old browsers ignore it.
  const margins = { rootMargin: MARGIN, scrollMargin: MARGIN };
  const observer = new IntersectionObserver((entries) => {
    const other = beside();
    if (other !== null) observer.observe(other); // a second time it does nothing
    for (const { target, isIntersecting } of entries)
      near[isIntersecting ? "add" : "delete"](target);
    look();
  }, margins);
  const end = () => {
    clearTimeout(timer);
    observer.disconnect();
    removeEventListener("scroll", scrolled, true);
  };
  observer.observe(el);
  addEventListener("scroll", scrolled, { capture: true, passive: true });
  return end;
}
