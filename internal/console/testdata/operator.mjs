// An operator adds a passkey, and from then on a password alone opens nothing.
export default async ({ page, args, assert, passkeys, looks }) => {
  const look = async (name) => { if (args.look) await looks('operator-' + name); };
  const keys = await passkeys(page);
  const signIn = async () => {
    await page.goto(args.site + '/account/sign-in');
    await page.getByLabel('E-mail address').fill(args.email);
    await page.getByLabel('Password', { exact: true }).fill(args.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  await signIn();
  await look('home');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  // From this moment on it counts: the session of the password alone goes no further.
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByText('The passkey is added.').waitFor();
  await page.locator('[data-profile]').hover();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await signIn();
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await look('proof');
  for (const path of ['/account', '/account/members', '/account/sessions']) {
    await page.goto(args.site + path);
    assert.match(page.url(), /\/account\/proof\?next=/);
  }
  assert.equal(await page.getByLabel('Your password').count(), 0);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByRole('heading', { name: 'Sessions' }).waitFor();
  assert.equal((await keys.list()).length, 1);
};
