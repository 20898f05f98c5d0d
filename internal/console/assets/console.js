// What is nicer with a script; every page does without.
'use strict';

for (const button of document.querySelectorAll('[data-copy]')) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
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
for (const part of document.querySelectorAll('[data-script]')) part.hidden = false;

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
  const tell = () => {
    const at = new Date(`${date.value}T${time.value}Z`);
    local.hidden = Number.isNaN(at.getTime());
    if (!local.hidden) local.textContent = `That is ${at.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' })} on your clock.`;
  };
  date.addEventListener('input', tell);
  time.addEventListener('input', tell);
  tell();
}
