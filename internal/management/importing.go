package management

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/keeper"
)

const (
	maxRefusals = 1000 // listed in a summary; the rest is counted
	importPause = time.Minute
)

// importKeys is a handler beside huma: it reads the rows as they come, and
// holds no more of them than one batch.
func (s *server) importKeys(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	c := callFrom(r.Context())
	rows, streamed, p := s.openImport(rec, r)
	if p != nil {
		rec.problem(p)
		return
	}
	out := &importAnswer{w: rec, summary: api.ImportSummary{Refused: []api.ImportRefusal{}}}
	if streamed {
		rc := http.NewResponseController(rec)
		_ = rc.EnableFullDuplex() // rows are answered while more are read; HTTP/2 always can
		rec.Header().Set("Content-Type", linesType)
		out.lines, out.flush = json.NewEncoder(rec), rc.Flush
	}
	err := s.Keeper.Import(r.Context(), s.actor(r.Context(), c), s.allowed(r.Context(), c, rows), out.done)
	s.finishImport(r.Context(), rec, out, err)
}

func (s *server) finishImport(ctx context.Context, rec *recorder, out *importAnswer, err error) {
	out.summary.Complete = err == nil
	if err != nil {
		p := importProblem(err)
		if p.Status >= http.StatusInternalServerError {
			_ = s.fault(ctx, err)
		}
		if out.lines == nil && out.rows == 0 {
			rec.problem(p)
			return
		}
		out.summary.Detail = p.Detail + "; send the file again: what is there already is skipped"
	}
	if out.lines != nil {
		_ = out.lines.Encode(out.summary)
		return
	}
	rec.Header().Set("Content-Type", jsonType)
	_ = json.NewEncoder(rec).Encode(out.summary)
}

func importProblem(err error) *api.Problem {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return problem(http.StatusRequestEntityTooLarge, "the file is too large: send it in parts")
	case errors.Is(err, errLongRow):
		return problem(http.StatusUnprocessableEntity, errLongRow.Error())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problem(http.StatusBadRequest, "the body could not be read whole")
	}
	return problemOf(err)
}

// openImport looks at the request's manners and returns its rows.
func (s *server) openImport(w http.ResponseWriter, r *http.Request) (rows iter.Seq2[keeper.ImportRow, error], streamed bool, p *api.Problem) {
	streamed = asksForLines(r.Header["Accept"])
	if !streamed && !accepts(r.Header["Accept"]) {
		return nil, false, problem(http.StatusNotAcceptable, "answers are application/json, or application/x-ndjson line by line")
	}
	if p := duplicateParameters(r); p != nil {
		return nil, false, p
	}
	base := keeper.ImportRow{}
	for name, values := range r.URL.Query() {
		switch name {
		case "tenant":
			base.Tenant = values[0]
		case "scheme":
			base.Scheme = values[0]
		default:
			return nil, false, problem(http.StatusUnprocessableEntity, "a query parameter is not known", fieldError("query."+name, "unknown query parameter"))
		}
	}
	body := &patient{r: http.MaxBytesReader(w, r.Body, api.ImportMaxBody), rc: http.NewResponseController(w)}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil || len(r.Header["Content-Type"]) != 1:
	case kind == linesType || kind == "application/jsonl":
		return jsonRows(body, base), streamed, nil
	case kind == "text/csv":
		table, err := openCSV(body, base)
		if err != nil {
			return nil, false, problemOf(err)
		}
		return table.rows, streamed, nil
	}
	return nil, false, problem(http.StatusUnsupportedMediaType, "send the rows as Content-Type: text/csv or application/x-ndjson")
}

func asksForLines(accept []string) bool {
	for _, one := range strings.Split(strings.Join(accept, ","), ",") {
		if kind, _, err := mime.ParseMediaType(one); err == nil && (kind == linesType || kind == "application/jsonl") {
			return true
		}
	}
	return false
}

// patient moves the read deadline on with every read: an import may be long,
// and only a sender who falls silent is cut off.
type patient struct {
	r  io.Reader
	rc *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	until := time.Now().Add(importPause)
	_ = p.rc.SetReadDeadline(until) // best effort: not every writer can
	_ = p.rc.SetWriteDeadline(until)
	return p.r.Read(b)
}

// allowed refuses rows that would give an operator's key more than the caller has.
func (s *server) allowed(ctx context.Context, c *call, rows iter.Seq2[keeper.ImportRow, error]) iter.Seq2[keeper.ImportRow, error] {
	operators, err := s.tenant(ctx, string(keywright.OperatorTenant))
	return func(yield func(keeper.ImportRow, error) bool) {
		if err != nil && !errors.Is(err, keywright.NotFound) {
			yield(keeper.ImportRow{}, err)
			return
		}
		for row, rowErr := range rows {
			if rowErr == nil && (row.Tenant == string(keywright.OperatorTenant) || (operators.Ref != "" && row.Tenant == operators.Ref)) {
				rowErr = mayGive(c, keywright.OperatorTenant, row.Permissions)
			}
			if !yield(row, rowErr) {
				return
			}
		}
	}
}

// importAnswer gathers what became of the rows.
type importAnswer struct {
	w       http.ResponseWriter
	rows    int
	summary api.ImportSummary
	lines   *json.Encoder // nil: only the summary
	flush   func() error
}

func (a *importAnswer) done(r keeper.ImportResult) {
	a.rows++
	line := api.ImportLine{Line: r.Line, ID: r.ID.String()}
	switch {
	case r.Err != nil:
		p := problemOf(r.Err)
		line.Result, line.Detail = "refused", p.Detail
		if len(p.Errors) > 0 {
			line.Field, line.Detail = p.Errors[0].Field, p.Errors[0].Detail
		}
		line.Detail = strings.TrimPrefix(line.Detail, "line "+strconv.Itoa(r.Line)+": ") // it has a place of its own
		a.summary.RefusedCount++
		if len(a.summary.Refused) < maxRefusals {
			a.summary.Refused = append(a.summary.Refused, api.ImportRefusal{Line: line.Line, Field: line.Field, Detail: line.Detail})
		}
	case r.Skipped:
		line.Result = "skipped"
		a.summary.Skipped++
	default:
		line.Result = "imported"
		a.summary.Imported++
	}
	if a.lines == nil {
		return
	}
	_ = a.lines.Encode(line) // who has gone away cannot be told; the request's context ends the import
	if a.rows%flushEvery == 0 {
		_ = a.flush()
	}
}

const flushEvery = 100
