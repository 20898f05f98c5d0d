package scheme

import (
	"fmt"
	"strconv"
	"strings"
)

// form is the shape of one credential value, or of one half of a pair.
type form struct {
	source   string
	prefix   string // the leading literal: what tells a foreign value from a malformed one
	segments []segment
	min, max int // length
	loose    int // index of the segment whose length follows from the others, or -1
}

type segment struct {
	kind     segmentKind
	literal  string
	chars    alphabet
	min, max int
}

type segmentKind uint8

const (
	literalSegment segmentKind = iota
	refSegment
	publicSegment
	secretSegment
	checksumSegment
	ulidSegment
	intSegment
)

// Bounds on a format.
const (
	maxCredential  = 512 // characters of one value
	maxSegments    = 16
	checksumLength = 6
	maxInt         = 18 // digits that fit an int64
)

// parseForm reads a format such as "acme_{ref:alnum:8}_{secret:base62:40}".
func parseForm(s string) (form, error) {
	f := form{source: s, loose: -1}
	for rest := s; rest != ""; {
		if rest[0] != '{' {
			end := strings.IndexByte(rest, '{')
			if end < 0 {
				end = len(rest)
			}
			if err := checkLiteral(rest[:end]); err != nil {
				return form{}, err
			}
			f.segments = append(f.segments, segment{kind: literalSegment, literal: rest[:end], min: end, max: end})
			rest = rest[end:]
			continue
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return form{}, fmt.Errorf("%q has an opening brace without a closing one", rest)
		}
		seg, err := parseSegment(rest[1:end])
		if err != nil {
			return form{}, err
		}
		f.segments = append(f.segments, seg)
		rest = rest[end+1:]
	}
	return f, f.settle()
}

func checkLiteral(s string) error {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`"'}\,`, c) >= 0 {
			return fmt.Errorf("a format's fixed text may not hold %q: only visible ASCII without quotes, braces, backslash and comma", string(rune(c)))
		}
	}
	return nil
}

func parseSegment(s string) (segment, error) {
	kind, rest, _ := strings.Cut(s, ":")
	switch kind {
	case "ref", "public", "secret":
		return parseRandom(kind, rest)
	case "checksum":
		if rest != "crc32" {
			return segment{}, fmt.Errorf("a checksum is written {checksum:crc32}, the one algorithm there is")
		}
		return segment{kind: checksumSegment, chars: newAlphabet("base62", base62), min: checksumLength, max: checksumLength}, nil
	case "ulid", "int":
		if rest != "" {
			return segment{}, fmt.Errorf("{%s} takes nothing after a colon", kind)
		}
		if kind == "ulid" {
			return segment{kind: ulidSegment, chars: newAlphabet("crockford", crockford), min: ulidLength, max: ulidLength}, nil
		}
		return segment{kind: intSegment, chars: newAlphabet("digits", digits), min: 1, max: maxInt}, nil
	}
	return segment{}, fmt.Errorf("unknown part {%s}%s", s, didYouMean(kind, []string{"ref", "public", "secret", "checksum", "ulid", "int"}))
}

// parseRandom reads the alphabet and length of {secret:base62:40} or {secret:base62:20-40}.
func parseRandom(kind, rest string) (segment, error) {
	cut := strings.LastIndexByte(rest, ':')
	if cut < 0 {
		return segment{}, fmt.Errorf("{%s} needs an alphabet and a length, such as {%s:base62:40}", kind, kind)
	}
	chars, err := parseAlphabet(rest[:cut])
	if err != nil {
		return segment{}, err
	}
	from, to, ranged := strings.Cut(rest[cut+1:], "-")
	if !ranged {
		to = from
	}
	least, err1 := strconv.Atoi(from)
	most, err2 := strconv.Atoi(to)
	if err1 != nil || err2 != nil || least < 1 || most < least || most > maxCredential {
		return segment{}, fmt.Errorf("the length %q must be a number from 1 to %d, or a range such as 20-40", rest[cut+1:], maxCredential)
	}
	kinds := map[string]segmentKind{"ref": refSegment, "public": publicSegment, "secret": secretSegment}
	return segment{kind: kinds[kind], chars: chars, min: least, max: most}, nil
}

// settle checks the whole, and makes sure that it can be matched in one pass
// from left to right: a stretch of free length must end at a character that it
// cannot hold, or be the only one whose length is left open.
func (f *form) settle() error {
	if len(f.segments) == 0 || len(f.segments) > maxSegments {
		return fmt.Errorf("a format has 1 to %d parts", maxSegments)
	}
	if f.segments[0].kind == literalSegment {
		f.prefix = f.segments[0].literal
	}
	for i, s := range f.segments {
		f.min, f.max = f.min+s.min, f.max+s.max
		if s.min == s.max || f.delimited(i) {
			continue
		}
		if f.loose >= 0 {
			return fmt.Errorf("%q has two parts of free length with nothing between to tell where one ends: fix a length, or put fixed text after it", f.source)
		}
		f.loose = i
	}
	if f.max > maxCredential {
		return fmt.Errorf("%q can be %d characters long, and a credential has at most %d", f.source, f.max, maxCredential)
	}
	if f.loose >= 0 {
		for _, s := range f.segments[f.loose+1:] {
			if s.min != s.max {
				return fmt.Errorf("%q: all that follows a part of free length must have a fixed length", f.source)
			}
		}
	}
	return f.settleChecksum()
}

// delimited reports whether what follows segment i ends it without doubt.
func (f *form) delimited(i int) bool {
	if i+1 >= len(f.segments) || f.segments[i+1].kind != literalSegment {
		return false
	}
	return !f.segments[i].chars.has(f.segments[i+1].literal[0])
}

func (f *form) settleChecksum() error {
	random := 0
	for i, s := range f.segments {
		switch s.kind {
		case publicSegment, secretSegment:
			random++
		case checksumSegment:
			if random == 0 {
				return fmt.Errorf("%q: a checksum comes after the random characters it is made of", f.source)
			}
			for _, later := range f.segments[i+1:] {
				if later.kind != literalSegment {
					return fmt.Errorf("%q: only fixed text may follow a checksum", f.source)
				}
			}
		}
	}
	return nil
}

// count says how many segments of a kind there are.
func (f *form) count(kind segmentKind) (n int) {
	for _, s := range f.segments {
		if s.kind == kind {
			n++
		}
	}
	return n
}

// entropy is how many bits of a minted value cannot be guessed.
func (f *form) entropy() (bits float64) {
	for _, s := range f.segments {
		if s.kind == secretSegment {
			bits += s.chars.bits() * float64(s.mintLength())
		}
	}
	return bits
}

// mintLength is the length to mint where a range may be read: the longest, up
// to what is worth having.
func (s *segment) mintLength() int { return max(s.min, min(s.max, 64)) }

// fits reports whether a value is exactly of this form, checksum and all.
func (f *form) fits(s string) bool {
	if len(s) < f.min || len(s) > f.max {
		return false
	}
	spare := len(s) - f.min
	sum := uint32(0)
	for i := range f.segments {
		seg := &f.segments[i]
		n, ok := f.measure(i, s, spare)
		if !ok || n > len(s) {
			return false
		}
		switch seg.kind {
		case publicSegment, secretSegment:
			sum = crc32Update(sum, s[:n])
		case checksumSegment:
			if !isChecksum(s[:n], sum) {
				return false
			}
		}
		spare -= n - seg.min
		s = s[n:]
	}
	return s == ""
}

// measure says how long segment i is at the head of s, and whether what stands
// there is of its kind. spare is how many characters are over the least.
func (f *form) measure(i int, s string, spare int) (int, bool) {
	seg := &f.segments[i]
	if seg.kind == literalSegment {
		return len(seg.literal), strings.HasPrefix(s, seg.literal)
	}
	n := seg.min
	switch {
	case i == f.loose:
		n += spare
	case seg.min != seg.max:
		for n = 0; n < len(s) && n <= seg.max && seg.chars.has(s[n]); n++ {
		}
	}
	if n < seg.min || n > seg.max || n > len(s) {
		return 0, false
	}
	if !seg.chars.all(s[:n]) {
		return 0, false
	}
	switch seg.kind {
	case ulidSegment:
		return n, s[0] <= '7' // 128 bits, and no more
	case intSegment:
		return n, s[0] != '0' // one spelling for each number
	}
	return n, true
}
