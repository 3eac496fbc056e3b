/** The browser's side of following events live, and of a search that goes on by itself. */
export const tailScript = `'use strict';
// A search that goes on by itself is ended by the button beside it; the link to go on stays.
document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-stop-search]') : null;
  const search = button && button.parentElement.querySelector('.search-on');
  if (!search) return;
  htmx.trigger(search, 'htmx:abort');
  search.remove();
  button.remove();
});
// New events are put on top, while somebody looks.
(() => {
  const status = document.querySelector('[data-tail]');
  const list = status && document.querySelector(status.dataset.tailInto);
  if (!list) return;
  const most = 500;
  let last = status.dataset.tailAfter;
  let source = null;
  let again = 0;
  let waitMs = 2000;
  let seen = 0;
  const say = (text, live) => {
    if (status.textContent !== text) status.textContent = text;
    status.dataset.live = live ? 'on' : 'off';
  };
  const count = () => (seen === 0 ? 'no new event yet' : seen === 1 ? '1 new event' : seen + ' new events');
  const open = () => {
    if (source || document.hidden) return;
    const url = new URL(status.dataset.tail, location.href);
    if (last) url.searchParams.set('after', last);
    source = new EventSource(url);
    source.addEventListener('open', () => {
      waitMs = 2000;
      say('Following live: ' + count(), true);
    });
    source.addEventListener('rows', (message) => {
      last = message.lastEventId;
      const rows = document.createElement('template');
      rows.innerHTML = message.data;
      for (const row of [...rows.content.children]) {
        const link = row.querySelector('a');
        if (link && list.querySelector('a[href="' + CSS.escape(link.getAttribute('href')) + '"]')) row.remove();
        else row.classList.add('fresh');
      }
      seen += rows.content.children.length;
      list.prepend(rows.content);
      while (list.children.length > most) list.lastElementChild.remove();
      say('Following live: ' + count(), true);
    });
    source.addEventListener('error', () => {
      say('The connection is lost; trying again. So far: ' + count());
      // Refused for good, as far as the browser is concerned, which does not say why.
      if (!source || source.readyState !== EventSource.CLOSED) return;
      source = null;
      fetch(url, { method: 'HEAD', redirect: 'manual' }).then(
        (answer) => (answer.type === 'opaqueredirect' ? signedOut() : later()),
        later,
      );
    });
  };
  // The relay was busy, or is not there.
  const later = () => {
    clearTimeout(again);
    again = setTimeout(open, waitMs);
    waitMs = Math.min(waitMs * 2, 60000);
  };
  const signedOut = () => {
    say('You are signed out, so nothing more comes. So far: ' + count() + '. ');
    const link = document.createElement('a');
    link.href = '/console/sign-in?next=' + encodeURIComponent(location.pathname + location.search);
    link.textContent = 'Sign in';
    status.append(link);
  };
  const close = () => {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) return open();
    close();
    say('Paused while nobody looks: ' + count());
  });
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', open);
  say('Following live: connecting');
  open();
})();
`;
