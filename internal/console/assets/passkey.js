// Passkeys are the browser's own, so they take a script.
'use strict';

const toBytes = (text) => {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
};
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

// The server sends JSON, the browser wants bytes.
function read(options) {
  const key = options.publicKey ?? options;
  key.challenge = toBytes(key.challenge);
  if (key.user) key.user.id = toBytes(key.user.id);
  for (const list of [key.allowCredentials, key.excludeCredentials]) {
    for (const one of list ?? []) one.id = toBytes(one.id);
  }
  return { publicKey: key };
}

function spell(credential) {
  const from = credential.response;
  const response = { clientDataJSON: toText(from.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (from[name]) response[name] = toText(from[name]);
  }
  if (from.getTransports) response.transports = from.getTransports();
  return {
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), credentials: 'same-origin',
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (said.next) location.assign(said.next);
  throw new Error(said.problem ?? 'This did not work. Try again in a moment.');
}

const acts = {
  'sign-in': async (part) => {
    const { options, token } = await post('/account/passkey/begin', {});
    const found = await navigator.credentials.get(read(options));
    return post('/account/passkey/finish', { token, answer: spell(found), next: part.dataset.next });
  },
  add: async (part) => {
    const { options, token } = await post('/account/passkeys/begin', {});
    const made = await navigator.credentials.create(read(options));
    return post('/account/passkeys/add', { token, answer: spell(made), name: part.querySelector('input')?.value ?? '' });
  },
};

for (const part of window.PublicKeyCredential ? document.querySelectorAll('[data-passkey]') : []) {
  part.hidden = false;
  const button = part.querySelector('button');
  const wrong = part.querySelector('.wrong[role=alert]');
  button.addEventListener('click', async () => {
    button.disabled = true;
    wrong.hidden = true;
    try {
      location.assign((await acts[part.dataset.passkey](part)).next);
    } catch (e) {
      const left = e.name === 'NotAllowedError' || e.name === 'AbortError';
      const known = e.name === 'InvalidStateError';
      wrong.textContent = left ? 'The browser was not given a passkey. Try again, or go on another way.' : known ? 'This device has a passkey for this account already.' : e.message;
      wrong.hidden = false;
      button.disabled = false;
    }
  });
}
