import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.huaweicloud.sdk.apig.v2.ApigClient;
import com.huaweicloud.sdk.core.auth.BasicCredentials;
import com.huaweicloud.sdk.core.http.HttpConfig;
import java.util.List;

/** What the file names that is the last argument. */
record Job(
    @JsonProperty("endpoint") String endpoint,
    @JsonProperty("accessKey") String accessKey,
    @JsonProperty("secretKey") String secretKey,
    @JsonProperty("projectId") String projectId,
    @JsonProperty("instanceId") String instanceId,
    // Address of the gateway and of a backend that answers with what it got: host and port.
    @JsonProperty("gateway") String gateway,
    @JsonProperty("backend") String backend,
    @JsonProperty("requests") List<Request> requests) {

  /** One call: the SDK's request type has a property for each member, with the same name. */
  record Request(@JsonProperty("operation") String operation, @JsonProperty("request") JsonNode request) {}

  ApigClient client(String secret, HttpConfig settings) {
    return ApigClient.newBuilder()
        .withCredential(new BasicCredentials().withAk(accessKey).withSk(secret).withProjectId(projectId))
        .withEndpoints(List.of(endpoint))
        .withHttpConfig(settings)
        .build();
  }
}
