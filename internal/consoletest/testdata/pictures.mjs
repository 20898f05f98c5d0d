// Takes the pictures that the README and the provider's pages show, of the real
// console. What they show is made up, and gone when the demo ends.
export default async ({ open, args, assert }) => {
  const take = async (page, name, clip) => {
    await page.evaluate(() => document.activeElement?.blur());
    const box = clip ? await clip.boundingBox() : null;
    await page.screenshot({ path: `${args.into}/${name}.png`, clip: box ? { x: Math.max(0, box.x - 16), y: Math.max(0, box.y - 16), width: box.width + 32, height: box.height + 32 } : undefined });
  };
  const signIn = async (page, site, who) => {
    await page.goto(site + '/account/sign-in');
    await page.getByLabel('E-mail address').fill(who.email);
    await page.getByLabel('Password', { exact: true }).fill(who.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.locator('[data-profile]').waitFor();
  };

  // TSW-17: creating a token.
  const tokens = await open({ width: 900, height: 720 });
  await signIn(tokens, args.trustswiftly.site, args.trustswiftly);
  await tokens.goto(args.trustswiftly.site + '/account/keys');
  await tokens.getByRole('link', { name: 'Generate New Key' }).click();
  await tokens.getByLabel('Name', { exact: true }).fill('Billing server');
  await take(tokens, 'creating-a-token');
  await tokens.getByRole('button', { name: 'Generate New Key' }).click();
  await tokens.getByText('shown this once').waitFor();
  assert.match(await tokens.locator('#value-0').textContent(), /^tsw_/);

  // The README's: a customer's keys, and the operators' first page.
  const keys = await open({ width: 1200, height: 760 });
  await signIn(keys, args.trusset.site, args.trusset);
  await keys.goto(args.trusset.site + '/account/keys');
  await take(keys, 'portal');
  const dark = await open({ width: 1200, height: 760, colorScheme: 'dark' });
  await signIn(dark, args.operator.site, args.operator);
  await take(dark, 'console');
  return null;
};
