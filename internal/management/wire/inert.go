package wire

import "strings"

// Inert keeps a spreadsheet from taking a cell that a stranger wrote for a formula.
func Inert(cell string) string {
	if strings.HasPrefix(cell, "'") {
		return "'" + cell // so that the first apostrophe can always be taken away again
	}
	for _, first := range "=+-@\t\r\n＝＋－＠" {
		if strings.HasPrefix(strings.TrimLeft(cell, " \u00a0"), string(first)) {
			return "'" + cell
		}
	}
	return cell
}
