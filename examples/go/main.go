package main

import (
	"fmt"
	"os"
	"runtime"

	"example.com/hello/greeting"
)

func main() {
	name := "world"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	fmt.Printf("%s from %s/%s\n", greeting.For(name), runtime.GOOS, runtime.GOARCH)
}
