package keywright

import "time"

// LimitRule is one window that a scheme counts requests in.
type LimitRule struct {
	Name   string        // as the vendor calls it: "minute", "day"
	Per    Subject       // what is counted on
	Count  int           // how many pass in a window
	Window time.Duration // the window's length
	Fixed  bool          // true: windows begin at multiples of Window since the epoch, in UTC; false: GCRA
	Quota  bool          // refused as QuotaSpent rather than Limited
}

// Subject is what a limit is counted on.
type Subject uint8

// The subjects.
const (
	PerKey Subject = iota
	PerAddress
)

// Allowance is what is left in one window.
type Allowance struct {
	Limit     int
	Remaining int
	Reset     time.Time     // when the window is whole again
	RetryIn   time.Duration // how long until one request passes; 0 unless refused
}

// MaxLimits bounds the windows of one scheme.
const MaxLimits = 4

// Allowances are the windows of one request, index for index with the scheme's
// rules. It is a value, so that reporting them allocates nothing.
type Allowances [MaxLimits]Allowance
