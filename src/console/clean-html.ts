/** Keeps secrets out of pages, whatever put them there: the last look at what goes out. */

const entities: Record<string, string> = { '&quot;': '"', '&#39;': "'", '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const entityOf = Object.fromEntries(Object.entries(entities).map(([entity, character]) => [character, entity]));

/** The inverse of `hono/html`'s escaping. */
const unescaped = (html: string) => html.replace(/&(?:quot|#39|amp|lt|gt);/g, (entity) => entities[entity]!);
const escaped = (text: string) => text.replace(/["'&<>]/g, (character) => entityOf[character]!);

/** Texts between tags, and values of attributes. */
const pieces = />[^<>]+<|"[^"<>]*"/g;

/**
 * `clean`: masks each secret in a plain text. In markup a secret with `&`, quotes or angle brackets stands escaped, where `clean`
 * would not find it: such texts are cleaned unescaped and escaped anew.
 */
export function createHtmlCleaner(clean: (text: string) => string): (html: string) => string {
  return (html) => {
    const cleaned = clean(html);
    const plain = unescaped(cleaned);
    if (clean(plain) === plain) return cleaned;
    return cleaned.replace(pieces, (piece) => {
      const inside = unescaped(piece.slice(1, -1));
      const masked = clean(inside);
      return masked === inside ? piece : piece[0] + escaped(masked) + piece.at(-1)!;
    });
  };
}
