package greeting

import "testing"

func TestFor(t *testing.T) {
	if got := For("world"); got != "hello, world" {
		t.Errorf("For: %q", got)
	}
}
