// Domain Trust's customer: an organization that has no Production access yet.
import { readFile } from 'node:fs/promises';
import { signIn, press } from './lib.mjs';
import { steps, world, taken, row } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call, grant, decline } = world(args.hand);
  const page = await open({ timezone: 'Europe/Berlin' });
  const look = async (name) => { if (args.look) await looks(name, page); };
  const version = async (key) => (await call({ url: `${args.base}/api/version`, header: { Authorization: `Bearer ${key}` } })).status;
  const create = async (name) => {
    await press(page, 'API Keys', 'link');
    await press(page, 'Create Key', 'link');
    await page.getByLabel('Name', { exact: true }).fill(name);
  };

  return run(async () => {
    await signIn(page, args);
    await step('DMT-18', 'the page and its button', async () => {
      await press(page, 'API Keys', 'link');
      await page.getByRole('heading', { name: 'API Keys', level: 1 }).waitFor();
      await page.getByRole('link', { name: 'Create Key', exact: true }).waitFor();
    });
    await step('DMT-04', 'what there is', async () => {
      await row(page, 'Testing').waitFor();
      await row(page, 'Testing, a colleague\'s').waitFor();
      await look('keys');
    });
    for (const [number, text] of [
      ['DMT-26', 'Treat keys like passwords'], ['DMT-27', 'Keep them out of public places, client-side code, mobile apps'],
      ['DMT-28', 'a secrets manager, or in environment variables'], ['DMT-29', 'Rotate them regularly'], ['DMT-30', 'Revoke one at once if you suspect'],
    ]) {
      await step(number, 'the advice', () => page.getByText(text).waitFor());
    }

    await press(page, 'Create Key', 'link');
    await step('DMT-19', 'the description', async () => {
      assert.equal(await page.getByLabel('Name', { exact: true }).getAttribute('required'), '');
      await page.getByText('A brief description of what the key is for').waitFor();
      // Without one the form stays where it is.
      await page.getByRole('button', { name: 'Create Key' }).click();
      assert.match(page.url(), /\/account\/keys\/new/);
    });
    await step('DMT-20', 'the environment', async () => {
      await page.getByRole('group', { name: 'Environment' }).getByLabel('Testing').check();
    });
    await step('DMT-07', 'two of them', async () => {
      assert.equal(await page.getByRole('group', { name: 'Environment' }).getByRole('radio').count(), 2);
    });
    await step('DMT-25', 'no scopes', async () => {
      assert.equal(await page.getByLabel('Permissions').count(), 0);
      await page.getByText('full access to this account').waitFor();
    });
    await step('DMT-21', 'the expiry', async () => {
      await page.getByLabel('Date', { exact: true }).fill('2032-02-03');
      await page.getByLabel('Time, in UTC').fill('08:15');
      await page.getByText('3 Feb 2032, 09:15 (CET, Europe/Berlin)').waitFor();
      await look('new-key');
    });

    // Production: greyed out, asked for, declined, asked for again, granted.
    await step('DMT-12', 'access to Production', async () => {
      const production = page.getByLabel('Production', { exact: true });
      assert.ok(await production.isDisabled());
      await page.getByText('Production access has not been granted yet.').waitFor();
      await press(page, 'Ask for it', 'link');
      await page.getByLabel('What it is for').fill('We go live in March.');
      await look('ask-access');
      await press(page, 'Ask for access');
      await page.getByRole('status').getByText('Your request is on its way').waitFor();
      await page.getByText('Not decided yet').waitFor();
      await look('asked');
      await decline('Finish the review first.');
      await press(page, 'API Keys', 'link');
      await page.getByText('declined Production access: Finish the review first.').waitFor();
      await press(page, 'Ask for it', 'link');
      await page.getByText('Declined', { exact: true }).waitFor();
      await press(page, 'Ask for access');
      await page.getByText('Not decided yet').waitFor();
      await press(page, 'API Keys', 'link');
      await page.getByText('it is not decided yet').waitFor();
      await grant();
      await create('Live');
      await production.check();
      await page.getByRole('button', { name: 'Create Key' }).click();
      const live = await taken(page);
      assert.match(live, /^dt_prod_/);
      assert.equal(await version(live), 200);
    });

    let key;
    await step('DMT-03', 'a key that works', async () => {
      await create('Crawler');
      await page.getByLabel('Testing').check();
      await page.getByLabel('Date', { exact: true }).fill('2032-02-03');
      await page.getByLabel('Time, in UTC').fill('08:15');
      await page.getByRole('button', { name: 'Create Key' }).click();
      key = await taken(page);
      assert.match(key, /^dt_test_/);
      assert.equal(await version(key), 200);
      await look('shown');
    });
    await step('DMT-22', 'once', async () => {
      await page.getByText('Copy it now: it is shown this once').waitFor();
      await press(page, 'I have stored it', 'link');
      await page.getByText('Your key is ready').waitFor();
      assert.ok(!(await page.content()).includes(key));
      await press(page, 'API Keys', 'link');
      await row(page, 'Crawler').waitFor();
      assert.ok(!(await page.content()).includes(key));
    });
    await step('DMT-11', 'another, and another', async () => {
      await create('Second crawler');
      await page.getByRole('button', { name: 'Create Key' }).click();
      assert.equal(await version(await taken(page)), 200);
      await press(page, 'API Keys', 'link');
      assert.ok(await page.locator('table.list tbody tr').count() >= 5);
      const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Export as CSV', 'link')]);
      const csv = await readFile(await file.path(), 'utf8');
      assert.match(csv, /Second crawler/);
      assert.ok(!csv.includes(key));
      // Many are found again.
      await page.getByLabel('Search', { exact: true }).last().fill('crawler');
      await press(page, 'Show');
      assert.equal(await page.locator('table.list tbody tr').count(), 2);
      await page.getByLabel('Environment').selectOption('Production');
      await page.getByText('No key is like that').waitFor();
    });
    await step('DMT-23', 'another expiry', async () => {
      await press(page, 'API Keys', 'link');
      await press(page, 'Crawler', 'link');
      await page.getByLabel('Time, in UTC').fill('10:45');
      await press(page, 'Save the change');
      await page.getByText('The change is saved.').waitFor();
      await page.getByText('3 Feb 2032, 10:45 UTC').first().waitFor();
    });
    await step('DMT-06', 'rotating', async () => {
      await press(page, 'Rotate', 'link');
      await page.getByLabel('How long the present key goes on working').selectOption('7 days');
      await look('rotate');
      await press(page, 'Rotate the key');
      const next = await taken(page);
      assert.equal(await version(next), 200);
      assert.equal(await version(key), 200);
      await press(page, 'I have stored it', 'link');
      await page.getByRole('heading', { name: 'Rotation under way' }).waitFor();
      await look('rotation');
      key = next;
    });
    await step('DMT-05', 'deleting', async () => {
      await press(page, 'Delete', 'link');
      await page.getByText('Requests with it will fail at once').waitFor();
      await page.getByLabel('To go on, type the name').fill('crawler');
      await press(page, 'Delete the key');
      await page.getByText('That is not it, so nothing was done').waitFor();
      assert.equal(await version(key), 200);
      await look('delete');
      await page.getByLabel('To go on, type the name').fill('Crawler');
      await press(page, 'Delete the key');
      await page.getByRole('status').getByText('The key is deleted.').waitFor();
    });
    await step('DMT-24', 'it is refused', async () => {
      assert.equal(await version(key), 401);
    });
  });
};
