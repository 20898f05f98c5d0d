// Command bench measures what Keywright costs, and says of each target whether
// it is met. It compares within one run only: a ratio holds where an absolute
// figure drifts. It never reports what it did not measure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// settings are what the command line asks for.
type settings struct {
	short  bool
	large  bool
	only   []string
	stores []string // of lists
	dir    string   // where files are written; its disk is what is measured
	dsn    string   // PostgreSQL
}

// section is one part of the run.
type section struct {
	name string
	run  func(context.Context, settings, *report) error
}

func sections() []section {
	return []section{
		{"verify", verification}, {"memory", memory}, {"startup", startup},
		{"http", overHTTP}, {"proxy", throughProxy}, {"create", creation}, {"feed", spreading}, {"lists", listing},
	}
}

func main() {
	var s settings
	var only, stores, child string
	var keys int
	flag.BoolVar(&s.short, "short", false, "measure briefly: a look, not a verdict")
	flag.BoolVar(&s.large, "large", false, "measure 10 M keys too (about 4 GB of memory, several minutes)")
	flag.StringVar(&only, "only", "", "only these sections, with commas between: verify,memory,startup,http,proxy,create,feed,lists")
	flag.StringVar(&stores, "stores", "", "lists of these stores alone: sqlite,memory,postgres")
	flag.StringVar(&s.dir, "dir", "", "where to write files; empty is the folder for temporary files")
	flag.StringVar(&s.dsn, "postgres", os.Getenv("KEYWRIGHT_TEST_POSTGRES"), "a PostgreSQL server on which a database may be made and dropped; empty leaves it out")
	flag.StringVar(&child, "serve", "", "for the bench itself: be the server of this kind")
	flag.IntVar(&keys, "keys", 1, "for the bench itself: how many keys that server holds")
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	if stores != "" {
		s.stores = strings.Split(stores, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if child != "" {
		err = serve(ctx, child, keys, flag.Args())
	} else {
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	r := newReport(os.Stdout)
	begun := time.Now()
	r.head(s)
	var failed []error
	for _, part := range sections() {
		if len(s.only) > 0 && !slices.Contains(s.only, part.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := part.run(ctx, s, r); err != nil {
			r.line("  failed: %v", err)
			failed = append(failed, fmt.Errorf("%s: %w", part.name, err))
		}
	}
	r.verdicts(time.Since(begun))
	return errors.Join(failed...)
}
