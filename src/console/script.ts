/** The console's own lines of script. Every page works without them. */
export const script = `'use strict';
// A part that draws itself anew waits while somebody is in the middle of it, and while nobody looks.
document.addEventListener('htmx:beforeRequest', (event) => {
  const part = event.target;
  if (!(part instanceof Element) || !part.hasAttribute('data-refresh')) return;
  const selection = document.getSelection();
  const busy =
    document.hidden ||
    part.contains(document.activeElement) ||
    part.querySelector('details[open]') ||
    (selection && !selection.isCollapsed && part.contains(selection.anchorNode));
  if (busy) event.preventDefault();
});
// A form is sent once, however often its button is pressed.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = 'yes';
});
// Back from the next page, by the browser's memory of this one.
window.addEventListener('pageshow', () => {
  for (const form of document.forms) delete form.dataset.sent;
});
document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
  const source = button && document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) return;
  navigator.clipboard.writeText(source.textContent).then(() => {
    const before = button.textContent;
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = before), 2000);
  });
});
`;
