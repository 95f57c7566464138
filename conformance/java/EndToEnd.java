import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.huaweicloud.sdk.apig.v2.ApigClient;
import com.huaweicloud.sdk.apig.v2.model.*;
import com.huaweicloud.sdk.core.auth.AKSKSigner;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.exception.ServiceResponseException;
import com.huaweicloud.sdk.core.http.HttpConfig;
import com.huaweicloud.sdk.core.http.HttpMethod;
import com.huaweicloud.sdk.core.http.HttpRequest;
import com.huaweicloud.sdk.core.http.HttpResponse;
import com.huaweicloud.sdk.core.impl.DefaultHttpClient;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** The main job: define an API, publish it, protect it, call it, take it back. */
final class EndToEnd {
  private static final String RELEASE = "DEFAULT_ENVIRONMENT_RELEASE_ID";
  private static final int LIMIT = 5;

  private final Job job;
  private final String instance;
  private final ApigClient client;
  private final DefaultHttpClient gateway;
  private final ObjectMapper mapper = new ObjectMapper();
  /** Of the group's subdomain, with the gateway's port. */
  private String host;

  EndToEnd(Job job) {
    this.job = job;
    instance = job.instanceId();
    client = job.client(job.secretKey(), HttpConfig.getDefaultHttpConfig());
    HttpConfig settings = HttpConfig.getDefaultHttpConfig();
    settings.setDns(name -> List.of(InetAddress.getByName("127.0.0.1")));
    gateway = new DefaultHttpClient(settings);
  }

  private record Reply(int status, JsonNode body, String requestId) {
    String errorCode() {
      return body.path("error_code").asText();
    }
  }

  void run() {
    strangersAreRefused();
    theMainJob();
  }

  private void theMainJob() {
    List<RespInstanceBase> instances = client.listInstancesV2(new ListInstancesV2Request()).getInstances();
    equal("instances", instances.stream().map(RespInstanceBase::getId).toList(), List.of(instance));

    CreateApiGroupV2Response group =
        client.createApiGroupV2(
            new CreateApiGroupV2Request().withInstanceId(instance).withBody(body -> body.withName("orders")));
    host = group.getSlDomain() + job.gateway().substring(job.gateway().lastIndexOf(':'));
    String api =
        client
            .createApiV2(new CreateApiV2Request().withInstanceId(instance).withBody(definition(group.getId())))
            .getId();
    String publication = publish(api, ApiActionInfo.ActionEnum.ONLINE);
    isRefused(
        409,
        "APIG.3416",
        () -> client.deleteApiV2(new DeleteApiV2Request().withInstanceId(instance).withApiId(api)));
    CreateAnAppV2Response app =
        client.createAnAppV2(
            new CreateAnAppV2Request().withInstanceId(instance).withBody(body -> body.withName("shop")));
    CreateAuthorizingAppsV2Response authorized =
        client.createAuthorizingAppsV2(
            new CreateAuthorizingAppsV2Request()
                .withInstanceId(instance)
                .withBody(
                    body -> body.withEnvId(RELEASE).withAppIds(List.of(app.getId())).withApiIds(List.of(api))));
    equal("authorizations", authorized.getAuths().size(), 1);
    equal(
        "authorization",
        authorized.getAuths().get(0).getAuthResult().getStatus(),
        AuthResult.StatusEnum.SUCCESS);
    String throttle =
        client
            .createRequestThrottlingPolicyV2(
                new CreateRequestThrottlingPolicyV2Request()
                    .withInstanceId(instance)
                    .withBody(
                        body ->
                            body.withName("few")
                                .withApiCallLimits(LIMIT)
                                .withTimeInterval(1)
                                .withTimeUnit(ThrottleBaseInfo.TimeUnitEnum.HOUR)))
            .getId();
    client.associateRequestThrottlingPolicyV2(
        new AssociateRequestThrottlingPolicyV2Request()
            .withInstanceId(instance)
            .withBody(body -> body.withStrategyId(throttle).withPublishIds(List.of(publication))));

    Reply unsigned = eventually(401, () -> call(null, null));
    equal("unsigned", unsigned.errorCode(), "APIG.0303");
    equal("request id", unsigned.body().path("request_id").asText(), unsigned.requestId());
    Reply wrong = call(app.getAppKey(), "not-the-secret");
    equal("wrongly signed", List.of(wrong.status(), wrong.errorCode()), List.of(401, "APIG.0303"));

    for (int call = 0; call < LIMIT; call++) {
      Reply reply = call(app.getAppKey(), app.getAppSecret());
      equal("signed", reply.status(), 200);
      equal("path", reply.body().path("path").asText(), "/backend/42");
      Map<?, ?> query = mapper.convertValue(reply.body().path("query"), Map.class);
      equal("query", query, Map.of("verbose", List.of("yes, please"), "source", List.of("sluice")));
      JsonNode headers = reply.body().path("headers");
      equal("header", headers.path("x-trace").asText(), "abc");
      equal("app", headers.path("x-app").asText(), app.getId());
      equal("authorization", headers.has("authorization"), false);
    }
    Reply refused = call(app.getAppKey(), app.getAppSecret());
    equal("over the limit", List.of(refused.status(), refused.errorCode()), List.of(429, "APIG.0308"));

    publish(api, ApiActionInfo.ActionEnum.OFFLINE);
    Reply gone = eventually(404, () -> call(app.getAppKey(), app.getAppSecret()));
    equal("offline", gone.errorCode(), "APIG.0101");
  }

  /** Errors are what the SDK takes them for. */
  private void strangersAreRefused() {
    ApigClient stranger = job.client("wrong", HttpConfig.getDefaultHttpConfig());
    isRefused(401, "APIC.7102", () -> stranger.listInstancesV2(new ListInstancesV2Request()));
    isRefused(
        404,
        "APIG.3002",
        () ->
            client.showDetailsOfApiV2(
                new ShowDetailsOfApiV2Request().withInstanceId(instance).withApiId("nobody")));
    isRefused(400, "APIG.2011", () -> group("?"));
    group("twice");
    isRefused(400, "APIG.3201", () -> group("twice"));
  }

  private void group(String name) {
    client.createApiGroupV2(
        new CreateApiGroupV2Request().withInstanceId(instance).withBody(body -> body.withName(name)));
  }

  /** The caller's path, query and header parameters reach the backend in other places, under other names. */
  private ApiCreate definition(String group) {
    return new ApiCreate()
        .withGroupId(group)
        .withName("get_order")
        .withType(ApiCreate.TypeEnum.NUMBER_1)
        .withReqProtocol(ApiCreate.ReqProtocolEnum.BOTH)
        .withReqMethod(ApiCreate.ReqMethodEnum.GET)
        .withReqUri("/orders/{id}")
        .withAuthType(ApiCreate.AuthTypeEnum.APP)
        .withBackendType(ApiCreate.BackendTypeEnum.HTTP)
        .withReqParams(
            List.of(
                in("id", ReqParamBase.LocationEnum.PATH, ReqParamBase.RequiredEnum.NUMBER_1),
                in("details", ReqParamBase.LocationEnum.QUERY, ReqParamBase.RequiredEnum.NUMBER_2),
                in("trace", ReqParamBase.LocationEnum.HEADER, ReqParamBase.RequiredEnum.NUMBER_2)))
        .withBackendParams(
            List.of(
                out("key", BackendParamBase.LocationEnum.PATH, BackendParamBase.OriginEnum.REQUEST, "id"),
                out("verbose", BackendParamBase.LocationEnum.QUERY, BackendParamBase.OriginEnum.REQUEST, "details"),
                out("X-Trace", BackendParamBase.LocationEnum.HEADER, BackendParamBase.OriginEnum.REQUEST, "trace"),
                out("source", BackendParamBase.LocationEnum.QUERY, BackendParamBase.OriginEnum.CONSTANT, "sluice"),
                out("X-App", BackendParamBase.LocationEnum.HEADER, BackendParamBase.OriginEnum.SYSTEM, "$context.appId")))
        .withBackendApi(
            new BackendApiCreate()
                .withUrlDomain(job.backend())
                .withReqProtocol(BackendApiCreate.ReqProtocolEnum.HTTP)
                .withReqMethod(BackendApiCreate.ReqMethodEnum.GET)
                .withReqUri("/backend/{key}")
                .withTimeout(5000));
  }

  private static ReqParamBase in(String name, ReqParamBase.LocationEnum place, ReqParamBase.RequiredEnum required) {
    return new ReqParamBase()
        .withName(name)
        .withType(ReqParamBase.TypeEnum.STRING)
        .withLocation(place)
        .withRequired(required);
  }

  private static BackendParamBase out(
      String name, BackendParamBase.LocationEnum place, BackendParamBase.OriginEnum origin, String value) {
    return new BackendParamBase().withName(name).withLocation(place).withOrigin(origin).withValue(value);
  }

  /** The id of the publication. */
  private String publish(String api, ApiActionInfo.ActionEnum action) {
    return client
        .createOrDeletePublishRecordForApiV2(
            new CreateOrDeletePublishRecordForApiV2Request()
                .withInstanceId(instance)
                .withBody(body -> body.withAction(action).withEnvId(RELEASE).withApiId(api)))
        .getPublishId();
  }

  /** A call of the published API, signed by the SDK's own signer where there is a key. */
  private Reply call(String key, String secret) {
    HttpRequest request =
        HttpRequest.newBuilder()
            .withEndpoint("http://" + host)
            .withMethod(HttpMethod.GET)
            .withPath("/orders/42")
            .addQueryParam("details", List.of("yes, please"))
            .addHeader("trace", "abc")
            .build();
    if (key != null) {
      BasicCredentials credentials = new BasicCredentials().withAk(key).withSk(secret);
      request = request.builder().addHeaders(AKSKSigner.getInstance().sign(request, credentials)).build();
    }
    HttpResponse reply = gateway.syncInvokeHttp(request);
    try {
      JsonNode body = mapper.readTree(reply.getBodyAsString());
      return new Reply(reply.getStatusCode(), body, reply.getHeader("X-Request-Id"));
    } catch (IOException cause) {
      throw new IllegalStateException(cause);
    }
  }

  /** A change reaches every worker within 100 ms of the reply to the client that made it. */
  private static Reply eventually(int status, Supplier<Reply> call) {
    long deadline = System.nanoTime() + 100_000_000;
    Reply reply = call.get();
    while (reply.status() != status && System.nanoTime() < deadline) reply = call.get();
    equal("status", reply.status(), status);
    return reply;
  }

  private static void equal(String what, Object seen, Object wanted) {
    if (!Objects.equals(seen, wanted)) throw new AssertionError(what + ": " + seen + " instead of " + wanted);
  }

  private static void isRefused(int status, String code, Runnable call) {
    try {
      call.run();
    } catch (ServiceResponseException fault) {
      equal("fault", List.of(fault.getHttpStatusCode(), fault.getErrorCode()), List.of(status, code));
      equal("has a text", fault.getErrorMsg().isEmpty(), false);
      equal("has a request id", fault.getRequestId().matches("[0-9a-f]{32}"), true);
      return;
    }
    throw new AssertionError("not refused: " + code);
  }
}
