// A pair, in a browser that signs in with a provider: the policy lets the sign-in out
// and back, and nothing else.
export default async ({ page, args, assert, looks }) => {
  await page.goto(args.site + '/account/keys/new');
  await looks('sign-in-with-provider');
  await page.getByRole('link', { name: 'Demo ID' }).click();
  await page.getByRole('button', { name: args.email }).click();
  await page.getByRole('heading', { name: 'Generate a key and secret' }).waitFor();
  await page.getByRole('button', { name: 'Generate key and secret' }).click();
  await page.getByRole('button', { name: 'Copy both' }).waitFor();
  assert.match(await page.locator('#value-0').textContent(), /^[0-9a-f]{48}$/);
  await looks('pair');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy both' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^[0-9a-f]{48}\n[0-9a-f]{32}$/);
};
