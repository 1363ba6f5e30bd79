// Whether the page has no font that is made for formulas: then a bracket doesn't grow with what
// stands in it. Asked once a page, at a place where formulas are drawn.
const MATHML = "http://www.w3.org/1998/Math/MathML";

let lacks: boolean | undefined;

export function lacksMathFont(near: Element): boolean {
  lacks ??= near.isConnected ? isBracketShort(near) : undefined;
  return lacks ?? false;
}

function isBracketShort(near: Element): boolean {
  const make = (name: string, ...kids: Element[]) => {
    const el = document.createElementNS(MATHML, name);
    el.append(...kids);
    return el;
  };
  const bracket = make("mo");
  bracket.textContent = "(";
  const tall = make("mspace");
  tall.setAttribute("height", "50px");
  tall.setAttribute("depth", "50px");
  const math = make("math", make("mrow", bracket, tall));
  near.append(math);
  const { height } = bracket.getBoundingClientRect();
  math.remove();
  return height > 0 && height < 80;
}
