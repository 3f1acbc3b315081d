/**
 * Shapes of SVG as data: a file has them as text, and the page as elements. Neither can be anything but text and
 * shapes.
 */

/** An element of SVG. */
export interface Shape {
  readonly tag: 'g' | 'rect' | 'circle' | 'path' | 'text' | 'tspan' | 'title';
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Elements and texts in it. */
  readonly children: readonly (Shape | string)[];
}

/** Makes a shape. */
export function shape(tag: Shape['tag'], attributes: Shape['attributes'], ...children: Shape['children']): Shape {
  return { tag, attributes, children };
}

/** The text of a shape in a file. */
export function shapeToText({ tag, attributes, children }: Shape): string {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeMarkup(String(value))}"`);
  const inside = children.map((child) => (typeof child === 'string' ? escapeMarkup(child) : shapeToText(child)));
  return children.length === 0 ? `<${tag}${named.join('')}/>` : `<${tag}${named.join('')}>${inside.join('')}</${tag}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes a text for XML and HTML. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (char) => escapes[char]!);
}
