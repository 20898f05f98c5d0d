// Truestamp's keys in a browser that runs no script.
import { world, taken } from './steps.mjs';

export default async ({ open, args, assert }) => {
  const { call, travel } = world(args.hand);
  const page = await open({ javaScript: false });
  const press = (role, name) => page.getByRole(role, { name, exact: true }).locator('visible=true').first().click();
  const works = async (key) => (await call({
    method: 'POST', url: `${args.base}/v1/items`, body: `{"hash":"${'0123456789abcdef'.repeat(4)}","hashType":"sha-256"}`,
    header: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
  })).status;

  await page.goto(`${args.site}/account/keys`);
  await page.getByLabel('E-mail address').fill(args.email);
  await page.getByLabel('Password', { exact: true }).fill(args.password);
  await press('button', 'Sign in');
  const make = async (name, expires) => {
    await press('link', 'Create key');
    await page.getByLabel('Name').fill(name);
    if (expires) {
      await page.getByLabel('Date', { exact: true }).fill(expires.toISOString().slice(0, 10));
      await page.getByLabel('Time, in UTC').fill(expires.toISOString().slice(11, 16));
    }
    await press('button', 'Create key');
    const key = await taken(page);
    assert.equal(await works(key), 201);
    await page.goto(`${args.site}/account/keys`);
    return key;
  };
  const short = await make('For an hour', new Date(Date.now() + 3600_000));
  const long = await make('Without an end');
  // There is no rotation here: another is made, and the first is revoked.
  await press('link', 'Without an end');
  assert.equal(await page.getByRole('link', { name: 'Rotate', exact: true }).count(), 0);
  await press('link', 'Revoke');
  await page.getByLabel('To go on').fill('nonsense');
  await press('button', 'Revoke the key');
  await page.getByText('That is not it').waitFor();
  assert.equal(await works(long), 201);
  await page.getByLabel('To go on').fill('Without an end');
  await press('button', 'Revoke the key');
  await page.getByText('The key is revoked.').waitFor();
  assert.equal(await works(long), 401);
  assert.equal(await works(short), 201);
  await travel('2h');
  assert.equal(await works(short), 401);
};
