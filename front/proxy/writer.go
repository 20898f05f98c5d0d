package proxy

import (
	"net/http"
	"sync/atomic"
)

// writer remembers whether and how an answer began.
type writer struct {
	http.ResponseWriter
	code  atomic.Int32
	final func(http.Header) // the last word on the headers of an upstream's answer
}

// Unwrap lets http.ResponseController flush and hijack.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		dropOwn(w.Header()) // an early hint is an answer too
	} else {
		if w.code.CompareAndSwap(0, int32(status)) && w.final != nil {
			w.final(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	w.code.CompareAndSwap(0, http.StatusOK)
	return w.ResponseWriter.Write(b)
}

func (w *writer) begun() bool { return w.code.Load() != 0 }
func (w *writer) status() int { return int(w.code.Load()) }
