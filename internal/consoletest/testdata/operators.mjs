// The operators' console, page by page.
import { readFile } from 'node:fs/promises';
import { signIn, press } from './lib.mjs';
import { steps, world, taken, row } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call } = world(args.hand);
  const page = await open({ timezone: 'Europe/Berlin' });
  const look = async (name) => { if (args.look) await looks(name, page); };
  const works = async (key) => (await call({ url: `${args.base}/api/version`, header: { Authorization: `Bearer ${key}` } })).status;
  const section = (name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  const done = (text) => page.getByRole('status').getByText(text).waitFor();
  const heading = (name) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
  const download = async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Export as CSV', 'link')]);
    return readFile(await file.path(), 'utf8');
  };

  return run(async () => {
    await signIn(page, args);
    await step('overview', 'the first page', async () => {
      await heading('Overview');
      await page.getByText('Add a passkey.').waitFor();
      await page.locator('figure.chart').first().waitFor();
      for (const name of ['Refusals by reason', 'Expiring soon', 'Rotations under way', 'Verifiers']) await page.getByRole('heading', { name }).waitFor();
      await page.getByText('Fresh', { exact: true }).first().waitFor();
      await look('overview');
      await press(page, '24 hours', 'link');
      await page.getByText('granted in 24 hours').waitFor();
    });

    await step('tenant', 'a new one', async () => {
      await section('Tenants');
      await look('tenants');
      await press(page, 'Create a tenant', 'link');
      await page.getByLabel('Name').fill('Wright Works');
      await page.getByLabel('Ref').fill('demo0001');
      await look('new-tenant');
      await press(page, 'Create the tenant');
      await page.getByRole('alert').waitFor(); // there is one with this ref
      await page.getByLabel('Ref').fill('wright01');
      await page.getByLabel('Plan').fill('growth');
      await press(page, 'Create the tenant');
      await done('The tenant is there.');
      await page.getByLabel('Services switched on').fill('files reports');
      await page.getByLabel('Metadata').fill('crm: 4711');
      await press(page, 'Save the change');
      await done('The change is saved.');
      await page.getByText('reports', { exact: true }).first().waitFor();
      await section('Tenants');
      await page.locator('#f-search').fill('WRIGHT');
      await press(page, 'Show');
      await row(page, 'Wright Works').waitFor();
      assert.equal(await page.locator('table.list tbody tr').count(), 1);
      await press(page, 'Ref', 'link'); // sorted by it
      await row(page, 'Wright Works').getByRole('link').first().click();
      await heading('Wright Works');
    });

    await step('members', 'an invitation', async () => {
      await press(page, 'Members', 'link');
      await page.getByLabel('Their e-mail address').fill('orville@wright.example');
      await page.getByLabel('Role').selectOption({ index: 0 });
      await press(page, 'Make the invitation');
      await page.locator('#invitation-link').waitFor();
      await look('invited');
      await press(page, 'I have copied it', 'link');
      await look('members');
      await page.getByRole('button', { name: 'Withdraw the invitation of orville@wright.example' }).click();
      await done('The invitation is withdrawn');
      await press(page, 'Back to Wright Works', 'link');
    });

    let first;
    await step('create', 'a key for the tenant', async () => {
      await press(page, 'Create a key for it', 'link');
      await look('kinds');
      await page.getByRole('link', { name: /domain-?\s?trust/i }).first().click();
      await page.getByLabel('Name', { exact: true }).fill('Crawler');
      assert.ok(await page.getByLabel('Production').isDisabled());
      await page.getByText('Not granted to this tenant').waitFor();
      await page.getByLabel('Date', { exact: true }).fill('2032-02-03');
      await page.getByLabel('Time, in UTC').fill('08:15');
      await look('new-key');
      await press(page, 'Create the key');
      first = await taken(page);
      assert.equal(await works(first), 200);
      await look('shown');
      await press(page, 'I have stored it', 'link');
      await done('The key is ready');
      assert.ok(!(await page.content()).includes(first));
    });

    await step('pause', 'and resume', async () => {
      await press(page, 'Pause', 'link');
      await look('pause');
      await page.getByLabel('For an hour').check();
      await press(page, 'Pause the key');
      await done('The key is paused');
      assert.equal(await works(first), 401);
      await press(page, 'Resume');
      await done('The key works again');
      assert.equal(await works(first), 200);
    });

    let second;
    await step('rotate', 'with an overlap', async () => {
      await press(page, 'Rotate', 'link');
      await page.getByLabel('How long the present key goes on working').selectOption('1 day');
      await look('rotate');
      await press(page, 'Rotate the key');
      second = await taken(page);
      assert.equal(await works(first), 200);
      assert.equal(await works(second), 200);
      await press(page, 'I have stored it', 'link');
      await page.getByText('Both keys work for').waitFor();
      await look('key');
      await press(page, 'Change when it ends', 'link');
      await page.getByLabel('7 days from now').check();
      await look('extend');
      await press(page, 'Change the end');
      await done('end is moved');
      await page.getByText('Both keys work for 7 days').waitFor();
      await press(page, 'End the old key now', 'link');
      await page.getByLabel('To go on, type the name').fill('Crawler');
      await look('finish');
      await press(page, 'End the old key now');
      await done('The old key has ended');
      assert.equal(await works(first), 401);
      assert.equal(await works(second), 200);
      await press(page, 'The key that replaces it', 'link');
    });

    await step('amend', 'another name', async () => {
      await page.getByLabel('Name').fill('Night crawler');
      await press(page, 'Save the change');
      await done('The change is saved.');
      await heading('Night crawler');
      assert.equal(await works(second), 200);
    });

    await step('revoke', 'for good', async () => {
      await press(page, 'Revoke', 'link');
      await page.getByLabel('To go on, type the name').fill('Crawler');
      await press(page, 'Revoke the key');
      await page.getByText('nothing was done').waitFor();
      assert.equal(await works(second), 200);
      await look('revoke');
      await page.getByLabel('To go on, type the name').fill('Night crawler');
      await press(page, 'Revoke the key');
      await done('The key is revoked');
      assert.equal(await works(second), 401);
    });

    await step('explain', 'the refusal', async () => {
      await section('Explain');
      await page.getByLabel('API', { exact: true }).selectOption('domaintrust');
      await page.getByLabel('Path').fill('/api/version');
      await look('explain');
      await page.getByLabel('Headers').fill(`Authorization: Bearer ${second}`);
      await press(page, 'Explain');
      await page.getByRole('status').getByText('Refused: Revoked.').waitFor();
      await page.getByRole('heading', { name: 'What the client saw' }).waitFor();
      await page.getByText('401 Unauthorized').waitFor();
      assert.ok(!(await page.content()).includes(second));
      assert.equal(await page.getByLabel('Headers').inputValue(), '');
      assert.equal(await page.getByLabel('Path').inputValue(), '/api/version');
      await look('explained');
      await page.getByLabel('Key', { exact: true }).fill(second);
      await press(page, 'Explain');
      await page.getByRole('status').getByText('Refused: Revoked.').waitFor();
      assert.ok(!(await page.content()).includes(second));
      await press(page, 'Wright Works', 'link');
    });

    await step('archive', 'and back', async () => {
      await press(page, 'Create a key for it', 'link');
      await page.getByRole('link', { name: /domain-?\s?trust/i }).first().click();
      await page.getByLabel('Name', { exact: true }).fill('Last');
      await page.getByLabel('Date', { exact: true }).fill('2032-02-03');
      await page.getByLabel('Time, in UTC').fill('08:15');
      await press(page, 'Create the key');
      const last = await taken(page);
      await section('Tenants');
      await row(page, 'Wright Works').getByRole('link').first().click();
      await look('tenant');
      await press(page, 'Archive', 'link');
      await page.getByLabel('To go on, type the ref').fill('wrong');
      await press(page, 'Archive the tenant');
      await page.getByText('nothing was done').waitFor();
      assert.equal(await works(last), 200);
      await look('archive');
      await page.getByLabel('To go on, type the ref').fill('wright01');
      await press(page, 'Archive the tenant');
      await done('The tenant is archived');
      assert.notEqual(await works(last), 200);
      await press(page, 'Let it back in', 'link');
      await press(page, 'Let it back in');
      await done('The tenant is back');
      assert.equal(await works(last), 200);
    });

    await step('keys', 'across tenants', async () => {
      await section('Keys');
      await heading('Keys');
      await look('keys');
      await page.locator('#f-tenant').fill('wright01');
      await press(page, 'Show');
      assert.equal(await page.locator('table.list tbody tr').count(), 3);
      await press(page, 'Name', 'link');
      await page.locator('th[aria-sort=ascending]').getByText('Name').waitFor();
      assert.match(await download(), /Night crawler/);
      await page.getByLabel('State').selectOption('Revoked');
      await page.waitForURL(/state=REVOKED/);
      await row(page, 'Night crawler').getByRole('link', { name: 'Night crawler' }).click();
    });

    await step('delete', 'the record', async () => {
      await press(page, 'Delete', 'link');
      await look('delete');
      await page.getByLabel('To go on, type the name').fill('Night crawler');
      await press(page, 'Delete the key');
      await done('The key is deleted');
      await page.locator('#f-tenant').fill('wright01');
      await press(page, 'Show');
      assert.equal(await page.locator('table.list tbody tr').count(), 2);
    });

    await step('requests', 'for production', async () => {
      await section('Requests');
      await page.getByText('Nobody asks for anything at the moment').waitFor();
      const customer = await open();
      await signIn(customer, args.customer, '/account/access');
      const please = async () => {
        await customer.goto(args.customer.site + '/account/access');
        await customer.getByLabel('What it is for').fill('We go live in March.');
        await press(customer, 'Ask for access');
        await customer.getByText('Not decided yet').waitFor();
      };
      await please();
      await section('Requests');
      await look('requests');
      await page.getByRole('link', { name: /^Decline/ }).click();
      await page.getByLabel('Why not').fill('Finish the review first.');
      await look('decline');
      await press(page, 'Decline the request');
      await done('Declined.');
      await customer.reload();
      await customer.getByText('Finish the review first.').waitFor();
      await please();
      await section('Overview');
      await page.getByText('asks for production').waitFor();
      await section('Requests');
      await page.getByRole('button', { name: /^Grant it/ }).click();
      await done('Granted.');
      await look('requests-decided');
      await customer.goto(args.customer.site + '/account/keys/new');
      assert.ok(await customer.getByLabel('Production', { exact: true }).isEnabled());
    });

    await step('schemes', 'read and tried', async () => {
      await section('Schemes');
      await look('schemes');
      await page.locator('table.list').getByRole('link', { name: /domain-?\s?trust/i }).first().click();
      await look('scheme');
      await page.getByLabel('Headers').fill('Authorization: Basic abcdefgh');
      await press(page, 'Try it');
      await page.getByRole('status').getByText('Refused').waitFor();
      assert.ok(!(await page.content()).includes('abcdefgh'));
      await page.getByLabel('Headers').fill(`Authorization: Bearer ${second}`);
      await press(page, 'Try it');
      await page.getByRole('status').getByText('Well formed').waitFor();
      assert.ok(!(await page.content()).includes(second));
      await look('tried');
      await press(page, 'Change a copy of it', 'link');
      await press(page, 'Check it');
      await page.getByRole('status').getByText('This is a scheme').waitFor();
      const text = await page.getByLabel('YAML').inputValue();
      await page.getByLabel('YAML').fill(text.replace(/^scheme:/m, 'skeme:') + '\nnothing: here\n');
      await press(page, 'Check it');
      await page.getByRole('status').getByText('This is no scheme yet').waitFor();
      await page.getByText(/^Line \d+/).first().waitFor();
      await look('scheme-text');
      await page.getByLabel('YAML').fill(text);
      await page.getByLabel('Headers').fill(`Authorization: Bearer ${second}`);
      await press(page, 'Try it');
      await page.getByRole('status').getByText('Well formed').waitFor();
    });

    await step('apis', 'what is protected', async () => {
      await section('APIs');
      await look('apis');
      await page.locator('table.list').getByRole('link', { name: /domain\s?trust/i }).first().click();
      await page.getByRole('heading', { name: 'Routes' }).waitFor();
      const to = await page.getByRole('link', { name: /Its OpenAPI document/ }).getAttribute('href');
      assert.equal((await call({ url: to })).status, 200);
      await look('api');
    });

    await step('audit', 'the trail', async () => {
      await section('Audit');
      await look('audit');
      await page.getByLabel('What').selectOption('Key revoked');
      await page.waitForURL(/act=key.revoked/);
      await page.locator('#f-tenant').fill('wright01');
      await press(page, 'Show');
      assert.equal(await page.locator('table.list tbody tr').count(), 1);
      await page.locator('table.list tbody').getByText(/^Operator/).first().waitFor();
      const csv = await download();
      assert.match(csv, /key\.revoked/);
      assert.ok(!csv.includes('key.issued'));
    });

    await step('providers', 'one is asked', async () => {
      await section('Sign-in');
      await look('providers');
      await page.getByRole('button', { name: /^Check whether it answers/ }).first().click();
      await done('It answers.');
      await look('provider-checked');
    });

    await step('search', 'by keys', async () => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('wright');
      await page.locator('[data-found]').getByRole('link', { name: /Wright Works/ }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await heading('Wright Works');
      await page.keyboard.press('/');
      await page.keyboard.type('last');
      await page.locator('[data-found]').getByRole('link', { name: /^Last/ }).click();
      await heading('Last');
    });
  });
};
