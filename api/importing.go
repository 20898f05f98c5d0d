package api

import "time"

// ImportRow is one existing key: one line of JSON, or one row of CSV whose
// header names the same fields. Either the credential (key, and secret for a
// pair) or sha256 is given.
type ImportRow struct {
	Tenant      string            `json:"tenant,omitempty" doc:"Id or ref; the query's tenant where absent."`
	Scheme      string            `json:"scheme,omitempty" doc:"The query's scheme where absent."`
	Key         string            `json:"key,omitempty" doc:"The credential, or the public half of a pair."`
	Secret      string            `json:"secret,omitempty" doc:"The secret half of a pair."`
	SHA256      string            `json:"sha256,omitempty" doc:"SHA-256 of the whole credential, hex or base64, instead of the credential."`
	Hint        string            `json:"hint,omitempty" doc:"What may be shown to tell keys apart, with sha256."`
	Name        string            `json:"name,omitempty" doc:"What the key is for."`
	Environment string            `json:"environment,omitempty" doc:"Where the scheme has any and the key does not say it itself."`
	Permissions []string          `json:"permissions,omitempty" doc:"In CSV: separated by spaces."`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"In CSV: columns named metadata.<name>."`
	CreatedAt   *time.Time        `json:"created_at,omitempty" doc:"When it was made; now unless given." nullable:"true"`
	ExpiresAt   *time.Time        `json:"expires_at,omitempty" doc:"When it dies; never unless given." nullable:"true"`
}

// ImportLine is what became of one line, as the streamed answer has it.
type ImportLine struct {
	Line   int    `json:"line" doc:"Counted from 1; in CSV the header is line 1."`
	Result string `json:"result" enum:"imported,skipped,refused" doc:"skipped: this very key is there already."`
	ID     string `json:"id,omitempty" doc:"The key's id, unless the line was refused."`
	Field  string `json:"field,omitempty" doc:"The field that is wrong."`
	Detail string `json:"detail,omitempty" doc:"Why it was refused; never the value."`
}

// ImportRefusal is a line that was refused.
type ImportRefusal struct {
	Line   int    `json:"line" doc:"Counted from 1."`
	Field  string `json:"field" doc:"The field that is wrong; empty when none is to blame."`
	Detail string `json:"detail" doc:"Why; never the value."`
}

// ImportSummary is the end of an import. Refused lists the first thousand.
type ImportSummary struct {
	Imported     int             `json:"imported" doc:"How many are new."`
	Skipped      int             `json:"skipped" doc:"Already there: what makes an import resumable."`
	RefusedCount int             `json:"refused_count" doc:"How many were refused."`
	Refused      []ImportRefusal `json:"refused" nullable:"false" doc:"Of these, the first thousand."`
	Complete     bool            `json:"complete" doc:"false when the import stopped early; send the file again, and what is there is skipped."`
	Detail       string          `json:"detail,omitempty" doc:"Why it stopped."`
}
