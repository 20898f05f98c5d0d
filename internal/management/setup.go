package management

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/management/wire"
	"github.com/keywright/keywright/keeper"
	"github.com/keywright/keywright/people"
)

// SetupFile is the name of the set-up token's file in the secrets folder.
const SetupFile = "setup-token"

const (
	setupLife     = 15 * time.Minute
	setupAttempts = 10 // wrong ones in a minute, after which all wait
	setupPrefix   = "kwsetup_"
)

// SetupOptions of NewSetup.
type SetupOptions struct {
	Folder string // the secrets folder
	Keeper *keeper.Keeper
	Store  keywright.Store
	People *people.Service // nil: only keys count as operators
	Log    *slog.Logger
	Clock  func() time.Time // the real one unless given: the token's 15 minutes are wall time
	Random io.Reader        // crypto/rand unless given
}

// Setup turns the one-use set-up token into the first operator key.
type Setup struct {
	o     SetupOptions
	path  string
	token [sha256.Size]byte
	until time.Time

	mu       sync.Mutex
	used     bool
	wrong    int
	resetsAt time.Time
}

// NewSetup makes the operators' tenant, and, if no living operator key may do
// everything yet, a set-up token in a file that only its owner may read. It
// returns nil if there is such a key.
func NewSetup(ctx context.Context, o SetupOptions) (*Setup, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	path, err := filepath.Abs(filepath.Join(o.Folder, SetupFile)) // it will be pasted from elsewhere
	if err != nil {
		return nil, fmt.Errorf("management: the secrets folder has no path: %w", err)
	}
	s := &Setup{o: o, path: path}
	if err := EnsureOperators(ctx, o.Keeper, o.Store); err != nil {
		return nil, err
	}
	done, err := hasOperator(ctx, o.Store, o.Clock())
	if err == nil && !done {
		done, err = hasOperatorPerson(ctx, o.People)
	}
	if err != nil {
		return nil, err
	}
	if done {
		_ = os.Remove(s.path) // one that a stopped process left behind opens nothing
		return nil, nil       //nolint:nilnil // the contract: nothing to set up
	}
	var secret [32]byte
	if _, err := io.ReadFull(o.Random, secret[:]); err != nil {
		return nil, fmt.Errorf("management: no randomness for the set-up token: %w", err)
	}
	text := setupPrefix + hex.EncodeToString(secret[:])
	s.token, s.until = sha256.Sum256([]byte(text)), o.Clock().Add(setupLife)
	return s, writeToken(s.path, text)
}

func hasOperator(ctx context.Context, store keywright.Store, now time.Time) (bool, error) {
	found := false
	err := store.View(ctx, func(r keywright.Reader) error {
		q := keywright.KeyQuery{Tenant: keywright.OperatorTenant, Scheme: SchemeName, Unrevoked: true, Limit: chunk}
		for {
			keys, err := r.Keys(ctx, q)
			if err != nil {
				return err
			}
			for i := range keys {
				state := keys[i].StateAt(now)
				if (state == keywright.Active || state == keywright.PendingRotation) && keywright.Permits(keys[i].Permissions, []string{api.KeysWrite}) {
					found = true
					return nil
				}
			}
			if len(keys) < q.Limit {
				return nil
			}
			q.After = keys[len(keys)-1].ID
		}
	})
	return found, err
}

// hasOperatorPerson reports whether a person may do everything already.
func hasOperatorPerson(ctx context.Context, who *people.Service) (bool, error) {
	if who == nil {
		return false, nil
	}
	members, err := who.Members(ctx, keywright.OperatorTenant)
	return slices.ContainsFunc(members, func(m people.Member) bool { return m.Role == people.Admin }), err
}

// writeToken replaces the file whole; it never follows what stood there.
func writeToken(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("management: the old set-up token cannot be removed: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("management: the set-up token cannot be written: %w", err)
	}
	_, err = io.WriteString(f, text+"\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// Path is where the token is; the only thing about it that may be printed.
func (s *Setup) Path() string { return s.path }

// ServeHTTP answers POST /v1/setup.
func (s *Setup) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	token, p := presentedToken(r)
	if p != nil {
		rec.problem(p)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.check(token); p != nil {
		if p.Status == http.StatusTooManyRequests {
			rec.Header().Set("Retry-After", "60")
		} else {
			rec.Header().Set("WWW-Authenticate", `Bearer realm="keywright set-up"`)
		}
		rec.problem(p)
		return
	}
	actor := system()
	if c := callFrom(r.Context()); c.requestID != "" {
		actor.RequestID = c.requestID
		if c.view.Address.IsValid() {
			actor.Address = c.view.Address.Unmap().String()
		}
	}
	out, err := IssueOperatorKey(r.Context(), s.o.Keeper, actor, "First operator key")
	if err != nil {
		s.o.Log.ErrorContext(r.Context(), "management: the first operator key could not be issued", slog.String("error", causes(err)))
		rec.problem(problemOf(err))
		return
	}
	s.spend(r.Context())
	rec.Header().Set("Content-Type", jsonType)
	rec.Header().Set("Cache-Control", "no-store")
	rec.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(rec).Encode(wire.Issued(&out, s.o.Clock()))
}

// Use runs act in the name of whoever holds the token, and uses the token up if act
// succeeds. Errors: people.ErrSignIn for every wrong token, people.Throttled, act's own.
func (s *Setup) Use(ctx context.Context, token keywright.Credential, act func(by keywright.Actor) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, given := token.Reveal()
	if p := s.check(given); p != nil {
		kind := people.ErrSignIn
		if p.Status == http.StatusTooManyRequests {
			kind = people.Throttled
		}
		return &keywright.Error{Kind: kind, Detail: p.Detail}
	}
	if err := act(system()); err != nil {
		return err
	}
	s.spend(ctx)
	return nil
}

// spend ends the token.
func (s *Setup) spend(ctx context.Context) {
	s.used = true
	if err := os.Remove(s.path); err != nil {
		s.o.Log.WarnContext(ctx, "management: the used set-up token's file could not be removed; it opens nothing any more", slog.String("path", s.path))
	}
}

// check answers a wrong, a used and an expired token alike, and slows guessing.
func (s *Setup) check(token string) *api.Problem {
	now := s.o.Clock()
	if now.After(s.resetsAt) {
		s.wrong, s.resetsAt = 0, now.Add(time.Minute)
	}
	if s.wrong >= setupAttempts {
		return problem(http.StatusTooManyRequests, "too many wrong tokens: wait a minute")
	}
	given := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(given[:], s.token[:]) == 1 && !s.used && now.Before(s.until) {
		return nil
	}
	s.wrong++
	return problem(http.StatusUnauthorized, "the set-up token is wrong, has been used, or is older than 15 minutes: restart keywright for a new one, whose path it prints")
}

// presentedToken takes the token from the header or the body.
func presentedToken(r *http.Request) (string, *api.Problem) {
	if lines := r.Header["Authorization"]; len(lines) > 0 {
		word, token, ok := strings.Cut(lines[0], " ")
		if len(lines) > 1 || !ok || !strings.EqualFold(word, "Bearer") {
			return "", nil // wrong, as any other
		}
		return strings.TrimSpace(token), nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<10))
	if err != nil || len(bytesTrim(body)) == 0 {
		return "", nil
	}
	var in api.Setup
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return "", problem(http.StatusUnprocessableEntity, `the body is {"token":"…"}, or empty`, api.FieldError{Field: "token", Detail: "a text"})
	}
	return strings.TrimSpace(in.Token), nil
}

func bytesTrim(b []byte) string { return strings.TrimSpace(string(b)) }
