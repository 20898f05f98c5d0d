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
		key = out.Decision.Key
	}`, new: `	if p.Reason != keywright.Granted {
		return p
	}
	key = out.Decision.Key`,
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
	}
}
