package schemes

import "testing"

func TestShippedSchemesParse(t *testing.T) {
	all, err := Shipped()
	if err != nil {
		t.Fatal("\n" + err.Error())
	}
	if len(all) != 10 {
		t.Fatalf("%d schemes ship, want 10", len(all))
	}
}
