package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// ImportType is what the rows of an import are written in.
type ImportType string

// The types.
const (
	ImportCSV   ImportType = "text/csv"
	ImportLines ImportType = "application/x-ndjson"
)

// Import sends existing keys, and calls each, if it is not nil, for every row as
// the server is done with it. tenant and scheme serve rows that name none. The
// summary is complete only if Complete says so; sending the same rows again is
// harmless.
func (c *Client) Import(ctx context.Context, kind ImportType, rows io.Reader, tenant, scheme string, each func(api.ImportLine)) (api.ImportSummary, error) {
	query := url.Values{}
	put(query, "tenant", tenant)
	put(query, "scheme", scheme)
	q := request{method: http.MethodPost, path: "/keys/import", query: query, header: http.Header{"Accept": {string(ImportLines)}, "Content-Type": {string(kind)}}}
	req, err := c.request(ctx, q, rows)
	if err != nil {
		return api.ImportSummary{}, err
	}
	res, err := c.o.HTTP.Do(req)
	if err != nil {
		return api.ImportSummary{}, unreachable(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		return api.ImportSummary{}, readProblem(res, raw)
	}
	return readImport(res.Body, each)
}

// readImport reads a line for each row, and the summary last.
func readImport(body io.Reader, each func(api.ImportLine)) (api.ImportSummary, error) {
	in := bufio.NewReader(body)
	for {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return api.ImportSummary{}, unreachable(io.ErrUnexpectedEOF)
		}
		if err != nil {
			return api.ImportSummary{}, unreachable(err)
		}
		if !bytes.Contains(text, []byte(`"result":`)) {
			var sum api.ImportSummary
			if err := json.Unmarshal(text, &sum); err != nil {
				return sum, &Error{Status: http.StatusOK, kind: keywright.Internal, Detail: "the answer to the import cannot be read"}
			}
			return sum, nil
		}
		var line api.ImportLine
		if err := json.Unmarshal(text, &line); err != nil {
			return api.ImportSummary{}, &Error{Status: http.StatusOK, kind: keywright.Internal, Detail: "the answer to the import cannot be read"}
		}
		if each != nil {
			each(line)
		}
	}
}

// Setup turns the one-use set-up token into the first operator key. The client
// needs no key of its own for it.
func (c *Client) Setup(ctx context.Context, token keywright.Credential) (api.Key, error) {
	_, secret := token.Reveal()
	var out api.Key
	err := c.send(ctx, request{method: http.MethodPost, path: "/setup", header: http.Header{"Authorization": {"Bearer " + secret}}}, &out)
	return out, err
}
