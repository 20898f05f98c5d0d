package main

import "context"

func creationOnPostgres(_ context.Context, s settings, r *report) error {
	r.skips(createPG, "no server was named: -postgres or KEYWRIGHT_TEST_POSTGRES")
	return nil
}

func spreading(_ context.Context, s settings, r *report) error { return nil }
