import { inspect } from "node:util";
import * as odd from "./odd.js";

const base = process.argv[2]!;
const secret = "kw_live_topsecret";
const shown: string[] = [];
const note = console.log;
for (const name of ["log", "error", "warn", "info", "debug"] as const) console[name] = (...args: unknown[]) => void shown.push(args.join(" "));

const make = (more: Partial<odd.ClientOptions> = {}): odd.OddClient => new odd.OddClient({ baseUrl: base, key: secret, ...more });
const c = make();

function same(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

async function fails(act: () => unknown): Promise<Error> {
  try {
    await act();
  } catch (error) {
    const all = inspect(error, { depth: 9, showHidden: true }) + String(error) + JSON.stringify(error) + (error as Error).stack;
    if (all.includes(secret) || all.includes("topsecret")) throw new Error("an error shows the key");
    return error as Error;
  }
  throw new Error("did not fail");
}

interface Seen { method: string; path: string; query: Record<string, string[]>; headers: Record<string, string[]>; body: string; n: number }
const echo = (v: unknown): Seen => v as Seen;

// Where everything goes.
let got = echo(await c.getThing({ id: "a/b ?#é", tags: ["x", "y z"], states: ["a", "b"], xTrace: "t" }));
same("path", got.path, "/things/a%2Fb%20%3F%23%C3%A9");
same("query", [got.query["tags"], got.query["states"]], [["x", "y z"], ["a,b"]]);
same("credential", got.headers["Authorization"], [`Bearer ${secret}`]);
same("header", got.headers["X-Trace"], ["t"]);
got = echo(await c.getThing({ id: "x" }, { headers: { authorization: "Bearer other", "X-More": "1", accept: "a/b" } }));
same("not replaced", [got.headers["Authorization"], got.headers["X-More"], got.headers["Accept"]], [[`Bearer ${secret}`], ["1"], ["a/b"]]);
got = echo(await c.delete({ body: { id: "1", kind: "thing" } }, { idempotencyKey: "k", ifMatch: '"v1"' }));
same("body", [got.body, got.headers["Content-Type"], got.headers["Idempotency-Key"], got.headers["If-Match"]], ['{"id":"1","kind":"thing"}', ["application/json"], ["k"], ['"v1"']]);
same("text", typeof (await c.text()), "string");
const stream = await c.stream();
got = JSON.parse(await stream.text()) as Seen;
same("open", got.headers["Authorization"], undefined);
await c.upload({ body: "a,b\n" });
got = echo(await make({ other: "t0k en".replace(" ", "") }).other());
same("alternative", [got.query["token"], got.headers["Authorization"]], [["t0ken"], undefined]);
same("fallback", echo(await c.other()).headers["Authorization"], [`Bearer ${secret}`]);
same("given by a function", echo(await make({ key: async () => "later" }).other()).headers["Authorization"], ["Bearer later"]);
note("requests");

// What is refused before it is sent.
for (const id of ["", ".", ".."]) await fails(() => c.getThing({ id }));
await fails(() => c.getThing({ id: undefined as unknown as string }));
for (const key of ["", "two words", `${secret}\n`, `${secret}é`, `${secret}\r\nX-Evil: 1`]) await fails(() => make({ key }).text());
await fails(() => new odd.OddClient({ baseUrl: base }).text());
for (const baseUrl of ["http://odd.example.com", "ftp://localhost", "nonsense", "https://user:pw@odd.example.com", "https://odd.example.com/?x=1"]) await fails(() => make({ baseUrl }));
make({ baseUrl: "http://odd.example.com", plainHttp: true });
make({ baseUrl: "http://api.localhost:80" });
note("refused before it is sent");

// Retries.
const failing = (path: string, status: number, after?: string): Record<string, string> => ({ "X-Fail": `${path} ${status} ${after ?? ""}` });
const attempts = async (act: () => Promise<unknown>): Promise<number> => {
  await fetch(`${base}/count`, { method: "DELETE" });
  await act().catch(() => undefined);
  return Number(await (await fetch(`${base}/count`)).text());
};
const down = failing("x", 503, "0");
same("get", await attempts(() => c.text({ headers: down })), 3);
same("get once", await attempts(() => c.text({ headers: down, retries: 0 })), 1);
same("put", await attempts(() => c.putThing({ id: "x", body: { id: "x", kind: "thing" } }, { headers: failing("x", 429, "0") })), 3);
same("post", await attempts(() => c.delete({}, { headers: down })), 1);
same("post with a key", await attempts(() => c.delete({}, { headers: down, idempotencyKey: "k" })), 3);
same("another status", await attempts(() => c.text({ headers: failing("x", 500) })), 1);
same("too long a wait", await attempts(() => c.text({ headers: failing("x", 503, "3600") })), 1);
same("a date", await attempts(() => c.text({ headers: failing("x", 503, "Thu, 01 Jan 1970 00:00:00 GMT") })), 3);
note("retries");

// Errors.
const error = (await fails(() => c.text({ headers: failing("x", 403) }))) as odd.ApiError;
same("error", [error instanceof odd.ApiError, error.status, error.code, (error.body as odd.Problem).detail, error.requestId, error.message], [true, 403, "no", "Not you", "req_1", "GET /text: 403 no: Not you"]);
const slow = (await fails(() => c.text({ headers: { "X-Slow": "1" }, timeoutMs: 50, retries: 0 }))) as odd.ConnectionError;
same("slow", [slow instanceof odd.ConnectionError, slow.timedOut], [true, true]);
const away = (await fails(() => make({ baseUrl: "http://127.0.0.1:1", retries: 0 }).text())) as odd.ConnectionError;
same("away", [away instanceof odd.ConnectionError, away.timedOut], [true, false]);
const abort = new AbortController();
setTimeout(() => abort.abort(new Error("enough")), 30);
same("aborted", (await fails(() => c.text({ headers: { "X-Slow": "1" }, signal: abort.signal }))).message, "enough");
const moved = (await fails(() => c.text({ headers: { "X-Moved": "1" } }))) as odd.ApiError;
same("moved", moved.status, 307);
same("stolen", await (await fetch(`${base}/stolen`)).text(), "");
same("void", await c.deleteThingsId({ id: "x" }, { headers: { "X-Empty": "1" } }), undefined);
note("errors");

// Secrets.
for (const printed of [String(c), `${c}`, JSON.stringify({ c }), inspect(c, { depth: 9, showHidden: true }), Object.keys(c).join(), ...shown]) {
  if (printed.includes("topsecret")) throw new Error(`the key shows: ${printed}`);
}
same("printed", String(c), `OddClient(${base})`);
note("secrets");
