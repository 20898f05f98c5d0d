package scheme

import "github.com/goccy/go-yaml/ast"

func presences() []string { return []string{"absent", "optional", "required"} }

func lifeFields() []field[lifePage] {
	return []field[lifePage]{
		{"max_active", false, func(d *decoder, l *lifePage, n ast.Node) { l.maxActive = d.number(n, "max_active", 1, 1_000_000) }},
		{"name", false, func(d *decoder, l *lifePage, n ast.Node) {
			if _, plain := n.(*ast.StringNode); plain {
				l.name.presence = d.word(n, "name", presences()...)
				return
			}
			mapping(d, n, "name", nameFields(), &l.name)
		}},
		{"expiry", false, func(d *decoder, l *lifePage, n ast.Node) {
			if _, plain := n.(*ast.StringNode); plain {
				l.expiry.presence = d.word(n, "expiry", presences()...)
				return
			}
			mapping(d, n, "expiry", expiryFields(), &l.expiry)
		}},
		{"rotation", true, func(d *decoder, l *lifePage, n ast.Node) {
			l.rotation.at = whereIs(n)
			if _, plain := n.(*ast.StringNode); plain {
				l.rotation.none = d.word(n, "rotation", "none").set
				return
			}
			mapping(d, n, "rotation", rotationFields(), &l.rotation)
		}},
		{"environments", false, func(d *decoder, l *lifePage, n ast.Node) {
			for _, item := range d.list(n, "environments", maxWords) {
				var e environmentPage
				mapping(d, item, "an environment", environmentFields(), &e)
				l.environments = append(l.environments, e)
			}
		}},
		{"plans", false, func(d *decoder, l *lifePage, n ast.Node) {
			l.plans.at = whereIs(n)
			mapping(d, n, "plans", plansFields(), &l.plans)
		}},
		{"permissions", false, func(d *decoder, l *lifePage, n ast.Node) {
			l.permissions = d.word(n, "permissions", "full", "scoped")
		}},
		{"reveal", false, func(d *decoder, l *lifePage, n ast.Node) { l.reveal = d.word(n, "reveal", "once", "recoverable") }},
		{"hint", false, func(d *decoder, l *lifePage, n ast.Node) { l.hint = d.number(n, "hint", 0, 8) }},
	}
}

func nameFields() []field[namePage] {
	return []field[namePage]{
		{"presence", true, func(d *decoder, p *namePage, n ast.Node) { p.presence = d.word(n, "presence", presences()...) }},
		{"max", false, func(d *decoder, p *namePage, n ast.Node) { p.max = d.number(n, "max", 1, 1000) }},
	}
}

func expiryFields() []field[expiryPage] {
	return []field[expiryPage]{
		{"presence", true, func(d *decoder, p *expiryPage, n ast.Node) { p.presence = d.word(n, "presence", presences()...) }},
		{"min_ttl", false, func(d *decoder, p *expiryPage, n ast.Node) { p.minTTL = d.span(n, "min_ttl") }},
		{"revivable", false, func(d *decoder, p *expiryPage, n ast.Node) { p.revivable = d.toggle(n, "revivable") }},
	}
}

func rotationFields() []field[rotationPage] {
	return []field[rotationPage]{
		{"overlap", true, func(d *decoder, p *rotationPage, n ast.Node) { p.overlap = d.span(n, "overlap") }},
		{"settable", false, func(d *decoder, p *rotationPage, n ast.Node) { p.settable = d.toggle(n, "settable") }},
		{"keeps_key", false, func(d *decoder, p *rotationPage, n ast.Node) { p.keepsKey = d.toggle(n, "keeps_key") }},
		{"self", false, func(d *decoder, p *rotationPage, n ast.Node) { p.self = d.toggle(n, "self") }},
	}
}

func environmentFields() []field[environmentPage] {
	return []field[environmentPage]{
		{"name", true, func(d *decoder, p *environmentPage, n ast.Node) { p.name = d.text(n, "name") }},
		{"granted", false, func(d *decoder, p *environmentPage, n ast.Node) { p.granted = d.toggle(n, "granted") }},
	}
}

func plansFields() []field[plansPage] {
	return []field[plansPage]{
		{"any_of", false, func(d *decoder, p *plansPage, n ast.Node) { p.anyOf = d.texts(n, "any_of", maxWords) }},
		{"except", false, func(d *decoder, p *plansPage, n ast.Node) { p.except = d.texts(n, "except", maxWords) }},
	}
}

func limitFields() []field[limitPage] {
	return []field[limitPage]{
		{"name", true, func(d *decoder, p *limitPage, n ast.Node) { p.name = d.text(n, "name") }},
		{"per", false, func(d *decoder, p *limitPage, n ast.Node) { p.per = d.word(n, "per", "key", "address") }},
		{"count", true, func(d *decoder, p *limitPage, n ast.Node) { p.count = d.number(n, "count", 1, 1_000_000_000) }},
		{"window", true, func(d *decoder, p *limitPage, n ast.Node) { p.window = d.span(n, "window") }},
		{"fixed", false, func(d *decoder, p *limitPage, n ast.Node) { p.fixed = d.toggle(n, "fixed") }},
		{"quota", false, func(d *decoder, p *limitPage, n ast.Node) { p.quota = d.toggle(n, "quota") }},
	}
}

func mannersFields() []field[mannersPage] {
	return []field[mannersPage]{
		{"accept", false, func(d *decoder, p *mannersPage, n ast.Node) { p.accept = d.text(n, "accept") }},
		{"content_type", false, func(d *decoder, p *mannersPage, n ast.Node) { p.contentType = d.text(n, "content_type") }},
		{"object", false, func(d *decoder, p *mannersPage, n ast.Node) { p.object = d.toggle(n, "object") }},
	}
}

func answerFields() []field[answerPage] {
	return []field[answerPage]{
		{"for", true, func(d *decoder, p *answerPage, n ast.Node) { p.reasons = d.texts(n, "for", maxAnswers) }},
		{"part", false, func(d *decoder, p *answerPage, n ast.Node) { p.part = d.text(n, "part") }},
		{"wrapped", false, func(d *decoder, p *answerPage, n ast.Node) { p.wrapped = d.toggle(n, "wrapped") }},
		{"status", true, func(d *decoder, p *answerPage, n ast.Node) { p.status = d.number(n, "status", 200, 599) }},
		{"code", false, func(d *decoder, p *answerPage, n ast.Node) { p.codeAt, p.code = whereIs(n), d.scalar(n, "code") }},
		{"text", true, func(d *decoder, p *answerPage, n ast.Node) { p.text = d.text(n, "text") }},
		{"with", false, func(d *decoder, p *answerPage, n ast.Node) { p.with = d.object(n, "with") }},
		{"headers", false, func(d *decoder, p *answerPage, n ast.Node) { p.headers = readHeaders(d, n) }},
		{"challenge", false, func(d *decoder, p *answerPage, n ast.Node) { p.challenge = d.text(n, "challenge") }},
		{"retry_after", false, func(d *decoder, p *answerPage, n ast.Node) {
			p.retryAfter = d.number(n, "retry_after", 1, 86_400)
		}},
		{"body", false, func(d *decoder, p *answerPage, n ast.Node) { p.bodyAt, p.body = whereIs(n), d.tree(n, "body", 0) }},
	}
}

func styleFields() []field[stylePage] {
	return []field[stylePage]{
		{"content_type", true, func(d *decoder, p *stylePage, n ast.Node) { p.contentType = d.text(n, "content_type") }},
		{"indent", false, func(d *decoder, p *stylePage, n ast.Node) { p.indent = d.number(n, "indent", 0, 8) }},
		{"final_newline", false, func(d *decoder, p *stylePage, n ast.Node) { p.finalNewline = d.toggle(n, "final_newline") }},
		{"realm", false, func(d *decoder, p *stylePage, n ast.Node) { p.realm = d.text(n, "realm") }},
		{"headers", false, func(d *decoder, p *stylePage, n ast.Node) { p.headers = readHeaders(d, n) }},
		{"with", false, func(d *decoder, p *stylePage, n ast.Node) { p.with = d.object(n, "with") }},
		{"body", true, func(d *decoder, p *stylePage, n ast.Node) { p.bodyAt, p.body = whereIs(n), d.tree(n, "body", 0) }},
	}
}

// readHeaders reads a mapping of header names to values, in order.
func readHeaders(d *decoder, n ast.Node) []headerPage {
	var all []headerPage
	for _, v := range d.pairs(n, "headers") {
		if name, ok := d.key(v, "headers"); ok {
			where := whereIs(v.Key)
			all = append(all, headerPage{at: where, name: text{at: where, v: name, set: true}, value: d.text(v.Value, "the header "+name)})
		}
	}
	if len(all) > maxHeaders {
		d.add(all[maxHeaders].at, "at most %d headers", maxHeaders)
		all = all[:maxHeaders]
	}
	return all
}
