// Truestamp's users and their personal keys.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { signIn, signOut, press } from './lib.mjs';
import { steps, world, taken, row } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call, travel } = world(args.hand);
  const page = await open();
  const look = async (name) => { if (args.look) await looks(name, page); };
  const ask = (header) => call({ method: 'POST', url: `${args.base}/v1/items`, body: `{"hash":"${'0123456789abcdef'.repeat(4)}","hashType":"sha-256"}`, header: { 'Content-Type': 'application/json', ...header } });
  const works = async (key) => (await ask({ Authorization: `Bearer ${key}` })).status;
  const create = async (name, expires) => {
    await page.goto(`${args.site}/account/keys`);
    await press(page, 'Create key', 'link');
    await page.getByLabel('Name').fill(name);
    if (expires) {
      await page.getByLabel('Date', { exact: true }).fill(expires.toISOString().slice(0, 10));
      await page.getByLabel('Time, in UTC').fill(expires.toISOString().slice(11, 16));
    }
  };
  const make = async () => {
    await press(page, 'Create key');
    return taken(page);
  };

  return run(async () => {
    await signIn(page, args);
    let key;
    await step('TSP-26', 'a key from the dashboard', async () => {
      await create('Nightly build');
      await look('new-key');
      key = await make();
      assert.match(key, /^[0-9A-HJKMNP-TV-Z]{26}_[0-9A-Za-z]{32}$/);
      await look('shown');
      const line = await page.locator('#export').textContent();
      assert.equal(line, `export TRUESTAMP_API_KEY="${key}"`);
      const first = await page.locator('#curl').textContent();
      assert.ok(first.includes('Authorization: Bearer $TRUESTAMP_API_KEY') && !first.includes(key), first);
      const { stdout } = await promisify(execFile)('sh', ['-c', `${line}\n${first.replace('curl ', 'curl --silent --show-error --fail --noproxy "*" ')}`]);
      assert.ok(JSON.parse(stdout).id, stdout);
    });
    await step('TSP-22', 'the header', async () => {
      assert.equal(await works(key), 201);
      assert.equal((await ask({ Authorization: key })).status, 401);
      assert.equal((await ask({ 'X-API-Key': key })).status, 401);
    });
    await step('TSP-20', 'the own keys', async () => {
      await press(page, 'I have stored it', 'link');
      await page.goto(`${args.site}/account/keys`);
      await row(page, 'Nightly build').waitFor();
      await look('keys');
      const mine = await row(page, 'Nightly build').getByRole('link').getAttribute('href');
      await signOut(page);
      await signIn(page, { ...args, ...args.other }, '/account/keys');
      await row(page, 'Demo').waitFor();
      assert.equal(await row(page, 'Nightly build').count(), 0);
      await page.goto(args.site + mine);
      await page.getByRole('heading', { name: 'There is no such thing here' }).waitFor();
      await signOut(page);
      await signIn(page, args);
    });
    let short;
    await step('TSP-23', 'an expiry', async () => {
      const soon = new Date(Date.now() + 3 * 3600_000);
      await create('For the afternoon', soon);
      await look('new-key-with-an-expiry');
      short = await make();
      assert.equal(await works(short), 201);
      await press(page, 'I have stored it', 'link');
      // It can be moved as long as it is to come.
      const later = new Date(Date.now() + 6 * 3600_000);
      await page.getByLabel('Date', { exact: true }).fill(later.toISOString().slice(0, 10));
      await page.getByLabel('Time, in UTC').fill(later.toISOString().slice(11, 16));
      await press(page, 'Save the change');
      await page.getByText('The change is saved.').waitFor();
      await look('key');
      await travel('4h');
      assert.equal(await works(short), 201);
      await travel('3h');
      assert.equal(await works(short), 401);
      await page.goto(`${args.site}/account/keys`);
      await row(page, 'For the afternoon').getByText('Expired').waitFor();
      await look('keys-expired');
    });
    await step('TSP-21', 'no expiry', async () => {
      await travel('8760h');
      assert.equal(await works(key), 201);
      // A year later one has to sign in again.
      await signIn(page, args, '/account/keys');
    });
    await step('TSP-24', 'revoking', async () => {
      await press(page, 'Nightly build', 'link');
      await press(page, 'Revoke', 'link');
      await page.getByText('Requests with it will fail at once, and for good.').waitFor();
      await page.getByLabel('Why').selectOption('Somebody else may have it');
      await look('revoke');
      await page.getByLabel('To go on').fill('Nightly build');
      await press(page, 'Revoke the key');
      await page.getByRole('status').getByText('The key is revoked.').waitFor();
      assert.equal(await works(key), 401);
    });
  });
};
