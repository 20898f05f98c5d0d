// Trustifi's page in a browser that runs no script.
import { prove } from './lib.mjs';
import { world } from './steps.mjs';

export default async ({ open, args, assert }) => {
  const { call, travel } = world(args.hand);
  const page = await open({ javaScript: false });
  const press = (role, name) => page.getByRole(role, { name, exact: true }).locator('visible=true').first().click();
  const status = async (key, secret) => (await call({ url: `${args.base}/api/i/v1/me`, header: { 'x-trustifi-key': key, 'x-trustifi-secret': secret } })).status;
  const shown = async () => [await page.locator('#value-0').textContent(), await page.locator('#value-1').textContent()];

  await page.goto(`${args.site}/account/settings/api`);
  await page.getByLabel('E-mail address').fill(args.email);
  await page.getByLabel('Password', { exact: true }).fill(args.password);
  await press('button', 'Sign in');
  const toggle = page.getByRole('switch', { name: 'API key and secret' });
  await toggle.waitFor();

  // Copying both shows both, to copy from there; who sits there is asked when that is long ago.
  await press('button', 'Copy both');
  const [key, first] = await shown();
  assert.equal(await status(key, first), 200);
  await travel('6m');
  await page.goto(`${args.site}/account/settings/api`);
  await press('button', 'Reveal');
  await prove(page, args);
  await page.getByText('For five minutes').waitFor();
  await press('button', 'Reveal');
  assert.deepEqual(await shown(), [key, first]);

  await press('link', 'Regenerate');
  await page.getByText('Existing requests will fail.').waitFor();
  await press('button', 'Regenerate the secret');
  const [same, second] = await shown();
  assert.equal(same, key);
  assert.equal(await status(key, first), 401);
  assert.equal(await status(key, second), 200);

  await toggle.click();
  await page.getByLabel('To go on').fill(await page.locator('label[for=f-confirm] code').textContent());
  await press('button', 'Switch off, and end both');
  await page.getByText('The API is switched off.').waitFor();
  assert.equal(await status(key, second), 401);
  await toggle.click();
  const [next, third] = await shown();
  assert.notEqual(next, key);
  assert.equal(await status(next, third), 200);

  // The profile and the search.
  await page.locator('[data-profile]').hover();
  await press('link', 'Account settings');
  await page.getByRole('heading', { name: 'Account settings', level: 1 }).waitFor();
  await page.getByLabel('Search', { exact: true }).fill('api');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: /^API\b/ }).first().click();
  await toggle.waitFor();
};
