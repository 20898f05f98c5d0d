package main

// mutations is the sample. Each row names the rule as its requirement has it.
func mutations() []mutation { //nolint:funlen // a table
	return []mutation{
		{
			rule: "a key is dead at its expiry, not after it",
			file: "key.go", old: "return !t.IsZero() && !now.Before(t)", new: "return !t.IsZero() && now.After(t)",
			pkg: ".",
		},
		{
			rule: "TRS-17 at most ten active keys",
			file: "policy.go", old: "if p.MaxActive > 0 && active >= p.MaxActive {", new: "if p.MaxActive > 0 && active > p.MaxActive {",
			pkg: ".",
		},
		{
			rule: "a rotation is no way round the cap",
			file: "policy.go", old: "if predecessor != nil && predecessor.pendingAt(now) {", new: "if false && predecessor != nil && predecessor.pendingAt(now) {",
			pkg: ".",
		},
		{
			rule: "an overlap never outlives the key's own expiry",
			file: "policy.go", old: "retiring.Retires = earliest(now.Add(length), old.Expires)", new: "retiring.Retires = now.Add(length)",
			pkg: ".",
		},
		{
			rule: "DMT-12 production only once granted",
			file: "policy.go", old: "if e.Name == env && e.Granted && !slices.Contains(t.Environments, env) {", new: "if e.Name == env && e.Granted && false {",
			pkg: ".",
		},
		{
			rule: "a key of another scheme is unknown",
			file: "decide.go", old: "k == nil || t == nil || k.Scheme != n.Scheme ||", new: "k == nil || t == nil ||",
			pkg: ".",
		},
		{
			rule: "TRS-24 an archived tenant's keys are refused",
			file: "decide.go", old: "case t.Archived:", new: "case false:",
			pkg: ".",
		},
		{
			rule: "a wildcard covers only what is below it",
			file: "decide.go", old: "return wild && len(want) > len(prefix) && want[len(prefix)] == ':' && strings.HasPrefix(want, prefix)", new: "return wild && strings.HasPrefix(want, prefix)",
			pkg: ".",
		},
		{
			rule: "TSP-09 plain HTTP is refused",
			file: "scheme/present.go", old: "if s.tlsOnly && !v.TLS {", new: "if s.tlsOnly && !v.TLS && false {",
			pkg: "./front/proxy",
		},
		{
			rule: "two ways of presenting a credential at once are refused",
			file: "scheme/present.go", old: `		case !s.first:
`, new: `		case false:
`,
			pkg: "./scheme",
		},
		{
			rule: "TSW-10 a companion header must be there",
			file: "scheme/present.go", old: "if !s.companions[i].there(v) {", new: "if false && !s.companions[i].there(v) {",
			pkg: "./scheme",
		},
		{
			rule: "a checksum that does not fit is malformed",
			file: "scheme/form.go", old: "if !isChecksum(s[:n], sum) {", new: "if false && !isChecksum(s[:n], sum) {",
			pkg: "./scheme",
		},
		{
			rule: "a tag is not the whole digest",
			file: "verify/record.go", old: `return (r[wordDigest].Load()^d[0])|(r[wordDigest+1].Load()^d[1])|
		(r[wordDigest+2].Load()^d[2])|(r[wordDigest+3].Load()^d[3]) == 0`, new: "return r[wordDigest].Load()^d[0] == 0",
			pkg: "./verify",
		},
		{
			rule: "a view that is too old refuses",
			file: "verify/index.go", old: "return age >= 0 && age <= x.bound", new: "return age >= 0 || age <= x.bound",
			pkg: "./verify",
		},
		{
			rule: "a stale event changes nothing",
			file: "verify/apply.go", old: "case held && m.records.at(old)[wordVersion].Load() >= k.Version:", new: "case held && false:",
			pkg: "./verify",
		},
		{
			rule: "an ambiguous path is refused",
			file: "gate/pass.go", old: "if !unambiguous(v.Path) {", new: "if false && !unambiguous(v.Path) {",
			pkg: "./gate",
		},
		{
			rule: "bad keys count against the address",
			file: "gate/pass.go", old: `	if p.Reason == keywright.Granted {
		key = out.Decision.Counts()
	}`, new: `	if p.Reason != keywright.Granted {
		return p
	}
	key = out.Decision.Counts()`,
			pkg: "./gate",
		},
		{
			rule: "the upstream never sees the credential",
			file: "front/proxy/rewrite.go", old: "out.URL.RawQuery = x.verdict.Strip(out.Header, x.view.RawQuery)", new: "out.URL.RawQuery = x.view.RawQuery",
			pkg: "./front/proxy",
		},
		{
			rule: "a forged identity is removed",
			file: "front/proxy/rewrite.go", old: "if deceives(name, credentials) {", new: "if false && deceives(name, credentials) {",
			pkg: "./front/proxy",
		},
		{
			rule: "a way round the cap is closed",
			file: "key.go", old: "return s.Final() || s == StateExpired", new: "return false && s.Final()",
			pkg: "./keeper", run: "TRS17",
		},
		{
			rule: "a retried rotation makes one successor",
			file: "keeper/rotate.go", old: "if done, err := once.replay(ctx, tx, now, &out); done || err != nil {", new: "if done, err := once.replay(ctx, tx, now, &out); false && done || err != nil {",
			pkg: "./keeper",
		},
		{
			rule: "TRS-24 on the wire, through the real listener",
			file: "decide.go", old: "case t.Archived:", new: "case false:",
			pkg: "./internal/journey", run: "TRS20",
		},
		{
			rule: "TSP-19 where only a login will do, a key will not",
			file: "gate/pass.go", old: "if w.route.Takes == TokensOnly && (out", new: "if false && (out",
			pkg: "./gate",
		},
		{
			rule: "a JWT is for its own audience",
			file: "oidc/verify.go", old: "case !slices.ContainsFunc(c.audience, func(a string) bool { return slices.Contains(f.Audiences, a) }):", new: "case false:",
			pkg: "./oidc",
		},
		{
			rule: "an ID token is no access token",
			file: "oidc/verify.go", old: "case !f.isAccess(c):", new: "case false:",
			pkg: "./oidc",
		},
		{
			rule: "a JWT that was seen dies at its end",
			file: "oidc/verify.go", old: "	if !now.Before(e.expires) {\n		p.seen.drop(at)", new: "	if false {\n		p.seen.drop(at)",
			pkg: "./oidc",
		},
		{
			rule: "only algorithms that are allowed",
			file: "oidc/verify.go", old: "case !slices.Contains(f.Algorithms, c.header.algorithm):", new: "case false:",
			pkg: "./oidc",
		},
		{
			rule: "an expired login's token is refused",
			file: "decide.go", old: "	if now.Before(g.Expires) {", new: "	if true {",
			pkg: ".",
		},
		{
			rule: "an unknown account costs what a known one does",
			file: "people/hash.go", old: "	if !real {\n		p = h.dummy()\n	}", new: "	if !real {\n		return false, false, nil\n	}",
			pkg: "./people", run: "TestNoEnumeration|TestSignIn",
		},
		{
			rule: "an address that nobody verified is nobody",
			file: "people/external.go", old: "if !e.EmailVerified || !e.TrustEmail {", new: "if false {",
			pkg: "./people",
		},
		{
			rule: "a session ends",
			file: "people/sessions.go", old: "	if !now.Before(s.ends(&row, row.body.LastSeen)) {", new: "	if false {",
			pkg: "./people",
		},
		{
			rule: "another tenant's key is unknown to a member",
			file: "internal/selfservice/keys.go", old: "case k.Tenant != c.Tenant.ID || !slices.Contains(s.managed, k.Scheme):", new: "case !slices.Contains(s.managed, k.Scheme):",
			pkg: "./internal/management", run: "TestTheTenantsWall",
		},
		{
			rule: "a member does what the role allows, and no more",
			file: "internal/selfservice/caller.go", old: "	case !c.Role.May(right):", new: "	case false:",
			pkg: "./internal/management", run: "TestWhatEachRoleMay",
		},
		{
			rule: "another site's page writes nothing",
			file: "internal/management/self.go", old: "	if s.crossOrigin.Check(r) == nil {", new: "	if true {",
			pkg: "./internal/management", run: "TestCrossSite",
		},
		{
			rule: "a secret is shown again after a proof only",
			file: "internal/selfservice/acts.go", old: "	if err := s.o.People.FreshProof(c.Session); err != nil {", new: "	if err := s.o.People.FreshProof(c.Session); false && err != nil {",
			pkg: "./internal/management", run: "TestTFI08|Reveal",
		},
		{
			rule: "a redirect stays on the site",
			file: "internal/console/visit.go", old: "if to := v.r.FormValue(\"next\"); local(to) {", new: "if to := v.r.FormValue(\"next\"); to != \"\" {",
			pkg: "./internal/console", run: "TestOpenRedirects",
		},
		{
			rule: "a tenant asks about its own keys only",
			file: "front/introspect/find.go", old: "if by.Tenant != keywright.OperatorTenant {", new: "if false {",
			pkg: "./front/introspect",
		},
		{
			rule: "one request for an environment is open at a time",
			file: "people/access.go", old: "Name: openAccess(tenant, environment),", new: "Name: id,",
			pkg: "./people", run: "TestARequestForAccess",
		},
		{
			rule: "a request that is being granted is not declined",
			file: "people/access.go", old: "if act = keywright.AccessDeclined; row.claimed(now) {", new: "if act = keywright.AccessDeclined; false && row.claimed(now) {",
			pkg: "./people", run: "TestARequestForAccess",
		},
		{
			rule: "a request is decided once",
			file: "people/access.go", old: "	if row.body.State != AccessOpen {", new: "	if false {",
			pkg: "./internal/management", run: "TestDMT12_Access|TestARequestIsDecidedOnce",
		},
		{
			rule: "DMT-12 only what has to be granted is asked for",
			file: "internal/selfservice/access.go", old: "if e.Granted && !slices.Contains(t.Environments, e.Name)", new: "if !slices.Contains(t.Environments, e.Name)",
			pkg: "./internal/management", run: "TestWhatCanBeAskedFor",
		},
		{
			rule: "an archived tenant is granted nothing",
			file: "internal/management/access.go", old: "		case t.Archived:", new: "		case false:",
			pkg: "./internal/management", run: "TestOnlyWhoMayWriteTenants",
		},
		{
			rule: "a tenant does not learn which operator decided",
			file: "internal/selfservice/access.go", old: "	out.DecidedBy = \"\"", new: "	_ = out.DecidedBy",
			pkg: "./internal/management", run: "TestDMT12_Access",
		},
		{
			rule: "a scheme's text has a bound, in bytes",
			file: "internal/management/configuration.go", old: "	if len(text) > api.MaxSchemeSource {", new: "	if false {",
			pkg: "./internal/management", run: "TestASchemesText",
		},
		{
			rule: "only a provider of the configuration is asked whether it answers",
			file: "internal/management/configuration.go", old: "return p.Name == in.Name })", new: "return true })",
			pkg: "./internal/management", run: "TestWhatIsConfigured",
		},
		{
			rule: "a decision is counted as it was decided, after the limits",
			file: "gate/pass.go", old: "	out.settle(p)\n	g.tell(now, v, s, &out)", new: "	g.tell(now, v, s, &out)\n	out.settle(p)",
			pkg: "./gate", run: "TestEachDecisionIsTold",
		},
		{
			rule: "TRS-17 an address of IPv4 in IPv6 is the IPv4 one",
			file: "meter/meter.go", old: "from = from.Unmap().WithZone(\"\")", new: "from = from.WithZone(\"\")",
			pkg: "./meter", run: "TestTRS17",
		},
		{
			rule: "a flush whose answer was lost adds nothing twice",
			file: "meter/pending.go", old: "if _, err := io.ReadFull(random, b.ID[:]); err != nil {", new: "if false {\n			err := io.EOF",
			pkg: "./meter", run: "TestAFlushThatFails",
		},
		{
			rule: "a flush that fails keeps its counts",
			file: "meter/flush.go", old: "			return err // whether it is in the store after all only the store knows", new: "			m.added()\n			return err",
			pkg: "./meter", run: "TestAFlushThatFails",
		},
		{
			rule: "TRS-17 the latest use of a key stays, whatever is added later",
			file: "store/memory/meter.go", old: "if known && k.At.Before(old.At) {", new: "if known && false {",
			pkg: "./store/memory", run: "TestMeter",
		},
		{
			rule: "a tenant's use is asked for its own keys alone",
			file: "internal/selfservice/usage.go", old: "	ask.Tenant = c.Tenant.ID\n", new: "",
			pkg: "./internal/management", run: "TestUse",
		},
		{
			rule: "a node that is stopped keeps what it counted",
			file: "internal/daemon/core.go", old: "if lost := c.meter.Close(context.Background()); lost != nil {", new: "if lost := error(nil); lost != nil {",
			pkg: "./internal/daemon", run: "TestServe_UseIsKept",
		},
		{
			rule: "a node that is silent is not called fresh, nor listed for ever",
			file: "people/verifiers.go", old: "			if rec.over(now) {", new: "			if false {",
			pkg: "./people", run: "TestWhatNodesSay",
		},
		{
			rule: "no cell of an export is a formula",
			file: "internal/management/sheet.go", old: "			cells[c] = wire.Inert(cells[c])", new: "			_, _ = wire.Inert, c",
			pkg: "./internal/management", run: "TestNoCellOfAnExport",
		},
		{
			rule: "an export that fails on its way is not taken for whole",
			file: "client/exporting.go", old: "		return unreachable(err)\n	}\n	return nil", new: "		return nil\n	}\n	return nil",
			pkg: "./client", run: "TestAnExportThatBreaksOff",
		},
		{
			rule: "a member's export holds their own tenant's keys",
			file: "internal/selfservice/keys.go", old: "	q.Tenant, q.Limit, q.Rest, q.Now = c.Tenant.ID, size, &next, s.now()", new: "	q.Limit, q.Rest, q.Now = size, &next, s.now()",
			pkg: "./internal/management", run: "TestAMembersExport",
		},
		{
			rule: "a cursor of one order says nothing in another",
			file: "internal/management/cursor.go", old: "	return o.kind + \" \" + o.sort + \" \" + o.order", new: "	return o.kind",
			pkg: "./internal/management", run: "TestListsRefuse",
		},
		{
			rule: "a database of an older schema is filled for the lists",
			file: "store/internal/sqltext/migrate.go", old: "				err = fill(ctx, c, d)", new: "				_ = fill",
			pkg: "./store/sqlite", run: "TestAnOlderSchema",
		},
		{
			rule: "a bounded read says where it stopped",
			file: "store/internal/sqltext/list.go", old: "		part.Rest, err = l.end(ctx, r, along)", new: "		_ = l.end",
			pkg: "./store/sqlite", run: "TestLists",
		},
		{
			rule: "TRS-13 an overlap that is moved is at most thirty days",
			file: "policy.go", old: "	case until.After(successor.Created.Add(MaxOverlap)):", new: "	case false:",
			pkg: ".",
		},
		{
			rule: "an overlap that is moved never outlives the key's own expiry",
			file: "policy.go", old: "	case !k.Expires.IsZero() && until.After(k.Expires):", new: "	case false:",
			pkg: ".",
		},
		{
			rule: "an overlap is not moved once the key that follows has ended",
			file: "policy.go", old: "	case k.Orphaned(successor, now):", new: "	case successor == nil:",
			pkg: ".",
		},
		{
			rule: "a fixed overlap is ended, and never moved",
			file: "policy.go", old: "	case !p.Rotation.Settable:\n		return Key{}, invalid(\"ends_at\",", new: "	case false:\n		return Key{}, invalid(\"ends_at\",",
			pkg: ".",
		},
		{
			rule: "TRS-18 tenants switch only the services that are theirs",
			file: "internal/selfservice/services.go", old: "		if !slices.Contains(s.o.Site.Services, name) {", new: "		if false && !slices.Contains(s.o.Site.Services, name) {",
			pkg: "./internal/management", run: "TRS18",
		},
		{
			rule: "TRS-18 admins alone switch services",
			file: "internal/selfservice/services.go", old: "c.need(people.WriteServices)", new: "c.need(people.ReadKeys)",
			pkg: "./internal/management", run: "TRS18",
		},
		{
			rule: "a password is set after a proof only",
			file: "internal/management/account.go", old: "	return who, a.people.FreshProof(who.Session)", new: "	return who, nil",
			pkg: "./internal/management", run: "TestOnesOwnAccount",
		},
		{
			rule: "a tenant's own invitation wins no address back",
			file: "people/accept.go", old: "!errors.Is(err, ErrSignIn) || !row.body.Vouched || was", new: "!errors.Is(err, ErrSignIn) || was",
			pkg: "./people", run: "WinsAnAddressBack",
		},
		{
			rule: "an invitation sets no password of a person who was vouched for",
			file: "people/accept.go", old: " || was.body.Vouched || was.body.Disabled {", new: " || was.body.Disabled {",
			pkg: "./people",
		},
		{
			rule: "who wins an address back closes every way in that there was",
			file: "people/accept.go", old: "		if anew {", new: "		if false && anew {",
			pkg: "./people", run: "WinsAnAddressBack",
		},
	}
}
