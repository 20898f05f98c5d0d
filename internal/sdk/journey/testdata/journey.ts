// Calls every system of a running demo with the generated clients. Each line that
// it prints says what went well; it ends with an error at the first thing that did not.
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { inspect } from "node:util";

import * as acme from "./acme.js";
import * as domainTrust from "./domain-trust.js";
import * as selfService from "./self-service.js";
import * as management from "./management.js";
import * as truestamp from "./truestamp.js";
import * as trusset from "./trusset.js";
import * as trustSwiftly from "./trust-swiftly.js";
import * as trustifi from "./trustifi.js";

interface Demo {
  http: string;
  sites: Record<string, string>;
  management: { base: string; key: string };
  acme: { direct: string; key: string };
  trustifi: { direct: string; users: Array<{ key: string; secret: string; email: string }> };
  truestamp: { direct: string; users: Array<{ key: string }> };
  trusset: { direct: string; instances: Array<{ ref: string; key: string }>; mica: { key: string; management_token: string } };
  domaintrust: { direct: string; organizations: Array<{ testing_key: string; production_key: string }> };
  trustswiftly: { direct: string; accounts: Array<{ key: string }> };
}

const demo = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Demo;

function same<T>(what: string, got: T, want: T): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

function said(what: string): void {
  console.log(what);
}

/** Runs what must be refused, and returns the refusal. */
async function refused<E extends Error>(kind: new (...args: never[]) => E, act: () => Promise<unknown>): Promise<E> {
  try {
    await act();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error("was not refused");
}

async function callAcme(): Promise<void> {
  const c = new acme.AcmeClient({ baseUrl: demo.acme.direct, key: demo.acme.key });
  const sent = await c.sendMessage({ body: { text: "from TypeScript" } });
  const listed = await c.listMessages({ limit: 100 });
  same("acme: the message", listed.items.some((m) => m.id === sent.id), true);
  said("acme write and read");
  const error = await refused(acme.ApiError, () => new acme.AcmeClient({ baseUrl: demo.acme.direct, key: "kw_live_wrong" }).me());
  same("acme: status", error.status, 401);
  said("acme refusal");
}

async function callTrustifi(): Promise<void> {
  const user = demo.trustifi.users[0]!;
  const c = new trustifi.TrustifiClient({ baseUrl: demo.trustifi.direct, key: user.key, secret: () => Promise.resolve(user.secret) });
  same("trustifi: me", (await c.me()).email, user.email);
  const sent = await c.sendEmail({ body: { recipients: [{ email: "grace@trustifi.example" }], title: "Hello", html: "<p>Hi</p>", methods: { encryptContent: true } } });
  same("trustifi: encrypted", sent.encrypted, true);
  same("trustifi: read", (await c.getEmail({ id: sent._id })).title, "Hello");
  same("trustifi: deleted", await c.deleteEmail({ id: sent._id }), undefined);
  said("trustifi write and read");
  const error = await refused(trustifi.ApiError, () => c.getEmail({ id: sent._id }));
  const body = error.body as trustifi.ErrorBody;
  same("trustifi: refusal", [error.status, body.error.code, error.code], [404, error.code, body.error.code]);
  said("trustifi refusal");
}

async function callTruestamp(): Promise<void> {
  const c = new truestamp.TruestampClient({ baseUrl: demo.truestamp.direct, key: demo.truestamp.users[0]!.key });
  const hash = createHash("sha256").update("hello").digest("hex");
  let etag = "";
  const item = await c.createItem({ body: { hash, hashType: "sha-256" } });
  same("truestamp: read", (await c.getItem({ id: item.id }, { onResponse: (r) => { etag = r.headers.get("ETag") ?? ""; } })).hash, hash);
  said("truestamp write and read");
  const unchanged = await refused(truestamp.ApiError, () => c.getItem({ id: item.id, ifNoneMatch: etag }));
  same("truestamp: unchanged", unchanged.status, 304);
  const error = await refused(truestamp.ApiError, () => c.getItem({ id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }));
  same("truestamp: refusal", [error.status, typeof (error.body as truestamp.ErrorBody).message], [404, "string"]);
  await refused(TypeError, () => c.listApiKeys()); // needs a login, which this client has not
  said("truestamp refusal");
}

async function callTrusset(): Promise<void> {
  const c = new trusset.TrussetClient({ baseUrl: demo.trusset.direct, key: demo.trusset.instances[0]!.key });
  const made = await c.createCustomer({ body: { name: "Ada" } });
  same("trusset: made", made.success, true);
  same("trusset: read", (await c.listCustomers({ limit: 100 })).data?.customers.some((one) => one.name === "Ada"), true);
  said("trusset write and read");
  const off = new trusset.TrussetClient({ baseUrl: demo.trusset.direct, key: demo.trusset.instances[1]!.key });
  const error = await refused(trusset.ApiError, () => off.listMarkets());
  same("trusset: refusal", [error.status, error.code], [403, "SERVICE_NOT_ENABLED"]);
  said("trusset refusal");
  const mica = new trusset.TrussetClient({ baseUrl: demo.trusset.direct, key: demo.trusset.mica.key, managementToken: demo.trusset.mica.management_token });
  same("trusset: issuers", (await mica.listIssuers({ limit: 1 })).success, true);
  said("trusset-mica read");
}

async function callDomainTrust(): Promise<void> {
  const c = new domainTrust.DomainTrustClient({ baseUrl: demo.domaintrust.direct, key: demo.domaintrust.organizations[0]!.testing_key });
  const domain = "from-typescript.example";
  same("domain trust: submitted", (await c.submitDomains({ body: { domains: [{ domain, classification: "phishing" }] } })).errors, []);
  same("domain trust: read", (await c.getDomain({ domain })).domain, domain);
  said("domain-trust write and read");
  const error = await refused(domainTrust.ApiError, () => c.getDomain({ domain: "unheard-of.example" }));
  same("domain trust: refusal", [error.status, (error.body as domainTrust.Problem).status], [404, 404]);
  said("domain-trust refusal");
}

async function callTrustSwiftly(): Promise<void> {
  const c = new trustSwiftly.TrustSwiftlyClient({ baseUrl: demo.trustswiftly.direct, key: demo.trustswiftly.accounts[0]!.key });
  const made = await c.createUser({ body: { email: "ada@from-typescript.example", first_name: "Ada" } });
  same("trust swiftly: read", (await c.getUser({ id: made.id })).email, "ada@from-typescript.example");
  said("trust-swiftly write and read");
  const error = await refused(trustSwiftly.ApiError, () => c.createUser({ body: { email: "no address" } }));
  same("trust swiftly: refusal", [error.status, error.code], [422, "api_validation_error"]);
  said("trust-swiftly refusal");
  const free = new trustSwiftly.TrustSwiftlyClient({ baseUrl: demo.trustswiftly.direct, key: demo.trustswiftly.accounts[1]!.key });
  same("trust swiftly: plan", (await refused(trustSwiftly.ApiError, () => free.listUsers())).code, "api_plan_error");
  said("trust-swiftly plan");
}

async function callManagement(): Promise<void> {
  const c = new management.KeywrightClient({ baseUrl: demo.management.base.replace(/\/v1$/, ""), key: demo.management.key });
  const tenant = await c.createTenant({ body: { ref: "from-typescript" } });
  const once = { idempotencyKey: "one-and-only" };
  const key = await c.createKey({ body: { tenant: tenant.ref, scheme: "keywright", environment: "live", name: "CI", permissions: ["files:read"] } }, once);
  const again = await c.createKey({ body: { tenant: tenant.ref, scheme: "keywright", environment: "live", name: "CI", permissions: ["files:read"] } }, once);
  same("management: once", [again.id, again.replayed, again.credential], [key.id, true, undefined]);
  const listed = await c.listKeys({ tenant: tenant.ref, state: ["ACTIVE", "PAUSED"] });
  same("management: listed", listed.items.map((one) => one.id), [key.id]);
  const verdict = await c.verifyKey({ body: { scheme: "keywright", headers: { Authorization: `Bearer ${key.credential!.key}` } } });
  same("management: verdict", verdict.granted, true);
  said("management write and read");
  await c.amendKey({ id: key.id, body: { name: "renamed" } }, { ifMatch: `"v${key.version}"` });
  const error = await refused(management.ApiError, () => c.amendKey({ id: key.id, body: { name: "stale" } }, { ifMatch: `"v${key.version}"` }));
  same("management: precondition", error.status, 412);
  same("management: request id", error.requestId !== "", true);
  said("management refusal");
  for (const shown of [String(c), JSON.stringify(c), inspect(c, { depth: 9, showHidden: true }), inspect(error, { depth: 9 }), `${error.stack}`]) {
    if (shown.includes(demo.management.key)) throw new Error("the key shows");
  }
  said("management shows no key");
}

async function callSelfService(): Promise<void> {
  const baseUrl = demo.sites["acme"]!;
  const c = new selfService.SelfServiceClient({ baseUrl, key: `Bearer ${demo.acme.key}` });
  same("self-service: discovery", (await c.discovery()).api, "acme");
  same("self-service: this key", (await c.showThisKey()).state, "ACTIVE");
  said("self-service read");
  const error = await refused(selfService.ApiError, () => new selfService.SelfServiceClient({ baseUrl, login: "no.good.token" }).listMyKeys());
  same("self-service: refusal", error.status, 401);
  said("self-service refusal");
}

await callAcme();
await callSelfService();
await callTrustifi();
await callTruestamp();
await callTrusset();
await callDomainTrust();
await callTrustSwiftly();
await callManagement();
