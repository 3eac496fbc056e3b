/** What a piece of HTML is made of, for tests that it holds nothing but what the page itself wrote. */

export interface Tag {
  name: string;
  attributes: Record<string, string>;
}

/** A `>` in a value does not end the tag. Text holds neither `<` nor `"`, for they are escaped there: none of it is taken for a tag. */
const inTag = /(?:"[^"]*"|[^">])*/.source;

/** Names and attributes of all opening tags, in order. */
export function tagsIn(markup: string): Tag[] {
  return [...markup.matchAll(new RegExp(`<([^/\\s>][^\\s>]*)(${inTag})>`, 'g'))].map(([, name, rest]) => ({
    name: name!,
    attributes: Object.fromEntries(
      [...rest!.matchAll(/([^\s="'<>/]+)(?:="([^"]*)")?/g)].map(([, attribute, value]) => [attribute!, unescaped(value ?? '')]),
    ),
  }));
}

/** As it reads: no tags, no entities, one space for any white space. */
export function textIn(markup: string): string {
  return unescaped(markup.replace(new RegExp(`<${inTag}>`, 'g'), ' '))
    .replace(/\s+/g, ' ')
    .trim();
}

/** What tags and attributes the drawn messages may have; whatever else is in them came from an event. */
const ownTags = new Set(
  'a blockquote code dd details div dl dt em h3 li p pre s section span strong summary table tbody td th thead time tr ul'.split(
    ' ',
  ),
);
const ownAttributes = new Set('aria-hidden class datetime href open rel role scope tabindex title'.split(' '));

/** Tags, attributes and links that the page itself would not have written. */
export function strangersIn(markup: string): string[] {
  return tagsIn(markup).flatMap(({ name, attributes }) => [
    ...(ownTags.has(name) ? [] : [`<${name}>`]),
    ...Object.keys(attributes).flatMap((each) => (ownAttributes.has(each) ? [] : [`${name} ${each}`])),
    ...(attributes.href === undefined || /^https?:\/\//.test(attributes.href) ? [] : [`href ${attributes.href}`]),
  ]);
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

const pageTags =
  'body button caption dd fieldset footer form h1 h2 head header html input label legend link main meta nav option script select svg title article'.split(
    ' ',
  );
const pageAttributes =
  'action aria-current aria-describedby aria-invalid aria-label aria-labelledby aria-live autocomplete charset checked content data-copy data-label data-live-switch data-stop-search data-tail data-tail-after data-tail-into defer download for hx-get hx-headers hx-select hx-select-oob hx-swap hx-target hx-trigger id lang method name placeholder selected src type value'.split(
    ' ',
  );

/** The same of a whole page, whose links lead to the console or to http(s), and whose scripts are the console's own files. */
export function strangersOnPage(markup: string): string[] {
  const tags = new Set([...ownTags, ...pageTags]);
  const names = new Set([...ownAttributes, ...pageAttributes]);
  return tagsIn(markup.replace(/^<!doctype html>/, '')).flatMap(({ name, attributes }) => [
    ...(tags.has(name) ? [] : [`<${name}>`]),
    ...Object.keys(attributes).flatMap((each) => (names.has(each) ? [] : [`${name} ${each}`])),
    ...[attributes.href, attributes.src, attributes.action].flatMap((to) =>
      to === undefined || /^(?:https?:\/\/|\/console(?:[/?]|$)|#main$|data:image\/svg\+xml,)/.test(to)
        ? []
        : [`${name} to ${to}`],
    ),
    ...(name === 'script' && !/^\/console\/assets\/[\w.-]+\.js$/.test(attributes.src ?? '') ? ['a script in the page'] : []),
  ]);
}
