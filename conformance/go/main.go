// Huawei's client for Go, driven by conformance/sdk.ts, which says what to call and judges what is printed.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Job is what the file names that is the last argument.
type Job struct {
	Endpoint   string `json:"endpoint"`
	AccessKey  string `json:"accessKey"`
	SecretKey  string `json:"secretKey"`
	ProjectId  string `json:"projectId"`
	InstanceId string `json:"instanceId"`
	// Address of the gateway and of a backend that answers with what it got: host and port.
	Gateway  string    `json:"gateway"`
	Backend  string    `json:"backend"`
	Requests []Request `json:"requests"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("operations or end-to-end, and the file of the job")
	}
	text, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	var job Job
	if err := json.Unmarshal(text, &job); err != nil {
		return err
	}
	if arguments[0] == "operations" {
		return operations(job)
	}
	return endToEnd(job)
}
