package scheme

import "hash/crc32"

// crcTables let eight bytes be taken in one step.
var crcTables = slicingTables() //nolint:gochecknoglobals // written once, here, and only read

func slicingTables() *[8][256]uint32 {
	t := &[8][256]uint32{0: *crc32.IEEETable}
	for i := range 256 {
		sum := t[0][i]
		for j := 1; j < 8; j++ {
			sum = crc32.IEEETable[byte(sum)] ^ sum>>8
			t[j][i] = sum
		}
	}
	return t
}

// crc32Update is CRC-32 (IEEE) over a string. The standard library takes a
// slice, and a copy of the string would be an allocation for each request.
func crc32Update(sum uint32, s string) uint32 {
	t := crcTables
	sum = ^sum
	for len(s) >= 8 {
		sum ^= uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
		sum = t[0][s[7]] ^ t[1][s[6]] ^ t[2][s[5]] ^ t[3][s[4]] ^
			t[4][sum>>24] ^ t[5][sum>>16&0xff] ^ t[6][sum>>8&0xff] ^ t[7][sum&0xff]
		s = s[8:]
	}
	for i := range len(s) {
		sum = t[0][byte(sum)^s[i]] ^ sum>>8
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
