/** Elements of HTML and SVG as text, escaped, so that the page needs nothing but itself. */

/** Markup that is not to be escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** HTML's elements without an end tag. */
const VOID = new Set(['meta', 'br']);

export type Child = Markup | string;

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** One element; numbers among the attributes are rounded to hundredths. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly Child[]
): Markup {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
    return ` ${key}="${escapeText(text)}"`;
  });
  const start = `<${name}${written.join('')}>`;
  if (VOID.has(name)) return new Markup(start);
  const content = children.map((child) => (child instanceof Markup ? child.text : escapeText(child)));
  return new Markup(`${start}${content.join('')}</${name}>`);
}

export function join(parts: readonly Markup[]): Markup {
  return new Markup(parts.map(({ text }) => text).join(''));
}
