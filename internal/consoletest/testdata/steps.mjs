// The steps of a script, each under a requirement's number, and the world beside the
// pages: see hand_test.go.

// steps collects what became of each. The first that fails ends the script; the rest
// is then reported as not reached.
export function steps(tell) {
  const done = {};
  const step = async (number, what, act) => {
    try {
      await act();
      done[number] ??= '';
    } catch (e) {
      done[number] = `${what}: ${e.stack ?? e}`;
      e.step = number;
      throw e;
    }
  };
  const run = async (all) => {
    try {
      await all();
    } catch (e) {
      if (!e.step) throw e;
      tell(`${e.step} failed: ${e.message}`);
    }
    return done;
  };
  return { step, run };
}

// world speaks to the test's own helper.
export function world(hand) {
  const post = async (path, options) => {
    const answer = await fetch(hand + path, { method: 'POST', ...options });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    call: (ask) => post('/call', { body: JSON.stringify(ask) }),
    travel: (by) => post('/travel', { body: new URLSearchParams({ by }) }),
    grant: () => post('/access', { body: new URLSearchParams() }),
    decline: (reason) => post('/access', { body: new URLSearchParams({ decline: reason }) }),
  };
}

// making fills in the form of a new key, sends it, and returns what is shown once.
export async function taken(page) {
  await page.getByText('shown this once').waitFor();
  return page.locator('#value-0').textContent();
}

// row is a line of a list, by what its first column says.
export function row(page, name) {
  return page.locator('table.list tbody tr').filter({ has: page.getByRole('link', { name, exact: true }) });
}
