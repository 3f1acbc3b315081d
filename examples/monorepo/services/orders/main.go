package main

import (
	"os"

	"example.com/shop/shared/go/serve"
)

func banner() string {
	return serve.Banner("orders")
}

func main() {
	os.Stdout.WriteString(banner() + "\n")
}
