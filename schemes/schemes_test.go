package schemes

import "testing"

func TestShippedSchemesParse(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	if len(all) != 8 {
		t.Fatalf("%d schemes ship, want 8", len(all))
	}
}
