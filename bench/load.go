package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const connections = 16

// load is put on a server by connections that each send the next request once
// the last was answered. next appends a whole request to a buffer.
type load struct {
	address string
	status  string // every answer's, such as "204"
	next    func(buffer []byte, i int) []byte
}

// put puts the load on for some time, and returns how many requests were answered.
func (l load) put(ctx context.Context, length time.Duration) (answered int, err error) {
	var total, number atomic.Int64
	var all sync.WaitGroup
	var once sync.Once
	until := time.Now().Add(length)
	for range connections {
		all.Go(func() {
			n, e := l.connection(ctx, until, &number)
			total.Add(int64(n))
			if e != nil {
				once.Do(func() { err = e })
			}
		})
	}
	all.Wait()
	return int(total.Load()), err
}

func (l load) connection(ctx context.Context, until time.Time, number *atomic.Int64) (n int, err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", l.address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	in := bufio.NewReaderSize(conn, 16<<10)
	var buffer []byte
	for time.Now().Before(until) && ctx.Err() == nil {
		buffer = l.next(buffer[:0], int(number.Add(1)))
		if _, err := conn.Write(buffer); err != nil {
			return n, err
		}
		if err := l.answer(in); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// answer reads one answer, as far as it must to find the next.
func (l load) answer(in *bufio.Reader) error {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if len(line) < 12 || string(line[9:12]) != l.status {
		return fmt.Errorf("answered %q, want %s", line, l.status)
	}
	length, chunked := 0, false
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return err
			}
		}
		chunked = chunked || bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked"))
	}
	if chunked {
		return errors.New("a chunked answer, which this client does not read")
	}
	_, err = in.Discard(length)
	return err
}

// get is a request for a host, with a credential if it is not empty.
func get(host, credential string) func([]byte, int) []byte {
	return among(host, []string{credential})
}

// among is the same with one credential after another.
func among(host string, credentials []string) func([]byte, int) []byte {
	head := "GET /v1/items HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
	return func(b []byte, i int) []byte {
		b = append(b, head...)
		if c := credentials[i%len(credentials)]; c != "" {
			b = append(append(append(b, "Authorization: Bearer "...), c...), "\r\n"...)
		}
		return append(b, "\r\n"...)
	}
}

// clocked is what tells its CPU time.
type clocked interface{ used() (time.Duration, error) }

// contender is one of several ways that are compared, with the processes that it takes.
type contender struct {
	name    string
	servers []clocked
	load    load
	cost    []float64 // CPU µs per request, round by round
}

func (c *contender) used() (sum time.Duration, err error) {
	for _, s := range c.servers {
		one, err := s.used()
		if err != nil {
			return 0, err
		}
		sum += one
	}
	return sum, nil
}

// compete puts load on the contenders in turn, round after round, so that what
// else happens on the machine happens to all of them.
func compete(ctx context.Context, s settings, all []*contender) error {
	rounds, length := 5, 500*time.Millisecond
	if s.short {
		rounds, length = 3, 200*time.Millisecond
	}
	for round := range rounds + 1 {
		for _, c := range all {
			before, err := c.used()
			if err != nil {
				return err
			}
			n, err := c.load.put(ctx, length)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			after, err := c.used()
			if err != nil {
				return err
			}
			if round > 0 && n > 0 { // the first round warms
				c.cost = append(c.cost, float64((after-before).Nanoseconds())/1000/float64(n))
			}
		}
	}
	return nil
}

// by is the median, over the rounds, of one contender's cost by another's.
func (c *contender) by(other *contender) float64 {
	var ratios []float64
	for i := range c.cost {
		ratios = append(ratios, c.cost[i]/other.cost[i])
	}
	return median(ratios)
}
