package main

import (
	"cmp"
	"slices"
)

// median of a few figures; the later of the two middle ones.
func median[T cmp.Ordered](of []T) (m T) {
	if len(of) == 0 {
		return m
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// quantile returns the figure below which a share of all lies.
func quantile[T cmp.Ordered](of []T, share float64) (q T) {
	if len(of) == 0 {
		return q
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
