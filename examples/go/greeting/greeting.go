// Package greeting makes greetings.
package greeting

// For greets somebody.
func For(name string) string {
	return "hello, " + name
}
