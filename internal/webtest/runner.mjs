// Runs one script in one browser: see doc.go. The job comes on standard input, the
// report goes to the file that the job names.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const job = JSON.parse(readFileSync(0, 'utf8'));
const load = createRequire(join(job.node, 'package.json'));
const { chromium } = load('playwright-core');
const axeSource = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

const problems = [];
const log = [];
const requests = [];
const consoleErrors = [];
const navigated = new Set();
const expected = (job.expect ?? []).map((p) => new RegExp(p));
const hosts = new Set(job.hosts ?? []);

function isOurs(address) {
  const url = new URL(address);
  if (['data:', 'blob:', 'about:'].includes(url.protocol)) return true;
  const name = url.hostname;
  return name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '[::1]' || hosts.has(name);
}

function watch(context) {
  context.on('request', (r) => {
    requests.push({ method: r.method(), url: r.url(), referrer: r.headers().referer ?? '' });
    if (r.isNavigationRequest()) navigated.add(r.url());
    if (!isOurs(r.url())) problems.push(`a request left this machine: ${r.method()} ${r.url()}`);
  });
  context.on('page', (p) => {
    p.on('websocket', (ws) => {
      requests.push({ method: 'GET', url: ws.url(), referrer: '' });
      if (!isOurs(ws.url())) problems.push(`a socket left this machine: ${ws.url()}`);
    });
  });
  context.on('console', (m) => {
    if (m.type() === 'error') consoleErrors.push({ text: m.text(), url: m.location().url });
  });
  context.on('weberror', (e) => consoleErrors.push({ text: `uncaught: ${e.error()}`, url: e.page()?.url() ?? '' }));
}

// judge looks at the consoles at the end, when it is known what was navigated to.
function judge() {
  for (const e of consoleErrors) {
    const answered = e.text.startsWith('Failed to load resource: the server responded with a status of');
    if (answered && navigated.has(e.url)) continue;
    const line = `${e.text} (${e.url})`;
    if (!expected.some((p) => p.test(line))) problems.push(`a console has an error: ${line}`);
  }
}

const browser = await chromium.launch({
  executablePath: job.browser,
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server', '--disable-dev-shm-usage',
    // Nothing but this machine has a name.
    '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
});

async function open({ javaScript = true, colorScheme = 'light', width = 1280, height = 800, storage, timezone = 'UTC', touch = false } = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, javaScriptEnabled: javaScript, hasTouch: touch, colorScheme, viewport: { width, height },
    reducedMotion: 'reduce', storageState: storage, locale: 'en-GB', timezoneId: timezone,
  });
  context.setDefaultTimeout(15_000);
  watch(context);
  return context.newPage();
}

const page = await open();

async function axe(at = page, { disable = [] } = {}) {
  // Evaluated by the debugger: the page's own policy stays as it is.
  await at.evaluate(axeSource);
  const found = await at.evaluate((rules) => window.axe.run(document, {
    resultTypes: ['violations'],
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    rules: Object.fromEntries(rules.map((id) => [id, { enabled: false }])),
  }), disable);
  const wrong = found.violations.map((v) => `${v.id} (${v.impact}): ${v.help}\n${v.nodes.map((n) => `    ${n.target.join(' ')}: ${n.failureSummary.replaceAll('\n', ' ')}`).join('\n')}`);
  assert.equal(wrong.length, 0, `axe has something to say about ${at.url()}:\n${wrong.join('\n')}`);
}

async function shot(name, at = page) {
  await at.screenshot({ path: join(job.shots, `${name.replace(/[^\w.-]+/g, '-')}.png`), fullPage: true });
}

// light says that a page and all that it loads are small, and that nothing of it moved.
async function light(at = page) {
  const seen = await at.evaluate(async () => {
    const shifts = await new Promise((done) => {
      const all = [];
      const watch = new PerformanceObserver((list) => all.push(...list.getEntries()));
      watch.observe({ type: 'layout-shift', buffered: true });
      requestAnimationFrame(() => requestAnimationFrame(() => { all.push(...watch.takeRecords()); watch.disconnect(); done(all); }));
    });
    const loaded = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return {
      bytes: loaded.reduce((sum, e) => sum + e.encodedBodySize, 0),
      moved: shifts.filter((s) => !s.hadRecentInput).reduce((sum, s) => sum + s.value, 0),
    };
  });
  assert.ok(seen.bytes < 100_000, `${at.url()} and what it loads are ${seen.bytes} bytes`);
  assert.ok(seen.moved < 0.01, `${at.url()} moved by ${seen.moved} while it was loading`);
}

async function looks(name, at = page) {
  const before = at.viewportSize();
  if (new URL(at.url()).pathname.startsWith('/account')) await light(at);
  for (const [width, height] of [[390, 844], [820, 1180], [1440, 900]]) {
    await at.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await at.emulateMedia({ colorScheme });
      await axe(at);
      await shot(`${name}-${width}-${colorScheme}`, at);
    }
    const wide = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${at.url()} is ${wide} pixels wider than a screen of ${width}`);
  }
  await at.emulateMedia({ colorScheme: 'light' });
  await at.setViewportSize(before);
}

async function passkeys(at = page) {
  const cdp = await at.context().newCDPSession(at);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  return {
    present: (enabled) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    list: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verified: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

let value = null;
try {
  const script = await import(pathToFileURL(job.script).href);
  value = await script.default({
    page, context: page.context(), browser, open, args: job.args, assert, axe, shot, light, looks, passkeys, requests,
    tell: (text) => log.push(String(text)),
  });
} catch (e) {
  problems.push(e.stack ?? String(e));
  for (const c of browser.contexts()) {
    for (const [i, p] of c.pages().entries()) {
      problems.push(`  a page stood at ${p.url()}`);
      await p.screenshot({ path: join(job.shots, `failed-${browser.contexts().indexOf(c)}-${i}.png`), timeout: 5000 }).catch(() => {});
    }
  }
} finally {
  await browser.close();
}
judge();
writeFileSync(job.out, JSON.stringify({ value: value ?? null, problems, log }));
process.exit(0);
