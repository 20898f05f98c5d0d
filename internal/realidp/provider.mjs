// A real identity provider for tests: oidc-provider with made-up users, forms of
// its own that ask nobody else for anything, JWT access tokens, and its keys and
// clients under the tests' control. Standard input carries one JSON command a
// line, the first of which is the configuration; its end is the provider's end.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const { default: Provider, interactionPolicy } = await import(
  pathToFileURL(path.join(process.argv[2], 'node_modules', 'oidc-provider', 'lib', 'index.js')).href
);

let options, issuer, provider, handle;
let keys = [];

function freshKeys() {
  const jwk = (type, params, more) => ({
    ...generateKeyPairSync(type, params).privateKey.export({ format: 'jwk' }), use: 'sig', ...more,
  });
  return [
    jwk('rsa', { modulusLength: 2048 }, { alg: 'RS256' }),
    jwk('ec', { namedCurve: 'P-256' }, { alg: 'ES256' }),
    jwk('ed25519', {}, { alg: 'EdDSA' }),
  ];
}

const account = (id) => {
  const user = options.users.find((u) => u.subject === id);
  return user && { accountId: user.subject, claims: async () => ({ sub: user.subject, ...claimsOf(user) }) };
};

const claimsOf = (u) => ({
  email: u.email, email_verified: Boolean(u.email_verified), name: u.name,
  ...(u.tenant ? { tenant: u.tenant } : {}), ...(u.permissions ? { permissions: u.permissions } : {}),
});

const escape = (s) => String(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;

function clients() {
  const common = { response_types: ['code'], token_endpoint_auth_method: 'none' };
  const scope = 'openid email profile offline_access';
  return [
    {
      ...common, client_id: 'keywright-web', scope,
      redirect_uris: options.redirects.length ? options.redirects : [`${issuer}/no-redirect`],
      grant_types: ['authorization_code', 'refresh_token'],
      ...(options.secret ? { client_secret: options.secret, token_endpoint_auth_method: 'client_secret_basic' } : {}),
    },
    {
      ...common, client_id: 'keywright-cli', scope, application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'http://127.0.0.1/', 'http://[::1]/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
  ];
}

// Native clients would be asked for consent each time: here signing in is consent.
function policy() {
  const base = interactionPolicy.base();
  base.remove('consent');
  base.add(new interactionPolicy.Prompt({ name: 'consent', requestable: true })); // where a client asks for it
  return base;
}

function build() {
  provider = new Provider(issuer, {
    clients: clients(),
    jwks: { keys },
    cookies: { keys: ['for tests alone'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    scopes: ['openid', 'offline_access'],
    pkce: { required: () => true },
    ttl: {
      AccessToken: options.life, IdToken: 3600, Grant: 86400, Session: 86400, Interaction: 600,
      AuthorizationCode: 60, DeviceCode: 600, RefreshToken: 86400,
    },
    findAccount: (_, id) => account(id),
    extraTokenClaims: (_, token) => claimsOf(options.users.find((u) => u.subject === token.accountId) ?? {}),
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    interactions: { policy: policy(), url: (_, interaction) => `/interaction/${interaction.uid}` },
    // Whoever signs in agrees to all that was asked for.
    async loadExistingGrant(ctx) {
      const { session, client, params } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(params.scope ?? 'openid email profile offline_access');
      for (const one of [].concat(params.resource ?? options.resource)) grant.addResourceScope(one, options.scopes);
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      revocation: { enabled: true },
      deviceFlow: {
        enabled: true, mask: '****-****',
        userCodeInputSource: async (ctx, form) => { ctx.body = page('Device code', `${form}<button type="submit" form="op.deviceInputForm">Continue</button>`); },
        userCodeConfirmSource: async (ctx, form, client, info, code) => {
          ctx.body = page('Confirm the device', `<p><code>${escape(code)}</code></p>${form}<button type="submit" form="op.deviceConfirmForm">Confirm</button>`);
        },
        successSource: async (ctx) => { ctx.body = page('Done', '<p>You can go back to the device.</p>'); },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => options.resource,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_, resource) => ({
          scope: options.scopes, audience: resource, accessTokenTTL: options.life, accessTokenFormat: 'jwt',
          jwt: { sign: { alg: options.algorithm } },
        }),
      },
    },
  });
  provider.on('server_error', (_, err) => console.error(err));
  handle = provider.callback();
}

async function interact(req, res) {
  const uid = req.url.split('/')[2];
  const details = await provider.interactionDetails(req, res);
  if (details.prompt.name === 'consent') {
    await provider.interactionFinished(req, res, { consent: {} }, { mergeWithLastSubmission: true });
    return;
  }
  if (req.method !== 'POST') {
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.setHeader('content-security-policy', "default-src 'none'");
    res.end(page('Sign in', `<form method="post" action="/interaction/${escape(uid)}">
      <label>E-mail <input name="login" autocomplete="off" required autofocus></label><button type="submit">Sign in</button>
      <button type="submit" name="refuse" value="yes" formnovalidate>Refuse</button></form>
      <p>${escape(details.params.client_id)}</p>`));
    return;
  }
  let body = '';
  for await (const chunk of req) body += chunk;
  const form = new URLSearchParams(body);
  const user = options.users.find((u) => u.email === form.get('login') || u.subject === form.get('login'));
  const result = form.get('refuse') || !user
    ? { error: 'access_denied', error_description: 'nobody signed in' }
    : { login: { accountId: user.subject } };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

const seen = {};
const server = createServer((req, res) => {
  const where = req.url.split('?')[0];
  seen[where] = (seen[where] ?? 0) + 1;
  if (where.startsWith('/interaction/')) {
    interact(req, res).catch((err) => { res.statusCode = 400; res.end(String(err.message)); });
    return;
  }
  handle(req, res);
});

const commands = {
  start(o) {
    options = o;
    keys = freshKeys();
    server.listen(o.port, '127.0.0.1', () => {
      issuer = `http://${o.host}:${server.address().port}`;
      build();
      say({ issuer });
    });
  },
  rotate({ keep }) { keys = [...freshKeys(), ...(keep ? keys : [])]; build(); say({}); },
  redirects({ redirects }) { options.redirects = redirects; build(); say({}); },
  users({ users }) { options.users = users; say({}); },
  seen({ path: where }) { say({ count: seen[where] ?? 0 }); },
};

const say = (o) => process.stdout.write(JSON.stringify(o) + '\n');
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { command, ...rest } = JSON.parse(line);
  commands[command](rest);
});
lines.on('close', () => process.exit(0));
