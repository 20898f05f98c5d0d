package main

// mutations is the sample. Each row names the rule as its requirement has it.
func mutations() []mutation {
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
			file: "policy.go", old: "if predecessor != nil && pendingAt(predecessor, now) {", new: "if false && predecessor != nil && pendingAt(predecessor, now) {",
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
	}
}
