'use strict';
// The pages work without this: it remembers the language, suggests pages, and tries operations.
const kept = 'language';
function choose(value) {
  for (const r of document.querySelectorAll('.samples input')) if (r.value === value) r.checked = true;
}
try { const v = localStorage.getItem(kept); if (v) choose(v); } catch { /* nothing is kept */ }
document.addEventListener('change', (e) => {
  if (!e.target.matches('.samples input')) return;
  choose(e.target.value);
  try { localStorage.setItem(kept, e.target.value); } catch { /* nothing is kept */ }
});
const wide = matchMedia('(min-width: 60rem)');
const menu = document.querySelector('.menu');
const fold = () => { menu.open = wide.matches; };
wide.addEventListener('change', fold);
fold();
document.getElementById('q').addEventListener('focus', async () => {
  const res = await fetch('/assets/search.json');
  for (const p of await res.json()) document.getElementById('titles').append(new Option(p.title));
}, { once: true });

const box = document.querySelector('.try');
if (box) {
  box.hidden = false;
  const by = (id) => document.getElementById(id);
  const note = (text) => { by('try-test-note').textContent = text; };
  by('try-test-key')?.addEventListener('click', async () => {
    const res = await fetch(box.dataset.test, { method: 'POST', headers: { Accept: 'application/json' } });
    const answer = await res.json().catch(() => ({}));
    if (!res.ok) {
      note(res.status === 401 ? 'Sign in first: ' : answer.detail || `Refused with ${res.status}.`);
      if (res.status === 401 && box.dataset.sign) {
        const a = document.createElement('a');
        a.href = `${box.dataset.sign}?next=${encodeURIComponent(location.pathname)}`;
        a.textContent = 'to the sign-in';
        by('try-test-note').append(a);
      }
      return;
    }
    const pair = by('try-secret') !== null;
    by('try-key').value = pair ? answer.credential.key : answer.credential.key || answer.credential.secret;
    if (pair) by('try-secret').value = answer.credential.secret;
    note('It is in. It ends in an hour.');
  });
  by('try-form').addEventListener('submit', async (e) => {
    e.preventDefault();
    let path = box.dataset.path;
    const query = new URLSearchParams();
    const headers = new Headers({ Accept: 'application/json' });
    for (const i of box.querySelectorAll('[data-in]')) {
      if (i.dataset.in === 'path') path = path.replace(`{${i.dataset.name}}`, encodeURIComponent(i.value));
      else if (i.value !== '' && i.dataset.in === 'query') query.append(i.dataset.name, i.value);
      else if (i.value !== '' && i.dataset.in === 'header') headers.set(i.dataset.name, i.value);
    }
    for (const i of box.querySelectorAll('[data-header]')) headers.set(i.dataset.header, (i.dataset.word ? i.dataset.word + ' ' : '') + i.value.trim());
    const body = by('try-body');
    if (body) headers.set('Content-Type', body.dataset.media);
    by('try-send').disabled = true;
    by('try-result').hidden = false;
    by('try-status').textContent = '…';
    try {
      const res = await fetch(box.dataset.base.replace(/\/$/, '') + path + (query.size ? `?${query}` : ''), {
        method: box.dataset.method, headers, body: body ? body.value : undefined, credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer',
      });
      const text = await res.text();
      by('try-status').textContent = `${res.status} ${res.statusText}`.trim();
      by('try-headers').textContent = [...res.headers].map(([n, v]) => `${n}: ${v}`).join('\n');
      by('try-answer').textContent = text;
    } catch {
      by('try-status').textContent = 'No answer: the network failed, or the API does not let this page call it.';
    } finally {
      by('try-send').disabled = false;
    }
  });
}
