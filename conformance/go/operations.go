package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/httphandler"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/utils"
	apig "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/apig/v2"
)

// Request is one call: the SDK's request type has a field for each member, with the same names in its tags.
type Request struct {
	Operation string          `json:"operation"`
	Request   json.RawMessage `json:"request"`
}

// Result is what became of it, one line each.
type Result struct {
	// The SDK has no such method, or no way to say this.
	Inexpressible string `json:"inexpressible,omitempty"`
	// What was received, before the SDK read it.
	Status    int    `json:"status,omitempty"`
	RequestId string `json:"requestId,omitempty"`
	Raw       string `json:"raw,omitempty"`
	// What the SDK made of it, as the SDK writes it.
	Decoded json.RawMessage `json:"decoded,omitempty"`
	Stream  string          `json:"stream,omitempty"`
	Fault   *Fault          `json:"fault,omitempty"`
	// Any other error, of which there should be none.
	Failure string `json:"failure,omitempty"`
}

// Fault is the SDK's own type of error.
type Fault struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestId string `json:"requestId"`
}

// Each method of the client that sends, by its name in the contract.
func methods(client *apig.ApigClient) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	value := reflect.ValueOf(client)
	for index := 0; index < value.NumMethod(); index++ {
		name := value.Type().Method(index).Name
		if method := value.Method(index); method.Type().NumOut() == 2 {
			found[strings.ToLower(name[:1])+name[1:]] = method
		}
	}
	return found
}

func operations(job Job) error {
	var received *Result
	watch := httphandler.NewHttpHandler().AddResponseHandler(func(reply http.Response) {
		raw, err := io.ReadAll(reply.Body)
		if err != nil {
			return
		}
		received.Status, received.RequestId, received.Raw = reply.StatusCode, reply.Header.Get("X-Request-Id"), string(raw)
	})
	client, err := managementClient(job, job.SecretKey, config.DefaultHttpConfig().WithHttpHandler(watch))
	if err != nil {
		return err
	}
	all := methods(client)
	lines := json.NewEncoder(os.Stdout)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	if err := lines.Encode(names); err != nil {
		return err
	}
	for _, request := range job.Requests {
		received = &Result{}
		method, known := all[request.Operation]
		if known {
			call(method, request.Request, received)
		} else {
			received.Inexpressible = "no such method"
		}
		if err := lines.Encode(received); err != nil {
			return err
		}
	}
	return nil
}

func managementClient(job Job, secret string, settings *config.HttpConfig) (*apig.ApigClient, error) {
	credentials, err := basic.NewCredentialsBuilder().
		WithAk(job.AccessKey).WithSk(secret).WithProjectId(job.ProjectId).SafeBuild()
	if err != nil {
		return nil, err
	}
	client, err := apig.ApigClientBuilder().
		WithEndpoint(job.Endpoint).WithCredential(credentials).WithHttpConfig(settings).SafeBuild()
	if err != nil {
		return nil, err
	}
	return apig.NewApigClient(client), nil
}

func call(method reflect.Value, text json.RawMessage, result *Result) {
	defer func() {
		if cause := recover(); cause != nil {
			result.Failure = fmt.Sprint("panic: ", cause)
		}
	}()
	request := reflect.New(method.Type().In(0).Elem())
	reader := json.NewDecoder(bytes.NewReader(text))
	reader.DisallowUnknownFields()
	if err := reader.Decode(request.Interface()); err != nil {
		result.Inexpressible = err.Error()
		return
	}
	returned := method.Call([]reflect.Value{request})
	if err, failed := returned[1].Interface().(error); failed {
		var fault *sdkerr.ServiceResponseError
		if errors.As(err, &fault) {
			result.Fault = &Fault{fault.StatusCode, fault.ErrorCode, fault.ErrorMessage, fault.RequestId}
		} else if result.Status == 0 {
			result.Inexpressible = err.Error()
		} else {
			result.Failure = err.Error()
		}
		return
	}
	if body := returned[0].Elem().FieldByName("Body"); body.IsValid() {
		if stream, is := body.Interface().(io.ReadCloser); is {
			defer stream.Close()
			content, err := io.ReadAll(stream)
			if err != nil {
				result.Failure = err.Error()
			}
			result.Stream = string(content)
			return
		}
	}
	decoded, err := utils.Marshal(returned[0].Interface())
	if err != nil {
		result.Failure = err.Error()
		return
	}
	result.Decoded = decoded
}
