package scheme

import "hash/crc32"

// crc32Update is CRC-32 (IEEE) over a string, byte by byte: copying it to a
// slice for the standard library would escape to the heap.
func crc32Update(sum uint32, s string) uint32 {
	sum = ^sum
	for i := range len(s) {
		sum = crc32.IEEETable[byte(sum)^s[i]] ^ (sum >> 8)
	}
	return ^sum
}

// isChecksum reports whether six base62 digits spell a sum.
func isChecksum(s string, sum uint32) bool {
	for i := checksumLength - 1; i >= 0; i-- {
		if s[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// spellChecksum writes a sum as six base62 digits, left-padded with 0.
func spellChecksum(sum uint32) string {
	var out [checksumLength]byte
	for i := checksumLength - 1; i >= 0; i-- {
		out[i] = base62[sum%62]
		sum /= 62
	}
	return string(out[:])
}
