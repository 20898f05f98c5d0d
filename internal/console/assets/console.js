// What is nicer with a script; every page does without.
'use strict';

for (const button of document.querySelectorAll('[data-copy]')) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) continue;
  const said = button.textContent;
  const status = document.createElement('span');
  status.className = 'unseen';
  status.setAttribute('role', 'status');
  button.after(status);
  let back;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = 'Copied';
      status.textContent = 'Copied';
    } catch {
      // The browser refuses: select it, so that a key press copies it.
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected: press Ctrl+C';
    }
    clearTimeout(back);
    back = setTimeout(() => { button.textContent = said; status.textContent = ''; }, 4000);
  });
}

// Both halves of a pair, without showing them. Who sits there may have to be asked
// first; where that or the clipboard fails, the form does what it does without a script.
for (const form of document.querySelectorAll('[data-both]')) {
  const button = form.querySelector('button');
  const said = button.textContent;
  const status = document.createElement('span');
  status.className = 'unseen';
  status.setAttribute('role', 'status');
  form.append(status);
  button.addEventListener('click', async (event) => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    try {
      const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), headers: { Accept: 'application/json' } });
      const { text, proof } = await answer.json();
      if (proof) { location.assign(proof); return; }
      await navigator.clipboard.writeText(text);
      button.textContent = status.textContent = 'Copied';
      setTimeout(() => { button.textContent = said; status.textContent = ''; }, 4000);
    } catch {
      form.submit();
    }
  });
}

// A form that was sent is not sent twice by a second click.
for (const form of document.querySelectorAll('form[method=post]')) {
  let sent = false;
  form.addEventListener('submit', (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener('pageshow', () => { sent = false; });
}

// Forms ask for UTC; beside it stands what that is here.
const date = document.getElementById('f-date');
const time = document.getElementById('f-time');
const local = document.querySelector('[data-local]');
if (date && time && local) {
  const zone = (at) => {
    const name = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' }).formatToParts(at).find((p) => p.type === 'timeZoneName').value;
    const place = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    return name === place ? name : `${name}, ${place}`;
  };
  const choice = document.querySelector('[data-at]');
  const tell = (event) => {
    const at = new Date(`${date.value}T${time.value}Z`);
    local.textContent = Number.isNaN(at.getTime()) ? `The time here is in UTC. Your clock shows ${zone(new Date())}.`
      : `On your clock: ${at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })} (${zone(at)}).`;
    if (event && choice) choice.checked = true;
  };
  date.addEventListener('input', tell);
  time.addEventListener('input', tell);
  tell();
}

// The profile opens by itself for a mouse and for the keyboard; a tap opens and shuts
// it, and Escape shuts it.
const profile = document.querySelector('[data-profile]');
if (profile) {
  const face = profile.querySelector('button');
  const tell = () => face.setAttribute('aria-expanded', String(getComputedStyle(profile.querySelector('.menu')).display !== 'none'));
  const set = (open) => {
    profile.classList.toggle('open', open);
    profile.classList.toggle('shut', !open);
    tell();
  };
  face.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse') event.preventDefault(); // a tap's focus would open what its click then shuts
  });
  face.addEventListener('click', () => set(!profile.classList.contains('open')));
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') set(false); });
  document.addEventListener('pointerdown', (event) => { if (!profile.contains(event.target)) profile.classList.remove('open'); });
  for (const end of ['mouseleave', 'focusout']) {
    profile.addEventListener(end, (event) => {
      if (!profile.contains(event.relatedTarget)) profile.classList.remove('shut', ...(end === 'focusout' ? ['open'] : []));
      requestAnimationFrame(tell);
    });
  }
  for (const begin of ['mouseenter', 'focusin']) profile.addEventListener(begin, () => requestAnimationFrame(tell));
}

// Search: / and Ctrl-K lead there, and what is found shows while one types.
const finder = document.querySelector('[data-finder]');
if (finder) {
  const input = finder.querySelector('input[type=search]');
  const found = finder.querySelector('[data-found]');
  addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
    const asked = (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) || (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey));
    if (!asked) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  let asked = 0;
  let pause;
  const look = async () => {
    const mine = ++asked;
    if (!input.value.trim()) { found.hidden = true; return; }
    const query = new URLSearchParams(new FormData(finder));
    query.set('part', '1');
    const answer = await fetch(`${finder.getAttribute('action')}?${query}`, { headers: { Accept: 'text/html' } }).catch(() => null);
    if (mine !== asked || !answer?.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    found.replaceChildren(...page.body.childNodes);
    found.hidden = false;
  };
  input.addEventListener('input', () => { clearTimeout(pause); pause = setTimeout(look, 120); });
  const links = () => [...found.querySelectorAll('a')];
  finder.addEventListener('keydown', (event) => {
    const at = links().indexOf(document.activeElement);
    if (event.key === 'Escape') { found.hidden = true; input.focus(); }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    if (found.hidden || !links().length) return;
    event.preventDefault();
    const to = at + (event.key === 'ArrowDown' ? 1 : -1);
    (to < 0 ? input : links()[Math.min(to, links().length - 1)]).focus();
  });
  document.addEventListener('pointerdown', (event) => { if (!finder.contains(event.target)) found.hidden = true; });
  finder.addEventListener('focusout', (event) => { if (!finder.contains(event.relatedTarget)) found.hidden = true; });
}

// A choice that filters a list applies at once.
for (const select of document.querySelectorAll('[data-apply]')) select.addEventListener('change', () => select.form.requestSubmit());
