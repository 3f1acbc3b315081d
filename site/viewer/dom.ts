/** Makes elements. Texts become text nodes, so nothing of a Dockerfile is ever read as markup. */
import type { Shape } from '../../src/graph/shapes.ts';

type Child = Node | string | undefined | false;

/** An element of HTML. Attributes that are undefined are left out. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, String(value));
  made.append(...children.filter((child) => child !== undefined && child !== false));
  return made;
}

const namespace = 'http://www.w3.org/2000/svg';

/** An element of SVG. */
export function svgElement(name: string, attributes: Readonly<Record<string, string | number>> = {}): SVGElement {
  const made = document.createElementNS(namespace, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** The element of a shape. */
export function toElement({ tag, attributes, children }: Shape): SVGElement {
  const made = svgElement(tag, attributes);
  for (const child of children) made.append(typeof child === 'string' ? child : toElement(child));
  return made;
}

/** The element of the page with an id. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as Kind;
}
