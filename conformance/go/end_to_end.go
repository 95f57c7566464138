package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"regexp"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/impl"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	apig "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/apig/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/apig/v2/model"
)

const release = "DEFAULT_ENVIRONMENT_RELEASE_ID"
const limit = 5

type story struct {
	job     Job
	client  *apig.ApigClient
	gateway *impl.DefaultHttpClient
	// Of the group's subdomain, with the gateway's port.
	host string
}

// Reply of the gateway, and its body where that is JSON.
type Reply struct {
	status int
	header http.Header
	body   struct {
		ErrorCode string              `json:"error_code"`
		RequestId string              `json:"request_id"`
		Path      string              `json:"path"`
		Query     map[string][]string `json:"query"`
		Headers   map[string]string   `json:"headers"`
	}
}

// The main job: define an API, publish it, protect it, call it, take it back.
func endToEnd(job Job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	dial := func(ctx context.Context, network string, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, job.Gateway)
	}
	s := &story{
		job:     job,
		client:  must(managementClient(job, job.SecretKey, config.DefaultHttpConfig())),
		gateway: impl.NewDefaultHttpClient(config.DefaultHttpConfig().WithDialContext(dial)),
	}
	s.strangersAreRefused()
	s.theMainJob()
	return nil
}

func (s *story) theMainJob() {
	instances := must(s.client.ListInstancesV2(&model.ListInstancesV2Request{})).Instances
	equal("instances", *(*instances)[0].Id, s.job.InstanceId)

	group := must(s.client.CreateApiGroupV2(&model.CreateApiGroupV2Request{
		InstanceId: s.job.InstanceId, Body: &model.ApiGroupCreate{Name: "orders"},
	}))
	_, port, _ := net.SplitHostPort(s.job.Gateway)
	s.host = net.JoinHostPort(group.SlDomain, port)
	api := *must(s.client.CreateApiV2(&model.CreateApiV2Request{
		InstanceId: s.job.InstanceId, Body: s.definition(group.Id),
	})).Id
	publication := s.publish(api, model.GetApiActionInfoActionEnum().ONLINE)
	_, err := s.client.DeleteApiV2(&model.DeleteApiV2Request{InstanceId: s.job.InstanceId, ApiId: api})
	isFault(err, 409, "APIG.3416")
	app := must(s.client.CreateAnAppV2(&model.CreateAnAppV2Request{
		InstanceId: s.job.InstanceId, Body: &model.AppCreate{Name: "shop"},
	}))
	auths := *must(s.client.CreateAuthorizingAppsV2(&model.CreateAuthorizingAppsV2Request{
		InstanceId: s.job.InstanceId,
		Body:       &model.ApiAuthCreate{EnvId: release, AppIds: []string{*app.Id}, ApiIds: []string{api}},
	})).Auths
	equal("authorizations", len(auths), 1)
	equal("authorization", auths[0].AuthResult.Status.Value(), "SUCCESS")
	throttle := must(s.client.CreateRequestThrottlingPolicyV2(&model.CreateRequestThrottlingPolicyV2Request{
		InstanceId: s.job.InstanceId,
		Body: &model.ThrottleBaseInfo{
			Name: "few", ApiCallLimits: limit, TimeInterval: 1,
			TimeUnit: model.GetThrottleBaseInfoTimeUnitEnum().HOUR,
		},
	}))
	must(s.client.AssociateRequestThrottlingPolicyV2(&model.AssociateRequestThrottlingPolicyV2Request{
		InstanceId: s.job.InstanceId,
		Body:       &model.ThrottleApiBindingCreate{StrategyId: *throttle.Id, PublishIds: []string{publication}},
	}))

	unsigned := s.eventually(401, func() Reply { return s.call("", "") })
	equal("unsigned", unsigned.body.ErrorCode, "APIG.0303")
	equal("request id", unsigned.body.RequestId, unsigned.header.Get("X-Request-Id"))
	wrong := s.call(*app.AppKey, "not-the-secret")
	equal("wrongly signed", []any{wrong.status, wrong.body.ErrorCode}, []any{401, "APIG.0303"})

	for range [limit]int{} {
		reply := s.call(*app.AppKey, *app.AppSecret)
		equal("signed", reply.status, 200)
		equal("path", reply.body.Path, "/backend/42")
		equal("query", reply.body.Query, map[string][]string{"verbose": {"yes, please"}, "source": {"sluice"}})
		equal("header", reply.body.Headers["x-trace"], "abc")
		equal("app", reply.body.Headers["x-app"], *app.Id)
		equal("authorization", reply.body.Headers["authorization"], "")
	}
	refused := s.call(*app.AppKey, *app.AppSecret)
	equal("over the limit", []any{refused.status, refused.body.ErrorCode}, []any{429, "APIG.0308"})

	s.publish(api, model.GetApiActionInfoActionEnum().OFFLINE)
	gone := s.eventually(404, func() Reply { return s.call(*app.AppKey, *app.AppSecret) })
	equal("offline", gone.body.ErrorCode, "APIG.0101")
}

// Errors are what the SDK takes them for.
func (s *story) strangersAreRefused() {
	stranger := must(managementClient(s.job, "wrong", config.DefaultHttpConfig()))
	_, err := stranger.ListInstancesV2(&model.ListInstancesV2Request{})
	isFault(err, 401, "APIC.7102")

	_, err = s.client.ShowDetailsOfApiV2(&model.ShowDetailsOfApiV2Request{InstanceId: s.job.InstanceId, ApiId: "nobody"})
	isFault(err, 404, "APIG.3002")
	group := func(name string) error {
		body := &model.ApiGroupCreate{Name: name}
		_, err := s.client.CreateApiGroupV2(&model.CreateApiGroupV2Request{InstanceId: s.job.InstanceId, Body: body})
		return err
	}
	isFault(group("?"), 400, "APIG.2011")
	equal("first of its name", group("twice"), nil)
	isFault(group("twice"), 400, "APIG.3201")
}

// The caller's path, query and header parameters reach the backend in other places, under other names.
func (s *story) definition(group string) *model.ApiCreate {
	in, out := model.GetReqParamBaseLocationEnum(), model.GetBackendParamBaseLocationEnum()
	origin := model.GetBackendParamBaseOriginEnum()
	required := model.GetReqParamBaseRequiredEnum()
	text := model.GetReqParamBaseTypeEnum().STRING
	protocol, method, path := model.GetBackendApiCreateReqProtocolEnum().HTTP, model.GetBackendApiCreateReqMethodEnum().GET, "/backend/{key}"
	return &model.ApiCreate{
		GroupId: group, Name: "get_order", Type: model.GetApiCreateTypeEnum().E_1,
		ReqProtocol: model.GetApiCreateReqProtocolEnum().BOTH, ReqMethod: model.GetApiCreateReqMethodEnum().GET,
		ReqUri: "/orders/{id}", AuthType: model.GetApiCreateAuthTypeEnum().APP,
		BackendType: model.GetApiCreateBackendTypeEnum().HTTP,
		ReqParams: &[]model.ReqParamBase{
			{Name: "id", Type: text, Location: in.PATH, Required: &required.E_1},
			{Name: "details", Type: text, Location: in.QUERY, Required: &required.E_2},
			{Name: "trace", Type: text, Location: in.HEADER, Required: &required.E_2},
		},
		BackendParams: &[]model.BackendParamBase{
			{Name: "key", Location: out.PATH, Origin: origin.REQUEST, Value: "id"},
			{Name: "verbose", Location: out.QUERY, Origin: origin.REQUEST, Value: "details"},
			{Name: "X-Trace", Location: out.HEADER, Origin: origin.REQUEST, Value: "trace"},
			{Name: "source", Location: out.QUERY, Origin: origin.CONSTANT, Value: "sluice"},
			{Name: "X-App", Location: out.HEADER, Origin: origin.SYSTEM, Value: "$context.appId"},
		},
		BackendApi: &model.BackendApiCreate{
			UrlDomain: &s.job.Backend, ReqProtocol: &protocol, ReqMethod: &method, ReqUri: &path, Timeout: 5000,
		},
	}
}

// Returns the id of the publication.
func (s *story) publish(api string, action model.ApiActionInfoAction) string {
	body := &model.ApiActionInfo{Action: action, EnvId: release, ApiId: api}
	reply := must(s.client.CreateOrDeletePublishRecordForApiV2(&model.CreateOrDeletePublishRecordForApiV2Request{
		InstanceId: s.job.InstanceId, Body: body,
	}))
	if reply.PublishId == nil {
		return ""
	}
	return *reply.PublishId
}

// A call of the published API, signed by the SDK's own signer where there is a key.
func (s *story) call(key string, secret string) Reply {
	outgoing := request.NewHttpRequestBuilder().
		WithEndpoint("http://"+s.host).WithMethod("GET").WithPath("/orders/42").
		AddQueryParam("details", reflect.ValueOf("yes, please")).
		AddHeaderParam("host", s.host).AddHeaderParam("trace", "abc").Build()
	if key != "" {
		signed := must(signer.Sign(outgoing, key, secret))
		outgoing.AddHeaderParam("Authorization", signed["Authorization"])
	}
	incoming := must(s.gateway.SyncInvokeHttp(outgoing))
	reply := Reply{status: incoming.GetStatusCode(), header: incoming.Response.Header}
	if err := json.Unmarshal(must(incoming.GetBodyAsBytes()), &reply.body); err != nil {
		panic(err)
	}
	return reply
}

// A change reaches every worker within 100 ms of the reply to the client that made it.
func (s *story) eventually(status int, call func() Reply) Reply {
	deadline := time.Now().Add(100 * time.Millisecond)
	reply := call()
	for reply.status != status && time.Now().Before(deadline) {
		reply = call()
	}
	equal("status", reply.status, status)
	return reply
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func equal(what string, seen any, wanted any) {
	if !reflect.DeepEqual(seen, wanted) {
		panic(fmt.Sprintf("%s: %v instead of %v", what, seen, wanted))
	}
}

var requestId = regexp.MustCompile("^[0-9a-f]{32}$")

func isFault(err error, status int, code string) {
	var fault *sdkerr.ServiceResponseError
	if !errors.As(err, &fault) {
		panic(fmt.Sprintf("%v is not the SDK's error", err))
	}
	equal("fault", []any{fault.StatusCode, fault.ErrorCode}, []any{status, code})
	if fault.ErrorMessage == "" || !requestId.MatchString(fault.RequestId) {
		panic(fmt.Sprintf("%v has no text or no request id", fault))
	}
}
