// The essential acts in a browser that runs no script: signing in, creating, rotating,
// revoking. What they did is tried on the API.
import { world, taken } from './steps.mjs';

export default async ({ open, args, assert }) => {
  const { call } = world(args.hand);
  const page = await open({ javaScript: false });
  const press = (role, name) => page.getByRole(role, { name, exact: true }).locator('visible=true').first().click();
  const works = async (key) => (await call({ url: `${args.base}/api/version`, header: { Authorization: `Bearer ${key}` } })).status;

  await page.goto(args.site + '/account/keys');
  await page.getByLabel('E-mail address').fill(args.email);
  await page.getByLabel('Password', { exact: true }).fill(args.password);
  await press('button', 'Sign in');
  await press('link', 'Create Key');
  await page.getByLabel('Name', { exact: true }).fill('Without a script');
  await page.getByRole('button', { name: 'Create Key' }).click();
  const first = await taken(page);
  assert.equal(await works(first), 200);
  await press('link', 'I have stored it');

  await press('link', 'Rotate');
  await page.getByLabel('How long the present key goes on working').selectOption('1 day');
  await press('button', 'Rotate the key');
  const second = await taken(page);
  assert.equal(await works(first), 200);
  assert.equal(await works(second), 200);
  await press('link', 'I have stored it');

  await press('link', 'Pause');
  await page.getByLabel('For an hour').check();
  await press('button', 'Pause the key');
  assert.equal(await works(second), 401);
  await press('button', 'Resume');
  assert.equal(await works(second), 200);

  await press('link', 'Revoke');
  await page.getByLabel('To go on, type the name').fill('Without a script');
  await press('button', 'Revoke the key');
  await page.getByRole('status').getByText('The key is revoked.').waitFor();
  assert.equal(await works(second), 401);
  assert.equal(await works(first), 200); // the other goes on until its overlap ends

  // A list is narrowed and sorted by links and a button.
  await page.getByLabel('State').selectOption('Replaced or revoked');
  await press('button', 'Show');
  await press('link', 'Without a script');
  await page.getByText('Revoked', { exact: true }).first().waitFor();
  await page.goto(args.site + '/account');
  await page.locator('[data-profile]').hover();
  await press('button', 'Sign out');
  await page.getByText('You are signed out.').waitFor();
};
