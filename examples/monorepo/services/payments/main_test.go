package main

import (
	"strings"
	"testing"
)

func TestBanner(t *testing.T) {
	if !strings.HasPrefix(banner(), "payments ") {
		t.Error(banner())
	}
}
