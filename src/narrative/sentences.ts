/** Those there are, one after the other; null for none. */
export function sentences(...parts: (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? null : said.map((part, i) => (i < said.length - 1 ? part.replace(/\.?$/, '.') : part)).join(' ');
}
