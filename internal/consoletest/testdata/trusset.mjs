// Trusset's customer: the admin of an instance with every service.
import { signIn, press } from './lib.mjs';
import { steps, world, taken, row } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call, travel } = world(args.hand);
  const page = await open();
  const look = async (name) => { if (args.look) await looks(name, page); };
  const ask = (key, path) => call({ url: args.base + path, header: { 'X-API-Key': key } });
  const works = async (key) => (await ask(key, '/customers/api/manage')).status;
  const keys = () => press(page, 'API Key Management', 'link');
  const create = async (name) => {
    await keys();
    await press(page, 'Create key', 'link');
    await page.getByLabel('Name').first().fill(name);
    await press(page, 'Create key');
    return taken(page);
  };
  const again = async () => { // time has passed, and the session with it
    await page.context().clearCookies();
    await signIn(page, args, '/account/keys');
  };

  return run(async () => {
    await signIn(page, args);
    let old;
    let next;
    await step('TRS-11', 'the page', async () => {
      await keys();
      await page.getByRole('heading', { name: 'API Key Management', level: 1 }).waitFor();
      await row(page, 'Default').waitFor();
      await look('keys');
      old = await create('Settlement');
      assert.equal(await works(old), 200);
    });

    await step('TRS-18', 'services', async () => {
      await press(page, 'Services', 'link');
      await look('services');
      assert.equal((await ask(old, '/lending/api/markets')).status, 200);
      await page.getByRole('link', { name: 'Switch off Lending' }).click();
      await page.getByText('Requests to lending will fail at once').waitFor();
      await page.getByLabel("To go on, type the service's name").fill('trading');
      await press(page, 'Switch it off');
      await page.getByText('That is not it, so nothing was done').waitFor();
      await look('service-off');
      await page.getByLabel("To go on, type the service's name").fill('lending');
      await press(page, 'Switch it off');
      await page.getByRole('status').getByText('The service is off.').waitFor();
    });
    await step('TRS-19', 'what is off is refused', async () => {
      const refused = await ask(old, '/lending/api/markets');
      assert.equal(refused.status, 403);
      assert.equal(JSON.parse(refused.body).error.code, 'SERVICE_NOT_ENABLED');
      assert.equal((await ask(old, '/trading/api/orders')).status, 200);
      await page.getByRole('button', { name: 'Switch on Lending' }).click();
      await page.getByRole('status').getByText('The service is on.').waitFor();
      assert.equal((await ask(old, '/lending/api/markets')).status, 200);
    });

    await step('TRS-13', 'the overlap', async () => {
      await keys();
      await press(page, 'Settlement', 'link');
      await press(page, 'Rotate', 'link');
      const choice = page.getByLabel('How long the present key goes on working');
      assert.equal(await choice.evaluate((s) => s.selectedOptions[0].textContent), '7 days');
      await look('rotate');
      await press(page, 'Rotate the key');
      next = await taken(page);
      await page.getByText('goes on working until').waitFor();
      await press(page, 'I have stored it', 'link');
      await page.getByRole('heading', { name: 'Rotation under way' }).waitFor();
      await page.getByText('Both keys work for 7 days more').waitFor();
      await page.getByText('Nobody has used the old key since the rotation.').waitFor();
    });
    await step('TRS-16', 'both work', async () => {
      assert.equal(await works(old), 200);
      assert.equal(await works(next), 200);
      assert.equal((await ask(old, '/nowhere')).status, 404);
    });
    await step('TRS-13', 'who still uses the old one', async () => {
      await page.reload();
      await page.getByRole('heading', { name: 'Who still uses it' }).waitFor();
      const card = page.locator('section.card', { has: page.getByRole('heading', { name: 'The old key' }) });
      await card.getByText('127.0.0.1').first().waitFor();
      await card.getByText('just now').first().waitFor();
      assert.match(await card.textContent(), /Requests since .* UTC\s*5\b/);
      await look('rotation');
      await card.getByRole('link', { name: 'Its page' }).click();
      await page.getByText('Requests let through').waitFor();
      await press(page, '7 days', 'link');
      await page.getByText('in the last 7 days').first().waitFor();
      await look('use');
      await page.goBack();
      await page.goBack();
    });
    await step('TRS-14', 'the state', async () => {
      const card = page.locator('section.card', { has: page.getByRole('heading', { name: 'The old key' }) });
      await card.getByText('Being replaced').waitFor();
      assert.equal(await card.locator('.state').getAttribute('title'), 'PENDING_ROTATION');
      await card.getByText('7 days more').waitFor();
      await page.locator('section.card', { has: page.getByRole('heading', { name: 'The new key' }) }).getByText('Active').waitFor();
      await keys();
      assert.equal(await row(page, 'Settlement').count(), 2);
      await page.getByLabel('State').selectOption('Being replaced');
      await page.getByText('works for 7 days').waitFor();
    });
    await step('TRS-15', '7 days, to the hour', async () => {
      await travel('167h');
      assert.equal(await works(old), 200);
      await travel('1h1m');
      assert.equal(await works(old), 401);
      assert.equal(await works(next), 200);
      await again();
      assert.equal(await row(page, 'Settlement').count(), 1);
    });
    await step('TRS-13', 'moved and ended', async () => {
      await press(page, 'Settlement', 'link');
      await press(page, 'Rotate', 'link');
      await press(page, 'Rotate the key');
      const third = await taken(page);
      await press(page, 'I have stored it', 'link');
      await press(page, 'Change when it ends', 'link');
      await page.getByLabel('14 days from now').check();
      await look('extend');
      await press(page, 'Change the end');
      await page.getByRole('status').getByText("The old key's end is moved.").waitFor();
      await page.getByText('Both keys work for 14 days more').waitFor();
      await travel('264h'); // 11 days
      assert.equal(await works(next), 200);
      await again();
      await press(page, 'Settlement', 'link');
      await press(page, 'End the old key now', 'link');
      await page.getByText('Requests with the old key will fail at once').waitFor();
      await look('finish');
      await page.getByLabel('To go on, type the name').fill('Settlement');
      await press(page, 'End the old key now');
      await page.getByRole('status').getByText('The old key has ended.').waitFor();
      assert.equal(await works(next), 401);
      assert.equal(await works(third), 200);
      next = third;
    });

    await step('TRS-04', 'pausing and revoking', async () => {
      await press(page, 'Pause', 'link');
      await page.getByLabel('For an hour').check();
      await look('pause');
      await press(page, 'Pause the key');
      await page.getByRole('status').getByText('The key is paused.').waitFor();
      assert.equal(await works(next), 401);
      await look('paused');
      await travel('61m');
      assert.equal(await works(next), 200);
      await again();
      await press(page, 'Settlement', 'link');
      await press(page, 'Revoke', 'link');
      await page.getByLabel('Why').selectOption('Somebody else may have it');
      await page.getByLabel('To go on, type the name').fill('Settlement');
      await press(page, 'Revoke the key');
      await page.getByRole('status').getByText('The key is revoked.').waitFor();
      assert.equal(await works(next), 401);
    });

    await step('TRS-17', 'ten', async () => {
      await page.getByText('1 of 10 active').waitFor();
      for (let i = 2; i <= 10; i += 1) await create(`Service ${i}`);
      await keys();
      await page.getByText('You have 10 of 10 active keys.').waitFor();
      assert.equal(await page.getByRole('link', { name: 'Create key', exact: true }).count(), 0);
      await look('ten');
      // The form says the same to whoever comes by another way.
      await page.goto(args.site + '/account/keys/new');
      await page.getByText('You have 10 of 10 active keys.').waitFor();
      await keys();
      await press(page, 'Service 10', 'link');
      await press(page, 'Revoke', 'link');
      await page.getByLabel('To go on, type the name').fill('Service 10');
      await press(page, 'Revoke the key');
      await page.getByText('9 of 10 active').waitFor();
      // A list of ten is sorted by the name, and by it the other way round.
      await press(page, 'Name', 'link');
      await page.locator('th[aria-sort=ascending]').waitFor();
      assert.match(await page.locator('table.list tbody tr').first().textContent(), /Default/);
    });
  });
};
