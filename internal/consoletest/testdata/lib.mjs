// What every script of these tests does.

// signIn signs somebody in by the form, on a site's sign-in page.
export async function signIn(page, { site, email, password }, to = '/account') {
  await page.goto(`${site}/account/sign-in?next=${encodeURIComponent(to)}`);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('[data-profile]').waitFor();
}

// prove answers the question who sits there, with the password.
export async function prove(page, { password }) {
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await page.getByLabel('Your password').fill(password);
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
}

// press clicks what is called so and can be seen.
export async function press(page, name, role = 'button') {
  await page.getByRole(role, { name, exact: true }).locator('visible=true').first().click();
}

// signOut uses the profile at the top right.
export async function signOut(page) {
  await page.locator('[data-profile]').hover();
  await press(page, 'Sign out');
  await page.getByText('You are signed out.').waitFor();
}
