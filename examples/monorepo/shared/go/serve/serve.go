// Package serve says what a service is.
package serve

import "os"

// Banner names a service and its port.
func Banner(name string) string {
	return name + " on port " + os.Getenv("PORT")
}
