import { inlineNodes } from "./inline";
import { type Links, labelsIn, lexInline } from "./lex";
import { create, isText, type VElement } from "./vdom";

interface Unit {
  node: HTMLElement;
  source: string;
  lead: number;
}

/** Settled text with labels nobody has defined yet: all that a late definition has to paint again. */
export class References {
  private readonly waiting = new Map<string, Set<Unit>>();

  /** Notes what settles with `element`. */
  note(element: VElement, links: Links): void {
    if (element.source !== undefined && element.node) {
      const unit: Unit = { node: element.node, source: element.source, lead: element.lead ?? 0 };
      for (const label of labelsIn(element.source)) {
        if (Object.hasOwn(links, label)) continue;
        const units = this.waiting.get(label);
        if (units) units.add(unit);
        else this.waiting.set(label, new Set([unit]));
      }
    }
    for (const kid of element.kids) if (!isText(kid)) this.note(kid, links);
  }

  /** Paints again what used labels that are now defined. */
  define(labels: readonly string[], links: Links): void {
    const units = new Set<Unit>();
    for (const label of labels) {
      for (const unit of this.waiting.get(label) ?? []) units.add(unit);
      this.waiting.delete(label);
    }
    for (const { node, source, lead } of units) {
      while (node.childNodes.length > lead) node.lastChild?.remove();
      for (const kid of inlineNodes(lexInline(source, links))) node.appendChild(create(kid));
    }
  }
}
