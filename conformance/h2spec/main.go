//go:build never

// Names what go.mod is for.
package main

import _ "github.com/summerwind/h2spec/cmd/h2spec"
