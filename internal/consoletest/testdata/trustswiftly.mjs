// Trust Swiftly's customers: one on a paid plan, one on the free one.
import { signIn, press } from './lib.mjs';
import { steps, world, taken, row } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call } = world(args.hand);
  const page = await open();
  const look = async (name, at = page) => { if (args.look) await looks(name, at); };
  const works = async (key) => (await call({ url: `${args.base}/api/users`, header: { Authorization: `Bearer ${key}`, 'User-Agent': 'test' } })).status;

  return run(async () => {
    await step('TSW-13', 'logging in comes first', async () => {
      await page.goto(args.site + '/account/settings/api');
      assert.match(page.url(), /\/account\/sign-in\?next=/);
      await signIn(page, args);
    });
    await step('TSW-14', 'Settings, then API', async () => {
      await press(page, 'Settings', 'link');
      await page.getByRole('navigation', { name: 'Account settings' }).getByRole('link', { name: 'API', exact: true }).click();
      assert.match(page.url(), /\/account\/settings\/api/);
      await page.getByRole('link', { name: 'Generate New Key', exact: true }).waitFor();
      await look('settings-api');
    });
    await step('TSW-06', 'the warning', () => page.getByRole('heading', { name: 'Keep your keys secure' }).waitFor());
    await step('TSW-07', 'privileges', async () => {
      await page.getByText('A key carries many privileges').waitFor();
      await page.getByText('out of public places, client-side code, mobile apps and repositories such as GitHub').waitFor();
    });
    await step('TSW-21', 'full access', () => page.getByText('has full access to this account and its data').waitFor());
    await step('TSW-22', 'never shared', () => page.getByText('never share them').waitFor());

    let key;
    await step('TSW-15', 'a name first', async () => {
      await press(page, 'Generate New Key', 'link');
      assert.equal(await page.getByLabel('Name', { exact: true }).getAttribute('required'), '');
      await press(page, 'Generate New Key');
      assert.match(page.url(), /\/account\/keys\/new/);
      await look('generate');
      await page.getByLabel('Name', { exact: true }).fill('Billing server');
      await press(page, 'Generate New Key');
      key = await taken(page);
    });
    await step('TSW-16', 'a new one', async () => {
      assert.match(key, /^tsw_/);
      await look('shown');
    });
    await step('TSW-09', 'it opens the data', async () => {
      assert.equal(await works(key), 200);
    });
    await step('TSW-19', 'into a password manager', () => page.getByText('Put it into your password manager or secrets manager').waitFor());
    await step('TSW-23', 'the line', async () => {
      assert.equal(await page.locator('#export').textContent(), `export TRUST_SWIFTLY_API_KEY="${key}"`);
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy the lines for the environment' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `export TRUST_SWIFTLY_API_KEY="${key}"`);
    });
    await step('TSW-18', 'once', async () => {
      await page.getByText('it is shown this once').waitFor();
      await press(page, 'I have stored it', 'link');
      await page.getByText('Your key is ready').waitFor();
      assert.ok(!(await page.content()).includes(key));
      await look('key');
    });
    await step('TSW-05', 'in the list', async () => {
      await press(page, 'API', 'link');
      await row(page, 'Billing server').waitFor();
      assert.ok(!(await page.content()).includes(key));
    });
    await step('TSW-20', 'not rotated, not recovered', async () => {
      await page.getByText('a lost key is replaced, never recovered').waitFor();
      await press(page, 'Billing server', 'link');
      assert.equal(await page.getByRole('link', { name: 'Rotate', exact: true }).count(), 0);
      await page.getByText('Keys of this kind are not rotated: create another').waitFor();
    });

    let token;
    await step('TSW-03', 'the Developer page', async () => {
      await press(page, 'Developer', 'link');
      await page.getByRole('link', { name: 'Create Token', exact: true }).waitFor();
      await look('developer');
    });
    await step('TSW-04', 'Create Token', async () => {
      await press(page, 'Create Token', 'link');
      await press(page, 'Create Token');
      assert.match(page.url(), /\/account\/keys\/new/); // a name is missing
      await page.getByLabel('Name', { exact: true }).fill('Nightly job');
      await press(page, 'Create Token');
      token = await taken(page);
      assert.equal(await works(token), 200);
    });
    await step('TSW-24', 'at once', async () => {
      await press(page, 'I have stored it', 'link');
      await press(page, 'Revoke', 'link');
      await look('revoke');
      await page.getByLabel('To go on, type the name').fill('Nightly job');
      await press(page, 'Revoke the key');
      await page.getByRole('status').getByText('The key is revoked.').waitFor();
      assert.equal(await works(token), 401);
      assert.equal(await works(key), 200);
    });
    await step('TSW-12', 'managed here', async () => {
      await page.getByText('One key that was replaced or revoked is not shown.').waitFor();
      await press(page, 'Show it', 'link');
      await row(page, 'Nightly job').waitFor();
      await press(page, 'Nightly job', 'link');
      await press(page, 'Delete', 'link');
      await page.getByLabel('To go on, type the name').fill('Nightly job');
      await press(page, 'Delete the key');
      await page.getByRole('status').getByText('The key is deleted.').waitFor();
      assert.equal(await row(page, 'Nightly job').count(), 0);
    });

    await step('TSW-11', 'the free plan', async () => {
      const poor = await open();
      await signIn(poor, args.free);
      await press(poor, 'Developer', 'link');
      await poor.getByText('API access is part of paid plans only, and yours is free.').waitFor();
      assert.equal(await poor.getByRole('link', { name: 'Create Token', exact: true }).count(), 0);
      await press(poor, 'API', 'link');
      await poor.getByText('API access is part of paid plans only, and yours is free.').waitFor();
      assert.equal(await poor.getByRole('link', { name: 'Generate New Key', exact: true }).count(), 0);
      await look('free', poor);
      await poor.goto(args.site + '/account/keys/new');
      await poor.getByText('API access is part of paid plans only').waitFor();
      assert.equal(await poor.getByLabel('Name', { exact: true }).count(), 0);
    });
  });
};
